"""edgedf: a deepfake detector from the training room to the camera."""

__version__ = "1.0.0rc1"
