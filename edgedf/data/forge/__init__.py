"""Forgeries of real faces, each with the exact mask of what was replaced."""
