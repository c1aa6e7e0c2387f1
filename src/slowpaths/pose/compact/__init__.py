"""The small one-shot network of `pose=compact`: its layers, targets, losses, decoding and training."""
