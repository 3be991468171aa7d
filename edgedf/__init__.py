"""edgedf: a deepfake detector from the training room to the camera."""

__version__ = "0.1.0"
