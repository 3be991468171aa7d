"""The index of the commands: what one does stands in a program or the library, imported when it runs."""

from collections import Counter
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from edgedf import __version__, console
from edgedf.errors import ConfigError, GateError
from edgedf.guard import command
from edgedf.programs import Result, config_names, config_path, run, shipped_student

if TYPE_CHECKING:
    from edgedf.training.config import TrainConfig

C = TypeVar("C", bound="TrainConfig")


class Role(StrEnum):
    """What `train` can train."""

    TEACHER = "teacher"
    BASELINE = "baseline"
    STUDENT = "student"


SeveralData = Annotated[list[Path], typer.Option("--data", help="Dataset folder; may be repeated.")]
Data = Annotated[Path, typer.Option("--data", help="Dataset folder.")]
DataPath = Annotated[Path, typer.Argument(metavar="DATASET", help="Dataset folder.")]
MaybeData = Annotated[Path | None, typer.Option("--data", help="Dataset folder.")]
Split = Annotated[str, typer.Option(help="Split to use: train, val or test.")]
MaybeSplit = Annotated[str | None, typer.Option(help="Split of --data to use: train, val (default) or test.")]
TrainPrevalence = Annotated[float | None, typer.Option(help="Share of fakes to train for.")]
Prevalence = Annotated[float | None, typer.Option(help="Share of fakes to state precision and F1 at.")]
ExportPrevalence = Annotated[
    float | None, typer.Option(help="Share of fakes to choose the threshold for and to state precision and F1 at.")
]
Rule = Annotated[
    str | None,
    typer.Option("--threshold-rule", help="Chooses the threshold: f1, recall=.95, fpr=.01 or cost=10:1."),
]
Out = Annotated[Path, typer.Option("--out", help="Folder to write.")]
TrainConfigName = Annotated[
    str,
    typer.Option("--config", help=f"A TOML file, or a shipped one: {config_names('teacher')}; ROLE's when not given."),
]
DistillConfigName = Annotated[
    str, typer.Option("--config", help=f"A TOML file, or a shipped one: {config_names('student')}.")
]
Changes = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Change a key of the configuration; `python -m pydoc edgedf.training.config` lists them.",
    ),
]
Epochs = Annotated[int | None, typer.Option(min=1, help="Number of epochs.")]
Weights = Annotated[Path | None, typer.Option(help="File of weights to start from.")]
Seed = Annotated[int | None, typer.Option(min=0, help="Seed of everything random.")]
SkipBroken = Annotated[bool, typer.Option("--skip-broken", help="Leave broken rows and pictures out, each named.")]
Resume = Annotated[bool, typer.Option("--resume", help="Go on from the run's last checkpoint.")]
Model = Annotated[Path, typer.Argument(help="Run or bundle.")]
BundlePath = Annotated[Path, typer.Argument(metavar="BUNDLE", help="Bundle folder.")]
Trusted = Annotated[
    Path | None, typer.Option(metavar="PUBLIC.pem", help="Refuse a bundle that is not signed by this key.")
]

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
data_app = typer.Typer(help="Make datasets, and look at them.", no_args_is_help=True)
bundle_app = typer.Typer(help="Look at bundles, and tune them.", no_args_is_help=True)
report_app = typer.Typer(help="Reports of benchmark: what changed, and several devices.", no_args_is_help=True)
app.add_typer(data_app, name="data")
app.add_typer(bundle_app, name="bundle")
app.add_typer(report_app, name="report")


def main() -> None:
    """Entry point of the `edgedf` command."""
    app()


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"edgedf {__version__}")
        raise typer.Exit


