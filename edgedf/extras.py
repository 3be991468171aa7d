"""Optional packages, imported at first use."""

import importlib
from types import ModuleType

from edgedf.errors import MissingExtraError


def need(module: str, extra: str) -> ModuleType:
    """Imports an optional package.

    Args:
        module: Name to import, dots allowed.
        extra: The extra of edgedf that installs it.

    Raises:
        MissingExtraError: The package is not installed.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or not module.startswith(error.name):
            raise
        raise MissingExtraError(error.name, extra) from error
