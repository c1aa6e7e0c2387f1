"""The folder of a gap study: the only place that knows its file names."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from slowpaths.store.below import Below


@dataclass(frozen=True, slots=True)
class GapFolder:
    """Name the files of a gap study."""

    path: Path  # the folder

    measures_file = Below("measures.parquet")  # one row a system, seed and half: all that the study is computed from
    gap_json = Below("gap.json")  # every number, with the reason where there is none
    gap_md = Below("gap.md")  # in words
    figures = Below("figures")  # tables, and figures drawn from them
