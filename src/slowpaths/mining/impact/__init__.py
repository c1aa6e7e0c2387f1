"""When bat meets ball."""
