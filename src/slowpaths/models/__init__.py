"""Learning: SlowFast, weights, losses, the Lightning classifier."""
