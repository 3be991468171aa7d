"""Files inside a bundle: which names they may have, and the bounded reading of them."""

import os
import re
import stat
from pathlib import Path

from edgedf.errors import BundleError

LONGEST = 200  # characters of a path in a bundle

# Plain names mean the same on every system: no drive, no device, no dot that Windows drops, nothing to normalise.
_PART = r"[\w-]+(\.[\w-]+)*"
_NAME = re.compile(rf"{_PART}(/{_PART})*", re.ASCII)


def inside(root: Path, name: str) -> Path:
    """Full path of a bundle's file, which must not leave the bundle by its name or by a link.

    Raises:
        BundleError: It does.
    """
    if len(name) > LONGEST or not _NAME.fullmatch(name):
        raise BundleError(f"{root}: {name!r} is not a path inside the bundle; do not trust this bundle")
    if Path(os.path.realpath(root / name)) != Path(os.path.realpath(root)) / name:
        raise BundleError(f"{root}: {name!r} is a link or behind one: copy the bundle with the files themselves")
    return root / name


def read_inside(root: Path, name: str, largest: int) -> bytes:
    """Content of a plain file of a bundle, once it is known to be one and of at most `largest` bytes.

    Raises:
        BundleError: It is not, or is missing, or cannot be read.
    """
    file = inside(root, name)
    try:
        state = file.lstat()
        if not stat.S_ISREG(state.st_mode):
            raise BundleError(f"{file} is not a plain file; do not trust this bundle")
        if state.st_size > largest:
            raise BundleError(f"{file} is larger than {largest >> 20} MB, the most that edgedf reads of it")
        with file.open("rb") as opened:
            return opened.read(largest)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise BundleError(f"{root} lacks {name}: copy the whole folder again, or export it again") from error
    except OSError as error:
        raise BundleError(f"{file} cannot be read ({error.strerror})") from error
