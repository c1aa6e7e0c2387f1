"""Read what training needs from a mined folder: clips, and which of them show the same ball."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from slowpaths.core.errors import BrokenVideoError, UsageError
from slowpaths.core.ids import file_digest
from slowpaths.core.records import LabelledClip
from slowpaths.core.spans import Span
from slowpaths.core.strokes import NUM_STROKES, STROKES
from slowpaths.store.mined_folder import MinedFolder
from slowpaths.store.schema import DELIVERIES, FOOTAGE, LABELS, SHOTS
from slowpaths.store.tables import read_labels

_EPSILON = 1e-6  # of a probability in single precision
_ROUNDING = 0.1  # of the sum of 14 probabilities with two decimals


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ClipRecord:
    """Hold one clip on disk and what is known of it."""

    clip: LabelledClip  # its label; uniform and not kept where there is none
    path: Path  # the clip file
    handedness_p: float  # probability that the batter is right-handed
    shot_id: str  # the shot it was cut from
    impact_shift: int = 0  # frames of the file by which a person moved the impact
    # the features a network is to see in it, float32; empty unless it is trained to
    features_F: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=np.float32))
    sequence_TD: np.ndarray | None = None  # the skeletons of the stroke, where the network takes them and there are any
    picture_features: Path | None = None  # file of the features of its pictures, where the network takes them


def read_clips(
    mined: Path,
    *,
    labels: Path | None = None,
    needs_labels: bool = True,
    needs_clips: bool = True,
    delivery_ids: Collection[str] | None = None,
) -> list[ClipRecord]:
    """Read the clips of a mined folder with their labels: one record a delivery, in the order of the deliveries table.

    `labels` is another labels table than the folder's own. Where no labels are needed none are read, and every clip
    comes out uniform. All deliveries are read where none are named. Where no clips are needed, files may be missing.

    Raises:
        UsageError: If a delivery is asked for that the folder does not hold, or labels are no distributions over
            strokes, or of none of its deliveries.
        TableError: If a table is missing or wrong.
        BrokenVideoError: If a clip file is missing; it is named, never replaced by another.
    """
    folder = MinedFolder(mined)
    deliveries = folder.read(DELIVERIES).select(
        ["delivery_id", "video_id", "shot_id", "start_s", "end_s", "impact_s", "event_p", "handedness_p"]
    )
    known_ids = set(deliveries["delivery_id"].to_pylist())
    if delivery_ids is not None:
        if unknown := sorted(set(delivery_ids) - known_ids):
            raise UsageError(
                f"{mined} holds no delivery '{unknown[0]}': take one of delivery_id in {DELIVERIES.name}.parquet"
            )
        deliveries = deliveries.filter(pc.field("delivery_id").isin(pa.array(list(delivery_ids), pa.string())))
    footage = {row["video_id"]: row for row in folder.read(FOOTAGE).to_pylist()}
    path = labels or folder.file(LABELS)
    known = {clip.delivery_id: clip for clip in _checked(read_labels(path), path=path)} if needs_labels else {}
    if known and known_ids and not known.keys() & known_ids:
        cure = "give labels of this one, or leave labels= out" if labels else "run `slowpaths label` on it again"
        raise UsageError(
            f"{path} labels none of the {len(known_ids)} deliveries of {mined}, but those of another folder: {cure}"
        )
    nothing: dict[str, Any] = {"label": STROKES[0], "confidence": 1 / NUM_STROKES, "source": "weak", "is_kept": False}
    spec, as_mined = folder.dataset().clip, folder.as_mined()
    records = []
    for row in deliveries.to_pylist():
        video = footage.get(row["video_id"], {})
        clip = known.get(row["delivery_id"]) or LabelledClip(
            **{name: row[name] for name in ("delivery_id", "video_id", "impact_s", "event_p")},
            video=video.get("path", ""),
            match_id=video.get("match_id", ""),
            span=Span(row["start_s"], row["end_s"]),
            probs=np.full(NUM_STROKES, 1 / NUM_STROKES),
            **nothing,
        )
        file = folder.clip_file(row["delivery_id"])
        if needs_clips and not file.is_file():
            raise BrokenVideoError(
                f"the clip {file} is missing: the same `slowpaths mine` makes it again, or restore the file"
            )
        moved = as_mined.get(row["delivery_id"])
        shift = round((row["impact_s"] - moved.impact_s) * spec.fps) if moved and spec else 0
        known_of_it = {"handedness_p": row["handedness_p"], "shot_id": row["shot_id"], "impact_shift": shift}
        records.append(ClipRecord(clip=clip, path=file, **known_of_it))
    return records


def _checked(clips: list[LabelledClip], *, path: Path) -> list[LabelledClip]:
    """Return labels, each a known stroke and a distribution over strokes."""
    for clip in clips:
        shares = np.append(clip.probs, clip.confidence)
        is_distribution = ((shares > -_EPSILON) & (shares < 1 + _EPSILON)).all()  # not-a-number is nowhere
        if not is_distribution or abs(clip.probs.sum() - 1) > _ROUNDING or clip.label not in STROKES:
            raise UsageError(
                f"{path} says of {clip.delivery_id} what is no label (stroke '{clip.label}', confidence "
                f"{clip.confidence:g}, probabilities that add up to {clip.probs.sum():g}): label again, or mend the row"
            )
    return clips


def find_links(mined: Path, records: list[ClipRecord]) -> list[tuple[str, str]]:
    """Find the pairs of deliveries that show the same ball: replays of a live ball, and clips of the same bytes."""
    by_shot: dict[str, list[str]] = defaultdict(list)
    by_content: dict[tuple[int, str], list[str]] = defaultdict(list)
    sizes = [record.path.stat().st_size if record.path.is_file() else 0 for record in records]
    count = Counter(sizes)
    for record, size in zip(records, sizes, strict=True):
        by_shot[record.shot_id].append(record.clip.delivery_id)
        if size and count[size] > 1:  # files of one size only are worth reading
            by_content[size, file_digest(record.path)].append(record.clip.delivery_id)
    links = [(same[0], other) for same in by_content.values() for other in same[1:]]
    for shot in MinedFolder(mined).read(SHOTS).to_pylist():
        if shot["replay_of"]:
            links += [(live, again) for live in by_shot[shot["replay_of"]] for again in by_shot[shot["shot_id"]]]
    return links
