"""The frame around the commands: options, exit codes, one line an error."""

import dataclasses
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import typer
import typer.main
from PIL import Image
from typer.testing import CliRunner, Result

from edgedf import __version__, cli, programs
from edgedf.bundle import pack_golden
from edgedf.data.drawn import draw_face
from edgedf.errors import ConfigError, DatasetError, EdgedfError, GateError, InternalError, Terminated
from edgedf.guard import add_commands
from edgedf.training import config
from tests.unit.runtime.video.films import RED, film, people


def run(*args: str) -> Result:
    return CliRunner().invoke(cli.app, list(args))


def help_of(command: str, parameter: str) -> str:
    """What `edgedf COMMAND --help` says about one option or argument."""
    [found] = [one for one in typer.main.get_group(cli.app).commands[command].params if one.name == parameter]
    return str(getattr(found, "help", ""))


def failing(error: BaseException, *args: str) -> Result:
    """Runs a command that raises the given error."""
    app = typer.Typer(pretty_exceptions_enable=False)

    def fail() -> None:
        raise error

    add_commands(app, fail)
    return CliRunner().invoke(app, list(args))


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Replaces every program by one that records how it was called."""
    recorded: list[Any] = []

    def load(program: str) -> SimpleNamespace:
        def main(*args: Any, **options: Any) -> dict[str, Any]:
            recorded.append((program, args, options))
            return {"program": program}

        return SimpleNamespace(main=main)

    monkeypatch.setattr(programs, "load", load)
    return recorded


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (ConfigError("no key 'lrate'"), 2, "edgedf: no key 'lrate'"),
        (GateError("recall fell"), 1, "edgedf: recall fell"),
        (ModuleNotFoundError("No module named 'torch'", name="torch"), 2, "pip install 'edgedf[train]'"),
        (ModuleNotFoundError("No module named 'onnx.x'", name="onnx.x"), 2, "pip install 'edgedf[export]'"),
        (ModuleNotFoundError("No module named 'other'", name="other"), 1, "--debug"),
        (
            ZeroDivisionError("division by zero\nsecond line"),
            1,
            "ZeroDivisionError: division by zero (--debug",
        ),
        (KeyboardInterrupt(), 130, "edgedf: stopped: the same command goes on"),
        (
            OSError(28, "No space left on device", "x/y"),
            2,
            "edgedf: x/y: the disk is full; mend that",
        ),
        (OSError(24, "Too many open files"), 2, "edgedf: too many open files (ulimit -n"),
        (FileNotFoundError(2, "No such file or directory", "x"), 2, "edgedf: x: No such file or directory; mend that"),
        (ConnectionError(111, "Connection refused"), 1, "--debug"),
        (MemoryError(), 2, "edgedf: out of memory: end other programs"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried"), 2, "edgedf: out of memory"),
        (Terminated(), 143, "edgedf: stopped: the same command goes on"),
        (ConfigError("a\x1b[31m\u202e\nb"), 2, r"edgedf: a\x1b[31m\u202e\nb"),
        (ZeroDivisionError("a\x1b[31m"), 1, r"ZeroDivisionError: a\x1b[31m (--debug"),
        (ConfigError("a" * 10**6), 2, "edgedf: " + "a" * 2000 + "...\n"),
    ],
)
def test_an_error_is_one_line_and_an_exit_code(error: BaseException, code: int, line: str) -> None:
    result = failing(error)
    assert result.exit_code == code
    assert line in result.stderr
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""


TERMINATED = """
import signal, sys, typer
from edgedf.guard import add_commands

app = typer.Typer(pretty_exceptions_enable=False)

def wait() -> None:
    try:
        signal.raise_signal(signal.SIGTERM)
    finally:
        print("tidied")

add_commands(app, wait)
try:
    app()
except SystemExit as ended:
    print(ended.code, signal.getsignal(signal.SIGTERM) is signal.SIG_DFL)
