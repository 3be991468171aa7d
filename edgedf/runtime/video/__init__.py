"""A video on disk, from its first frame to its last: a verdict for each face and for the whole."""
