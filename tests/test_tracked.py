"""What the repository holds: no secrets, no pictures of people, and versions that go with what is asked for."""

import re
import struct
import subprocess
import tomllib
from pathlib import Path

import numpy as np
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import edgedf
from edgedf.bundle import GOLDEN
from edgedf.deploy.golden import CANDIDATES, drawn_crops
from edgedf.programs import DEFAULT_STUDENT

ROOT = Path(edgedf.__file__).parents[1]
DRAWN = {f"docs/{name}.png" for name in ("benchmark", "forged", "report", "soak", "watch")}  # no faces, or drawn ones
NOISE = {"tests/unit/data/prepare/ten_bit_variable_rate.mp4"}  # drawn, too
BEGINS = re.compile(  # whatever the name says: PNG, JPEG, GIF, BMP, TIFF, WebP and AVI, MP4 and HEIC, Matroska
    rb"\x89PNG|\xff\xd8\xff|GIF8|BM.{4}\0{4}|II\*\0|MM\0\*|RIFF.{4}(WEBP|AVI )|.{4}ftyp|\x1aE\xdf\xa3", re.DOTALL
)
WITHIN = re.compile(rb"data:(image|video)/[\w.+-]+;base64,[A-Za-z0-9+/]{64}|<image[\s>]")  # in HTML, SVG or Markdown
PIXELS_ONLY = {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"}  # no text, no EXIF, no time
PLACES = re.compile(rb"\xa9xyz|loci|location|Exif\0\0|http://ns.adobe.com/xap|GPS", re.IGNORECASE)
MEDIA = re.compile(r"\.(png|jpe?g|gif|webp|bmp|tiff?|heic|mp4|mov|avi|mkv|webm)$", re.IGNORECASE)
SECRETS = {
    "private key": r"-----BEGIN ([A-Z]+ )*PRIVATE KEY",
    "token of AWS": r"\b(AKIA|ASIA)[0-9A-Z]{16}\b",
    "token of GitHub": r"\b(gh[opsur]_\w{36}|github_pat_\w{50})",
    "token of PyPI": r"\bpypi-AgEI\w{20}",
    "token of Hugging Face": r"\bhf_[A-Za-z]{30}",
    "token of Slack": r"\bxox[abprs]-\d{6}",
    "token of GitLab": r"\bglpat-[\w-]{20}",
    "key of an API": r"\b(sk-[A-Za-z0-9]{20}|sk-(ant|proj|svcacct)-[\w-]{20}|AIza[\w-]{35}|nvapi-[\w-]{40})",
    "JSON web token": r"\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.",
    "password in a URL": r"\b(https?|ftp)://[^\s/:@{}<>]+:(?!secret|hunter2|password|pass\b)[^\s/@{}<>]{6,}@",
}


def tracked() -> list[Path]:
    if not (ROOT / ".git").exists():
        pytest.skip("not a checkout")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def found(text: str) -> list[str]:
    return [name for name, pattern in SECRETS.items() if re.search(pattern, text)]


def test_nothing_tracked_is_a_secret() -> None:
    texts = {one: one.read_bytes().decode("latin-1") for one in tracked()}
    assert {str(one.relative_to(ROOT)): names for one, text in texts.items() if (names := found(text))} == {}


@pytest.mark.parametrize(
    "text",
    [
        "-----BEGIN EC " + "PRIVATE KEY-----",
        "AKIA" + "A1" * 8,
        "ghp_" + "a1" * 18,
        "sk-ant-" + "a1" * 12,
        "https://me:" + "kR7x2pQ9@host/",
    ],
)
def test_a_secret_is_found(text: str) -> None:
    assert found(f'key = "{text}"')


def test_pictures_and_videos_are_those_known_to_show_nobody() -> None:
    names = {one.relative_to(ROOT).as_posix() for one in tracked()}
    assert {name for name in names if MEDIA.search(name)} == DRAWN | NOISE
    assert {name for name in names if BEGINS.match((ROOT / name).read_bytes())} == DRAWN | NOISE


def test_no_text_holds_a_picture() -> None:
    assert [str(one) for one in tracked() if WITHIN.search(one.read_bytes())] == []


def test_pictures_and_videos_tell_nothing_of_place_time_or_camera() -> None:
    for name in DRAWN:
        assert set(chunks((ROOT / name).read_bytes())) <= PIXELS_ONLY, name
    assert not [name for name in NOISE if PLACES.search((ROOT / name).read_bytes())]


def chunks(png: bytes) -> list[bytes]:
    """The kinds of its parts."""
    kinds, place = [], 8
    while place < len(png):
        (length,) = struct.unpack_from(">I", png, place)
        kinds.append(png[place + 4 : place + 8])
        place += 12 + length
    return kinds


def test_the_crops_that_the_default_student_brings_are_drawn_faces() -> None:
    drawn = drawn_crops(CANDIDATES)
    with np.load(DEFAULT_STUDENT / GOLDEN) as golden:
        assert all((drawn == crop).all((1, 2, 3)).any() for crop in golden["crops"])


@pytest.mark.parametrize(
    ("found_by", "data"),
    [
        (BEGINS, b"\xff\xd8\xff\xe0\0\x10JFIF"),
        (BEGINS, b"\0\0\0\x18ftypheic"),
        (BEGINS, b"RIFF\0\x01\0\0WEBPVP8 "),
        (WITHIN, b'<img src="data:image/jpeg;base64,' + b"/9j/" * 16),
        (WITHIN, b"<svg><" + b'image href="a.png"/></svg>'),
        (PLACES, b"\xa9xyz\0\x15+52.5+13.4/"),
    ],
)
def test_a_picture_is_found(found_by: re.Pattern[bytes], data: bytes) -> None:
    assert found_by.search(data)


def test_the_lock_has_a_version_that_fits_of_all_that_is_asked_for() -> None:
    """Where it has not: `make lock`."""
    lines = (ROOT / "requirements" / "ci.txt").read_text().splitlines()
    locked = [Requirement(line) for line in lines if line and not line.lstrip().startswith("#")]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    used = {"dev", "docs", *extras["all"][0].removeprefix("edgedf[").removesuffix("]").split(",")}
    asked = [Requirement(one) for one in project["dependencies"] + [one for extra in used for one in extras[extra]]]
    for one in (one for one in asked if one.name != "edgedf"):
        pins = [pin for pin in locked if canonicalize_name(pin.name) == canonicalize_name(one.name)]
        versions = [str(pin.specifier).removeprefix("==") for pin in pins]
        assert versions and all(one.specifier.contains(version) for version in versions), one
