"""Train, validation and test parts that share no match, and the check that they do not.

What belongs together (one match, exact duplicates, a replay and its live ball) stays together; whole groups are dealt
out so that every part gets its share of clips, kept clips and every stroke.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from slowpaths.core.errors import UsageError
from slowpaths.core.ids import fingerprint
from slowpaths.core.records import LabelledClip
from slowpaths.core.strokes import NUM_STROKES
from slowpaths.data.settings import FRACTIONS

Part = Literal["train", "val", "test"]
PARTS: tuple[Part, ...] = ("train", "val", "test")
Link = tuple[str, str]
# All strokes together count as much as the number of clips, or parts would go without where strokes are rare.
_WEIGHTS = np.tile(np.append(np.full(NUM_STROKES, 1 / NUM_STROKES), 1.0), 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """Hold which delivery lies in which part."""

    parts: Mapping[str, Part]  # delivery -> "train", "val" or "test"

    def deliveries(self, part: Part) -> list[str]:
        """Return the deliveries of one part, sorted."""
        return sorted(delivery for delivery, name in self.parts.items() if name == part)

    @property
    def fingerprint(self) -> str:
        """Return what identifies the split, whatever order it was made in."""
        return fingerprint(dict(self.parts))


def split_clips(
    clips: Sequence[LabelledClip],
    *,
    fractions: Sequence[float] = FRACTIONS,
    seed: int = 0,
    links: Iterable[Link] = (),
    test_matches: Sequence[str] = (),
) -> Split:
    """Deal whole matches out to train, validation and test.

    The three shares need not sum to 1, and 0 leaves a part empty. The seed orders groups of one size; `links` are pairs
    of deliveries that must stay together (duplicates, replays). Where `test_matches` names matches, by patterns such as
    h*, these and what is linked to them are tested, and the others are divided by the shares of train and val.

    Raises:
        UsageError: If there are fewer groups than parts, or a pattern names no match.
    """
    shares, links = np.asarray(fractions, dtype=np.float64), list(links)
    tested = _tested(clips, test_matches, links=links)
    if test_matches:
        shares[PARTS.index("test")] = 0
    wanted = [part for part, share in zip(PARTS, shares, strict=True) if share > 0]
    others = [clip for clip in clips if clip.delivery_id not in tested]
    if clips and not others:
        raise UsageError("data.test_matches names every match, and none is left to train on: name fewer")
    bins = _deal(others, shares=shares[shares > 0], seed=seed, links=links, what="parts of the split")
    parts: dict[str, Part] = {delivery: wanted[bin_] for delivery, bin_ in bins.items()}
    parts.update((delivery, "test") for delivery in tested)
    split = Split(parts=parts)
    check_split(split, clips, links=links)
    return split


def fold_clips(
    clips: Sequence[LabelledClip], *, num_folds: int = 5, seed: int = 0, links: Iterable[Link] = ()
) -> list[Split]:
    """Return cross-validation splits: each group is tested once, the next fold validates, the rest trains.

    Raises:
        UsageError: If there are fewer groups than folds.
    """
    if num_folds < 3:
        raise UsageError(f"num_folds must be at least 3 (train, val and test), got {num_folds}")
    links = list(links)
    bins = _deal(clips, shares=np.ones(num_folds), seed=seed, links=links, what="folds")
    splits = []
    for fold in range(num_folds):
        roles: dict[int, Part] = {fold: "test", (fold + 1) % num_folds: "val"}
        splits.append(Split(parts={delivery: roles.get(bin_, "train") for delivery, bin_ in bins.items()}))
        check_split(splits[-1], clips, links=links)
    return splits


def cross_fit_groups(
    clips: Sequence[LabelledClip], *, num_folds: int, seed: int = 0, links: Iterable[Link] = ()
) -> list[list[str]]:
    """Deal whole matches out to groups of deliveries, as many as asked for or as there are matches.

    Raises:
        UsageError: If all clips come from one match.
    """
    links = list(links)
    num_groups = min(num_folds, len(_components(clips, links=links)))
    if num_groups < 2:
        raise UsageError("all training clips come from one match, and none is left to ask about it: mine more matches")
    bins = _deal(clips, shares=np.ones(num_groups), seed=seed, links=links, what="folds")
    return [sorted(delivery for delivery, bin_ in bins.items() if bin_ == group) for group in range(num_groups)]


def check_split(split: Split, clips: Sequence[LabelledClip], *, links: Iterable[Link] = ()) -> None:
    """Refuse a split that leaks.

    Raises:
        UsageError: If two parts share a match, or the two ends of a link.
    """
    match_of = {clip.delivery_id: _match(clip) for clip in clips}
    seen: dict[str, Part] = {}
    for delivery, part in split.parts.items():
        if (match := match_of.get(delivery)) and seen.setdefault(match, part) != part:
            raise UsageError(
                f"the split leaks: the match '{match}' lies in both {seen[match]} and {part}; split whole matches"
            )
    for one, other in links:
        if one in split.parts and other in split.parts and split.parts[one] != split.parts[other]:
            raise UsageError(
                f"the split leaks: {one} ({split.parts[one]}) and {other} ({split.parts[other]}) show the same ball; "
                "put duplicates and replays on one side"
            )


def _tested(clips: Sequence[LabelledClip], patterns: Sequence[str], *, links: Iterable[Link]) -> set[str]:
    """Return the deliveries of the matches that patterns name, and what is linked to them."""
    matches = {_match(clip) for clip in clips}
    named = {match for match in matches for pattern in patterns if fnmatchcase(match, pattern)}
    for pattern in patterns:
        if not any(fnmatchcase(match, pattern) for match in matches):
            raise UsageError(
                f"data.test_matches names '{pattern}', but no match is called so: take names or patterns of "
                f"{', '.join(sorted(matches)[:5])}"
            )
    groups = _components(clips, links=links) if named else []
    together = [rows for rows in groups if any(_match(clips[row]) in named for row in rows)]
    return {clips[row].delivery_id for rows in together for row in rows}


def _deal(
    clips: Sequence[LabelledClip], *, shares: np.ndarray, seed: int, links: Iterable[Link], what: str
) -> dict[str, int]:
    """Deal components to bins of given shares, each to the bin that it leaves closest to its share of all strokes."""
    components = _components(clips, links=links)
    if len(components) < len(shares):
        raise UsageError(
            f"{len(clips)} clips come from {len(components)} independent match(es), too few for {len(shares)} {what}: "
            "mine more matches, set a fraction to 0, or ask for fewer folds"
        )
    # What a clip adds to a part (30,): strokes as its label spreads them, and itself; kept ones apart.
    own_N15 = np.array([np.append(clip.probs, 1.0) for clip in clips])
    is_kept_N1 = np.array([[clip.is_kept] for clip in clips])
    mass_N30 = np.hstack([own_N15 * is_kept_N1, own_N15 * ~is_kept_N1])
    masses = np.array([mass_N30[rows].sum(axis=0) for rows in components])
    masses /= np.maximum(masses.sum(axis=0), 1e-12)
    targets = np.repeat(shares[:, None] / shares.sum(), masses.shape[1], axis=1)
    order = np.random.default_rng(seed).permutation(len(components))
    order = order[np.argsort(-np.round(masses[order] @ _WEIGHTS, 9), kind="stable")]
    filled, empty = np.zeros_like(targets), set(range(len(shares)))
    bins: dict[str, int] = {}
    for position, component in enumerate(order):
        # Squared distance to the target before minus after: what putting it there is worth.
        missing = targets - filled
        worth = np.round((missing**2 - (missing - masses[component]) ** 2) @ _WEIGHTS, 9)
        candidates = empty if len(order) - position <= len(empty) else range(len(shares))
        best = max(candidates, key=lambda bin_: (worth[bin_], -bin_))
        empty.discard(best)
        filled[best] += masses[component]
        bins |= {clips[row].delivery_id: best for row in components[component]}
    return bins


def _components(clips: Sequence[LabelledClip], *, links: Iterable[Link]) -> list[list[int]]:
    """Return the rows of clips that must stay together: they share a match, or a link joins them."""
    row_of = {clip.delivery_id: row for row, clip in enumerate(clips)}
    first: dict[str, int] = {}
    pairs = [(row, first.setdefault(_match(clip), row)) for row, clip in enumerate(clips)]
    pairs += [(row_of[one], row_of[other]) for one, other in links if one in row_of and other in row_of]
    ends = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    graph = coo_array((np.ones(len(pairs)), tuple(ends)), shape=(len(clips), len(clips)))
    component_N = connected_components(graph, directed=False)[1]
    components: dict[int, list[int]] = {}
    # By name, so that the split does not depend on the order of the table.
    for row in sorted(range(len(clips)), key=lambda row: clips[row].delivery_id):
        components.setdefault(int(component_N[row]), []).append(row)
    return list(components.values())


def _match(clip: LabelledClip) -> str:
    return clip.match_id or clip.video_id
