"""Where the page is served, and by which names it may be called."""

import ipaddress
import re
import socket
from typing import NamedTuple

from edgedf.errors import ConfigError

PORT = re.compile("[0-9]{1,5}")


class Address(NamedTuple):
    """Host and port to listen at.

    Attributes:
        host: A name, or an IP address without brackets.
        port: 0 takes a free one.
    """

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> "Address":
        """Reads "127.0.0.1:8765", "localhost:8765" or "[::1]:8765".

        Raises:
            ConfigError: It is none of these.
        """
        host, colon, port = text.rpartition(":")
        bare = host[1:-1] if host[:1] == "[" and host[-1:] == "]" else host
        named = colon and bare and bare.isprintable() and not (":" in bare and bare == host)
        if not (named and PORT.fullmatch(port) and int(port) < 2**16):
            raise ConfigError(f"{text!r:.80} is no address to serve at: give HOST:PORT, such as 127.0.0.1:8765")
        return cls(bare, int(port))

    @property
    def local(self) -> bool:
        """Whether only this machine can reach it."""
        ip = _ip(self.host)
        return ip.is_loopback if ip else self.host == "localhost"

    @property
    def url(self) -> str:
        """Root of the page as this machine opens it, without a slash at the end."""
        ip = _ip(self.host)
        host = ("127.0.0.1" if ip.version == 4 else "::1") if ip and ip.is_unspecified else self.host
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    def called_by(self, host: str) -> bool:
        """Whether a `Host` header names this server.

        A foreign site can make its own name lead here (DNS rebinding), but then the header has that name. An IP address
        leads nowhere else; where only this machine can reach the server, it must be one of its loopback addresses.
        """
        name = _without_port(host).lower()
        ip = _ip(name)
        if ip:
            return ip.is_loopback or not self.local
        own = socket.gethostname().lower()
        return name == "localhost" or (not self.local and name in (self.host.lower(), own, f"{own}.local"))


def _without_port(host: str) -> str:
    """The host of "host", "host:1", "[::1]" or "[::1]:1"."""
    return host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]


def _ip(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
