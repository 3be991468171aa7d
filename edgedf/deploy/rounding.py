"""Rounding of INT8 weights: not each to its nearest step, but so that what the layer gives changes least.

Frantar et al., "GPTQ" (ICLR 2023): weights are rounded one after the other, and those that remain make good for the
error so far, as the moments of the layer's input say they can. What is left of a mean error goes into the bias (Nagel
et al., "Data-Free Quantization", ICCV 2019).
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgedf.deploy.moments import Moments

DAMPING = 0.01  # of the mean second moment: what a few crops cannot tell apart is not relied upon


def round_weights(onnx: Any, quantised: Any, original: Any, moments: Mapping[str, Moments], largest: int) -> None:
    """Rounds the weights of a quantised graph anew, within the scales that it has, and corrects its biases.

    Args:
        onnx: The package.
        quantised: Model with Q/DQ pairs; changed in place.
        original: The FP32 model it was made from.
        moments: By name of the layer; others stay.
        largest: Number of steps of a weight on either side of 0.
    """
    array, constants = onnx.numpy_helper.to_array, {one.name: one for one in quantised.graph.initializer}
    made_by = {name: node for node in quantised.graph.node for name in node.output}
    floats = {one.name: one for one in original.graph.initializer}
    inputs = {node.name: list(node.input) for node in original.graph.node}

    def store(name: str, values: NDArray[Any]) -> None:
        constants[name].CopyFrom(onnx.numpy_helper.from_array(values.reshape(constants[name].dims), name))

    for node in quantised.graph.node:
        pair = made_by.get(node.input[1]) if node.op_type == "Conv" and node.name in moments else None
        if pair is None or pair.op_type != "DequantizeLinear":
            continue
        weights = array(floats[inputs[node.name][1]])
        weights = weights.reshape(len(weights), -1).astype(np.float64)
        scale = array(constants[pair.input[1]]).astype(np.float64).reshape(-1, 1)
        mean, second = moments[node.name]
        steps = rounded(weights, scale[:, 0], second.astype(np.float64), largest)
        if pair.input[0] in constants:
            store(pair.input[0], steps.astype(np.int8))
        else:  # float weights before a QuantizeLinear of their own, which finds these steps again
            store(made_by[pair.input[0]].input[0], (steps * scale).astype(np.float32))
        if len(node.input) > 2:
            bias = array(floats[inputs[node.name][2]]) - (steps * scale - weights) @ mean
            _store_bias(array, constants, made_by, node.input[2], bias, store)


def _store_bias(array: Any, constants: Any, made_by: Any, name: str, bias: NDArray[np.float64], store: Any) -> None:
    pair = made_by.get(name)
    if pair is None:
        store(name, bias.astype(np.float32))
    else:
        scale = array(constants[pair.input[1]]).astype(np.float64)
        store(pair.input[0], np.round(bias / scale).astype(np.int32))


def rounded(
    weights: NDArray[np.float64], scale: NDArray[np.float64], second: NDArray[np.float64], largest: int
) -> NDArray[np.float64]:
    """Whole steps (O, K) for weights (O, K).

    Args:
        weights: Of O outputs.
        scale: Of a step `(O,)`.
        second: Mean product of every two inputs `(K, K)`.
        largest: Number of steps on either side of 0.
    """
    inputs = len(second)
    order = np.argsort(-np.diag(second))  # inputs that matter most first: most can still make good for them
    left = weights[:, order].copy()
    moment = second[np.ix_(order, order)] + max(DAMPING * np.diag(second).mean(), 1e-12) * np.eye(inputs)
    upper = np.linalg.cholesky(np.linalg.inv(moment)).T
    steps = np.zeros_like(left)
    for i in range(inputs):
        steps[:, i] = np.clip(np.round(left[:, i] / scale), -largest, largest)
        error = (left[:, i] - steps[:, i] * scale) / upper[i, i]
        left[:, i:] -= np.outer(error, upper[i, i:])
    found = np.empty_like(steps)
    found[:, order] = steps
    return found
