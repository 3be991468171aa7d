"""Messages of errors."""

from edgedf.errors import LONGEST, EdgedfError


def test_a_message_is_one_line_of_bounded_length() -> None:
    """Also where each of its characters becomes an escape."""
    for text in ("a" * 9000, "\x1b" * 1500, "\n" * 9000):
        message = str(EdgedfError(text))
        assert message.isprintable() and message.endswith("...") and len(message) == LONGEST + 3