@app.callback()
def common(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """A deepfake detector from the training room to the camera."""


@command(app)
def demo(out: Out = Path("demo"), seed: Annotated[int, typer.Option(min=0)] = 0) -> Result:
    """The whole chain on faces it draws itself: train, distill, export, benchmark."""
    return run("benchmarks/demo.py", out, seed=seed)


@command(app)
def doctor() -> Result:
    """What works on this machine, and what to install for the rest."""
    from edgedf.doctor import examine
    from edgedf.report.environment import Environment

    here, checks = Environment.here(), examine()
    python = here.versions["python"]
    console.say(f"{here.cpu}, {here.cores} cores, {', '.join(here.features)}; {here.system}, Python {python}\n")
    for one in checks:
        console.say(f"{one.name:18}{one.state:10}{one.detail}")
    return {"environment": asdict(here), "checks": [asdict(one) for one in checks]}


@command(data_app)
def check(folder: DataPath) -> Result:
    """What a dataset holds, or which of its rows are broken."""
    from edgedf.data.dataset import LABELS
    from edgedf.data.packing import check_pictures
    from edgedf.data.readers import open_dataset

    dataset = open_dataset(folder, log=console.say)
    check_pictures(dataset, console.progress)
    cells = Counter(zip(dataset.splits, dataset.columns["label"], strict=True))
    counts = {split: {label: cells[split, label] for label in LABELS} for split in sorted(set(dataset.splits))}
    console.say(console.table(["split", *LABELS], [[split, *row.values()] for split, row in counts.items()]))
    return {"images": len(dataset), "groups": len(set(dataset.groups)), "splits": counts}


@command(data_app)
def forge(
    folder: DataPath,
    out: Out,
    variant: Annotated[
        str | None,
        typer.Option(help="self_blend, swap, part, resample or frequency; by default all of them, by chance."),
    ] = None,
    count: Annotated[int | None, typer.Option(min=1, help="Forgeries; by default one of each real face.")] = None,
    seed: Annotated[int, typer.Option(min=0)] = 0,
) -> Result:
    """Forge the real faces of a dataset: pairs of real and fake with the mask of what was replaced."""
    from edgedf.data.forge.write import SHEET, forge_dataset
    from edgedf.data.readers import open_dataset

    forged = forge_dataset(open_dataset(folder), out, variant, count, seed, console.progress)
    counts = Counter(method for method in forged.methods if method)
    console.say(console.table(["method", "forgeries"], sorted(counts.items())))
    console.say(f"some of them beside their masks: {out / SHEET}")
    return {"out": str(out), "forgeries": counts}


@command(data_app)
def masks(folder: DataPath, out: Out) -> Result:
    """Masks of the fakes whose originals are in the dataset: where the two differ."""
    from edgedf.data.pair_masks import mask_dataset
    from edgedf.data.readers import open_dataset

    _, counts = mask_dataset(open_dataset(folder), out, console.progress)
    rows = [[name, count, f"{count / counts.total():.1%}"] for name, count in counts.most_common()]
    console.say(console.table(["pairs", "count", "share"], rows))
    return {"out": str(out), "pairs": counts.total(), "counts": counts}


@command(data_app)
def audit(
    folder: Annotated[Path, typer.Argument(help="Dataset folder.")],
    html: Annotated[Path | None, typer.Option(help="Page to write, with pictures of the worst cases.")] = None,
    embedder: Annotated[
        Path | None, typer.Option(help="Face-embedding model (ONNX): finds people in two splits.")
    ] = None,
    model: Annotated[Path | None, typer.Option(help="Bundle: finds look-alikes, without an identity check.")] = None,
) -> Result:
    """Leaks and shortcuts: copies, groups and people in two splits, cues that give the label away."""
    result = run("benchmarks/audit.py", folder, html=html, embedder=embedder, model=model)
    if result["leak"]:
        console.emit(result)  # what was found is the result, leak or not
        raise GateError(f"{folder} leaks: mend what is marked above before you train on it or believe its figures")
    return result


@command(data_app)
def prepare(
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="SOURCE...",
            help="Photos, videos, folders or shards (tar, zip) of them, or datasets whose files they are; URLs too.",
        ),
    ],
    out: Out,
    label: Annotated[str | None, typer.Option(help="real or fake, for sources that do not say.")] = None,
    group_by: Annotated[
        str | None,
        typer.Option(help="CSV file with path and group, or a regular expression that finds the group in a path."),
    ] = None,
    every: Annotated[int, typer.Option(min=1, help="Cut the faces of every so many-th frame of a video.")] = 10,
    detector: Annotated[str | None, typer.Option(help="yunet (default) or retinaface.")] = None,
    margin: Annotated[float | None, typer.Option(help="Side of the crop, in longer sides of the face's box.")] = None,
    shift: Annotated[float | None, typer.Option(help="How far the crop lies below the box, in its own sides.")] = None,
    like: Annotated[Path | None, typer.Option(help="Bundle whose rule of cutting to use.")] = None,
    boxes_from: Annotated[
        Path | None, typer.Option(help="Output whose reals lend their framing to the fakes made from them.")
    ] = None,
    min_px: Annotated[int, typer.Option(min=0, help="Leave out faces whose crop is smaller in its picture.")] = 48,
    min_sharpness: Annotated[
        float, typer.Option(min=0, help="Leave out crops whose grey Laplacian has a smaller variance.")
    ] = 4.0,
    quality: Annotated[int, typer.Option(min=0, max=100, help="Of the JPEG files; 0 writes PNG.")] = 95,
    ray: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Work on Ray: a cluster's address, auto or local.")
    ] = None,
) -> Result:
    """Cut the faces out of photos and videos and file them as a dataset; after a kill, the same command goes on."""
    from edgedf.bundle import open_bundle
    from edgedf.data.prepare.cluster import on_ray
    from edgedf.data.prepare.flow import prepare as prepared
    from edgedf.data.prepare.settings import Settings, rule_for

    rule = rule_for(detector, margin, shift, open_bundle(like).manifest.input.crop if like else None)
    settings = Settings(rule, every, min_px, min_sharpness, quality)
    work = on_ray(ray) if ray else None
    return prepared(sources, out, settings, label=label, grouping=group_by, boxes_from=boxes_from, work=work)


