"""Where the page is served, and who may call it how."""

import socket

import pytest

from edgedf.errors import ConfigError
from edgedf.runtime.serve import Address


@pytest.mark.parametrize(
    ("text", "local", "url"),
    [
        ("127.0.0.1:8765", True, "http://127.0.0.1:8765"),
        ("localhost:1", True, "http://localhost:1"),
        ("[::1]:8765", True, "http://[::1]:8765"),
        ("0.0.0.0:8765", False, "http://127.0.0.1:8765"),
        ("[::]:8765", False, "http://[::1]:8765"),
        ("192.168.1.5:8765", False, "http://192.168.1.5:8765"),
        ("camera.lan:8765", False, "http://camera.lan:8765"),
    ],
)
def test_an_address_is_read(text: str, local: bool, url: str) -> None:
    address = Address.parse(text)
    assert (address.local, address.url) == (local, url)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "8765",
        ":8765",
        "host",
        "host:",
        "host:x",
        "host:65536",
        "\udcff:1",
        f"host:{'9' * 5000}",
        "::1:8765",
        "[]:1",
    ],
)
def test_no_address_is_said_to_be_none(text: str) -> None:
    with pytest.raises(ConfigError, match=r"HOST:PORT, such as 127\.0\.0\.1:8765"):
        Address.parse(text)


LOOPBACK = ["127.0.0.1", "127.0.0.1:9", "localhost:8765", "LOCALHOST", "[::1]:1"]
ELSEWHERE = ["10.0.0.7:8765", "[fe80::1]", socket.gethostname()]
FOREIGN = ["", "evil.example", "evil.example:8765", "127.0.0.1.evil.example", "localhost.evil.example", "[evil]"]


def test_hosts_of_a_local_address() -> None:
    address = Address.parse("127.0.0.1:8765")
    assert all(map(address.called_by, LOOPBACK))
    others = [host for host in ELSEWHERE if host != "localhost"]
    assert not any(map(address.called_by, [*others, *FOREIGN]))


def test_hosts_of_an_address_that_others_can_reach() -> None:
    """IP addresses, which no foreign site can make its own, and this machine's names."""
    address = Address.parse("camera.lan:8765")
    assert all(map(address.called_by, [*LOOPBACK, *ELSEWHERE, "camera.lan:8765"]))
    assert not any(map(address.called_by, FOREIGN))
