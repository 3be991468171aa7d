"""Videos on disk: judged from the first frame to the last, and written with their faces boxed."""

from collections.abc import Callable, Iterator
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageColor

from edgedf.errors import InputError
from edgedf.faces.upright import upright
from edgedf.runtime import Engine
from edgedf.runtime.annotate import COLOURS
from edgedf.runtime.video.judge import judge_video
from tests.unit.runtime.video.films import BLUE, RATE, RED, film, people

FRAMES = 22


@pytest.fixture
def engine(make_bundle: Callable[..., Path]) -> Iterator[Engine]:
    with Engine.load(make_bundle(), threads=1) as engine:
        yield engine


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds of a blue person beside a red one."""
    return film(tmp_path_factory.mktemp("films") / "pair.mkv", [people([BLUE, RED])] * FRAMES)


def orange(pixels: NDArray[np.uint8]) -> int:
    """How many pixels have about the colour of a fake's box."""
    return int((np.abs(pixels.astype(int) - ImageColor.getrgb(COLOURS["fake"])).max(axis=2) < 40).sum())


def test_each_face_and_the_video_have_a_verdict(engine: Engine, pair: Path) -> None:
    found = judge_video(engine, pair)
    assert sorted(one.verdict for one in found.faces) == ["fake", "real"]
    assert [one.face for one in found.faces] == [1, 2]
    assert all(one.start == 0 and one.end == pytest.approx(2.1) and one.frames == FRAMES for one in found.faces)
    assert found.verdict == "fake" and found.threshold == 0.6 and found.seconds == pytest.approx(2.2)
    assert found.score > 0.8 and found.problem == ""


def test_the_copy_has_size_rate_and_times_of_the_video_and_shows_the_verdicts(engine: Engine, tmp_path: Path) -> None:
    """Of odd size, and with a pause."""
    frame = people([RED])[:269, :299]
    times = [*range(FRAMES // 2), *range(20, 20 + FRAMES // 2)]
    source = film(tmp_path / "x.mkv", [frame] * FRAMES, times)
    judge_video(engine, source, tmp_path / "out" / "x.mp4")
    assert {one.name for one in (tmp_path / "out").iterdir()} == {"x.mp4", "x.timeline.png"}
    with av.open(str(tmp_path / "out" / "x.mp4")) as container:
        video = container.streams.video[0]
        assert (video.codec_context.name, video.width, video.height) == ("h264", 298, 268)
        frames = list(container.decode(video))
    assert [one.time for one in frames] == pytest.approx([time / RATE for time in times])
    assert orange(upright(frames[-1])) > 300 > orange(frame)
    with Image.open(tmp_path / "out" / "x.timeline.png") as image:
        assert image.width == 1200


def test_a_video_without_a_face_is_one_line_and_leaves_nothing(engine: Engine, tmp_path: Path) -> None:
    source = film(tmp_path / "x.mp4", [np.full((64, 64, 3), 90, np.uint8)] * 5)
    with pytest.raises(InputError, match=r"x.mp4: no face found in 0.5 s$"):
        judge_video(engine, source, tmp_path / "out" / "x.mp4")
    assert list((tmp_path / "out").iterdir()) == []


def test_what_is_no_video_is_one_line(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "x.mp4").write_bytes(b"nonsense")
    with pytest.raises(InputError, match=r"x.mp4 is not a video that can be read"):
        judge_video(engine, tmp_path / "x.mp4")


def test_a_video_that_ends_early_is_judged_up_to_there(engine: Engine, pair: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(pair.read_bytes()[: round(0.8 * pair.stat().st_size)])
    found = judge_video(engine, cut)
    assert found.verdict == "fake"
    assert found.damage == f"only {found.seconds:.1f} s of 2.2 s could be read"
    assert 1.2 < found.seconds < 2.1


def test_long_work_says_how_far_it_is(
    engine: Engine, pair: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("edgedf.console.PLAIN_LINE_EVERY_S", 0)
    judge_video(engine, pair)
    assert f"pair.mkv: 11/{FRAMES}, " in capsys.readouterr().out
