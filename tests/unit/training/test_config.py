"""Configuration files."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from edgedf.errors import ConfigError, InputError
from edgedf.training.config import DistillConfig, TrainConfig
from edgedf.training.toml import parse_overrides


def test_a_config_survives_its_own_file(tmp_path: Path) -> None:
    config = DistillConfig(data=['a "quoted" \\ path', "b"], teacher="runs/é", prevalence=0.17, ema=0.0)
    (tmp_path / "config.toml").write_text(config.to_toml())
    assert DistillConfig.load(tmp_path / "config.toml") == config


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"epoch": 3}, "config has a field 'epoch' that is not known: known are accumulate, batch_size"),
        ({"epochs": 0}, "at least 1"),
        ({"epochs": "many"}, "config.epochs is 'many', not a whole number"),
        ({"epochs": True}, "config.epochs is True, not a whole number"),
        ({"epochs": 16**5000}, "at most 9223372036854775807"),
        ({"learning_rate": 10**400}, "at most 9223372036854775807"),
        ({"epochs": [[16**5000]]}, "config.epochs is a list, not a whole number"),
        ({"weight_decay": float("nan")}, "weight_decay is nan, not a finite number"),
        ({"trunk": "a\x00"}, "must be one line of text"),
        ({"data": ["faces", "\udcff"]}, "must be one line of text"),
        ({"data": "one"}, "config.data is 'one', not a list"),
        ({"role": "pupil"}, "teacher, student, baseline"),
        ({"prevalence": 1.0}, "between 0 and 1"),
        ({"image_size": 100}, "multiple of 32"),
        ({"pairs": True, "batch_size": 5}, "even with pairs"),
        ({"forge": 0.3}, "pairs must be true with forge"),
        ({"role": "student", "zoom": 0.3}, "zoom must be 0 without teacher imagenet"),
        ({"pairs": True, "forge": 1.5}, "forge must be between 0 and 1"),
    ],
)
def test_what_cannot_be_used_is_named(values: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        TrainConfig.from_dict(values)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"teacher": "run", "zoom": 0.3}, "zoom must be 0 without"),
        ({"teacher": "imagenet", "qat_from": "run"}, "teacher must be one that judges forgeries with qat_from"),
        ({"teacher": "imagenet", "mask_weight": 0.3}, "mask_weight must be 0 with teacher imagenet"),
        ({"teacher": "imagenet", "level_weight": 1.0}, "level_weight must be 0 with teacher imagenet"),
        ({"teacher": "run", "level_weight": 1.0}, "teacher_cache must be false with level_weight"),
        ({"teacher": "run", "level_weight": -1.0, "teacher_cache": False}, "level_weight must be 0 or more"),
    ],
)
def test_pretraining_is_not_distillation(values: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        DistillConfig.from_dict(values)


@pytest.mark.parametrize(
    ("text", "message"), [("epochs = " + "9" * 5000, "digits"), ("a = " + "[" * 2000, "without end")]
)
def test_toml_that_python_cannot_read_is_refused(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text(text)
    with pytest.raises(ConfigError, match=message):
        TrainConfig.load(tmp_path / "x.toml")
    key, _, value = text.partition(" = ")
    assert parse_overrides([f"{key}={value}"]) == {key: value}


def test_a_file_larger_than_any_configuration_is_refused(tmp_path: Path) -> None:
    """Python's reader of TOML takes the square of the time of a key's parts."""
    (tmp_path / "x.toml").write_text(".".join("a" * 20_000) + " = 1")
    with pytest.raises(InputError, match="larger than 16,384 bytes"):
        TrainConfig.load(tmp_path / "x.toml")


def test_broken_toml_and_missing_file(tmp_path: Path) -> None:
    (tmp_path / "broken.toml").write_text("epochs = ")
    for name in ("broken.toml", "missing.toml"):
        with pytest.raises(ConfigError, match=name):
            TrainConfig.load(tmp_path / name)


def test_overrides_are_toml_values_or_bare_words() -> None:
    pairs = ["epochs=3", "size=nano", "frequency=true", "ema=.5", "threshold_rule=recall=.95", "teacher=./runs/a"]
    assert parse_overrides(pairs) == {
        "epochs": 3,
        "size": "nano",
        "frequency": True,
        "ema": 0.5,
        "threshold_rule": "recall=.95",
        "teacher": "./runs/a",
    }
    with pytest.raises(ConfigError, match="key=value"):
        parse_overrides(["epochs"])


def test_to_toml_is_toml() -> None:
    assert tomllib.loads(TrainConfig().to_toml())["role"] == "teacher"


@pytest.mark.parametrize("values", [[], "abc", None])
def test_what_is_no_table_is_told(values: Any) -> None:
    with pytest.raises(ConfigError, match="the configuration is not a table"):
        TrainConfig.from_dict(values)
