"""A report in a terminal."""

from edgedf.report import Report, words
from edgedf.report.terminal import terminal


def test_each_model_has_its_line_and_the_noise_is_told(noisy: Report) -> None:
    """A peer of random weights has no figures."""
    text = terminal(noisy)
    header, *lines = text.strip().splitlines()[: len(noisy.results) + 1]
    assert header.rstrip().endswith(f"beside {noisy.results[0].name}")
    for one, line in zip(noisy.results, lines, strict=True):
        assert line.startswith(one.name) and f"{one.latency_ms_p50:.2f}" in line
        assert str(one.evaluation.f1) in line if one.evaluation else "[" not in line
    assert words.noise(noisy) and text.rstrip().endswith(words.noise(noisy))
