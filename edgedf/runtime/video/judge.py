"""The verdict of a video: every frame goes through the watcher, and what it says of each face is summed up."""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from edgedf.console import progress
from edgedf.errors import InputError, printable
from edgedf.faces.container import ENDS_EARLY
from edgedf.runtime.engine import Engine
from edgedf.runtime.live.camera import Camera
from edgedf.runtime.live.event import Event
from edgedf.runtime.live.watcher import Watcher
from edgedf.runtime.video.film import write_film
from edgedf.runtime.video.header import Header, read_header
from edgedf.runtime.video.plot import write_plot
from edgedf.runtime.video.timeline import Timeline
from edgedf.runtime.video.verdict import VideoVerdict

PLOT = ".timeline.png"  # in place of the suffix of the annotated copy


def judge_video(
    engine: Engine, path: Path, save: Path | None = None, on_event: Callable[[Event], object] | None = None
) -> VideoVerdict:
    """Judges a video; shows how far it is.

    Args:
        engine: Judges the faces.
        path: Of the video.
        save: MP4 file to write: the video with its faces boxed, as they were judged up to each frame, without sound.
            The faces' scores over time are drawn beside it.
        on_event: Called with each frame and its faces.

    Raises:
        InputError: No frame can be read, none shows a face, or `save` cannot be written.
        MissingExtraError: PyAV is not installed.
    """
    header = read_header(path)
    faces: dict[int, Timeline] = {}
    begin, time = None, 0.0
    with ExitStack() as stack:
        camera = stack.enter_context(Camera(path))
        film = stack.enter_context(write_film(save, header.rate)) if save else None
        watcher = stack.enter_context(Watcher(camera, engine))
        for event in progress(watcher, printable(path.name), header.frames):
            begin = event.frame_time if begin is None else begin
            time = event.frame_time - begin  # some containers begin at 1.4 s, and players show that as 0
            for track in event.tracks:
                if track.id not in faces:
                    faces[track.id] = Timeline(track.id + 1, time, engine.threshold)
                faces[track.id].add(time, track)
            if on_event:
                on_event(event)
            if film:
                film(event, time, engine.threshold)
        seconds = time + float(1 / header.rate)
        if not faces:
            raise InputError(f"{path}: no face found in {seconds:.1f} s")
    verdict = VideoVerdict(path, engine.threshold, seconds, list(faces.values()), _damage(header, seconds, camera))
    if save:
        write_plot(save.with_suffix(PLOT), verdict)
    return verdict


def _damage(header: Header, seconds: float, camera: Camera) -> str:
    if header.seconds and seconds < ENDS_EARLY * header.seconds:
        return f"only {seconds:.1f} s of {header.seconds:.1f} s could be read"
    return f"{camera.corrupt} broken frames were left out" if camera.corrupt else ""
