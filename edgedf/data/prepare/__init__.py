"""Faces out of photos and videos: `flow.py` tells the whole story, top to bottom."""
