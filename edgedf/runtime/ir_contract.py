"""Reads just enough of an OpenVINO IR to refuse it: another input or output, or constants outside its weights.

The XML is read by expat event by event, and a document type, which entities would need, is refused.
"""

from xml.parsers import expat

from edgedf.errors import BundleError
from edgedf.runtime.onnx_contract import INPUT, OUTPUTS

CROP = "?,256,256,3"
DEEPEST = 64


class _Reader:
    """Collects what is to be checked."""

    def __init__(self) -> None:
        self.depth = 0
        self.layers: dict[str, str] = {}  # type of each layer, by its name
        self.inputs: list[tuple[str, str]] = []  # element type and shape
        self.names: set[str] = set()
        self.ends: list[int] = []  # of the constants, in bytes of the weights
        self._layer: dict[str, str] = {}

    def start(self, tag: str, values: dict[str, str]) -> None:
        self.depth += 1
        if self.depth > DEEPEST:
            raise BundleError("it is not an OpenVINO IR (nested without end)")
        if tag == "layer":
            self._layer = values
            self.layers[values.get("name", "")] = values.get("type", "")
        elif tag == "data" and self._layer.get("type") == "Parameter":
            self.inputs.append((values.get("element_type", ""), values.get("shape", "")))
        elif tag == "data" and self._layer.get("type") == "Const":
            self.ends.append(int(values.get("offset", "0")) + int(values.get("size", "0")))
        elif tag == "port":
            self.names |= {name for name in values.get("names", "").split(",") if name}

    def end(self, _: str) -> None:
        self.depth -= 1


def check_ir(model: bytes, weights: int) -> None:
    """Makes sure that an IR keeps the contract of a bundle.

    Args:
        model: Content of the `.xml` file.
        weights: Size in bytes of the `.bin` file.

    Raises:
        BundleError: It does not, or is not an IR.
    """
    reader, parser = _Reader(), expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = reader.start, reader.end
    parser.StartDoctypeDeclHandler = _refuse_doctype
    try:
        parser.Parse(model, True)
    except (expat.ExpatError, ValueError) as error:
        raise BundleError(f"it is not an OpenVINO IR ({error})") from error
    inputs = [(kind, shape.replace(" ", "")) for kind, shape in reader.inputs]
    if [kind for kind, _ in inputs] != ["u8"] or inputs[0][1].partition(",")[2] != CROP.partition(",")[2]:
        raise BundleError(f"its input is {reader.inputs}, not {INPUT} u8 ({CROP}): export it again")
    missing = {INPUT, *OUTPUTS} - reader.names
    results = sum(kind == "Result" for kind in reader.layers.values())
    if missing or results != len(OUTPUTS):
        raise BundleError(f"its outputs are not {', '.join(OUTPUTS)}: export it again")
    if max(reader.ends, default=0) > weights:
        raise BundleError("its constants reach beyond its weights; do not trust this bundle")


def _refuse_doctype(*_: object) -> None:
    raise BundleError("its XML declares a document type; do not trust this bundle")
