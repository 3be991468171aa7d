"""Build hook: puts the programs into the wheel, at `edgedf/recipes/<role>/`.

Files are added one by one: adding a folder would also ship what git ignores, a trained model for example.
"""

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROLES = ("teacher", "student", "export", "benchmarks")
SHIPPED = ("*.py", "*.toml", "*.md")


class ProgramsHook(BuildHookInterface[Any]):
    """Adds the program folders to a wheel; an editable install reads them where they are."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called by hatchling before it builds; `version` is "editable" or "standard"."""
        if version == "editable":
            return
        root = Path(self.root)
        for role in ROLES:
            for pattern in SHIPPED:
                for path in sorted(one for one in (root / role).glob(pattern) if one.is_file()):
                    relative = path.relative_to(root).as_posix()
                    build_data["force_include"][str(path)] = f"edgedf/recipes/{relative}"
