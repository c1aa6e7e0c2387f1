"""The words of the project: records, spans, strokes, features, ids and errors (standard library and numpy)."""