@command(app)
def train(
    role: Annotated[Role, typer.Argument(help="What to train.")],
    data: SeveralData,
    out: Out,
    config: TrainConfigName = "",
    changes: Changes = None,
    epochs: Epochs = None,
    prevalence: TrainPrevalence = None,
    threshold_rule: Rule = None,
    weights: Weights = None,
    seed: Seed = None,
    skip_broken: SkipBroken = False,
    resume: Resume = False,
) -> Result:
    """Train the teacher, the MobileNetV2 baseline, or the student without a teacher."""
    from edgedf.training.config import TrainConfig

    settings = _settings(
        TrainConfig,
        "teacher",
        _source(out, resume, config, role),
        changes,
        role=role.value,
        data=[str(folder) for folder in data],
        epochs=epochs,
        prevalence=prevalence,
        threshold_rule=threshold_rule,
        weights=weights and str(weights),
        seed=seed,
        skip_broken=skip_broken or None,
    )
    return run("teacher/train.py", settings, out, resume=resume)


@command(app)
def distill(
    teacher: Annotated[
        Path, typer.Option(help="Run of the teacher, or a file of its weights; default: the one of a clone.")
    ],
    data: SeveralData,
    out: Out,
    config: DistillConfigName = "",
    changes: Changes = None,
    epochs: Epochs = None,
    prevalence: TrainPrevalence = None,
    threshold_rule: Rule = None,
    seed: Seed = None,
    skip_broken: SkipBroken = False,
    resume: Resume = False,
    ablation: Annotated[bool, typer.Option(help="Train the same student without the teacher too.")] = True,
    qat_from: Annotated[
        Path | None, typer.Option(help="Run of a student to continue with fake quantisation: it learns to be INT8.")
    ] = None,
) -> Result:
    """Train the student with a teacher and, to compare, without; or go on with it until it is good at being INT8."""
    from edgedf.training.config import DistillConfig

    settings = _settings(
        DistillConfig,
        "student",
        _source(out, resume, config, "qat" if qat_from else "small"),
        changes,
        teacher=str(teacher),
        qat_from=qat_from and str(qat_from),
        data=[str(folder) for folder in data],
        epochs=epochs,
        prevalence=prevalence,
        threshold_rule=threshold_rule,
        seed=seed,
        skip_broken=skip_broken or None,
    )
    return run("student/distill.py", settings, out, resume=resume, ablation=ablation)


@command(app)
def evaluate(
    model: Model,
    data: Data,
    split: Split = "val",
    threshold_rule: Rule = None,
    prevalence: Prevalence = None,
    slices: Annotated[
        bool, typer.Option("--slices", help="By size, sharpness and (guessed) skin tone of the faces, too.")
    ] = False,
    card: Annotated[bool, typer.Option("--card", help="Keep the figures in the bundle's model card.")] = False,
) -> Result:
    """F1, precision, recall, AUC and the confusion matrix, with 95 % intervals."""
    program = "benchmarks/evaluate.py"
    return run(program, model, data, split=split, rule=threshold_rule, prevalence=prevalence, slices=slices, card=card)


