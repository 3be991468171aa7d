"""The comparison of the training loop with the bare step."""

from pathlib import Path

from edgedf.data.drawn import draw_dataset
from edgedf.programs import load
from edgedf.training.config import TrainConfig


def test_it_gives_both_rates_and_their_ratio_and_leaves_nothing(tmp_path: Path) -> None:
    draw_dataset(tmp_path / "faces", images=60, prevalence=0.4, seed=0)
    config = TrainConfig(role="student", size="nano", batch_size=4, data=[str(tmp_path / "faces")])
    result = load("benchmarks/training_speed.py").main(config, rounds=4, steps=2)
    rates = result["loop_images_per_second"], result["bare_images_per_second"]
    assert min(rates) > 0
    low, high = result["ratio_quartiles"]
    assert 0 < low <= result["ratio"] <= high
    assert [path.name for path in tmp_path.iterdir()] == ["faces"]
