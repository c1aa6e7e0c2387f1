"""What the predictions are good for, one file a measure."""
