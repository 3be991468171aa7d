"""Other processes: forked ones never hang and are told what to do, new ones load for themselves."""

import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from edgedf.errors import InputError
from edgedf.runtime import Engine
from edgedf.shipped import DEFAULT_STUDENT
from tests.unit.runtime.artefacts import FLOAT, NCNN, OPENVINO

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")

HANGS_S = 20

# Each child ends as a script does, by way of everything that is freed then.
FORKING = """
import os, signal, sys, threading, warnings
import numpy as np
from edgedf.errors import EdgedfError
from edgedf.runtime import Camera, Engine, Watcher

warnings.simplefilter("ignore", DeprecationWarning)  # Python's own, of forks beside threads
patience, bundle, file, video = int(sys.argv[1]), *sys.argv[2:]
crops = np.zeros((1, 256, 256, 3), np.uint8)
engine = Engine.load(bundle, file, threads=2)
expected = engine.predict(crops)

def refused(call, *words):
    try:
        call()
    except EdgedfError as error:
        assert all(word in str(error) for word in words), error
    else:
        raise AssertionError(f"not refused: {words}")

def called():
    refused(lambda: engine.predict(crops), "this engine is of before the fork", "spawn")

def freed():
    global engine
    engine.close()
    engine = None

def loaded():
    if file.endswith(".onnx"):
        assert Engine.load(bundle, file, threads=2).predict(crops) == expected
    else:
        refused(lambda: Engine.load(bundle, file, threads=2), "was in use before the fork", "spawn")
        assert Engine.load(bundle, threads=2).backend == "onnxruntime"

def watched():
    refused(lambda: watcher.submit(np.zeros((90, 160, 3), np.uint8)), "this watcher is of before the fork")
    refused(watcher.latest, "this watcher")
    refused(lambda: watcher.stats, "this watcher")
    refused(lambda: list(Watcher(Camera(video), engine)), "this engine is of before the fork")
    refused(lambda: next(events), "this watcher")
    watcher.close()

def filmed():
    refused(lambda: next(camera), "this camera is of before the fork")
    camera.close()

def ended():
    pass

def child(work):
    number = os.fork()
    if not number:
        signal.alarm(patience)
        work()
        sys.exit()
    status = os.waitpid(number, 0)[1]
    assert status == 0, f"{work.__name__} ended with {status}"

works = [called, freed, loaded, ended]
if video:
    camera = Camera(video)
    watcher, events = Watcher(model=engine), iter(Watcher(Camera(video), engine))
    watcher.submit(np.zeros((90, 160, 3), np.uint8))
    next(events), next(camera)
    works += [watched, filmed]
for work in works:
    child(work)
over = False
busy = [threading.Thread(target=lambda: [engine.predict(crops) for _ in iter(lambda: over, True)]) for _ in range(4)]
for thread in busy:
    thread.start()
try:
    for work in works:
        child(work)
finally:
    over = True
    for thread in busy:
        thread.join()
freed()  # in the parent: what the runtime keeps for the next engine is left
child(ended)
"""


@pytest.mark.parametrize("file", [FLOAT, OPENVINO, NCNN])
def test_a_forked_process_is_told_and_never_hangs(every_runtime: Path, file: str) -> None:
    video = ""
    if file == FLOAT and pytest.importorskip("av"):
        video = str(Path(__file__).parents[1] / "data/prepare/ten_bit_variable_rate.mp4")
    command = [sys.executable, "-c", FORKING, str(HANGS_S), str(every_runtime), file, video]
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 0, done.stderr


STARTING = """
import sys
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
import numpy as np
from edgedf.runtime import Engine
from edgedf.shipped import DEFAULT_STUDENT

FILE = "model.onnx"

def score(crops):
    with Engine.load(DEFAULT_STUDENT, FILE, threads=2) as engine:
        return engine.predict(crops)

if __name__ == "__main__":
    crops = np.arange(2 * 256 * 256 * 3, dtype=np.uint32).astype(np.uint8).reshape(2, 256, 256, 3)
    with Engine.load(DEFAULT_STUDENT, FILE, threads=2) as engine:
        for method in ("spawn", "forkserver"):
            with ProcessPoolExecutor(2, multiprocessing.get_context(method)) as pool:
                for found in pool.map(score, [crops, crops], timeout=60):
                    np.testing.assert_array_equal(found, engine.predict(crops))
"""


def test_new_processes_load_for_themselves(tmp_path: Path) -> None:
    program = tmp_path / "starting.py"
    program.write_text(STARTING)
    done = subprocess.run([sys.executable, str(program)], stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_an_engine_is_not_sent_to_another_process() -> None:
    with Engine.load(DEFAULT_STUDENT, FLOAT) as engine, pytest.raises(InputError, match=r"send the bundle's folder"):
        pickle.dumps(engine)
