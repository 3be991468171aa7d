"""Small inputs that ask for much: `python -m tests.fuzz.bombs NAME` reads one, and tells what that took as JSON."""

import io
import json
import struct
import sys
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.fuzz import seeds
from tests.fuzz.mutation import varint

MOST_MB = 4096  # that the process may address, so that a failure harms no one else
SIDE = 60_000  # pixels that pictures claim

Bomb = Callable[[], tuple[str, bytes]]
"""Makes the name of a target and its input."""


def png_of_nothing() -> tuple[str, bytes]:
    return "picture", _png(SIDE, SIDE, 2, b"")


def png_of_zeros() -> tuple[str, bytes]:
    """All the pixels are there, packed to a thousandth."""
    return "picture", _png(SIDE, SIDE // 20, 2, bytes(SIDE // 20 * (3 * SIDE + 1)))


def png_just_allowed() -> tuple[str, bytes]:
    """A palette with transparent colours, which takes the most memory a pixel."""
    rows = b"".join(b"\x00" + bytes(9400) for _ in range(9400))
    return "picture", _png(9400, 9400, 3, rows, _chunk(b"PLTE", bytes(6)) + _chunk(b"tRNS", b"\x00\x80"))


def png_with_a_long_text() -> tuple[str, bytes]:
    return "picture", _png(8, 8, 0, bytes(72), _chunk(b"zTXt", b"a\x00\x00" + zlib.compress(bytes(300 << 20))))


def jpeg_of_nothing() -> tuple[str, bytes]:
    return "picture", _resized(next(one for one in seeds.pictures() if one[:2] == b"\xff\xd8"))


def motion_jpeg_of_nothing() -> tuple[str, bytes]:
    return "video", _resized(next(one for one in seeds.videos() if one[:4] == b"RIFF"))


def video_of_large_frames() -> tuple[str, bytes]:
    """16,384 pixels a side, all black: a few kilobytes."""
    from tests.unit.runtime.live.clips import clip

    with TemporaryDirectory() as folder:
        return "video", clip(Path(folder) / "a.avi", 1, (16_384, 8_192), "monob", "png").read_bytes()


def table_of_a_million_rows() -> tuple[str, bytes]:
    return "labels_csv", b"path,label,split,group\n" + b"".join(
        b"%d.png,real,train,%d\n" % (i, i) for i in range(10**6)
    )


def table_of_one_long_row() -> tuple[str, bytes]:
    return "labels_csv", b"path,label,split,group" + b",a" * (4 << 20)


def manifest_of_zeros() -> tuple[str, bytes]:
    return "manifest", b"[" + b"0," * (2 << 20 - 1) + b"0]"


def report_of_results() -> tuple[str, bytes]:
    report = json.loads(seeds.reports()[0])
    one = report["results"][0]
    report["results"] = [one | {"name": str(i)} for i in range(500)]
    return "report", json.dumps(report).encode()


def toml_of_tables() -> tuple[str, bytes]:
    return "config", b".".join([b"a"] * 20_000) + b" = 1\n"


def graph_of_fields() -> tuple[str, bytes]:
    return "onnx_graph", _field(7, _field(1, b"") * 3_000_000)


def graph_of_graphs() -> tuple[str, bytes]:
    data = b""
    for _ in range(3_000):
        data = _field(7, _field(1, _field(5, _field(6, data))))
    return "onnx_graph", data


def graph_of_large_tensors() -> tuple[str, bytes]:
    """Weights that claim 2 ** 62 numbers."""
    import onnx

    model = onnx.load_from_string(seeds.graphs()[0])
    model.graph.initializer[0].dims[:] = [2**31, 2**31]
    return "onnx_session", model.SerializeToString()


def ir_of_layers() -> tuple[str, bytes]:
    return "openvino_ir", b"<net>" + b"<a/>" * (8 << 20 - 1) + b"</net>"


def golden_of_zeros() -> tuple[str, bytes]:
    import zipfile

    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("crops.npy", bytes(300 << 20))
    return "golden", file.getvalue()


def record_of_zeros() -> tuple[str, bytes]:
    import base64

    record = json.loads(seeds.records()[0])
    record["faces"][0]["labels"] = base64.b64encode(zlib.compress(bytes(500 << 20))).decode()
    return "record", json.dumps(record).encode()


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _png(width: int, height: int, colour: int, pixels: bytes, chunks: bytes = b"") -> bytes:
    header = _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, colour, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunks + _chunk(b"IDAT", zlib.compress(pixels)) + _chunk(b"IEND", b"")


def _resized(data: bytes) -> bytes:
    """JPEGs that claim to be large."""
    parts = data.split(b"\xff\xc0\x00\x11\x08")
    return b"\xff\xc0\x00\x11\x08".join([parts[0], *(struct.pack(">HH", SIDE, SIDE) + one[4:] for one in parts[1:])])


def _field(number: int, data: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(data)) + data


BOMBS: dict[str, Bomb] = {
    one.__name__: one
    for one in (
        *(png_of_nothing, png_of_zeros, png_just_allowed, png_with_a_long_text, jpeg_of_nothing),
        *(motion_jpeg_of_nothing, video_of_large_frames, table_of_a_million_rows, table_of_one_long_row),
        *(manifest_of_zeros, report_of_results, toml_of_tables, graph_of_fields, graph_of_graphs),
        *(graph_of_large_tensors, ir_of_layers, golden_of_zeros, record_of_zeros),
    )
}


def main(name: str) -> None:
    """Reads one bomb in this process."""
    import resource  # not on Windows, where the tests are skipped

    from tests.fuzz.targets import TARGETS, attempt

    target, data = BOMBS[name]()
    reader = TARGETS[target]
    attempt(reader.read, reader.seeds()[0])  # what it imports is not the bomb's
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MB << 20, MOST_MB << 20))
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    before, begin = _memory_mb("VmRSS"), time.process_time()
    outcome = attempt(reader.read, data)
    seconds, mb = time.process_time() - begin, _memory_mb("VmHWM") - before
    told = {"valid": outcome.valid, "bug": outcome.bug, "told": outcome.told}
    print(json.dumps({"bytes": len(data), "seconds": round(seconds, 2), "mb": mb, **told}))


def _memory_mb(name: str) -> int:
    [line] = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(name)]
    return int(line.split()[1]) >> 10


if __name__ == "__main__":
    main(sys.argv[1])
