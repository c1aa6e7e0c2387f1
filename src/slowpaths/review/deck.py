"""Read a mined folder into the cards of its review page."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from slowpaths.core.errors import TableError
from slowpaths.core.records import Prediction, Vote
from slowpaths.core.strokes import STROKES
from slowpaths.review.cards import Card, DeclaredRule, average_views, make_cards
from slowpaths.store.schema import DELIVERIES, FEATURE_PREFIX, FOOTAGE, LABELS, SHOTS, VOTES
from slowpaths.store.tables import clips_of, read_predictions, read_table

MAX_CARDS = 5000
"""More than anybody looks at, and what a browser still opens in a second."""
_EMPTY = {"labels": LABELS.schema.empty_table(), "votes": VOTES.schema.empty_table()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Deck:
    """Hold what a review page shows.

    Args:
        name: Name of the mined folder.
        cards: The deliveries shown, in order of video and time.
        num_deliveries: Deliveries in the folder; more than cards where only every so many is shown.
        num_videos: Videos read.
        num_quarantined: Videos that could not be read.
        labels: Stroke -> labels, over all deliveries.
        kept: Stroke -> labels kept for training, over all deliveries.
        rules: Declarations of the rules.
        clips: Delivery -> clip file, for the cards that have one.
        clip: What a clip looks like: `fps`, `num_frames`, `impact_frame`; None where unknown.
        lineage: What the labels and predictions came from, name -> fingerprint or name.
    """

    name: str
    cards: list[Card]
    num_deliveries: int
    num_videos: int
    num_quarantined: int
    labels: Mapping[str, int]
    kept: Mapping[str, int]
    rules: Mapping[str, DeclaredRule]
    clips: Mapping[str, Path]
    clip: Mapping[str, int] | None
    lineage: Mapping[str, str]


def read_deck(mined: Path, *, predictions: Path | None = None, max_cards: int = MAX_CARDS) -> Deck:
    """Read a mined folder.

    Args:
        mined: Folder written by `slowpaths mine`.
        predictions: A predictions table made on it; its folder may then lack labels.
        max_cards: Most cards shown; of a larger folder every second, third ... delivery is taken.

    Raises:
        TableError: If the folder or a table is missing or wrong, or the predictions belong to another folder.
    """
    if not (mined / "deliveries.parquet").exists():
        raise TableError(
            f"{mined} is no mined folder (no deliveries.parquet): give the out= folder of `slowpaths mine`"
        )
    deliveries = read_table(mined / "deliveries.parquet", DELIVERIES)
    footage = read_table(mined / "footage.parquet", FOOTAGE).select(["video_id", "path", "status"]).to_pylist()
    shots = read_table(mined / "shots.parquet", SHOTS).select(["shot_id", "view_probability", "is_replay"]).to_pylist()
    said, model_id = _read_model(predictions, deliveries) if predictions else ([], "")
    is_labelled = predictions is None or (mined / "labels.parquet").exists()
    labels = _read(mined, "labels") if is_labelled else _EMPTY["labels"]
    votes = _read(mined, "votes") if is_labelled else _EMPTY["votes"]
    rules = read_rules(mined / "rules.json") if votes.num_rows else {}
    described = _read_description(mined / "dataset.json")

    videos = {row["video_id"]: row["path"] for row in footage}
    rows = deliveries.select([name for name in deliveries.column_names if not name.startswith(FEATURE_PREFIX)])
    ordered = sorted(rows.to_pylist(), key=lambda row: (videos.get(row["video_id"], ""), row["impact_s"]))
    shown = ordered[:: max(1, -(-len(ordered) // max_cards))]
    ids = pa.array([row["delivery_id"] for row in shown], pa.string())
    clips = find_clips(mined, ids.to_pylist())
    return Deck(
        name=mined.resolve().name,
        cards=make_cards(
            shown,
            videos=videos,
            shots={row["shot_id"]: row for row in shots},
            labels=clips_of(_among(labels, ids)),
            votes=[Vote(**row) for row in _among(votes, ids).to_pylist()],
            rules=rules,
            predictions=said,
            clips=clips,
        ),
        num_deliveries=len(ordered),
        num_videos=len(footage),
        num_quarantined=sum(row["status"] == "quarantined" for row in footage),
        labels=Counter(labels["label"].to_pylist()),
        kept=Counter(labels.filter(labels["is_kept"])["label"].to_pylist()),
        rules=rules,
        clips=clips,
        clip=_look(described.get("clip")),
        lineage={
            "label model": str(described.get("label_model", "")) if is_labelled else "",
            "label set": _label_set(labels),
            "rule set": str(described.get("rule_set", "")) if is_labelled else "",
            "model": model_id,
        },
    )


def read_rules(path: Path) -> dict[str, DeclaredRule]:
    """Read what the rules declare.

    Raises:
        TableError: If the file is missing, is something else, or names an unknown stroke.
    """
    try:
        rules = {
            code: DeclaredRule(
                family=str(item["family"]),
                votes={symbol: frozenset(strokes) for symbol, strokes in item["votes"].items()},
            )
            for code, item in json.loads(path.read_text()).items()
        }
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise TableError(f"{path} does not declare rules: run `slowpaths label` on the folder again") from error
    for code, rule in rules.items():
        for symbol, strokes in rule.votes.items():
            if unknown := strokes - set(STROKES):
                raise TableError(f"{path}: rule {code}, symbol {symbol} names the unknown stroke '{min(unknown)}'")
    return rules


def find_clips(mined: Path, delivery_ids: list[str]) -> dict[str, Path]:
    """Return the clip of each delivery that has one; an id never leads out of the folder of clips."""
    folder = mined / "clips"
    present = {path.name: path for path in folder.iterdir() if path.is_file()} if folder.is_dir() else {}
    return {name: present[f"{name}.mp4"] for name in delivery_ids if f"{name}.mp4" in present}


def _read(mined: Path, name: str) -> pa.Table:
    path = mined / f"{name}.parquet"
    if not path.exists():
        raise TableError(f"{path} does not exist: run `slowpaths label mined={mined}` to write it")
    return read_table(path, {"labels": LABELS, "votes": VOTES}[name])


def _among(table: pa.Table, delivery_ids: pa.Array) -> pa.Table:
    options = pc.SetLookupOptions(value_set=delivery_ids)
    return table.filter(pc.call_function("is_in", [table["delivery_id"]], options))


def _read_model(path: Path, deliveries: pa.Table) -> tuple[list[Prediction], str]:
    rows = read_predictions(path)
    models = sorted({row.model_id for row in rows})
    if len(models) > 1:
        raise TableError(f"{path} holds {len(models)} models ({', '.join(models)}): give a table with one")
    known = set(deliveries["delivery_id"].to_pylist())
    if not known & {row.delivery_id for row in rows}:
        raise TableError(f"{path} names no delivery of this mined folder: give predictions that were made on it")
    return average_views(rows), models[0]


def _read_description(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text()))
    except FileNotFoundError:
        return {}
    except (ValueError, OSError, TypeError) as error:
        raise TableError(f"{path} is not readable JSON: mine the footage again") from error


def _look(clip: Any) -> dict[str, int] | None:
    """Return frame rate, frames and frame of the impact of a clip, where all are known."""
    names = ("fps", "num_frames", "impact_frame")
    is_known = isinstance(clip, dict) and all(isinstance(clip.get(name), int) for name in names)
    return {name: clip[name] for name in names} if is_known else None


def _label_set(labels: pa.Table) -> str:
    names = {name for name in labels["votes_fingerprint"].to_pylist() if name}
    return ", ".join(sorted(names))
