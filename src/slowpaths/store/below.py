"""Files of a folder, each named once."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast


class Below:
    """Name a file or folder below the `path` of the folder class it stands in."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, folder: Any, owner: type | None = None) -> Path:
        return cast(Any, self) if folder is None else folder.path / self._name
