"""The student bundle that comes with edgedf."""

from pathlib import Path

import edgedf

DEFAULT_STUDENT = Path(edgedf.__file__).parent / "assets" / "default.edgedf"
TERMS = (
    "the student that comes with edgedf is a research artefact, trained on the DeepFake Detection Challenge, FFHQ and "
    "StyleGAN: for research and evaluation only (LicenseRef-edgedf-research)"
)
