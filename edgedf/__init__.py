"""edgedf: a deepfake detector from the training room to the camera."""

import os
import sys

# ONNX Runtime, from 1.29 on, tells its maker about every model; a forked child waits for that thread for ever.
# It reads this when it is imported: an app that does so before is told by `Engine.notes`.
came_too_late = "onnxruntime" in sys.modules and "ORT_DISABLE_TELEMETRY" not in os.environ
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

__version__ = "1.0.0rc1"
