"""Tables on disk: schemas, atomic writes, lineage."""
