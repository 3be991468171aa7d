"""The audit of a dataset: copies across splits, people across splits, and cues that give the label away."""
