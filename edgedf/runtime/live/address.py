"""Which address is a camera or stream, how FFmpeg is to open it, and how it is shown: without secrets."""

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field

from edgedf.errors import InputError

SCHEME = re.compile(r"([a-z][a-z0-9+.-]+):/+", re.IGNORECASE)  # one slash where a `Path` was made of it

PROTOCOLS = {
    "rtsp": "rtp,tcp,udp",
    "rtsps": "rtp,tcp,tls,udp",
    "http": "http,https,tcp,tls",  # a camera may send on to https
    "https": "https,tls,tcp",
}
"""What a stream may reach, by the scheme of its address: never a file."""

AT_ONCE = {"fpsprobesize": "0"}  # the rate of a live source is not needed, and to find it out takes 20 frames
NOT_BLOCKING = {"fflags": "+4"}  # AVFMT_FLAG_NONBLOCK, which has no name: a camera that hangs can be let go


@dataclass(frozen=True)
class Live:
    """A device or network stream.

    Attributes:
        name: Address without user, password and query.
        url: As FFmpeg wants it.
        format: FFmpeg's name of the input; None to find out.
        options: FFmpeg's.
    """

    name: str
    url: str = field(repr=False)
    format: str | None
    options: Mapping[str, str] = field(repr=False)


def find_live(source: str, options: Mapping[str, str]) -> Live | None:
    """The device or network stream that is meant, or None where it is a path.

    Args:
        source: A camera's number, device, or address.
        options: For FFmpeg, beside those that are set here.

    Raises:
        InputError: An address that is not RTSP or HTTP, or names no host.
    """
    if scheme := SCHEME.match(source):
        return _stream(scheme[1].lower(), source[scheme.end() :], options)
    if device := _device(source):
        return Live(device[1], device[1], device[0], AT_ONCE | NOT_BLOCKING | dict(options))
    return None


def without_secrets(address: str) -> str:
    """An address without user and password, wherever cameras want them: before the host, in the query, in the path."""
    head = found[0] if (found := SCHEME.match(address)) else ""
    # A password may hold any character: rather too little is shown than too much.
    place, *hidden = re.split("[?#]", address[len(head) :], maxsplit=1)
    if "@" in "".join(hidden):  # of a password in the query, or the end of one that a host follows
        return f"{head}..."
    kept = "/".join(part for part in place.rpartition("@")[2].split("/") if "=" not in part)
    return head + kept


def shown(source: str) -> str:
    """A path as it is, and what may be an address, with or without its beginning, without secrets."""
    return without_secrets(source) if SCHEME.match(source) or re.search("[@?]", source) else source


def _stream(scheme: str, rest: str, options: Mapping[str, str]) -> Live:
    url = f"{scheme}://{rest}"
    name = without_secrets(url)
    if scheme not in PROTOCOLS:
        known = ", ".join(f"{one}://" for one in PROTOCOLS)
        raise InputError(f"{name} cannot be watched: give {known} or a path, or hand Camera the frames")
    if rest.partition("/")[0].rpartition("@")[2][:1] in ("", ":", "?", "#"):
        raise InputError(f"{name} names no host: give {scheme}://HOST/PATH")
    settings = AT_ONCE | {"protocol_whitelist": PROTOCOLS[scheme]}
    if scheme.startswith("rtsp"):
        settings["rtsp_transport"] = "tcp"  # nothing is lost on the way, and firewalls let it pass
    return Live(name, url, None, settings | dict(options))


def _device(source: str) -> tuple[str, str] | None:
    """FFmpeg's input for the cameras of this system, and the device's name there; None where it is no device."""
    number = source.isdecimal()
    if sys.platform == "darwin":
        return ("avfoundation", source) if number else None
    if sys.platform == "win32":
        if number:
            raise InputError(f"Windows knows cameras by their names: give video=NAME in place of {number}")
        return ("dshow", source) if source.startswith("video=") else None
    device = f"/dev/video{source}" if number else source
    return ("v4l2", device) if device.startswith("/dev/") else None
