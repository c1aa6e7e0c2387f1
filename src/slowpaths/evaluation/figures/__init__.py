"""Figures, each saved with the table behind it."""
