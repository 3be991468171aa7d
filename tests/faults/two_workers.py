"""The command line on a machine of two cores, whichever this one is: `data prepare` starts two processes."""

from typing import Any

from edgedf.cli import main
from edgedf.data.prepare import flow

if __name__ == "__main__":  # its processes load this, too
    module: Any = flow
    module.cores = lambda: 2
    main()
