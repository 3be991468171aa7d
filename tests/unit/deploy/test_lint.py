"""The linter finds each planted violation, and says where."""

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from edgedf.deploy.lint import RULES, lint

Nodes = list[Any]


class Draft:
    """A graph of one quantised convolution behind a ReLU that feeds a float head, to be spoilt by a test."""

    def __init__(self) -> None:
        half = np.float16
        self.constants: dict[str, Any] = {
            "scale": np.array(0.1, half),
            "zero": np.array(0, np.int8),
            "weight": np.ones((16, 16, 3, 3), half),
            "weight_scale": np.full(16, 0.1, half),
            "weight_zero": np.zeros(16, np.int8),
            "bias": np.zeros(16, half),
            "head": np.ones((1, 16, 1, 1), half),
        }
        self.nodes: Nodes = [
            *self.pair("x", "x_dq", "scale", "zero"),
            *self.pair("weight", "weight_dq", "weight_scale", "weight_zero", axis=0),
            helper.make_node("Conv", ["x_dq", "weight_dq", "bias"], ["conv"], "conv"),
            helper.make_node("Relu", ["conv"], ["relu"], "relu"),
            helper.make_node("Conv", ["relu", "head"], ["y"], "head"),
        ]

    @staticmethod
    def pair(source: str, result: str, scale: str, zero: str, **options: Any) -> Nodes:
        quantise = helper.make_node("QuantizeLinear", [source, scale, zero], [f"{result}_q"], f"{source}_q", **options)
        return [
            quantise,
            helper.make_node("DequantizeLinear", [f"{result}_q", scale, zero], [result], result, **options),
        ]

    def node(self, name: str) -> Any:
        return next(node for node in self.nodes if node.name == name)

    def graph(self) -> bytes:
        shape: list[str | int | None] = ["N", 16, 8, 8]
        values = {name: shape for name in ("x", "y")}
        x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT16, shape) for name, shape in values.items())
        tensors = [numpy_helper.from_array(array, name) for name, array in self.constants.items()]
        return bytes(helper.make_model(helper.make_graph(self.nodes, "draft", [x], [y], tensors)).SerializeToString())


def _zero_point(draft: Draft) -> None:
    draft.constants["zero"] = np.array(3, np.int8)


def _scale(draft: Draft) -> None:
    draft.constants["weight_scale"][4] = 0


def _type(draft: Draft) -> None:
    draft.constants["zero"] = np.array(0, np.uint8)


def _bias(draft: Draft) -> None:
    draft.constants["bias"] = np.zeros(16, np.int32)
    draft.nodes.insert(0, helper.make_node("DequantizeLinear", ["bias", "scale"], ["bias_dq"], "bias_dq"))
    draft.node("conv").input[2] = "bias_dq"


def _per_channel_activation(draft: Draft) -> None:
    for name in ("x_q", "x_dq"):
        draft.node(name).input[1:] = ["weight_scale", "weight_zero"]


def _weight_axis(draft: Draft) -> None:
    for name in ("weight_q", "weight_dq"):
        draft.node(name).attribute[0].i = 1


def _lone_quantise(draft: Draft) -> None:
    draft.nodes.append(helper.make_node("Identity", ["x_dq_q"], ["bytes"], "reader"))


def _before_activation(draft: Draft) -> None:
    draft.nodes += draft.pair("conv", "conv_dq", "scale", "zero")
    draft.node("relu").input[0] = "conv_dq"


def _shortcut(draft: Draft) -> None:
    draft.nodes.append(helper.make_node("Add", ["conv", "x"], ["sum"], "sum"))


def _concat(draft: Draft) -> None:
    draft.constants["other"] = np.array(0.2, np.float16)
    draft.nodes += draft.pair("relu", "relu_dq", "other", "zero")
    draft.nodes.append(helper.make_node("Concat", ["x_dq", "relu_dq"], ["both"], "both", axis=1))


def _thin(draft: Draft) -> None:
    draft.constants |= {"weight": np.ones((8, 16, 3, 3), np.float16), "weight_scale": np.full(8, 0.1, np.float16)}
    draft.constants |= {"weight_zero": np.zeros(8, np.int8), "bias": np.zeros(8, np.float16)}


def _head(draft: Draft) -> None:
    draft.nodes += draft.pair("relu", "relu_dq", "scale", "zero")
    draft.node("head").input[0] = "relu_dq"


def _float_leftover(draft: Draft) -> None:
    draft.constants["head"] = draft.constants["head"].astype(np.float32)


PLANTED: dict[str, tuple[Callable[[Draft], None], str]] = {
    "zero-point": (_zero_point, "x_q"),
    "scale": (_scale, "weight_q"),
    "type": (_type, "x_q"),
    "bias": (_bias, "conv"),
    "per-tensor-activation": (_per_channel_activation, "x_q"),
    "weight-axis": (_weight_axis, "conv"),
    "pair": (_lone_quantise, "x_q"),
    "activation-first": (_before_activation, "conv"),
    "shortcut": (_shortcut, "sum"),
    "concat-scale": (_concat, "both"),
    "thin": (_thin, "conv"),
    "head": (_head, "head"),
    "half": (_float_leftover, "head"),
}


def test_a_sound_graph_breaks_no_rule() -> None:
    graph = Draft().graph()
    onnx.load_from_string(graph)
    assert lint(graph) == []


@pytest.mark.parametrize("rule", RULES)
def test_each_planted_violation_is_found(rule: str) -> None:
    plant, node = PLANTED[rule]
    draft = Draft()
    plant(draft)
    found = lint(draft.graph())
    assert (rule, node) in [(finding.rule, finding.node) for finding in found]
    assert {finding.rule for finding in found} == {rule}
