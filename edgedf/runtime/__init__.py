"""The runtime: a bundle in, scores out. It imports numpy, a backend's package at load, and never torch."""

from edgedf.runtime.engine import Engine, Result

__all__ = ["Engine", "Result"]
