"""`edgedf data`: make datasets, and look at them."""

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from edgedf import console
from edgedf.commands.options import Out
from edgedf.errors import GateError
from edgedf.programs import Result, run

DataPath = Annotated[Path, typer.Argument(metavar="DATASET", help="Dataset folder.")]


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


def masks(folder: DataPath, out: Out) -> Result:
    """Masks of the fakes whose originals are in the dataset: where the two differ."""
    from edgedf.data.pair_masks import mask_dataset
    from edgedf.data.readers import open_dataset

    _, counts = mask_dataset(open_dataset(folder), out, console.progress)
    rows = [[name, count, f"{count / counts.total():.1%}"] for name, count in counts.most_common()]
    console.say(console.table(["pairs", "count", "share"], rows))
    return {"out": str(out), "pairs": counts.total(), "counts": counts}


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
