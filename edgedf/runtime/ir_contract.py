"""Reads just enough of an OpenVINO IR to refuse it: another input or output, or constants outside its weights.

The XML is read by expat event by event, and a document type, which entities would need, is refused.
"""

import re
from xml.parsers import expat

from edgedf.errors import BundleError
from edgedf.runtime.onnx_contract import INPUT, OUTPUTS

CROP = "?,256,256,3"
DEEPEST = 64
LARGEST = 32 << 20  # bytes; a large teacher has half a megabyte
OPSET, NUMBER = re.compile("opset[0-9]{1,2}"), re.compile("[0-9]{1,18}")


class _Reader:
    """Collects what is to be checked."""

    def __init__(self) -> None:
        self.depth = 0
        self.results = 0
        self.inputs: list[tuple[str, str]] = []  # element type and shape
        self.names: set[str] = set()
        self.ends: list[int] = []  # of the constants, in bytes of the weights
        self._layers: list[str] = []  # types of the open ones

    def start(self, tag: str, values: dict[str, str]) -> None:
        self.depth += 1
        if self.depth > DEEPEST:
            raise BundleError("it is not an OpenVINO IR (nested without end)")
        if tag == "layer":
            self._start_layer(values)
        elif tag == "data":
            self._data(values)
        elif tag == "port":
            self.names |= {name for name in values.get("names", "").split(",") if name}
        elif tag == "body" or tag.endswith("_body"):
            raise BundleError("it holds a branch or a loop; do not trust this bundle")

    def end(self, tag: str) -> None:
        self.depth -= 1
        if tag == "layer":
            self._layers.pop()

    def _start_layer(self, values: dict[str, str]) -> None:
        if not OPSET.fullmatch(values.get("version", "")):
            raise BundleError("it uses an operator that is not OpenVINO's own; do not trust this bundle")
        self._layers.append(values.get("type", ""))
        self.results += self._layers[-1] == "Result"

    def _data(self, values: dict[str, str]) -> None:
        layer = self._layers[-1] if self._layers else ""
        if layer == "Parameter":
            self.inputs.append((values.get("element_type", ""), values.get("shape", "")))
        if layer == "Const" or "offset" in values:
            offset, size = (values.get(key, "") for key in ("offset", "size"))
            if not (NUMBER.fullmatch(offset) and NUMBER.fullmatch(size)):
                raise ValueError(f"a constant of {size or 'no'} bytes at {offset or 'no place'}")
            self.ends.append(int(offset) + int(size))


def check_ir(model: bytes, weights: int) -> None:
    """Makes sure that an IR keeps the contract of a bundle.

    Args:
        model: Content of the `.xml` file.
        weights: Size in bytes of the `.bin` file.

    Raises:
        BundleError: It does not, or is not an IR.
    """
    if len(model) > LARGEST:
        raise BundleError(f"it is larger than {LARGEST >> 20} MB, the most that edgedf reads of an OpenVINO IR")
    reader, parser = _Reader(), expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = reader.start, reader.end
    parser.StartDoctypeDeclHandler = _refuse_doctype
    try:
        parser.Parse(model.decode("utf-8"), True)
    except (expat.ExpatError, ValueError) as error:
        raise BundleError(f"it is not an OpenVINO IR ({error})") from error
    inputs = [(kind, shape.replace(" ", "")) for kind, shape in reader.inputs]
    if [kind for kind, _ in inputs] != ["u8"] or inputs[0][1].partition(",")[2] != CROP.partition(",")[2]:
        raise BundleError(f"its input is {reader.inputs}, not {INPUT} u8 ({CROP}): export it again")
    missing = {INPUT, *OUTPUTS} - reader.names
    if missing or reader.results != len(OUTPUTS):
        raise BundleError(f"its outputs are not {', '.join(OUTPUTS)}: export it again")
    if max(reader.ends, default=0) > weights:
        raise BundleError("its constants reach beyond its weights; do not trust this bundle")


def _refuse_doctype(*_: object) -> None:
    raise BundleError("its XML declares a document type; do not trust this bundle")
