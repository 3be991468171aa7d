"""The packed training and validation images of a configuration."""

from pathlib import Path

from edgedf.console import progress
from edgedf.data.packed import PackedFaces, join, pack, require_apart
from edgedf.data.readers import open_dataset
from edgedf.errors import ConfigError
from edgedf.training.config import TrainConfig
from edgedf.training.evaluation import require_usable


def load_splits(config: TrainConfig) -> tuple[PackedFaces, PackedFaces]:
    """Train and val of all datasets, joined.

    Raises:
        ConfigError: No dataset named.
        DatasetError: A dataset is broken (unless that is to be skipped), an image is in both splits, or a split has too
            little to train on or to choose a threshold by.
    """
    if not config.data:
        raise ConfigError("no dataset: name one with --data DIR")
    skip = config.skip_broken
    datasets = [open_dataset(Path(folder), skip_broken=skip) for folder in config.data]
    train, val = (
        join([pack(dataset.split(name), progress=progress, skip_broken=skip) for dataset in datasets])
        for name in ("train", "val")
    )
    require_apart(train, val)
    require_usable(train, val, config)
    return train, val
