"""What a person says of deliveries: read, kept in the mined folder, and put into its deliveries. No Hydra.

There is one such table a mined folder, `corrections.parquet`. `gold=` replaces it, `corrections=` adds to it, and every
labelling applies the whole of it, so that what was said once holds in every later label set.
"""

from __future__ import annotations

import difflib
import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from slowpaths.core.errors import TableError
from slowpaths.core.records import Correction, CorrectionKind, Delivery
from slowpaths.core.spans import Span
from slowpaths.core.strokes import INDEX, STROKES
from slowpaths.data.interchange.read import Read, is_foreign, read_labels
from slowpaths.evaluation.table_columns import Columns, Source, read_columns
from slowpaths.labelling.gold_check import GoldCheck
from slowpaths.labelling.pipeline import NO_STROKE
from slowpaths.mining.remeasure import move_impact
from slowpaths.mining.settings import MiningSettings
from slowpaths.review.events import frame_times
from slowpaths.store import tables
from slowpaths.store.mined_folder import MinedFolder
from slowpaths.store.schema import CORRECTIONS, DELIVERIES, FOOTAGE, LABELS

NO_GOLD = "none"
_FARTHEST_S = 1.0  # an impact beyond the clip belongs to another delivery
_KINDS: tuple[CorrectionKind, ...] = get_args(CorrectionKind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """Hold what a person said of a mined folder."""

    corrections: Sequence[Correction]  # one a delivery, in order of their ids
    # kept before, of deliveries that are not there now: their footage may have been left out or unreadable
    waiting: Sequence[Correction] = ()
    num_unmined: int = 0  # events of another tool's file that are no delivery

    def gold(self) -> dict[str, str]:
        """Return delivery -> stroke, or that it is none."""
        return {one.delivery_id: one.label or NO_STROKE for one in self.corrections if one.kind != "impact"}

    def impacts_s(self) -> dict[str, float]:
        """Return delivery -> impact, seconds, where a person moved it."""
        strokes = (one for one in self.corrections if one.kind in ("stroke", "impact"))
        return {one.delivery_id: one.impact_s for one in strokes if math.isfinite(one.impact_s)}


def gather(folder: MinedFolder, config: Mapping[str, Any], deliveries: pa.Table) -> Said:
    """Return what is kept in a mined folder, after `gold` (replaces it) and `corrections` (adds to it).

    Either is a file or a mapping of deliveries to strokes.

    Raises:
        TableError: As `read_corrections`.
    """
    gold, added = config["gold"], config.get("corrections")
    if gold == NO_GOLD:
        kept = []
    elif isinstance(gold, Mapping):
        kept = [_from_word(name, word) for name, word in gold.items()]
    else:
        kept = read_corrections(gold, deliveries) if gold else _kept(folder)
    num_unmined = 0
    if isinstance(added, Mapping):
        new = [_from_word(name, word) for name, word in added.items()]
    elif added and is_foreign(Path(added)):
        read = _read_foreign(folder, Path(added), deliveries)
        values = {key: read.table[key].to_pylist() for key in read.table.column_names}
        new = read_corrections(Columns(name=read.name, places=read.places, values=values), deliveries)
        num_unmined = read.num_unmined
    else:
        new = read_corrections(added, deliveries) if added else []
    known = set(deliveries["delivery_id"].to_pylist())
    there = [one for one in kept if isinstance(gold, Mapping) or one.delivery_id in known]
    said = _merged([*there, *new])
    waiting = [one for one in kept if one not in there]
    return Said(corrections=said, waiting=waiting, num_unmined=num_unmined)


def read_corrections(source: Source | Columns, deliveries: pa.Table) -> list[Correction]:
    """Read corrections: `delivery_id`, `label` and, where wanted, `kind`, `impact_s` and `note`; CSV or Parquet.

    Without a kind a row says the stroke.

    Raises:
        TableError: As `corrections_in`, and if one names an unknown delivery or an impact outside the delivery's shot;
            it names the line.
    """
    columns = source if isinstance(source, Columns) else read_columns(source)
    found = corrections_in(columns)
    places = (deliveries[name].to_pylist() for name in ("delivery_id", "start_s", "end_s"))
    ids = {name: Span(start_s - _FARTHEST_S, end_s + _FARTHEST_S) for name, start_s, end_s in zip(*places, strict=True)}
    strangers = [one.delivery_id for one in found if one.delivery_id not in ids]
    for row, one in enumerate(found):
        name, impact_s = one.delivery_id, one.impact_s
        if name not in ids:
            more = f", nor are {len(strangers) - 1} others" if len(strangers) > 1 else ""
            raise columns.error(row, "delivery_id", f"'{name}' is no delivery of this mined folder{more}: take it out")
        if not math.isnan(impact_s) and impact_s not in ids[name]:
            raise columns.error(row, "impact_s", f"{impact_s:g} is far from {name}: give seconds in its video")
    return found


def corrections_in(columns: Columns) -> list[Correction]:
    """Return what a table says, one correction a row, before it is known which deliveries there are.

    Raises:
        TableError: If it has no row, lacks a column, names an unknown stroke or kind, or says two things of one
            delivery; it names the line.
    """
    columns.require(("delivery_id", "label"))
    if not len(columns):
        forget = "gold=none forgets what was said before"
        raise TableError(f"{columns.name} holds no correction: give at least one row ({forget})")
    names, strokes, notes = (columns.texts(key) for key in ("delivery_id", "label", "note"))
    kinds = columns.choices("kind", _KINDS, "a kind of correction")
    impacts_s = columns.numbers("impact_s", unit="seconds").tolist()
    found = []
    for row, (name, stroke) in enumerate(zip(names, strokes, strict=True)):
        kind: Any = kinds[row] or "stroke"
        if kind == "stroke":
            refuse_no_stroke(columns, row, stroke)
        if kind != "stroke" and stroke:
            raise columns.error(row, "label", f"kind={kind} has no stroke, but '{stroke}' stands there: empty one")
        if kind == "impact" and math.isnan(impacts_s[row]):
            raise columns.error(row, "impact_s", "kind=impact needs the impact, seconds")
        found.append(Correction(delivery_id=name, label=stroke, kind=kind, impact_s=impacts_s[row], note=notes[row]))
    _refuse_contradictions(columns, found)
    return found


def _refuse_contradictions(columns: Columns, found: Sequence[Correction]) -> None:
    """Refuse a table that says two strokes, or two impacts, of one delivery: which one is meant, nobody knows.

    Raises:
        TableError: With both lines.
    """
    first: dict[tuple[str, str], tuple[int, Any]] = {}  # delivery and column -> row and what it says
    for row, one in enumerate(found):
        said: dict[str, Any] = {} if one.kind == "impact" else {"label": one.label or one.kind}
        said |= {} if math.isnan(one.impact_s) else {"impact_s": one.impact_s}
        for column, value in said.items():
            before, known = first.setdefault((one.delivery_id, column), (row, value))
            if value != known:
                problem = f"{value} contradicts {columns.places[before]}, which says {known} of {one.delivery_id}"
                raise columns.error(row, column, f"{problem}: take one of the two out")


def refuse_no_stroke(columns: Columns, row: int, word: str) -> None:
    """Refuse a word that is no stroke.

    Raises:
        TableError: With its line and the nearest strokes.
    """
    if word not in INDEX:
        near = difflib.get_close_matches(word, STROKES, n=1) or STROKES
        cure = "empty it, and say kind=no_stroke" if word == NO_STROKE else f"choose: {', '.join(near)}"
        raise columns.error(row, "label", f"'{word}' is no stroke; {cure}")


def _read_foreign(folder: MinedFolder, path: Path, deliveries: pa.Table) -> Read:
    """Read the labels of another tool's file; `frame_times` knows frames by time, here the way back is asked."""
    times = frame_times(folder.footage(), folder.shots())

    def seconds(video_id: str, frame: int) -> float:
        known = times[video_id]
        inside = float(np.clip(frame, known.frames[0], known.frames[-1]))
        return float(np.interp(inside, known.frames, known.times_s)) + (frame - inside) / (known.fps or 25.0)

    return read_labels(path, deliveries, folder.read(FOOTAGE), seconds=seconds)


def keep(folder: MinedFolder, said: Said) -> None:
    """Keep corrections in the mined folder, those of deliveries that are not there now too."""
    if (kept := [*said.corrections, *said.waiting]) or folder.has(CORRECTIONS):
        tables.write_corrections(folder.file(CORRECTIONS), kept)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Moved:
    """Hold the deliveries of a mined folder, measured again where a person moved an impact."""

    deliveries: pa.Table
    as_mined: Sequence[Delivery] | None  # those that were moved, as they were mined; None where none ever was
    is_changed: bool  # whether the table of the folder holds others

    @property
    def names(self) -> set[str]:
        """Return the deliveries that were moved."""
        return {one.delivery_id for one in self.as_mined or ()}

    def write(self, folder: MinedFolder) -> None:
        """Write them into their mined folder."""
        if self.as_mined is not None:
            tables.write_deliveries(folder.moved_file, self.as_mined)  # first: a killed run finds the way back
        if self.is_changed:
            folder.write(DELIVERIES, self.deliveries)


def move_impacts(folder: MinedFolder, deliveries: pa.Table, said: Said, *, is_fresh: bool) -> Moved:
    """Return deliveries as mined, but where a person moved an impact measured again from the poses; nothing is written.

    Args:
        folder: Mined folder.
        deliveries: Its deliveries table.
        said: What a person said.
        is_fresh: Whether the table has just been mined, so that nothing is moved in it yet.
    """
    before = {} if is_fresh else folder.as_mined()
    wanted_s = said.impacts_s()
    if not wanted_s and not folder.moved_file.is_file():
        return Moved(deliveries=deliveries, as_mined=None, is_changed=False)
    original = _with_rows(deliveries, before.values())
    moving = tables.deliveries_of(original.filter(pc.field("delivery_id").isin(pa.array(wanted_s, pa.string()))))
    shots = {shot.shot_id: shot for shot in folder.shots()}
    videos = {video.video_id: video for video in folder.footage()}
    tracks, settings = folder.poses_by_shot({one.shot_id for one in moving}), mining_settings(folder)
    as_mined, moved = [], []
    for one in moving:
        impact_s, shot = wanted_s[one.delivery_id], shots.get(one.shot_id)
        if shot is not None and tracks.get(one.shot_id) and impact_s != one.impact_s:
            given = {"tracks": tracks[one.shot_id], "shot": shot, "video": videos[one.video_id]}
            moved.append(move_impact(one, impact_s=impact_s, settings=settings, **given))
            as_mined.append(one)
    changed = _with_rows(original, moved)
    return Moved(deliveries=changed, as_mined=as_mined, is_changed=not changed.equals(deliveries))


def _kept(folder: MinedFolder) -> list[Correction]:
    """Return what is kept; of a folder older than that table, the gold of its newest label set."""
    if folder.has(CORRECTIONS) or not folder.has(LABELS):
        return folder.corrections()
    gold = folder.read(LABELS).filter(pc.field("source") == "gold")
    return [Correction(delivery_id=row["delivery_id"], label=row["label"]) for row in gold.to_pylist()]


def _from_word(name: str, word: str) -> Correction:
    said: dict[str, Any] = {"kind": "no_stroke"} if word == NO_STROKE else {"label": word}
    return Correction(delivery_id=name, **said)


def _merged(corrections: Iterable[Correction]) -> list[Correction]:
    """Return one correction a delivery: the last, with the stroke or impact said before where it is silent on it."""
    merged: dict[str, Correction] = {}
    for one in corrections:
        if (known := merged.get(one.delivery_id)) is not None:
            if one.kind == "impact":
                one = replace(one, kind=known.kind, label=known.label)
            elif math.isnan(one.impact_s):
                one = replace(one, impact_s=known.impact_s)
        merged[one.delivery_id] = one
    return [merged[name] for name in sorted(merged)]


def _with_rows(deliveries: pa.Table, rows: Iterable[Delivery]) -> pa.Table:
    """Return the table with some of its rows replaced, by delivery."""
    new = tables.deliveries_table(rows)
    place = {name: index for index, name in enumerate(deliveries["delivery_id"].to_pylist())}
    order = np.arange(deliveries.num_rows)
    for index, name in enumerate(new["delivery_id"].to_pylist()):
        if name in place:
            order[place[name]] = deliveries.num_rows + index
    return pa.concat_tables([deliveries, new]).take(pa.array(order)).combine_chunks()


def mining_settings(folder: MinedFolder) -> MiningSettings:
    """Return what deliveries and clips of a folder look like; the defaults where nothing says."""
    try:
        said = json.loads(folder.configuration_file.read_text())["mining"]
    except (OSError, ValueError, KeyError, TypeError):
        return MiningSettings()
    names = ("before_s", "after_s", "margin_s", "clip_fps", "clip_px", "crop_scale")
    return MiningSettings(**{name: said[name] for name in names if name in said})


def in_words(folder: MinedFolder, check: GoldCheck | None) -> list[str]:
    """Return what became of the corrections of a mined folder, for the terminal."""
    known = set(folder.read(DELIVERIES)["delivery_id"].to_pylist())
    said = Said(corrections=[one for one in folder.corrections() if one.delivery_id in known])
    kinds, moved, wanted = Counter(one.kind for one in said.corrections), folder.as_mined(), said.impacts_s()
    notes = []
    if kinds:
        dropped = kinds["no_stroke"] + kinds["wrong_person"]
        notes.append(f"a person says: {kinds['stroke']} strokes are gold, {dropped} deliveries get no label")
    if moved:
        notes.append(f"{len(moved)} impacts moved and measured again from poses; flow, sound and clips stay as mined")
    if lost := sum(name not in moved for name in wanted):
        notes.append(f"{lost} impacts stay where they are: said as mined, or no pose is kept of them")
    if check:
        label = check.scores[0]
        notes.append(
            f"without these corrections the label is right on {label.right} of the {label.num} strokes "
            f"({label.low:.2f} to {label.high:.2f}), which were chosen, not drawn"
        )
    if check and check.scores[0].num and check.scores[0].right == check.scores[0].num:
        notes.append(
            "all of them are what the labels say by themselves: so is a file that was exported and not looked at"
        )
    if check and check.temperature:
        notes.append(f"they fit the temperature {check.temperature:.2f}")
    return notes
