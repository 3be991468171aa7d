"""`edgedf bundle sign` and who asks for its key, as the README shows them; what changes a bundle takes it away."""

import json
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

import edgedf
from edgedf.bundle import SIGNATURE
from edgedf.cli import app
from edgedf.data.drawn import draw_face

MakeBundle = Callable[..., Path]
README = (Path(edgedf.__file__).parents[1] / "README.md").read_text()
[LINES] = re.findall(r"^```text\n(openssl .*?)^```", README, re.MULTILINE | re.DOTALL)
KEYS, COMMANDS = ([line for line in LINES.splitlines() if line.split()[0] == name] for name in ("openssl", "edgedf"))


@pytest.fixture
def bundle(make_bundle: MakeBundle, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A bundle, and beside it the keys and the photo of the README."""
    pytest.importorskip("model_signing.signing")
    if not shutil.which("openssl"):
        pytest.skip("no openssl")
    monkeypatch.chdir(tmp_path)
    for line in KEYS:
        subprocess.run(shlex.split(line), check=True, capture_output=True)
    Image.fromarray(draw_face(np.random.default_rng(0), fake=False)).save("photo.jpg")
    return make_bundle("student")


def run(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def signed(bundle: Path) -> Path:
    assert run("bundle", "sign", bundle, "--key", "private.pem").exit_code == 0
    return bundle


def test_the_readme_signs_and_trusts(bundle: Path) -> None:
    for line in COMMANDS:
        result = run(*shlex.split(line)[1:])
        assert result.exit_code == 0, f"{line}\n{result.output}"


def test_verify_says_whose_it_is_and_where_it_was_not_asked(bundle: Path) -> None:
    asked = run("bundle", "verify", signed(bundle), "--key", "public.pem", "--json")
    assert json.loads(asked.stdout)["signed_by"] == "public.pem"
    assert f"{bundle} is sound and signed by public.pem" in asked.stderr
    assert "its signature was not checked" in run("bundle", "verify", bundle).stdout


@pytest.mark.parametrize("words", [("detect", "photo.jpg"), ("watch", ".")])
def test_detect_and_watch_trust_no_other(bundle: Path, words: tuple[str, ...]) -> None:
    result = run(*words, "--model", bundle, "--trusted", "public.pem")
    assert result.exit_code == 2
    assert result.stderr.startswith(f"edgedf: {bundle} is not signed") and result.stderr.count("\n") == 1


def test_what_changes_a_bundle_takes_its_signature_away_and_says_so(bundle: Path, faces: Path) -> None:
    undo = run("bundle", "tune", signed(bundle), "--undo")
    assert "nothing to undo" in undo.stdout and (bundle / SIGNATURE).exists(), "it was not changed"
    for words in (
        ("bundle", "tune", bundle, "--data", faces),
        ("bundle", "tune", bundle, "--undo"),
        ("evaluate", bundle, "--data", faces, "--card"),
    ):
        result = run(*words)
        assert result.exit_code == 0, result.output
        assert f"{bundle} changed and is signed no more" in result.stdout
        assert not (bundle / SIGNATURE).exists()
        signed(bundle)
