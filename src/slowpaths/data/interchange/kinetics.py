"""Kinetics CSV: label, youtube_id, time_start, time_end, split, times in seconds.

Source: the files of https://github.com/cvdfoundation/kinetics-dataset. The path of the video stands for the id.
"""

from __future__ import annotations

from pathlib import Path

from slowpaths.core.text import csv_table
from slowpaths.data.interchange.dataset import Exported
from slowpaths.store.tables import write_text

COLUMNS = ("label", "youtube_id", "time_start", "time_end", "split")
LOSES = "the impact, confidence, who bats, and deliveries that are not kept for training"


def write(exported: Exported, out: Path) -> list[Path]:
    """Write `annotations.csv` of the clips kept for training."""
    rows = [
        dict(
            zip(
                COLUMNS,
                (
                    clip.label,
                    clip.video,
                    f"{clip.span.start_s:.3f}",
                    f"{clip.span.end_s:.3f}",
                    exported.parts[clip.delivery_id],
                ),
                strict=True,
            )
        )
        for clip in exported.clips
        if clip.is_kept
    ]
    write_text(out / "annotations.csv", csv_table(rows, columns=COLUMNS))
    return [out / "annotations.csv"]
