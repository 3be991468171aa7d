"""How Sphinx makes the reference of what docstrings say: `make reference`."""

import re
from typing import Any

import edgedf

project = "edgedf"
version = release = edgedf.__version__
extensions = ["sphinx.ext.autodoc", "sphinx.ext.napoleon"]
nitpicky = True  # a type that no page tells of is a warning
default_role = "code"  # `a name` in a docstring
autodoc_member_order = "bysource"
napoleon_attr_annotations = False  # types stand in the signature
maximum_signature_line_length = 88
nitpick_ignore_regex = [("py:.*", r"(collections|numpy|pathlib|types|typing)\..*")]  # their pages are elsewhere
html_theme = "furo"
html_title = f"edgedf {release}"
html_copy_source = html_show_copyright = html_show_sphinx = False

ARRAY = re.compile(r"~numpy\.ndarray\[tuple\[.*?\], ~numpy\.dtype\[(.*?)\]\]")


def short(app: Any, what: str, name: str, one: Any, options: Any, *parts: str | None) -> list[str | None]:
    """Signature and result as the code writes them: `NDArray[uint8]`, and no `<factory>`, which is no Python."""
    return [part and ARRAY.sub(r"~numpy.typing.NDArray[\1]", part).replace("<factory>", "...") for part in parts]


def is_field(app: Any, what: str, name: str, one: Any, skip: bool, options: Any) -> bool | None:
    """Leaves out what every tuple has: its class tells of its fields."""
    return True if name in ("count", "index") or (one.__doc__ or "").startswith("Alias for field number") else None


def setup(app: Any) -> None:
    """Called by Sphinx."""
    app.connect("autodoc-process-signature", short)
    app.connect("autodoc-skip-member", is_field)
