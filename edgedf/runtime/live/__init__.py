"""From a camera's frames to a verdict for each face over time."""
