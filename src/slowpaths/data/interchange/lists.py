"""Lists of clips with a class number: MMAction2 (`VideoDataset`) and PySlowFast (`kinetics` data set).

One line a clip, path and number separated by a space. Sources: https://mmaction2.readthedocs.io (Prepare Dataset),
https://github.com/facebookresearch/SlowFast/blob/main/slowfast/datasets/DATASET.md. Paths are relative to the mined
folder: `data_prefix` of the one, `DATA.PATH_PREFIX` of the other.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from slowpaths.core.errors import UsageError
from slowpaths.core.strokes import INDEX, STROKES
from slowpaths.data.interchange.dataset import Exported
from slowpaths.store.tables import write_text

LOSES = "anything but the most probable stroke of the clips kept for training"
PARTS = ("train", "val", "test")


def _write(exported: Exported, out: Path, *, suffix: str) -> list[Path]:
    lines: dict[str, list[str]] = {part: [] for part in PARTS}
    for clip in exported.clips:
        if clip.is_kept and clip.delivery_id in exported.files:
            path = exported.files[clip.delivery_id].relative_to(exported.folder).as_posix()
            if any(letter.isspace() for letter in path):
                raise UsageError(f"a list cannot hold the clip '{path}', as its name has a space: rename the video")
            lines[exported.parts[clip.delivery_id]].append(f"{path} {INDEX[clip.label]}\n")
    files = {out / f"{part}.{suffix}": "".join(lines[part]) for part in PARTS}
    files[out / "classes.txt"] = "".join(f"{stroke}\n" for stroke in STROKES)
    for path, text in files.items():
        write_text(path, text)
    return list(files)


write_mmaction = partial(_write, suffix="txt")
write_pyslowfast = partial(_write, suffix="csv")
