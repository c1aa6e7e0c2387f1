"""What the report measures: each grade turns a pairing or a mined set into measures and tables."""
