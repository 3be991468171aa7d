"""What is kept is not made again, and nothing else is taken for it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from edgedf.report.kept import kept_once


@dataclass(frozen=True)
class Answer:
    value: float
    words: str


def making(answer: Answer, made: list[Answer]) -> Callable[[], Answer]:
    def make() -> Answer:
        made.append(answer)
        return answer

    return make


def test_what_is_of_one_basis_is_made_once(tmp_path: Path) -> None:
    file, made = tmp_path / "new" / "kept.json", list[Answer]()
    one, other = Answer(0.5, "one"), Answer(1.5, "other")
    for _ in range(2):
        assert kept_once(file, Answer, {"files": ["a"], "threads": 1}, making(one, made)) == one
        assert kept_once(file, Answer, {"files": ["a"], "threads": 2}, making(other, made)) == other
    assert made == [one, other]


def test_what_another_process_kept_meanwhile_stays(tmp_path: Path) -> None:
    file, one, other = tmp_path / "kept.json", Answer(0.5, "one"), Answer(1.5, "other")

    def make() -> Answer:
        kept_once(file, Answer, {"basis": "other"}, lambda: other)
        return one

    kept_once(file, Answer, {"basis": "one"}, make)
    for basis, answer in (("one", one), ("other", other)):
        assert kept_once(file, Answer, {"basis": basis}, making(Answer(0, "anew"), [])) == answer


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text[: len(text) // 2],
        lambda text: "[]",
        lambda text: "[" * 2000,
        lambda text: text.replace("0.5", "1" + "0" * 400),
        lambda text: text.replace("0.5", '"half"'),
        lambda text: text.replace("words", "letters"),
    ],
)
def test_what_is_broken_is_made_anew(change: Callable[[str], str], tmp_path: Path) -> None:
    file, made, answer = tmp_path / "kept.json", list[Answer](), Answer(0.5, "one")
    kept_once(file, Answer, {}, making(answer, made))
    file.write_text(change(file.read_text()))
    assert kept_once(file, Answer, {}, making(answer, made)) == answer
    assert kept_once(file, Answer, {}, making(answer, made)) == answer
    assert len(made) == 2
