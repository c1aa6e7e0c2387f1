"""One record a card of the review page: everything known of one delivery, gathered from the tables.

Pure functions on rows; nothing here touches the disk. Legend: N deliveries, C = 14 strokes.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from itertools import combinations
from typing import Any

from slowpaths.core.records import Correction, Delivery, LabelledClip, Prediction, Vote
from slowpaths.core.strokes import FACTORS
from slowpaths.store.mined_folder import RuleDeclaration

GROUPS: tuple[str, ...] = ("leave", "defence", "straight bat", "cross bat", "lofted")
_DIGITS = 4  # probabilities and seconds on the page


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """Hold a distribution over strokes and who gave it."""

    label: str  # the most probable stroke
    confidence: float  # its probability
    probs: tuple[float, ...]  # probabilities (C,) in the order of the strokes
    source: str  # "weak", "gold" or "model"
    split: str = ""  # on which side of the model's split the delivery lay; "" for labels


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """Hold one delivery as the page shows it; the fields are the keys of the page's data."""

    delivery_id: str  # id, also the name of the clip
    video: str  # path of the video relative to the footage
    impact_s: float  # impact, seconds in the video
    impact_uncertainty_s: float  # its standard deviation, seconds
    view: str  # view of the shot
    view_probability: float | None  # how sure the view is; None where the shot is unknown
    is_replay: bool  # whether the shot shows again what was shown before
    handedness_p: float  # probability that the batter is right-handed
    event_p: float  # probability that there is a stroke at all
    is_kept: bool  # whether training sees it
    label: Opinion | None  # what the label set says; None where there are no labels
    model: Opinion | None  # what a trained model says; None where it was not asked
    votes: tuple[Vote, ...]  # votes, family by family
    conflict: float  # share of the pairs of votes that cannot both be right
    disagreement: float | None  # total variation between label and model; None where one is missing
    has_clip: bool  # whether there is a clip to play
    impact_shift: int  # frames of the clip by which a person moved the impact
    correction: Correction | None  # what a person said of it before
    next: int | None  # its place among those to look at next, from 1; None where it is none of them
    skeleton: str  # joints in the clip, see `apps._overlay.skeletons`; "" where unknown


_FROM_DELIVERY = ("delivery_id", "impact_s", "impact_uncertainty_s", "view", "handedness_p", "event_p")
_FROM_VOTE = ("rule", "symbol", "evidence")  # what the page stores of a vote, in this order


def make_cards(
    deliveries: Iterable[Mapping[str, Any]],
    *,
    videos: Mapping[str, str],
    shots: Mapping[str, Mapping[str, Any]],
    labels: Iterable[LabelledClip] = (),
    votes: Iterable[Vote] = (),
    rules: Mapping[str, RuleDeclaration],
    predictions: Iterable[Prediction] = (),
    clips: Collection[str] = (),
    fps: float = 0.0,
    as_mined: Mapping[str, Delivery] | None = None,
    corrections: Iterable[Correction] = (),
    first: Sequence[str] = (),
    skeletons: Mapping[str, str] | None = None,
) -> list[Card]:
    """Return one card a delivery, in the order of the deliveries (rows of their table).

    Videos map ids to paths, shots ids to rows of the shots table. Deliveries without a label get a card without a
    posterior; predictions hold at most one row a delivery (see `average_views`); `clips` are those that have one, at a
    rate of `fps`. `as_mined` are deliveries before a person moved them, `first` those to look at next.
    """
    by_id = {clip.delivery_id: clip for clip in labels}
    said = {row.delivery_id: row for row in predictions}
    cast: dict[str, list[Vote]] = defaultdict(list)
    for vote in votes:
        cast[vote.delivery_id].append(vote)
    corrected = {one.delivery_id: one for one in corrections}
    place = {name: number for number, name in enumerate(first, start=1)}
    family_of = {code: rule.family for code, rule in rules.items()}

    def card(row: Mapping[str, Any]) -> Card:
        name = row["delivery_id"]
        shot = shots.get(row["shot_id"], {})
        label, model = _opinion(by_id.get(name)), _opinion(said.get(name))
        mined_s = as_mined[name].impact_s if as_mined and name in as_mined else row["impact_s"]
        cast_here = tuple(sorted(cast[name], key=lambda vote: (family_of.get(vote.rule, ""), vote.rule)))
        return Card(
            **{column: row[column] for column in _FROM_DELIVERY},
            video=videos.get(row["video_id"], row["video_id"]),
            view_probability=shot.get("view_probability"),
            is_replay=bool(shot.get("is_replay", False)),
            is_kept=name in by_id and by_id[name].is_kept,
            label=label,
            model=model,
            votes=cast_here,
            conflict=conflict([strokes_of(vote, rules) for vote in cast_here]),
            disagreement=total_variation(label.probs, model.probs) if label and model else None,
            has_clip=name in clips,
            impact_shift=round((row["impact_s"] - mined_s) * fps),
            correction=corrected.get(name),
            next=place.get(name),
            skeleton=(skeletons or {}).get(name, ""),
        )

    return [card(row) for row in deliveries]


