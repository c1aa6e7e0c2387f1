"""Clips for training: splits, dataset, transforms, batches, importers."""
