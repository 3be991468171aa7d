"""The work on Ray Data: each worker of a cluster has a detector and a decoder of one thread.

Workers need share no folder with this machine but that of the sources: they send the crops, and the files are written
here. Ray prints much, and ends a process that loses its cluster: it is used in a process of its own without a screen.
"""

import json
import multiprocessing
import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from edgedf.data.prepare.cutting import Cutter, file_of
from edgedf.data.prepare.outcome import Outcome
from edgedf.data.prepare.remote import RemoteSource, cut
from edgedf.data.prepare.settings import Settings
from edgedf.data.prepare.sources import Source
from edgedf.data.prepare.workers import Job, Work, end_with_parent
from edgedf.errors import EdgedfError, InputError, first_line
from edgedf.extras import need
from edgedf.faces.detectors import load_detector
from edgedf.machine import cores

START_S = 60  # a cluster that is there answers within seconds
END_S = 10  # for Ray to end its own processes
TASKS = 2000  # Ray takes some milliseconds for each: of a million photos each does 500, of videos one
ATTEMPTS = 3  # of a task whose worker dies: a machine may go at any time, but a file that kills each must not go round

Row = dict[str, Any]
"""A crop's `path` in the output and its `data`, or a source's `outcome` after its crops, or `trouble` that ends all."""


def on_ray(address: str) -> Work:
    """Work on a cluster.

    Args:
        address: `local` for workers on this machine, `auto` for the cluster that it belongs to, or its address.

    Raises:
        InputError: Ray Data cannot be used by such an address.
        MissingExtraError: Ray is not installed.
    """
    if address.startswith("ray://"):  # in 2.60 it fails as soon as a task begins
        raise InputError(
            f"Ray Data does not work through {address}: run this on a machine of the cluster, with --ray auto"
        )
    need("ray", "ray")
    return partial(_cut_all, address=address)


def _cut_all(jobs: Sequence[Job], settings: Settings, out: Path, address: str) -> Iterator[Outcome]:
    """What became of each source, in the order in which they are done.

    Raises:
        InputError: The cluster cannot be reached, or does not go on.
        OSError: The disk is full.
    """
    if jobs:
        yield from written(_rows_of_process(jobs, settings, address), out)


def written(rows: Iterable[Row], out: Path) -> Iterator[Outcome]:
    """Writes the crops, and passes each outcome on after those of its source.

    Raises:
        InputError: A worker met trouble that another would meet too.
        OSError: The disk is full.
    """
    for row in rows:
        if row["trouble"]:
            raise InputError(row["trouble"])
        if row["outcome"]:
            yield Outcome.from_dict(json.loads(row["outcome"]))
        else:
            path = out / row["path"]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(row["data"])


class Worker:
    """Cuts sources on some machine of the cluster.

    Args:
        settings: What is cut, and how.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._detector = load_detector(settings.rule.detector, threads=1)

    def __call__(self, row: dict[str, Job]) -> Iterator[Row]:
        """Cuts one source into rows."""
        source, shared = row["job"]
        try:
            with tempfile.TemporaryDirectory(prefix="edgedf-") as folder:
                outcome = cut(Cutter(self._settings, self._detector, Path(folder)), source, shared)
                for face in outcome.faces:
                    path = file_of(source, face, self._settings.suffix)
                    yield _row(path=path, data=(Path(folder) / path).read_bytes())
            yield _row(outcome=json.dumps(outcome.to_dict()))
        except FileNotFoundError:
            yield _row(
                trouble=f"a worker does not see {source.address}: name files by a path or URL that all machines share"
            )
        except (EdgedfError, OSError) as error:
            yield _row(trouble=f"a worker cannot go on: {first_line(error)}")


def _row(path: str = "", data: bytes = b"", outcome: str = "", trouble: str = "") -> Row:
    return {"path": path, "data": data, "outcome": outcome, "trouble": trouble}


def _rows_of_process(jobs: Sequence[Job], settings: Settings, address: str) -> Iterator[Row]:
    """The rows that a process with Ray in it sends: first what is wrong with the cluster, or nothing, and None last."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_send_rows, args=(there, jobs, settings, address))
    process.start()
    there.close()
    try:
        problem = here.recv() if here.poll(START_S) else f"no answer in {START_S} s"
        if problem:
            raise InputError(f"cannot use Ray at {address}: {problem}")
        while row := here.recv():
            yield row
        process.join()
    except EOFError:
        raise InputError("the cluster was lost: run the command again to go on") from None
    finally:
        process.terminate()
        process.join(END_S)
        process.kill()


def _send_rows(there: Connection, jobs: Sequence[Job], settings: Settings, address: str) -> None:
    end_with_parent()
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(nowhere, stream)
    os.environ |= {"RAY_USAGE_STATS_ENABLED": "0", "RAY_DATA_DISABLE_PROGRESS_BARS": "1"}
    try:
        ray = need("ray.data", "ray") and need("ray", "ray")
        here: dict[str, Any] = {"num_cpus": cores(), "include_dashboard": False} if address == "local" else {}
        ray.init(address, log_to_driver=False, **here)
    except Exception as error:  # an address may be wrong in any way
        there.send(first_line(error))
        return
    there.send("")
    try:
        for row in _rows(ray, jobs, settings):
            there.send(row)
    except Exception as error:  # of a worker, with its traceback
        reason, _, _ = (str(error).strip() or type(error).__name__).splitlines()[-1].partition(". ")
        there.send(_row(trouble=f"Ray stopped: {reason}; run the command again to go on"))
    finally:
        ray.shutdown()
    there.send(None)


def _rows(ray: Any, jobs: Sequence[Job], settings: Settings) -> Iterator[Row]:
    """What the workers send. Of one source it comes in order: a task's rows are passed on as it makes them."""
    items = [{"job": (_absolute(source), shared)} for source, shared in jobs]
    workers = min(len(jobs), max(int(ray.cluster_resources().get("CPU", 1)), 1))
    dataset = ray.data.from_items(items, override_num_blocks=min(len(jobs), TASKS)).flat_map(
        Worker,
        fn_constructor_args=(settings,),
        compute=ray.data.ActorPoolStrategy(size=workers),
        num_cpus=1,
        max_restarts=ATTEMPTS,
        max_task_retries=ATTEMPTS,
    )
    yield from dataset.iter_rows()


def _absolute(source: Source) -> Source:
    """A worker may run in another folder."""
    return source if isinstance(source, RemoteSource) else replace(source, path=source.path.absolute())
