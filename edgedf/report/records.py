"""What is known of one model, typed, in one JSON file; units stand in the names.

Scores, labels and groups are kept as one text each, see `packed`: with them two models can be compared face by face.
"""

import base64
import dataclasses
import json
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edgedf import strict_json
from edgedf.errors import InputError, InternalError
from edgedf.files import read_whole, write_text
from edgedf.metrics import Evaluation, Interval, sigmoid
from edgedf.report.environment import Environment
from edgedf.typed import read

SCHEMA = 1
# Scores are kept as steps of their logit: to 4 digits in the middle, to more where a sure model has most of them.
REACH, STEPS = 16.0, 2047.0
MOST_BYTES = 64 << 20  # of a record
MOST = 10_000_000  # numbers that are packed together; a hostile text may hold a thousand times its length


@dataclass(frozen=True)
class Training:
    """How a model was trained.

    Attributes:
        settings: Its configuration, without what names a place on the machine.
        data: Names of the datasets.
        started_from: Name of the file or run of weights that it started from, or nothing.
        teacher: Name of the teacher's file or run, or nothing.
        training_s: Time of all epochs, without their val; None where it was not kept.
        images_shown: In all epochs; None where it was not kept.
        val_auc: Of each epoch.
        val_f1: Of each epoch.
    """

    settings: dict[str, Any]
    data: list[str]
    started_from: str
    teacher: str
    training_s: float | None
    images_shown: int | None
    val_auc: list[float]
    val_f1: list[float]


@dataclass(frozen=True)
class FacesInfo:
    """The faces that a model was judged on: no path, and of a group only its number.

    Attributes:
        name: Of the dataset.
        split: Of it.
        fingerprint: Of its table and pixels.
        labels: Packed, 1 is fake.
        groups: Packed numbers.
    """

    name: str
    split: str
    fingerprint: str
    labels: str
    groups: str

    @property
    def title(self) -> str:
        """For instance `dfdc val`."""
        return f"{self.name} {self.split}"


@dataclass(frozen=True)
class Judgement:
    """What one artefact is worth on one set of faces.

    Attributes:
        evaluation: Of single faces.
        methods: AUC of each forgery method against all reals.
        videos: Of videos by the mean score of their faces, where the set has videos of several faces.
        at_recall_95: With the threshold that finds 95 % of the fakes, cross-fitted; of the first set only.
        scores: P(fake) in the order of the dataset, see `packed_scores`.
    """

    evaluation: Evaluation
    methods: dict[str, Interval]
    videos: Evaluation | None
    at_recall_95: Evaluation | None
    scores: str


@dataclass(frozen=True)
class Entry:
    """One artefact of a model; a network in torch is one too.

    Attributes:
        backend: Its runtime, or `torch`.
        precision: Of the arithmetic: "fp32", "int8".
        threshold: Chosen once, and used on every set of faces but those that it was chosen on.
        judgements: One for each set of faces of the record.
    """

    backend: str
    precision: str
    threshold: float
    judgements: list[Judgement]


@dataclass(frozen=True)
class Timing:
    """Latency of one face a call on one thread, all forms of the model in turns."""

    backend: str
    precision: str
    size_mb: float
    latency_ms_p50: float
    latency_ms_p95: float
    calls: int


@dataclass(frozen=True)
class Record:
    """Everything that the published tables say of a model.

    Attributes:
        name: Unique among the records that are compared.
        architecture: Its `kind` and size.
        parameters: Weights of the network as it is deployed.
        training: None where nothing is known of it.
        ablation_of: Name of the record of the full recipe, or nothing.
        prevalence: Share of fakes that precision and F1 are stated at.
        faces: What it was judged on; the threshold was chosen on the first.
        entries: One for a network, one for each artefact of a bundle.
        timings: Empty where nothing was timed.
        environment: Machine and versions of the judging and timing.
        revision: Of the code that judged, None for an installed package.
        schema: Version of this layout.

    Raises:
        InternalError: An entry has not one judgement for each set of faces.
    """

    name: str
    architecture: dict[str, Any]
    parameters: int
    training: Training | None
    ablation_of: str
    prevalence: float
    faces: list[FacesInfo]
    entries: list[Entry]
    timings: list[Timing]
    environment: Environment
    revision: str | None
    schema: int = SCHEMA

    def __post_init__(self) -> None:
        """Checks that every set of faces was judged."""
        if not (self.faces and self.entries) or any(len(one.judgements) != len(self.faces) for one in self.entries):
            raise InternalError("it has not one judgement of each set of faces in each entry")


def packed(values: npt.ArrayLike) -> str:
    """Whole numbers from 0 to 65,535 `(N,)` as a short text."""
    return base64.b64encode(zlib.compress(np.asarray(values, "<u2").tobytes(), 9)).decode()


def unpacked(text: str) -> npt.NDArray[np.uint16]:
    """What `packed` made a text of.

    Raises:
        InputError: It made nothing like it.
    """
    try:
        reader = zlib.decompressobj()
        values = reader.decompress(base64.b64decode(text), 2 * MOST)
        if not reader.eof:
            raise ValueError(f"cut short, or more than {MOST}")
        return np.frombuffer(values, "<u2")
    except (ValueError, zlib.error) as error:
        raise InputError(f"packed numbers that cannot be read ({error}): record the model again") from error


def packed_scores(scores: npt.NDArray[np.floating[Any]]) -> str:
    """Scores `(N,)` in [0, 1] as a short text.

    Each is less than 1e-4 off, and their order stays; those within 1e-7 of 0 or of 1 become equal.
    """
    values = np.asarray(scores, np.float64)
    with np.errstate(divide="ignore"):  # 0 and 1 become the ends of the scale
        logits = np.clip(np.log(values) - np.log1p(-values), -REACH, REACH)
    return packed(np.rint((logits + REACH) * STEPS))


def unpacked_scores(text: str) -> npt.NDArray[np.float64]:
    """Scores `(N,)`, see `packed_scores`."""
    return sigmoid(unpacked(text) / STEPS - REACH)


def write_record(path: Path, record: Record) -> None:
    """Writes a record whole or not at all."""
    write_text(path, json.dumps(dataclasses.asdict(record), indent=1, allow_nan=False) + "\n")


def read_records(folder: Path) -> list[Record]:
    """The records of a folder in the order of their files' names.

    Raises:
        InputError: There are none, or a file is not a record of this version.
    """
    found = [read_record(path) for path in sorted(folder.glob("*.json"))]
    if not found:
        raise InputError(
            f"{folder} holds no records: make one with  python benchmarks/record.py MODEL --data DIR --out"
        )
    return found


def read_record(path: Path) -> Record:
    """Reads what `write_record` wrote.

    Raises:
        InputError: It is not a record of this version.
    """
    try:
        values = strict_json.loads(read_whole(path, MOST_BYTES))
        if not isinstance(values, dict) or values.get("schema") != SCHEMA:
            raise InputError(f"its schema is not {SCHEMA}")
        return read(Record, values, "record")
    except (OSError, ValueError, InputError) as error:
        raise InputError(f"{path}: not a record of this version ({error}): record the model again") from error
