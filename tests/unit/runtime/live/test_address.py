"""Which address is live, what it may reach, and how it is shown."""

import sys

import pytest

from edgedf.errors import InputError
from edgedf.runtime.live.address import find_live, without_secrets


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("rtsp://10.0.0.7:554/live", "rtsp://10.0.0.7:554/live"),
        ("rtsp://user:secret@camera/live", "rtsp://camera/live"),
        ("rtsp://user:se@cr/et@camera:8554/live", "rtsp://camera:8554/live"),
        ("rtsp://user:se@cr/e?t#@camera:8554/live", "rtsp://..."),
        ("http://user:x@camera/video?pwd=se@secret", "http://..."),
        ("http://camera/video?pwd=se@secret", "http://..."),
        ("http://camera/video?user=admin&password=secret", "http://camera/video"),
        ("http://camera/video#secret", "http://camera/video"),
        ("rtsp://camera/user=admin_password=secret_channel=1/stream", "rtsp://camera/stream"),
        ("http://user:secret@[fe80::1]:80/", "http://[fe80::1]:80/"),
    ],
)
def test_an_address_is_shown_without_secrets(address: str, shown: str) -> None:
    assert without_secrets(address) == shown
    found = find_live(address, {"headers": "Authorization: secret"})
    assert found is not None
    assert (found.name, found.url) == (shown, address)
    assert "secret" not in repr(found)


def test_a_number_and_a_device_are_cameras(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = []
    for system, source in [
        ("linux", "0"),
        ("linux", "/dev/v4l/by-id/x"),
        ("darwin", "1"),
        ("win32", "video=My camera"),
    ]:
        monkeypatch.setattr(sys, "platform", system)
        found = find_live(source, {"video_size": "1280x720"})
        assert found is not None
        assert found.options["video_size"] == "1280x720"
        shown.append((found.format, found.url))
    assert shown == [
        ("v4l2", "/dev/video0"),
        ("v4l2", "/dev/v4l/by-id/x"),
        ("avfoundation", "1"),
        ("dshow", "video=My camera"),
    ]
    with pytest.raises(InputError, match="video=NAME"):
        find_live("0", {})


@pytest.mark.parametrize("path", ["film.mp4", "a:b.mp4", "C:\\film.mp4", "C:/film.mp4", "./0", "video/1"])
def test_a_path_is_not_live(path: str) -> None:
    assert find_live(path, {}) is None


@pytest.mark.parametrize(
    "address", ["ftp://user:secret@host/x", "file:///etc/passwd", "concat:/secret@a|b", "rtmp://h/x"]
)
def test_what_is_neither_rtsp_nor_http_is_refused(address: str) -> None:
    with pytest.raises(InputError, match=r"cannot be watched: give rtsp://") as caught:
        find_live(address, {})
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("address", ["rtsp://", "rtsp://user:secret@/x", "http://:554"])
def test_an_address_without_a_host_is_refused_at_once(address: str) -> None:
    with pytest.raises(InputError, match="names no host") as caught:
        find_live(address, {})
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("address", ["rtsp://h/x", "RTSPS://h/x", "http://h/x", "https:/h/x"])
def test_a_stream_reaches_no_file(address: str) -> None:
    found = find_live(address, {})
    assert found is not None
    assert found.url.startswith(("rtsp://h", "rtsps://h", "http://h", "https://h"))
    assert not {"file", "concat", "data", "pipe"} & set(found.options["protocol_whitelist"].split(","))
