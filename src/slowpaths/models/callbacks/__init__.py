"""What happens beside training: history, progress, checkpoints, loggers, W&B media, and the guard of its numbers."""