@command(app)
def export(
    source: Annotated[
        Path | None,
        typer.Argument(help="Run or bundle; by default the newest student below ./runs, or else the one of edgedf."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Bundle to write; a source that is a bundle by default.")
    ] = None,
    target: Annotated[
        list[str] | None,
        typer.Option(help="Runtime to export for: onnx (default), openvino, ncnn or tensorrt; may be repeated."),
    ] = None,
    int8: Annotated[bool, typer.Option("--int8", help="Make INT8 artefacts too.")] = False,
    calibration: Annotated[
        Path | None, typer.Option(help="Dataset to calibrate INT8 on, its train split; that of --data by default.")
    ] = None,
    method: Annotated[str, typer.Option(help="Calibration: minmax, percentile, entropy, training or auto.")] = "auto",
    mixed: Annotated[
        bool, typer.Option("--mixed", help="Leave layers in floating point where INT8 fails the gate.")
    ] = False,
    sm: Annotated[
        list[int] | None,
        typer.Option(help="Compute capability (86) to build for ahead of time, as a check; may be repeated."),
    ] = None,
    data: MaybeData = None,
    split: MaybeSplit = None,
    threshold_rule: Rule = None,
    prevalence: ExportPrevalence = None,
    spdx: Annotated[
        str | None, typer.Option("--license", help="Licence of the weights, an SPDX expression for manifest and card.")
    ] = None,
    about: Annotated[
        Path | None, typer.Option(help="Markdown for the card: training data, intended use, where it fails.")
    ] = None,
) -> Result:
    """Make a bundle from a run, or add to one: each artefact is measured before it is written."""
    return run(
        "export/export.py",
        source,
        out=out,
        targets=target or ["onnx"],
        int8=int8,
        calibration=calibration,
        method=method,
        mixed=mixed,
        capabilities=sm or [],
        data=data,
        split=split,
        rule=threshold_rule,
        prevalence=prevalence,
        spdx=spdx,
        about=about,
    )


@command(app)
def benchmark(
    models: Annotated[list[Path], typer.Argument(metavar="BUNDLE...", help="Bundles to compare.")],
    out: Out = Path("report"),
    data: MaybeData = None,
    split: Split = "val",
    prevalence: Prevalence = None,
    threads: Annotated[int, typer.Option(min=1, help="Threads of each engine.")] = 1,
    peer: Annotated[
        list[str] | None,
        typer.Option(help="Network such as mobilenet_v2, to time too, or an ONNX file to judge and time."),
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Leave out what takes long: batches, a camera's pace, starts and memory.")
    ] = False,
    full: Annotated[
        bool, typer.Option("--full", help="Every artefact, all cores, rooflines, faces by size, degraded faces.")
    ] = False,
) -> Result:
    """Latency and F1 of the same files, side by side; JSON, Markdown and HTML."""
    return run(
        "benchmarks/benchmark.py",
        models,
        data=data,
        out=out,
        split=split,
        prevalence=prevalence,
        threads=threads,
        peers=peer or [],
        quick=quick,
        full=full,
    )


@command(report_app)
def compare(
    old: Annotated[Path, typer.Argument(metavar="OLD.json", help="Older report.json.")],
    new: Annotated[Path, typer.Argument(metavar="NEW.json", help="Newer report.json.")],
    fail_on: Annotated[
        str, typer.Option(help="Exit with 1 on a change beyond a bound, such as 'p50>5%, f1<-0.005'.")
    ] = "",
) -> Result:
    """What changed between two reports, beyond their noise."""
    from edgedf.report.bounds import parse_bounds
    from edgedf.report.compare import FIGURES
    from edgedf.report.compare import compare as compare_reports
    from edgedf.report.compare_words import markdown
    from edgedf.report.read import read_report

    bounds = parse_bounds(fail_on, FIGURES)
    found = compare_reports(read_report(old), read_report(new), bounds)
    console.say(markdown(found, str(old), str(new)))
    if found.broken:
        console.emit(found.to_dict())  # what was found is the result, broken or not
        raise GateError("; ".join(found.broken))
    return found.to_dict()


@command(report_app)
def merge(
    reports: Annotated[list[Path], typer.Argument(metavar="REPORT.json...", help="A report.json of each device.")],
    out: Out = Path("devices"),
) -> Result:
    """Several devices on one page: F1 against latency, one table, CSV; each is named like the folder of its report."""
    from edgedf.files import check_folder
    from edgedf.report.merge import read_devices, rows
    from edgedf.report.merge_page import write_devices

    check_folder(out)
    devices = read_devices(reports)
    paths = write_devices(devices, out)
    console.say(f"{len(devices)} devices: {paths['html']}")
    return {"rows": list(rows(devices)), **{form: str(path) for form, path in paths.items()}}


@command(app)
def detect(
    paths: Annotated[list[Path], typer.Argument(help="Photos and videos, or folders of them.")],
    model: Annotated[Path | None, typer.Option(help="Bundle; by default the student that comes with edgedf.")] = None,
    crops: Annotated[bool, typer.Option("--crops", help="The pictures are face crops already.")] = False,
    save: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write the photos and videos with their faces boxed here.")
    ] = None,
    trusted: Trusted = None,
) -> None:
    """Find the faces in photos and videos and judge each, one line a face; exits with 2 if one could not be judged."""
    from edgedf.runtime import Engine
    from edgedf.runtime.detect import detect as detect_files
    from edgedf.runtime.detect import detect_crops

    if crops and save:
        raise ConfigError("--save boxes the faces that were found, and --crops finds none: leave one of them out")
    with Engine.load(model or _shipped(), trusted=trusted) as engine:
        for note in engine.notes:
            console.say(f"note: {note}")
        for verdict in detect_crops(engine, paths) if crops else detect_files(engine, paths, save):
            console.say(str(verdict))
            console.emit(verdict.to_dict())


