"""What mining found, and whether it looks like cricket: checks that need no label."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from slowpaths.core.features import FEATURES
from slowpaths.core.records import Unclaimed
from slowpaths.core.views import VIEWS
from slowpaths.store.schema import FEATURE_PREFIX

# An hour of play is 13 to 15 overs of six balls (ICC over-rate: 15 an hour in Tests); highlights hold more.
_DELIVERIES_PER_HOUR = (70.0, 100.0)
_MIN_HOURS = 0.5  # a rate over less footage says nothing
_ONSET_Z = 4.0  # robust z of a sound that counts as a hit
_INTERVAL_EDGES_S = (0, 5, 10, 20, 30, 40, 60, 120, np.inf)


_MOST_NAMED = 30  # videos without a delivery; more are counted by what they lack
_FEW = 3  # of which are named
_CAUSES = {
    "still": "no frames that change",
    "no_play": "no shot of play",
    "nobody": "nobody seen to move in a shot of play",
    "no_stroke": "nothing that looks like a stroke",
    "other_game": "strokes of another game (mining.other_games=false keeps them)",
}


class Check(NamedTuple):
    """Hold one label-free check: what was found, what to expect, and the verdict."""

    name: str
    found: str
    expected: str
    verdict: str  # "ok", "look" or "too little footage"


def mining_report(
    *, footage: pa.Table, shots: pa.Table, deliveries: pa.Table, unclaimed: Sequence[Unclaimed] = ()
) -> str:
    """Return the report of a mined folder from its tables, and why videos have no delivery, Markdown."""
    status = np.array(footage["status"].to_pylist())
    hours = float(np.sum(footage["duration_s"].to_numpy()[status == "ok"])) / 3600 if footage.num_rows else 0.0
    lines = ["# Mining report", ""]
    lines += _table(
        ["what", "count"],
        [
            ["videos read", int((status == "ok").sum())],
            ["videos quarantined", int((status == "quarantined").sum())],
            ["hours of footage", f"{hours:.2f}"],
            ["shots", shots.num_rows],
            ["deliveries", deliveries.num_rows],
        ],
    )
    broken = [row for row in footage.select(["path", "reason", "status"]).to_pylist() if row["status"] != "ok"]
    if broken:
        lines += ["## Quarantined", ""]
        lines += _table(["video", "reason"], [[row["path"], row["reason"]] for row in broken])
    if unclaimed:
        path_of = dict(zip(footage["video_id"].to_pylist(), footage["path"].to_pylist(), strict=True))
        lines += ["## Videos without a delivery", "", *_unclaimed(unclaimed, path_of)]
    lines += ["## Views", "", *_views(shots, deliveries)]
    lines += ["## Checks that need no label", ""]
    lines += _table(["check", "found", "expected", "verdict"], checks(shots=shots, deliveries=deliveries, hours=hours))
    if deliveries.num_rows:
        lines += ["## Time between deliveries of one video", "", *_intervals(deliveries)]
        lines += ["## Features", "", *_features(deliveries)]
    return "\n".join(lines) + "\n"


def why(unclaimed: Unclaimed) -> str:
    """Return in words why a video has no delivery.

    Example:
        >>> why(Unclaimed(video_id="a", cause="no_stroke", event_p=0.125))
        'nothing that looks like a stroke: best probability 0.12'
    """
    words = _CAUSES[unclaimed.cause]
    return f"{words}: best probability {unclaimed.event_p:.2f}" if unclaimed.cause == "no_stroke" else words


def _unclaimed(unclaimed: Sequence[Unclaimed], path_of: Mapping[str, str]) -> list[str]:
    if len(unclaimed) <= _MOST_NAMED:
        return _table(["video", "why"], [[path_of[one.video_id], why(one)] for one in unclaimed])
    rows = []
    for cause, words in _CAUSES.items():
        own = [one for one in unclaimed if one.cause == cause]
        if own:
            likely = f": best probability {max(one.event_p for one in own):.2f}" if cause == "no_stroke" else ""
            some = ", ".join(path_of[one.video_id] for one in own[:_FEW])
            rows.append([words + likely, len(own), some])
    return _table(["why", "videos", "such as"], rows)


def checks(*, shots: pa.Table, deliveries: pa.Table, hours: float) -> list[Check]:
    """Return the label-free checks of a mined set; `hours` of footage were read."""
    is_replay = dict(zip(shots["shot_id"].to_pylist(), shots["is_replay"].to_pylist(), strict=True))
    live = np.array([not is_replay.get(shot, False) for shot in deliveries["shot_id"].to_pylist()], dtype=bool)
    rate = live.sum() / hours if hours > 0 else 0.0
    low, high = _DELIVERIES_PER_HOUR
    found = [
        Check(
            "live deliveries per hour",
            f"{rate:.0f}",
            f"{low:.0f} to {high:.0f} in full play, more in highlights",
            "too little footage" if hours < _MIN_HOURS else ("ok" if rate >= low else "look"),
        )
    ]
    if not deliveries.num_rows:
        return found
    striker_p, onset_z = (deliveries[FEATURE_PREFIX + name].to_numpy() for name in ("striker_p", "onset_z"))
    hand_p, sd_s = deliveries["handedness_p"].to_numpy(), deliveries["impact_uncertainty_s"].to_numpy()
    found += [
        _share("striker is the likeliest person (P >= .6)", striker_p >= 0.6, at_least=0.8),
        _share("impact known to 80 ms", sd_s <= 0.08, at_least=0.5),
        _share("handedness decided (P <= .2 or >= .8)", (hand_p <= 0.2) | (hand_p >= 0.8), at_least=0.5),
    ]
    heard = np.isfinite(onset_z)
    if heard.any():
        found.append(
            _share(f"a sound within .15 s of impact (z >= {_ONSET_Z:.0f})", onset_z[heard] >= _ONSET_Z, at_least=0.5)
        )
    decided = hand_p[(hand_p <= 0.2) | (hand_p >= 0.8)]
    if len(decided) >= 20:  # the share of right-handers in professional cricket lies near .78
        share = float((decided >= 0.8).mean())
        found.append(Check("right-handers", f"{share:.2f}", ".60 to .95", "ok" if 0.6 <= share <= 0.95 else "look"))
    return found


def _share(name: str, flags: np.ndarray, *, at_least: float) -> Check:
    share = float(flags.mean())
    return Check(name, f"{share:.2f}", f"{at_least:.2f} or more", "ok" if share >= at_least else "look")


def _views(shots: pa.Table, deliveries: pa.Table) -> list[str]:
    names = np.array(shots["view"].to_pylist())
    seconds = shots["end_s"].to_numpy() - shots["start_s"].to_numpy()
    probability = shots["view_probability"].to_numpy()
    replay = shots["is_replay"].to_numpy(zero_copy_only=False)
    found = np.array(deliveries["view"].to_pylist())
    rows = []
    for view in VIEWS:
        here = names == view
        if here.any():
            mean_p = f"{probability[here].mean():.2f}"
            rows.append([view, int(here.sum()), f"{seconds[here].sum():.1f}", mean_p, int(replay[here].sum()),
                         int((found == view).sum())])  # fmt: skip
    return _table(["view", "shots", "seconds", "mean P", "replays", "deliveries"], rows)


def _intervals(deliveries: pa.Table) -> list[str]:
    by_video: dict[str, list[float]] = {}
    for video, impact_s in zip(deliveries["video_id"].to_pylist(), deliveries["impact_s"].to_pylist(), strict=True):
        by_video.setdefault(video, []).append(impact_s)
    gaps = np.concatenate([np.diff(np.sort(times)) for times in by_video.values()])
    counts, _ = np.histogram(gaps, bins=np.array(_INTERVAL_EDGES_S))
    edges = [f"{low:.0f} to {high:.0f} s" for low, high in pairwise(_INTERVAL_EDGES_S)]
    return _table(["interval", "count"], [[edge, int(count)] for edge, count in zip(edges, counts, strict=True)])


def _features(deliveries: pa.Table) -> list[str]:
    rows = []
    for feature in FEATURES:
        values = deliveries[FEATURE_PREFIX + feature.name].to_numpy()
        values = values[np.isfinite(values)]
        share = f"{len(values) / deliveries.num_rows:.2f}"
        quartiles = [f"{value:.2f}" for value in np.percentile(values, [25, 50, 75])] if len(values) else ["", "", ""]
        rows.append([feature.name, feature.unit, share, *quartiles])
    return _table(["feature", "unit", "measured", "25 %", "median", "75 %"], rows)


def _table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    cells = [list(header), ["---"] * len(header), *([str(cell).replace("|", "\\|") for cell in row] for row in rows)]
    return [f"| {' | '.join(row)} |" for row in cells] + [""]
