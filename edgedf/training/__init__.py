"""Training: one loop, the losses, distillation, health checks and checkpoints."""

import os

# libgomp reads it when torch is imported. By default its threads spin for some ms after a network's last layer, on the
# cores that then make the next views, which took 16 ms a batch rather than 12; a step of the network takes no longer.
os.environ.setdefault("GOMP_SPINCOUNT", "1000")