@command(app)
def watch(
    source: Annotated[
        str, typer.Argument(help="A camera's number, an rtsp:// or http:// address, a video, or a folder of pictures.")
    ],
    model: Annotated[Path | None, typer.Option(help="Bundle; by default the student that comes with edgedf.")] = None,
    serve: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="Show it live on a page, such as at 127.0.0.1:8765.")
    ] = None,
    record: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write the events here, as JSON lines without pictures.")
    ] = None,
    record_frames: Annotated[
        bool, typer.Option("--record-frames", help="Also keep the frames in which a face turns fake: people's faces.")
    ] = False,
    trusted: Trusted = None,
) -> Result:
    """Watch a camera or stream: a line when a face's verdict changes, until Ctrl-C; with --json each event."""
    from edgedf.runtime import Engine
    from edgedf.runtime.live.watch import watch as watch_source
    from edgedf.runtime.serve import Address

    if record_frames and not record:
        raise ConfigError("--record-frames needs to know where to: give --record DIR, too")
    address = Address.parse(serve) if serve else None
    with Engine.load(model or _shipped(), threads=1, trusted=trusted) as engine:
        for note in engine.notes:
            console.say(f"note: {note}")
        return {"summary": watch_source(engine, source, address, record, record_frames).to_dict()}


@command(app)
def explain(
    paths: Annotated[list[Path], typer.Argument(help="Pictures, or folders of pictures.")],
    out: Out = Path("explained"),
    model: Annotated[
        Path | None, typer.Option(help="Bundle or run; by default the student that comes with edgedf.")
    ] = None,
) -> Result:
    """Why pictures that are face crops already were called real or fake: where the evidence lies, in which bands."""
    return run("benchmarks/explain.py", paths, model=model or _shipped(), out=out)


@command(app)
def explanations(
    models: Annotated[list[Path], typer.Argument(metavar="MODEL...", help="Bundles and runs to compare.")],
    data: Data,
    out: Out = Path("explanations"),
    split: Split = "val",
    count: Annotated[int, typer.Option(min=2, help="Faces forged from reals, and as many pairs.")] = 100,
    seed: Annotated[int, typer.Option(min=0)] = 0,
) -> Result:
    """How far explanations can be believed: against what was forged, the centre of the crop, and chance."""
    return run("benchmarks/explanations.py", models, data=data, out=out, split=split, count=count, seed=seed)


@command(bundle_app)
def show(bundle: BundlePath) -> Result:
    """What is in a bundle."""
    from edgedf.bundle import open_bundle

    manifest = open_bundle(bundle).manifest
    rows = [
        [one.file, one.backend, one.precision, f"{one.threshold:.4f}", one.rule, f"{one.temperature:.3f}"]
        for one in manifest.artefacts
    ]
    console.say(manifest.name)
    header = ["artefact", "backend", "precision", "threshold", "chosen by", "temperature"]
    console.say(console.table(header, rows))
    if tuned := [(one.file, one.site) for one in manifest.artefacts if one.site]:
        console.say("\ntuned to a site, in use in place of the above:")
        rows = [[file, f"{site.threshold:.4f}", site.rule, f"{site.temperature:.3f}"] for file, site in tuned]
        console.say(console.table(["artefact", "threshold", "chosen by", "temperature"], rows))
    return manifest.to_dict()


