"""Files of other people's tools: one module a format."""
