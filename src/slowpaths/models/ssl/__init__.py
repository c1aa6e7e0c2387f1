"""Pretraining without labels: what a network can be taught before it is told a stroke."""
