"""Engines under load: many threads, calls that are given up, several engines at once, and loading without end."""

import asyncio
import os
import random
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from edgedf.bundle import open_bundle
from edgedf.runtime import Engine
from edgedf.shipped import DEFAULT_STUDENT
from tests.unit.runtime.artefacts import FLOAT, INT8, NCNN, OPENVINO

Crops = NDArray[np.uint8]

THREADS = 32
SHARES = [slice(0, 1), slice(1, 2), slice(2, 4), slice(4, 7), slice(0, 8)]  # batches of other sizes
CALLS, GIVEN_UP = 200, 100
EVERY = [FLOAT, INT8, OPENVINO, NCNN]


@pytest.fixture(scope="module")
def faces() -> Crops:
    """Eight crops of different scores."""
    bundle = open_bundle(DEFAULT_STUDENT)
    crops, _ = bundle.golden(bundle.manifest.artefacts[0])
    return np.concatenate([crops, crops[:, :, ::-1]])


@pytest.fixture
def loading(every_runtime: Path) -> Iterator[list[str]]:
    """While a test runs another thread loads, calls and closes engines of its own: the files of those that it had."""
    over, had = threading.Event(), list[str]()

    def work() -> None:
        while not over.is_set():
            file = EVERY[len(had) % len(EVERY)]
            with Engine.load(every_runtime, file, threads=1):
                had.append(file)

    with ThreadPoolExecutor(1) as pool:
        working = pool.submit(work)
        yield had
        over.set()
        working.result()


@pytest.mark.parametrize("file", EVERY)
def test_thirty_two_threads_get_the_scores_of_one(
    every_runtime: Path, faces: Crops, loading: list[str], file: str
) -> None:
    with Engine.load(every_runtime, file, threads=2) as engine:
        alone = [engine.predict(faces[share]) for share in SHARES]
        assert len(np.unique(alone[-1])) == len(faces)
        together = threading.Barrier(THREADS)

        def work(seed: int) -> None:
            together.wait()
            for i in random.Random(seed).sample(range(len(SHARES)), 2):
                np.testing.assert_array_equal(engine.predict(faces[SHARES[i]]), alone[i])

        with ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(work, range(THREADS)))
    assert loading


def test_calls_that_are_given_up_cost_the_others_nothing(faces: Crops) -> None:
    threads, handles = set(threading.enumerate()), _handles()
    with Engine.load(DEFAULT_STUDENT, INT8, threads=1) as engine:
        alone = [engine.predict(face[None]) for face in faces]

        async def call(index: int) -> None:
            found = await asyncio.to_thread(engine.predict, faces[index % len(faces)][None])
            np.testing.assert_array_equal(found, alone[index % len(faces)])

        async def all_of_them() -> list[BaseException | None]:
            draw = random.Random(0)
            tasks = [asyncio.create_task(call(index)) for index in range(CALLS)]
            for task in draw.sample(tasks, GIVEN_UP):
                await asyncio.sleep(draw.uniform(0, 0.005))
                task.cancel()
            return await asyncio.gather(*tasks, return_exceptions=True)

        ends = asyncio.run(all_of_them())
        given_up = [end for end in ends if isinstance(end, asyncio.CancelledError)]
        assert 0 < len(given_up) <= GIVEN_UP
        assert ends.count(None) == CALLS - len(given_up)
        np.testing.assert_array_equal(engine.predict(faces[:1]), alone[0])
    assert set(threading.enumerate()) == threads
    assert _handles() == handles


def _handles() -> int:
    """Open files of this process; 0 where it cannot be told."""
    folder = Path("/proc/self/fd")
    return len(os.listdir(folder)) if folder.is_dir() else 0


def test_three_engines_in_one_process(every_runtime: Path, faces: Crops) -> None:
    files = [FLOAT, INT8, OPENVINO]
    alone = {}
    for file in files:
        with Engine.load(every_runtime, file, threads=1) as engine:
            alone[file] = engine.predict(faces)
    assert len({scores.tobytes() for scores in alone.values()}) == len(files)
    engines = {file: Engine.load(every_runtime, file, threads=1) for file in files}
    turns = files * 5
    for file in turns:
        np.testing.assert_array_equal(engines[file].predict(faces), alone[file])
    with ThreadPoolExecutor(len(turns)) as pool:
        for file, scores in zip(turns, pool.map(lambda file: engines[file].predict(faces), turns), strict=True):
            np.testing.assert_array_equal(scores, alone[file])
    for engine in engines.values():
        engine.close()


# So that glibc gives back at once what is freed: else memory goes up and down by 20 MB.
PROMPT = {"MALLOC_ARENA_MAX": "1", "MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "65536"}

# In a process of its own, whose memory nothing else has touched.
LOADING = """
import os, sys
from pathlib import Path
import numpy as np
from edgedf.runtime import Engine

WARM_UP, LOADS, GROWTH = 15, 50, 2e6
bundle, *files = sys.argv[1:]
crops = np.zeros((1, 256, 256, 3), np.uint8)

def load(times):
    for i in range(times):
        with Engine.load(bundle, files[i % len(files)], threads=1) as engine:
            engine.predict(crops)

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

load(WARM_UP)
before = resident()
load(LOADS)
growth = resident() - before
assert growth < GROWTH, f"memory grew by {growth} bytes"
"""


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
def test_memory_is_back_after_close(every_runtime: Path) -> None:
    command = [sys.executable, "-c", LOADING, str(every_runtime), FLOAT, INT8, OPENVINO]
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False, env=os.environ | PROMPT)
    assert done.returncode == 0, done.stderr
