"""The formats by name, and what each cannot hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from slowpaths.data.interchange import coco, croissant, cvat, fiftyone, kinetics, labelstudio, lists, spot
from slowpaths.data.interchange.dataset import Exported


@dataclass(frozen=True, slots=True)
class Target:
    """Hold how a format is written."""

    write: Callable[[Exported, Path], list[Path]]  # writes files into a folder and returns them
    loses: str  # what of the labels it cannot hold
    needs: str = ""  # "clips" or "poses", without which nothing can be written


TARGETS: Mapping[str, Target] = {
    "cvat": Target(cvat.write, cvat.LOSES, "poses"),
    "labelstudio": Target(labelstudio.write, labelstudio.LOSES),
    "fiftyone": Target(fiftyone.write, fiftyone.LOSES),
    "mmaction": Target(lists.write_mmaction, lists.LOSES, "clips"),
    "pyslowfast": Target(lists.write_pyslowfast, lists.LOSES, "clips"),
    "kinetics": Target(kinetics.write, kinetics.LOSES),
    "spot": Target(spot.write, spot.LOSES),
    "coco": Target(coco.write, coco.LOSES, "poses"),
    "croissant": Target(croissant.write, croissant.LOSES),
}
