"""Configuration: one flat dataclass is config file and command-line help at once."""

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Self

from edgedf.errors import ConfigError, InputError
from edgedf.metrics import check_rule
from edgedf.training import toml
from edgedf.typed import read

IMAGENET = "imagenet"  # the teacher that never saw a forgery


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """Everything that shapes a training run.

    Attributes:
        role: Which network: `teacher`, `student` or `baseline`.
        data: Dataset folders; trained on together.
        skip_broken: Leaves broken rows and unreadable pictures out and names each, rather than stop.
        trunk: Teacher's EfficientNet, a name of `edgedf.nn.trunks.TRUNKS`.
        image_size: Side in pixels of the face that the teacher or the baseline looks at.
        frequency: Adds the block-DCT branch to the teacher.
        size: Student's size: `nano`, `small`, `medium` or `base`.
        dct_stem: Starts the student's stem from the DCT of a patch; without, from random filters.
        weights: What to start from: a finished run, whose last epoch it is, or a file: of a whole network's weights, as
            `export/weights.py` keeps them, or of ImageNet's for the trunk or the baseline (empty: those of an
            installed package or a download).
        epochs: Passes over the drawn images.
        batch_size: Images per optimiser step, over all processes.
        accumulate: Parts that a process cuts its share of a batch into, to save memory.
        learning_rate: Peak, reached after the warm-up; falls to zero along a cosine.
        weight_decay: AdamW's, on convolution and linear weights only.
        warmup_epochs: Epochs of linear warm-up.
        clip: Largest norm of the gradient; 0 switches clipping off.
        ema: Decay of the averaged weights, which are evaluated and kept.
        freeze_norm: Keeps batch-norm statistics as they are.
        precision: `auto` (half on CUDA, full on CPU), `32`, `bf16` or `fp16`.
        prevalence: Share of fakes drawn each epoch (but with `pairs`) and stated in metrics; 0 takes the data as they
            are.
        pairs: Shows each real crop beside a fake made from it (column `original`), so half of an epoch is fake;
            the logit learned is still the one for `prevalence`, or for the data as they are.
        least_share: Of the pairs of an epoch that each data folder has at least: the faces of a small one come more
            than once, so that a large one does not drown it.
        mix: Fades each fake towards the real crop it was made from, by a random share that becomes its label: keeps a
            large network from learning its training faces by heart.
        forge: Share of the real crops that are shown beside a forgery of their own, see `edgedf.data.forge`, in place
            of another fake: needs `pairs`.
        degrade: Share of the views that a camera's faults are added to, see `edgedf.data.degrade`; a fake gets those
            of its original.
        hide: Share of the views in which parts of the face are hidden as explanations hide them, see
            `edgedf.data.hide`; a fake's are those of its original.
        zoom: Share of the views that show a part of the face, enlarged and turned, see `edgedf.data.zoom`: only for
            pretraining, where labels hardly count.
        threshold_rule: `f1`, `recall=.95`, `fpr=.01` or `cost=10:1`.
        class_weighting: Weights fakes up to the reals' total (`pos_weight`); with `pairs` they weigh the same already.
        label_smoothing: Share of the label moved to the other class.
        box_weight: Weight of the locator's box loss.
        mask_weight: Weight of the attention map against what is forged, where that is known: of forgeries, and of
            fakes beside the originals they were made from, see `edgedf.training.masks`; of a real face nothing is.
        jitter: Shift and scale of training views, see `edgedf.data.views`.
        views: Different views of an image over the run; 0 draws new ones each epoch.
        save_minutes: Minutes between checkpoints inside an epoch.
        seed: Of everything random.
    """

    role: Literal["teacher", "student", "baseline"] = "teacher"
    data: list[str] = field(default_factory=list)
    skip_broken: bool = False
    trunk: str = "efficientnet_b3"
    image_size: int = 256
    frequency: bool = False
    size: str = "small"
    dct_stem: bool = True
    weights: str = ""
    epochs: int = 10
    batch_size: int = 32
    accumulate: int = 1
    learning_rate: float = 1e-3
    weight_decay: float = 0.01
    warmup_epochs: float = 0.2
    clip: float = 1.0
    ema: float = 0.999
    freeze_norm: bool = False
    precision: Literal["auto", "32", "bf16", "fp16"] = "auto"
    prevalence: float = 0.0
    pairs: bool = False
    least_share: float = 0.0
    mix: bool = False
    forge: float = 0.0
    degrade: float = 0.0
    hide: float = 0.0
    zoom: float = 0.0
    threshold_rule: str = "f1"
    class_weighting: bool = False
    label_smoothing: float = 0.01
    box_weight: float = 1.0
    mask_weight: float = 0.0
    jitter: float = 0.1
    views: int = 0
    save_minutes: float = 5.0
    seed: int = 0

    def __post_init__(self) -> None:
        _require(self.epochs >= 1, "epochs", "at least 1")
        _require(self.batch_size >= 1 and self.accumulate >= 1, "batch_size and accumulate", "at least 1")
        _require(self.batch_size % 2 == 0 or not self.pairs, "batch_size", "even with pairs")
        for key in ("forge", "degrade", "hide", "zoom"):
            _require(0 <= getattr(self, key) <= 1, key, "between 0 and 1")
        _require(self.pairs or not self.forge, "pairs", "true with forge")
        _require(0 <= self.least_share <= 0.5, "least_share", "between 0 and .5")
        _require(self.pairs or not self.least_share, "pairs", "true with least_share")
        # A part of a fake may hold no forgery, and a locator would not find the face.
        _require(not self.zoom or getattr(self, "teacher", "") == IMAGENET, "zoom", "0 without teacher imagenet")
        _require(self.mask_weight >= 0, "mask_weight", "0 or more")
        _require(0 <= self.prevalence < 1, "prevalence", "between 0 and 1")
        _require(0 <= self.ema < 1, "ema", "between 0 and 1")
        _require(0 <= self.label_smoothing < 0.5, "label_smoothing", "between 0 and .5")
        _require(0 <= self.jitter <= 0.2, "jitter", "between 0 and .2, what the locator can follow")
        _require(self.learning_rate > 0 and self.clip >= 0, "learning_rate and clip", "positive")
        check_rule(self.threshold_rule)
        _require(self.image_size % 32 == 0 and self.image_size > 0, "image_size", "a multiple of 32")

    @classmethod
    def load(cls, path: Path, overrides: dict[str, Any] | None = None) -> Self:
        """Reads a TOML file; `overrides` win over it.

        Raises:
            ConfigError: The file cannot be read, or names an unknown key or an unusable value.
        """
        return cls.from_dict(toml.load(path) | (overrides or {}))

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Checks names and types.

        Raises:
            ConfigError: Unknown key or wrong type.
        """
        if not isinstance(values, dict):  # of a file of weights
            raise ConfigError("the configuration is not a table")
        toml.check(values)
        try:
            return read(cls, values, "config")
        except InputError as error:
            raise ConfigError(str(error)) from error

    def to_dict(self) -> dict[str, Any]:
        """Flat dictionary, ready for TOML or JSON."""
        return dataclasses.asdict(self)

    def to_toml(self) -> str:
        """The resolved configuration as a config file."""
        return toml.dumps(self.to_dict())


@dataclass(frozen=True, kw_only=True)
class DistillConfig(TrainConfig):
    """A student's run with a teacher.

    Attributes:
        role: Always `student`.
        teacher: The teacher's run, or a file of its weights, see `export/weights.py`; `default` is the one in a clone,
            `imagenet` the `trunk` with its ImageNet weights, which sees crops at `image_size`: pretraining, see
            `edgedf.training.pretraining`. Of the weights below it has `hard_weight` and `feature_weight` alone.
        qat_from: Folder of a student's run to continue with fake quantisation, so that it learns to be INT8.
        dialect: INT8 to learn: `U8S8` of ONNX Runtime and OpenVINO, or `S8S8` of TensorRT and ncnn.
        temperature: Softens both logits in the logit term.
        logit_weight: Weight of the soft-label term.
        hard_weight: Weight of the labels' term.
        feature_weight: Weight of the feature term.
        attention_weight: Weight of the attention term.
        level_weight: Weight of what the teacher's trunk sees at strides 8, 16 and 32, for the student's stages to see,
            too. It is too much to store: needs `teacher_cache=false`, where new views (`views=0`) cost nothing more.
        teacher_cache: Stores the teacher's answers, for `views` above 0; pays on a CPU.
    """

    role: Literal["teacher", "student", "baseline"] = "student"
    views: int = 2
    teacher: str = ""
    qat_from: str = ""
    dialect: Literal["U8S8", "S8S8"] = "U8S8"
    temperature: float = 2.0
    logit_weight: float = 0.1  # more drowns features and masks: see student/README.md
    hard_weight: float = 0.5
    feature_weight: float = 0.5
    attention_weight: float = 0.1
    level_weight: float = 0.0
    teacher_cache: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        pretraining = self.teacher == IMAGENET
        _require(not (pretraining and self.qat_from), "teacher", "one that judges forgeries with qat_from")
        _require(not (pretraining and self.mask_weight), "mask_weight", "0 with teacher imagenet")
        _require(self.level_weight >= 0, "level_weight", "0 or more")
        _require(not (pretraining and self.level_weight), "level_weight", "0 with teacher imagenet")
        _require(not (self.teacher_cache and self.level_weight), "teacher_cache", "false with level_weight")
        _require(self.role == "student", "role", "student: only a student is distilled")
        _require(self.temperature > 0, "temperature", "above 0")
        _require(self.views > 0 or not self.teacher_cache, "views", "above 0 with teacher_cache")

    def plain(self) -> TrainConfig:
        """The same run without a teacher."""
        names = [field.name for field in dataclasses.fields(TrainConfig)]
        return TrainConfig(**{name: getattr(self, name) for name in names})


def _require(condition: bool, key: str, rule: str) -> None:
    if not condition:
        raise ConfigError(f"{key} must be {rule}")