@command(bundle_app)
def sign(
    bundle: BundlePath,
    key: Annotated[Path, typer.Option(metavar="PRIVATE.pem", help="Private key, on an elliptic curve.")],
) -> Result:
    """Sign a bundle, so that who has the public key can tell that it is yours and unchanged."""
    from edgedf.bundle import SIGNATURE, sign_bundle

    sign_bundle(bundle, key)
    console.say(f"wrote {bundle / SIGNATURE}")
    return {"bundle": str(bundle), "signature": str(bundle / SIGNATURE)}


@command(bundle_app)
def verify(
    bundle: BundlePath,
    key: Annotated[
        Path | None, typer.Option(metavar="PUBLIC.pem", help="Public key that the bundle must be signed by.")
    ] = None,
) -> Result:
    """Check every file, and replay the golden vectors of every artefact whose runtime is here."""
    from edgedf.bundle import SIGNATURE
    from edgedf.runtime.verify import verify as verified

    found = verified(bundle, key)
    told = ["replayed" if one.replayed else f"hash and contract only: {one.reason}" for one in found]
    rows = [[one.file, one.backend, text] for one, text in zip(found, told, strict=True)]
    console.say(console.table(["artefact", "backend", "golden scores"], rows))
    console.say(f"{bundle} is sound{f' and signed by {key}' if key else ''}")
    if not key and (bundle / SIGNATURE).is_file():
        console.say("its signature was not checked: give the public key with --key")
    return {"bundle": str(bundle), "signed_by": key and str(key), "artefacts": [one._asdict() for one in found]}


@command(bundle_app)
def tune(
    bundle: BundlePath,
    data: MaybeData = None,
    split: MaybeSplit = None,
    threshold_rule: Rule = None,
    prevalence: ExportPrevalence = None,
    undo: Annotated[bool, typer.Option("--undo", help="Go back to the shipped thresholds.")] = False,
) -> Result:
    """Fit threshold and temperature to a site, on its own faces; the shipped ones stay beside them."""
    program = "export/tune.py"
    return run(program, bundle, data=data, split=split, rule=threshold_rule, prevalence=prevalence, undo=undo)


@command(bundle_app)
def parity(bundle: BundlePath) -> Result:
    """Outputs of every artefact beside those of FP32, on drawn faces, and the first layer that departs."""
    from edgedf.bundle import open_bundle
    from edgedf.deploy.golden import CANDIDATES, drawn_crops
    from edgedf.deploy.side_by_side import side_by_side
    from edgedf.runtime.engine import cpus

    found = side_by_side(open_bundle(bundle), drawn_crops(CANDIDATES), cpus())
    rows = [
        [
            one.file + (" (simulated)" if one.simulated else ""),
            d.name,
            f"{d.largest:.2e}",
            f"{d.mean:.2e}",
            f"{d.cosine:.6f}",
            f"{one.score:.4f}",
        ]
        for one in found
        for d in one.differences
    ]
    console.say(console.table(["against FP32", "output", "largest", "mean", "cosine", "change of score"], rows))
    for one in found:
        first = one.departure
        where = f"at {first.layer}, relative error {first.error:.3f}" if first else "nowhere"
        console.say(f"{one.file} departs {where}")
    if off := [one.file for one in found if not one]:
        raise GateError(f"{', '.join(off)}: scores are further from FP32 than the manifest allows: export again")
    return {"bundle": str(bundle), "artefacts": [asdict(one) for one in found]}


def _shipped() -> Path:
    """The student where no model is named; says which."""
    path = shipped_student()
    console.say(f"model: {path}")
    return path


def _source(out: Path, resume: bool, config: str, default: str) -> str:
    """The configuration to start from: what a run to go on with was started with, or else the named one.

    Raises:
        ConfigError: Both are asked for.
    """
    if not resume:
        return config or default
    if config:
        raise ConfigError("a resumed run keeps its own configuration: leave --config out")
    file = out / "config.toml"
    return str(file) if file.is_file() else default


def _settings(kind: type[C], folder: str, config: str, changes: list[str] | None, **options: Any) -> C:
    """A configuration from its file, then the options that were given, then `--set`.

    Args:
        kind: Class of the configuration.
        folder: Where shipped configurations of this kind are.
        config: A file of the user's, which has a suffix, or the name of a shipped one.
        changes: "key=value" each.
        options: By key; None where an option was not given.
    """
    from edgedf.training.toml import parse_overrides

    path = Path(config) if Path(config).suffix else config_path(folder, config)
    given = {key: value for key, value in options.items() if value is not None}
    return kind.load(path, given | parse_overrides(changes or []))