"""


def test_sigterm_ends_a_command_as_ctrl_c_does() -> None:
    """Its tidying up is done; afterwards the signal is what it was. In a process of its own: it is a real signal."""
    ended = subprocess.run([sys.executable, "-c", TERMINATED], capture_output=True, text=True, check=True)
    assert ended.stdout.splitlines() == ["tidied", "143 True"]
    assert ended.stderr.startswith("edgedf: stopped: ")


def test_broken_rows_are_listed_up_to_a_limit() -> None:
    result = failing(DatasetError("broken", [f"row {n}" for n in range(2, 27)]))
    lines = result.stderr.splitlines()
    assert lines[:2] == ["edgedf: broken", "  row 2"]
    assert lines[-1] == "  and 5 more"
    assert len(lines) == 22


@pytest.mark.parametrize("error", [EdgedfError("known"), ZeroDivisionError("unknown")])
def test_debug_shows_the_traceback(error: Exception) -> None:
    assert failing(error, "--debug").exception is error


def test_json_result_is_the_only_thing_on_stdout(calls: list[Any], tmp_path: Path) -> None:
    result = run("demo", "--out", str(tmp_path), "--json")
    assert json.loads(result.stdout) == {"program": "benchmarks/demo.py"}
    assert run("demo", "--out", str(tmp_path)).stdout == ""


@pytest.mark.parametrize("words", [["train", "student"], ["distill", "--teacher", "runs/teacher"]])
def test_broken_pictures_are_skipped_on_request_and_when_resumed(
    words: list[str], calls: list[Any], tmp_path: Path
) -> None:
    common = [*words, "--data", "faces", "--out", str(tmp_path)]
    assert run(*common).exit_code == run(*common, "--skip-broken").exit_code == 0
    (tmp_path / "config.toml").write_text(calls[1][1][0].to_toml())
    assert run(*common, "--resume").exit_code == 0
    assert [args[0].skip_broken for _, args, _ in calls] == [False, True, True]


def test_export_passes_its_options_on(calls: list[Any]) -> None:
    result = run(
        "export",
        "runs/a",
        "--out",
        "a.edgedf",
        "--data",
        "faces",
        "--threshold-rule",
        "f1",
        "--split",
        "test",
        "--license",
        "MIT",
    )
    assert result.exit_code == 0, result.output
    [(program, args, options)] = calls
    assert (program, args) == ("export/export.py", (Path("runs/a"),))
    assert options["targets"] == ["onnx"]
    assert (options["data"], options["rule"], options["split"]) == (Path("faces"), "f1", "test")
    assert options["spdx"] == "MIT"


def test_help_says_what_an_option_does_in_its_own_command() -> None:
    for name in ("train", "distill"):
        assert help_of(name, "prevalence") == "Share of fakes to train for."
    for name in ("evaluate", "export", "benchmark"):
        assert "state precision and F1 at" in help_of(name, "prevalence")
    assert help_of("evaluate", "model") == "Run or bundle."
    assert help_of("export", "source").startswith("Run or bundle; by default")


def test_benchmark_takes_several_bundles_and_peers(calls: list[Any]) -> None:
    result = run("benchmark", "a.edgedf", "b.edgedf", "--peer", "mobilenet_v2", "--peer", "efficientnet_b3", "--full")
    assert result.exit_code == 0, result.output
    [(_, args, options)] = calls
    assert args == ([Path("a.edgedf"), Path("b.edgedf")],)
    assert options["peers"] == ["mobilenet_v2", "efficientnet_b3"]
    assert (options["quick"], options["full"]) == (False, True)


@pytest.mark.parametrize("arguments", [["nonsense"], ["train", "pupil"], ["export"], ["demo", "--seed", "x"]])
def test_wrong_use_exits_2(arguments: list[str]) -> None:
    assert run(*arguments).exit_code == 2


def test_a_command_stands_in_the_module_of_its_first_word() -> None:
    group = typer.main.get_group(cli.app)
    commands = {first: [one, *getattr(one, "commands", {}).values()] for first, one in group.commands.items()}
    places = {first: {one.callback.__module__ for one in all if one.callback} for first, all in commands.items()}
    assert places == {first: {f"edgedf.commands.{first}"} for first in places}


def test_version_is_shown() -> None:
    result = run("--version")
    assert (result.exit_code, result.stdout) == (0, f"edgedf {__version__}\n")


def test_an_empty_folder_is_no_dataset(tmp_path: Path) -> None:
    result = run("data", "check", str(tmp_path))
    assert result.exit_code == 2
    assert result.stderr.startswith("edgedf: ")


@pytest.mark.parametrize("arguments", [["show"], ["verify"]])
def test_a_folder_without_manifest_is_no_bundle(arguments: list[str], tmp_path: Path) -> None:
    result = run("bundle", *arguments, str(tmp_path))
    assert result.exit_code == 2
    assert "not a bundle" in result.stderr


def test_detect_takes_the_student_that_comes_with_edgedf(
    make_bundle: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped = tmp_path / "assets" / "default.edgedf"
    monkeypatch.setattr(programs, "DEFAULT_STUDENT", shipped)
    Image.new("RGB", (64, 64), "red").save(tmp_path / "red.png")
    result = run("detect", str(tmp_path / "red.png"), "--crops")
    assert result.exit_code == 2
    assert "default.edgedf is missing" in result.stderr and result.stderr.count("\n") == 1
    shutil.copytree(make_bundle(), shipped)
    result = run("detect", str(tmp_path / "red.png"), "--crops", "--json")
    terms, model = result.stderr.splitlines()[:2]
    assert terms.startswith("note: ") and "for research and evaluation only (LicenseRef-edgedf-research)" in terms
    assert model == f"model: {shipped}"
    assert json.loads(result.stdout)["verdict"] == "fake"
    assert "LicenseRef" not in run("detect", str(tmp_path / "red.png"), "--crops", "--model", str(shipped)).output


def test_detect_finds_faces_and_saves_them_boxed(make_bundle: Any, tmp_path: Path) -> None:
    """A photo without a face is no success, so that a script does not take it for one that was judged."""
    face, empty, out = tmp_path / "face.jpg", tmp_path / "empty.jpg", tmp_path / "out"
    Image.fromarray(draw_face(np.random.default_rng(0), fake=False)).save(face)
    Image.new("RGB", (64, 64)).save(empty)
    options = ["--model", str(make_bundle()), "--save", str(out)]
    result = run("detect", str(face), *options)
    assert result.exit_code == 0, result.output
    assert re.search(rf"^fake  0\.\d{{3}}  {re.escape(str(face))}  face 1 at \[", result.stdout, re.MULTILINE)
    assert (out / "face.jpg").is_file()
    result = run("detect", str(empty), str(face), *options, "--json")
    assert result.exit_code == 2
    [line] = result.stdout.splitlines()
    assert json.loads(line)["path"] == str(face)
    assert "1 of 2 pictures could not be judged" in result.stderr and "empty.jpg: no face found" in result.stderr


def test_detect_judges_a_video(make_bundle: Any, tmp_path: Path) -> None:
    video = film(tmp_path / "a.mkv", [people([RED])] * 12)
    result = run("detect", str(video), "--model", str(make_bundle()), "--json")
    assert result.exit_code == 0, result.output
    values = json.loads(result.stdout)
    assert (values["path"], values["verdict"], len(values["faces"])) == (str(video), "fake", 1)
    assert re.search(r"^fake  0\.\d{3}  .*a\.mkv  face 1, 0\.0 s to 1\.1 s\nfake  0", result.stderr, re.MULTILINE)


def test_crops_have_no_box_to_save(tmp_path: Path) -> None:
    result = run("detect", str(tmp_path), "--crops", "--save", str(tmp_path))
    assert result.exit_code == 2
    assert "leave one of them out" in result.stderr


@pytest.mark.parametrize("names", [["model.onnx"], ["model.onnx", "other.onnx"]], ids=["alone", "beside a sound one"])
def test_an_artefact_that_misses_its_golden_scores_is_bad_input(
    names: list[str], make_bundle: Any, colour_graph: Any, crops: Any, colour_scores: Any
) -> None:
    """The bundle is damaged, whether or not another artefact can take over."""
    golden = dict.fromkeys(names, colour_scores) | {"model.onnx": 1 - colour_scores}
    graphs = dict.fromkeys(names, colour_graph.SerializeToString())
    result = run("bundle", "verify", str(make_bundle(graphs, golden=pack_golden(crops, golden))))
    assert result.exit_code == 2
    assert "model.onnx is refused: it misses its golden scores" in result.stderr


def test_help_of_config_names_the_shipped_ones() -> None:
    assert "baseline, demo, lite2, student, teacher" in help_of("train", "config")
    assert "base, demo, medium, nano, pretrain, qat, small" in help_of("distill", "config")


def test_help_of_set_says_where_the_keys_are_listed() -> None:
    assert f"pydoc {config.__name__}" in help_of("train", "changes")
    described = f"{config.TrainConfig.__doc__}{config.DistillConfig.__doc__}"
    keys = [field.name for field in dataclasses.fields(config.DistillConfig)]
    assert not [key for key in keys if f" {key}: " not in described]


def test_another_commands_configuration_is_named_with_its_command(tmp_path: Path) -> None:
    result = run("train", "student", "--config", "small", "--data", str(tmp_path), "--out", str(tmp_path / "run"))
    assert result.exit_code == 2
    assert "train has no configuration 'small'" in result.stderr
    assert "distill takes base, demo, medium, nano, pretrain, qat, small" in result.stderr


def test_unknown_configuration_names_those_there_are(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "teacher").mkdir()
    (tmp_path / "teacher" / "small.toml").touch()
    monkeypatch.setattr(programs, "root", lambda: tmp_path)
    assert programs.config_path("teacher", "small") == tmp_path / "teacher" / "small.toml"
    with pytest.raises(ConfigError, match="small"):
        programs.config_path("teacher", "large")


def test_a_program_is_loaded_once_and_a_broken_one_never_half(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "lab").mkdir()
    (tmp_path / "lab" / "good.py").write_text("def main(): return {'answer': 42}")
    (tmp_path / "lab" / "bad.py").write_text("1 / 0")
    monkeypatch.setattr(programs, "root", lambda: tmp_path)
    assert programs.load("lab/good.py") is programs.load("lab/good.py")
    assert programs.run("lab/good.py") == {"answer": 42}
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            programs.load("lab/bad.py")
    with pytest.raises(InternalError, match="the program lab/none"):
        programs.load("lab/none.py")