def average_views(predictions: Iterable[Prediction]) -> list[Prediction]:
    """Keep one row a delivery: the average over test views where the table holds it, else the first view."""
    best: dict[str, Prediction] = {}
    for row in predictions:
        known = best.get(row.delivery_id)
        if known is None or (row.view_index < known.view_index):  # the average has index -1
            best[row.delivery_id] = row
    return list(best.values())


def strokes_of(vote: Vote, rules: Mapping[str, RuleDeclaration]) -> frozenset[str]:
    """Return the strokes a vote stands for; empty where the rule or symbol is not declared."""
    rule = rules.get(vote.rule)
    return rule.votes.get(vote.symbol, frozenset()) if rule else frozenset()


def conflict(sets: Sequence[frozenset[str]]) -> float:
    """Return the share of pairs of votes (sets of strokes, an empty one takes no part) that have no stroke in common.

    Example:
        >>> conflict([frozenset({"cut"}), frozenset({"cut", "sweep"}), frozenset({"leave"})])
        0.6666666666666666
    """
    pairs = list(combinations([strokes for strokes in sets if strokes], 2))
    return sum(not a & b for a, b in pairs) / len(pairs) if pairs else 0.0


def total_variation(first: Sequence[float], second: Sequence[float]) -> float:
    """Return half the summed distance of two distributions: 0 the same, 1 nothing in common.

    Example:
        >>> total_variation([0.5, 0.5], [1.0, 0.0])
        0.5
    """
    return sum(abs(a - b) for a, b in zip(first, second, strict=True)) / 2


def stroke_group(stroke: str) -> str:
    """Return which of the five colours a stroke has.

    Example:
        >>> stroke_group("pull_hook")
        'cross bat'
    """
    factors = FACTORS[stroke]
    if factors.intent == "none":
        return "leave"
    if factors.intent == "defend":
        return "defence"
    if factors.air:
        return "lofted"
    return "cross bat" if factors.plane == "H" else "straight bat"


def stroke_text(stroke: str) -> str:
    """Return the name of a stroke as people write it.

    Example:
        >>> stroke_text("ff_defence")
        'front-foot defence'
    """
    foot = {"ff": "front-foot", "bf": "back-foot"}
    return " ".join(foot.get(word, word) for word in stroke.split("_"))


def to_plain(value: Any) -> Any:
    """Return cards and what they hold as what JSON can say: rounded numbers, None for what is not a number."""
    if isinstance(value, Vote):
        return [getattr(value, name) for name in _FROM_VOTE]
    if is_dataclass(value):
        return {field.name: to_plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, float):
        return round(value, _DIGITS) if math.isfinite(value) else None
    if isinstance(value, (list, tuple)):
        return [to_plain(item) for item in value]
    return value


def _opinion(clip: LabelledClip | None) -> Opinion | None:
    if clip is None:
        return None
    probs, confidence = tuple(clip.probs.tolist()), float(clip.confidence)
    split = clip.split if isinstance(clip, Prediction) else ""
    return Opinion(label=clip.label, confidence=confidence, probs=probs, source=clip.source, split=split)
