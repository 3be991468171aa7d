"""Drawn faces with their points."""

from pathlib import Path

import numpy as np
import pytest

from edgedf.data.dataset import Dataset
from edgedf.data.drawn import draw_dataset
from edgedf.data.forge.forger import Forger
from edgedf.data.landmarks import face_points
from edgedf.data.packed import PackedFaces, pack


@pytest.fixture(scope="session")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """24 pictures of 6 people, 7 of them fake; every split has a real one."""
    return draw_dataset(tmp_path_factory.mktemp("drawn"), 24, seed=2)


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="session")
def faces(drawn: Dataset, cache: Path) -> PackedFaces:
    return pack(drawn, cache)


@pytest.fixture(scope="session")
def forger(faces: PackedFaces, cache: Path) -> Forger:
    return Forger(faces, face_points(faces, cache))


@pytest.fixture(scope="session")
def reals(forger: Forger) -> list[int]:
    """Indices of the faces that can be forged."""
    return [int(i) for i in np.flatnonzero(forger.known)]
