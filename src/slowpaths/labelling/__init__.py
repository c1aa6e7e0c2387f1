"""Features to labels; no pixels here."""
