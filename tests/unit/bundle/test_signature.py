"""Signed bundles: who asks for a key gets what its owner signed, to the byte, or one line and no runtime."""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edgedf.bundle import MANIFEST, SIGNATURE, open_bundle, sign_bundle, write_bundle
from edgedf.bundle.signature import check_signature
from edgedf.errors import BundleError, InputError, MissingExtraError
from edgedf.files import sha256
from edgedf.runtime import Engine, engine

MakeBundle = Callable[..., Path]
MODEL = "model.onnx"


@pytest.fixture
def key(tmp_path: Path) -> Path:
    """A private key; its public one has the suffix `.pub`."""
    pytest.importorskip("model_signing.signing")
    return make_key(tmp_path / "mine.pem")


@pytest.fixture
def signed(make_bundle: MakeBundle, key: Path) -> Path:
    path = make_bundle()
    sign_bundle(path, key)
    return path


def make_key(file: Path, curve: str = "SECP256R1") -> Path:
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric import ec

    made = ec.generate_private_key(getattr(ec, curve)())
    plain = form.NoEncryption()
    file.write_bytes(made.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, plain))
    shape = form.PublicFormat.SubjectPublicKeyInfo
    file.with_suffix(".pub").write_bytes(made.public_key().public_bytes(form.Encoding.PEM, shape))
    return file


def public(key: Path) -> Path:
    return key.with_suffix(".pub")


