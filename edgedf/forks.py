"""What does not follow a fork: the threads of a runtime, which stay in the process that started them.

A forked child has a copy of the runtime without them. Where it computes with that copy, or frees it, it may wait for
ever.
"""

import ctypes
import os
from weakref import WeakSet

from edgedf.errors import UnavailableError

ADVICE = "start processes by multiprocessing's spawn or forkserver"

_alive: WeakSet[object] = WeakSet()
_process_of: dict[str, int] = {}
_forked = False


class Home:
    """The process whose threads something needs.

    Args:
        thing: It, such as a session. A forked child never frees its copy.
    """

    def __init__(self, thing: object) -> None:
        self._process = os.getpid()
        hold(thing)

    @property
    def is_elsewhere(self) -> bool:
        """Whether this process was forked since."""
        return os.getpid() != self._process

    def check(self, name: str) -> None:
        """Makes sure that the threads are here.

        Args:
            name: Of what needs them, such as `this engine`.

        Raises:
            UnavailableError: This process was forked since.
        """
        if self.is_elsewhere:
            raise UnavailableError(
                f"{name} is of before the fork, and its threads are not here: make another, or {ADVICE}"
            )


def hold(thing: object) -> None:
    """Has every forked child never free its copy of something, as it may wait for threads that are not there."""
    _alive.add(thing)


def bind(runtime: str) -> None:
    """Binds a runtime to the first process that loads a model into it: all its models share their threads.

    Raises:
        UnavailableError: That was another process, from which this one was forked.
    """
    if _process_of.setdefault(runtime, os.getpid()) != os.getpid():
        raise UnavailableError(f"{runtime} was in use before the fork, and its threads are not here: {ADVICE}")


def forked() -> bool:
    """Whether this process was forked from one that had a runtime in use."""
    return _forked


def _in_child() -> None:
    global _forked
    _forked = _forked or bool(_alive or _process_of)
    for thing in _alive:
        # One reference too many, or the end of the interpreter would free it: nothing of Python's outlives that.
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(thing))


if hasattr(os, "register_at_fork"):  # Windows has no fork
    os.register_at_fork(after_in_child=_in_child)
