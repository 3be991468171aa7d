"""A frozen network, compiled: what it says, and what happens without a compiler."""

import os
import shutil
from pathlib import Path

import pytest
import torch
from torch import nn
from torch._inductor.runtime.cache_dir_utils import default_cache_dir

from edgedf.training.compiled import CACHE, Compiled

needs_compiler = pytest.mark.skipif(not shutil.which("g++"), reason="no C++ compiler")


def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU6(), nn.Flatten(), nn.Linear(8 * 36, 1)).eval()


@needs_compiler
def test_it_says_what_the_network_says(capsys: pytest.CaptureFixture[str]) -> None:
    frozen = network()
    compiled: Compiled[torch.Tensor] = Compiled(frozen)
    for size in (4, 4, 2):  # the last batch of an epoch may be a smaller one
        pixels = torch.randn(size, 3, 8, 8)
        said = compiled(pixels)
        assert not said.requires_grad
        assert torch.allclose(said, frozen(pixels), atol=1e-5)
    assert capsys.readouterr().out.splitlines() == ["compiling the teacher for this CPU: about half a minute"]


@pytest.mark.parametrize(("before", "kept"), [(None, False), (default_cache_dir(), False), ("/mine", True)])
def test_its_code_lies_in_the_cache_of_edgedf(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, before: str | None, kept: bool
) -> None:
    monkeypatch.setenv("EDGEDF_CACHE", str(tmp_path))
    monkeypatch.setenv(CACHE, before or "")
    if before is None:
        monkeypatch.delenv(CACHE)
    Compiled(network())
    assert os.environ[CACHE] == (before if kept else str(tmp_path / "compiled"))


def test_without_a_compiler_it_runs_as_it_is(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(CACHE, str(tmp_path))  # else it finds what another test compiled
    frozen, pixels = network(), torch.randn(3, 3, 8, 8)
    compiled: Compiled[torch.Tensor] = Compiled(frozen)
    with torch._inductor.config.patch({"cpp.cxx": (str(tmp_path / "none"),)}):
        for _ in range(2):
            assert torch.equal(compiled(pixels), frozen(pixels))
    said = capsys.readouterr().out
    assert said.count("is there a C++ compiler") == 1 and "raised" not in said
