"""Label models: from votes to probabilities of strokes."""
