"""What makes the shipped teacher: simulated strokes, random cameras, the errors of small pose models."""
