"""Truth: accuracy and usefulness of anybody's predictions."""
