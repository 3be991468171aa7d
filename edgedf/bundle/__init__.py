"""The deployable artefact.

A folder with a manifest, models, golden vectors and a model card::

    NAME.edgedf/
        manifest.json   schema, input contract, thresholds, metrics, hashes, provenance
        model.onnx      one artefact; there may be several
        golden.npz      drawn crops and the score that each artefact must give for them
        MODEL_CARD.md
        model.sig       a signature of all this, where somebody signed it

Every hash is checked on the very bytes that are handed on, and nothing in a bundle is a pickle.
"""

from edgedf.bundle.golden import GOLDEN, pack_golden
from edgedf.bundle.manifest import MANIFEST, Artefact, InputContract, Manifest, Site
from edgedf.bundle.signature import SIGNATURE
from edgedf.bundle.store import CARD, Bundle, check_place, open_bundle, sign_bundle, write_bundle

__all__ = [
    "CARD",
    "GOLDEN",
    "MANIFEST",
    "SIGNATURE",
    "Artefact",
    "Bundle",
    "InputContract",
    "Manifest",
    "Site",
    "check_place",
    "open_bundle",
    "pack_golden",
    "sign_bundle",
    "write_bundle",
]
