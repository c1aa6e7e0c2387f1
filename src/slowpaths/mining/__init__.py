"""Footage to deliveries with features; no labels here."""
