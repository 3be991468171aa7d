"""edgedf: a deepfake detector from the training room to the camera."""

import os

# ONNX Runtime, from 1.29 on, tells its maker about every model; a forked child waits for that thread for ever.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

__version__ = "1.0.0rc1"
