"""The one error tree: every message is one line that says what is wrong and what to do next.

Its classes, and the exit codes that commands make of them::

    EdgedfError
    |-- InputError            the user can mend it: exit 2
    |   |-- ConfigError         unknown key, value out of range
    |   |-- DatasetError        rows that are broken, listed
    |   |-- CheckpointError     not a run, not our weights, a pickle
    |   |-- BundleError         changed bytes or scores, unknown schema, anything that a bundle must not hold
    |   `-- UnavailableError    this machine lacks what a runtime needs
    |       `-- MissingExtraError   an optional package is not installed
    |-- GateError             the work ran and its result is not good enough: exit 1
    `-- InternalError         a bug of ours: exit 1, please report it
"""

from collections.abc import Sequence

LONGEST = 2000  # characters of a message


class EdgedfError(Exception):
    """Base of everything edgedf raises on purpose; its message is made `printable`."""

    exit_code = 1

    def __init__(self, message: str) -> None:
        super().__init__(printable(message))


class InputError(EdgedfError):
    """Wrong use or bad input."""

    exit_code = 2


class ConfigError(InputError):
    """A configuration key or value that does not exist or cannot be used."""


class DatasetError(InputError):
    """A dataset that breaks its contract.

    Attributes:
        problems: One line for each broken row.
    """

    def __init__(self, message: str, problems: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.problems = list(problems)


class CheckpointError(InputError):
    """A file that is not a checkpoint of ours or cannot be read safely."""


class BundleError(InputError):
    """A bundle that is refused before any runtime sees its bytes."""


class UnavailableError(InputError):
    """A runtime that this machine lacks, or what it runs on."""


class MissingExtraError(UnavailableError):
    """An optional package is not installed."""

    def __init__(self, module: str, extra: str) -> None:
        super().__init__(f"{module} is not installed: run  pip install 'edgedf[{extra}]'")
        self.module = module
        self.extra = extra


class GateError(EdgedfError):
    """The work ran to its end and its result misses a bound."""


class InternalError(EdgedfError):
    """A bug of ours."""


class Terminated(KeyboardInterrupt):
    """SIGTERM: ends a command as Ctrl-C does, with another exit code."""


def printable(text: str) -> str:
    """One line of bounded length that a terminal shows and does not obey: other characters stand as escapes."""
    shown = "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text[:LONGEST])
    return shown if max(len(text), len(shown)) <= LONGEST else f"{shown[:LONGEST]}..."


def first_line(error: Exception) -> str:
    """What a library's error says first, or its type where it says nothing."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]
