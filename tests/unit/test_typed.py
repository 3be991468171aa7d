"""What is read becomes a dataclass of its types, or one line tells the place and what is wrong there."""

from dataclasses import dataclass, field
from typing import Any, Literal

import pytest

from edgedf.errors import InputError, InternalError
from edgedf.typed import check, read, shape


@dataclass
class Inner:
    share: float
    note: str = ""

    def __post_init__(self) -> None:
        if self.share > 1:
            raise InternalError("more than all of it")


@dataclass
class Outer:
    count: int
    parts: list[Inner] = field(default_factory=list)
    table: dict[str, Inner] = field(default_factory=dict)
    form: Literal["16", "32"] = "32"
    last: Inner | None = None


def test_values_become_those_of_the_fields() -> None:
    found = read(Outer, {"count": 3, "parts": [{"share": 1}], "table": {"a": {"share": 0.5}}, "form": 16}, "it")
    assert found == Outer(3, [Inner(1.0)], {"a": Inner(0.5)}, "16")
    assert type(found.parts[0].share) is float


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, "it lacks 'count'"),
        (
            {"count": 1, "cuont": 1},
            "it has a field 'cuont' that is not known: known are count, form, last, parts, table",
        ),
        ({"count": True}, "it.count is True, not a whole number"),
        ({"count": 1, "parts": {}}, "it.parts is a table, not a list"),
        ({"count": 1, "parts": [{"share": 1}, 7]}, "it.parts[1] is 7, not a table"),
        ({"count": 1, "table": {"a": {"share": float("inf")}}}, "it.table.a.share is inf, not a finite number"),
        ({"count": 1, "form": 64}, "it.form is 64: choose one of 16, 32"),
        ({"count": 1, "last": {"share": 2}}, "it.last contradicts itself: more than all of it"),
        ({"count": [[[10**5000]]]}, "it.count is a list, not a whole number"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(values: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as caught:
        read(Outer, values, "it")
    assert str(caught.value) == message


def test_where_all_must_be_there_only_what_says_nothing_is_left_out() -> None:
    whole = {"count": 1, "parts": [{"share": 0}], "table": {}, "form": "16"}
    assert read(Outer, whole, "it", whole=True) == read(Outer, whole, "it")
    assert read(Outer, {"count": 1, "last": None}, "it") == Outer(1)
    with pytest.raises(InputError, match="it lacks 'form', 'table'"):
        read(Outer, {"count": 1, "parts": []}, "it", whole=True)
    with pytest.raises(InputError, match="last is None, not a table"):
        read(Outer, whole | {"last": None}, "it", whole=True)


def test_a_shape_by_key_has_exactly_these_keys() -> None:
    kind = {"a": int, "b": {"c": list[str]}}
    check(kind, {"a": 1, "b": {"c": ["x"]}}, "it")
    with pytest.raises(InputError, match=r"it\.b\.c\[0\] is 1, not a line of text"):
        check(kind, {"a": 1, "b": {"c": [1]}}, "it")
    with pytest.raises(InputError, match="it lacks 'b'"):
        check(kind, {"a": 1}, "it")


def test_the_shape_of_a_dataclass_knows_its_types_and_not_its_rules() -> None:
    assert shape(Inner) == {"share": float, "note": str}
    check(shape(Inner), {"share": 2.0, "note": ""}, "it")