def refusal(path: Path, key: Path) -> str:
    with pytest.raises(BundleError) as caught:
        Engine.load(path, trusted=public(key))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_what_its_owner_signed_is_loaded(signed: Path, key: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Engine.load(signed, trusted=str(public(key))) as loaded:
        assert loaded.notes == []
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("curve", ["SECP384R1", "SECP521R1"])
def test_other_curves_do_as_well(make_bundle: MakeBundle, key: Path, curve: str, tmp_path: Path) -> None:
    longer = make_key(tmp_path / "longer.pem", curve)
    sign_bundle(path := make_bundle(), longer)
    open_bundle(path, trusted=public(longer))


def test_model_signing_alone_agrees_in_both_directions(signed: Path, key: Path) -> None:
    """Its own program, which hashes what is on the disk, takes our signature, and we take its."""
    hashing, signing, verifying = (
        pytest.importorskip(f"model_signing.{name}") for name in ("hashing", "signing", "verifying")
    )
    verifying.Config().use_elliptic_key_verifier(public_key=public(key)).verify(signed, signed / SIGNATURE)
    hashes = hashing.Config().set_ignored_paths(paths=[SIGNATURE], ignore_git_paths=True)
    signer = signing.Config().use_elliptic_key_signer(private_key=key).set_hashing_config(hashes)
    signer.sign(signed, signed / SIGNATURE)
    open_bundle(signed, trusted=public(key))


# Ways to change a signed bundle


def flip(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)


def flip_and_hash(bundle: Path) -> None:
    """What the hashes alone do not tell."""
    flip(bundle / MODEL)
    values = json.loads((bundle / MANIFEST).read_text())
    values["artefacts"][0]["sha256"] = sha256((bundle / MODEL).read_bytes())
    (bundle / MANIFEST).write_text(json.dumps(values))
    open_bundle(bundle)


def lower_threshold(bundle: Path) -> None:
    values = json.loads((bundle / MANIFEST).read_text())
    values["artefacts"][0]["threshold"] = 1.0
    (bundle / MANIFEST).write_text(json.dumps(values))


def as_json(change: Callable[[dict[str, Any]], object]) -> Callable[[Path], None]:
    def changed(bundle: Path) -> None:
        values = json.loads((bundle / SIGNATURE).read_text())
        change(values)
        (bundle / SIGNATURE).write_text(json.dumps(values))

    return changed


def without_hint(values: dict[str, Any]) -> None:
    """Then model-signing does not see at once that it is another key, and prints a warning."""
    values["verificationMaterial"]["publicKey"].pop("hint")
    flip_text(values["dsseEnvelope"], "payload")


def flip_text(values: dict[str, Any], key: str) -> None:
    values[key] = values[key][:-9] + ("A" if values[key][-9] != "A" else "B") + values[key][-8:]


def link_signature(bundle: Path) -> None:
    (bundle / SIGNATURE).rename(bundle.parent / "elsewhere")
    (bundle / SIGNATURE).symlink_to(bundle.parent / "elsewhere")


BROKEN, OTHER = "signature is broken or not by", "its files are not those that were signed"
TAMPERED: dict[str, tuple[Callable[[Path], object], str]] = {
    "unsigned": (lambda b: (b / SIGNATURE).unlink(), "is not signed"),
    "a changed file": (lambda b: flip(b / MODEL), "model.onnx does not match its hash"),
    "a changed file and its hash": (flip_and_hash, OTHER),
    "another threshold": (lower_threshold, OTHER),
    "a space more in the manifest": (lambda b: (b / MANIFEST).write_bytes((b / MANIFEST).read_bytes() + b" "), OTHER),
    "a file more": (lambda b: (b / "more.txt").touch(), "more.txt is not in the manifest"),
    "a hidden file more": (lambda b: (b / ".gitignore").touch(), ".gitignore is not in the manifest"),
    "a link more": (lambda b: (b / "more").symlink_to("/"), "more is not in the manifest"),
    "a file less": (lambda b: (b / MODEL).unlink(), "lacks model.onnx"),
    "signature empty": (lambda b: (b / SIGNATURE).write_bytes(b""), BROKEN),
    "signature no text": (lambda b: (b / SIGNATURE).write_bytes(b"\xff\xfe"), BROKEN),
    "signature a number": (lambda b: (b / SIGNATURE).write_text("7"), BROKEN),
    "signature nested without end": (lambda b: (b / SIGNATURE).write_text("[" * 200_000), BROKEN),
    "signature of a giant": (lambda b: os.truncate(b / SIGNATURE, 2 << 20), "model.sig is larger than 1 MB"),
    "signature a link": (link_signature, "is a link or behind one"),
    "signature without signatures": (as_json(lambda v: v["dsseEnvelope"]["signatures"].clear()), BROKEN),
    "other content signed": (as_json(lambda v: flip_text(v["dsseEnvelope"], "payload")), BROKEN),
    "other signature": (as_json(lambda v: flip_text(v["dsseEnvelope"]["signatures"][0], "sig")), BROKEN),
    "no hint of the key": (as_json(without_hint), BROKEN),
}


@pytest.mark.parametrize(("change", "reason"), TAMPERED.values(), ids=TAMPERED)
def test_whatever_changed_is_refused_before_a_runtime_sees_it(
    signed: Path,
    key: Path,
    change: Callable[[Path], object],
    reason: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(engine, "load_backend", lambda *_: pytest.fail("a runtime saw bytes"))
    change(signed)
    assert reason in refusal(signed, key)
    assert capsys.readouterr().out == ""


def test_another_key_is_refused(signed: Path, tmp_path: Path) -> None:
    assert BROKEN in refusal(signed, make_key(tmp_path / "other.pem"))


def test_the_signature_of_another_bundle_is_refused(signed: Path, make_bundle: MakeBundle, key: Path) -> None:
    signature = (signed / SIGNATURE).read_bytes()
    path = make_bundle(temperature=2.0)
    (path / SIGNATURE).write_bytes(signature)
    assert OTHER in refusal(path, key)


def test_files_that_change_after_the_check_are_not_loaded(
    signed: Path, key: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def check_then_change(*arguments: Any) -> None:
        check_signature(*arguments)
        flip_and_hash(signed)

    opened = open_bundle(signed, trusted=public(key))
    monkeypatch.setattr("edgedf.bundle.store.check_signature", check_then_change)
    assert "does not match its hash" in refusal(signed, key)
    with pytest.raises(BundleError, match="does not match its hash"):
        opened.read(opened.manifest.artefacts[0])


def test_a_bundle_with_files_of_nobody_is_not_signed(make_bundle: MakeBundle, key: Path) -> None:
    path = make_bundle()
    (path / "notes.txt").touch()
    with pytest.raises(BundleError, match=r"notes.txt is not in the manifest"):
        sign_bundle(path, key)
    assert not (path / SIGNATURE).exists()


def test_a_written_bundle_has_lost_its_signature_and_says_so(signed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    opened = open_bundle(signed)
    write_bundle(signed, opened.manifest, opened.contents())
    assert not (signed / SIGNATURE).exists()
    assert f"run  edgedf bundle sign {signed}" in capsys.readouterr().out


@pytest.mark.parametrize("kind", ["missing", "text", "RSA", "other half", "SECP256K1", "password"])
def test_a_key_of_another_kind_is_told(signed: Path, tmp_path: Path, kind: str) -> None:
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    file = tmp_path / "odd.pem"
    if kind == "text":
        file.write_text("key")
    elif kind == "SECP256K1":
        make_key(file, kind)
    elif kind == "other half":
        make_key(file)
        file.rename(tmp_path / "half")
        file.with_suffix(".pub").rename(file)
        (tmp_path / "half").rename(file.with_suffix(".pub"))
    elif kind != "missing":
        made = rsa.generate_private_key(65537, 2048) if kind == "RSA" else ec.generate_private_key(ec.SECP256R1())
        lock = form.BestAvailableEncryption(b"open sesame") if kind == "password" else form.NoEncryption()
        file.write_bytes(made.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, lock))
    before = (signed / SIGNATURE).read_bytes()
    with pytest.raises(InputError, match=r"odd.pem cannot be used: name the PEM file of a private key"):
        sign_bundle(signed, file)
    with pytest.raises(InputError, match=r"odd.pub cannot be used: name the PEM file of a public key"):
        open_bundle(signed, trusted=public(file))
    assert (signed / SIGNATURE).read_bytes() == before


def test_an_empty_name_of_a_key_is_not_taken_for_none(make_bundle: MakeBundle, key: Path) -> None:
    with pytest.raises(InputError, match="cannot be used"):
        Engine.load(make_bundle(), trusted="")


def test_without_the_extra_nothing_is_trusted(make_bundle: MakeBundle, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("model_signing")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "model_signing", None)
    path = make_bundle()
    for use in (lambda: Engine.load(path, trusted="mine.pub"), lambda: sign_bundle(path, Path("mine.pem"))):
        with pytest.raises(MissingExtraError, match=r"model_signing\S* is not installed: .*'edgedf\[sign\]'"):
            use()
