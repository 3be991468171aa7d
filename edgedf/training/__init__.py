"""Training: one loop, the losses, distillation, health checks and checkpoints."""
