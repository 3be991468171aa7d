"""The wire format: what protobuf.dev's encoding page says, and refusal of anything else."""

import pytest

from edgedf.runtime.protobuf import fields, integers, messages


def test_reads_the_documented_examples() -> None:
    """Field 1 = 150 is `08 96 01`, field 2 = "testing" is `12 07 74...` (protobuf.dev)."""
    message = memoryview(b"\x08\x96\x01\x12\x07testing")
    assert [number for number, _ in fields(message)] == [1, 2]
    assert integers(message, 1) == [150]
    assert [bytes(value) for value in messages(message, 2)] == [b"testing"]


def test_skips_fixed_width_fields() -> None:
    assert integers(memoryview(b"\x0d1234\x1112345678\x20\x05"), 4) == [5]


@pytest.mark.parametrize(
    "broken",
    [b"\x08", b"\x08\x96", b"\x12\x07test", b"\x0b", b"\x08" + b"\xff" * 11, b"\x0d12"],
    ids=["no value", "open varint", "short bytes", "group", "endless varint", "short fixed"],
)
def test_refuses_what_is_not_a_message(broken: bytes) -> None:
    with pytest.raises(ValueError, match=r"cut short|wire type|without end"):
        list(fields(memoryview(broken)))


def test_a_tag_has_32_bits() -> None:
    """Bits above them are dropped, as protobuf does: a hidden field is seen under its true number."""
    assert integers(memoryview(b"\x88\x80\x80\x80\x10\x07"), 1) == [7]
