"""Explanations: where a model looked, in which frequencies, and measures of whether that is true.

numpy, Pillow and the runtime only: it works on a bundle where torch is not installed. Methods that need a network's
gradients stand in `edgedf.explain.network`.
"""
