"""Data sets: their contract, readers of common layouts, splits by group, packed pixels, drawn faces."""
