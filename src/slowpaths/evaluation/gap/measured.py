"""Measure many systems against one truth: rows of the table of measures, and what could not be measured and why.

Legend: N graded deliveries of all systems, K runs.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from slowpaths.core.errors import SlowpathsError
from slowpaths.evaluation.gap.population import GROUP, SIDES, STRUCTURE
from slowpaths.evaluation.gap.structure import error_structure
from slowpaths.evaluation.gap.systems import Source
from slowpaths.evaluation.matching import TOLERANCE_S
from slowpaths.evaluation.measure import Table
from slowpaths.evaluation.measures import SPECS
from slowpaths.evaluation.pairing import Pairing, pair
from slowpaths.evaluation.prediction_table import choose_split, read_predictions
from slowpaths.evaluation.sample import Sample
from slowpaths.evaluation.truth_table import Truth

SAME_DELIVERIES = 0.95  # systems whose graded deliveries overlap less with the others' were judged on something else


@dataclass(frozen=True, kw_only=True, eq=False)
class Measured:
    """Hold a system's predictions beside truth."""

    source: Source
    sample: Sample
    digest: str  # of what it predicts, to tell copies
    keys: frozenset[tuple[str, float]]  # which true deliveries are graded: video and moment


def read_systems(
    sources: Iterable[Source],
    truth: Truth,
    *,
    split: str = "auto",
    tolerance_s: float = TOLERANCE_S,
    footage: Callable[[tuple[str, ...]], float | None] = lambda _: None,
    step: Callable[[str], None] = lambda _: None,
) -> tuple[list[Measured], Table]:
    """Pair every system with truth; return those that can be compared, and what was left out with the reason.

    `footage` says how long some videos are together, seconds, where that is known.
    """
    found: list[Measured] = []
    left_out: Table = []
    for source in sources:
        try:
            everything = read_predictions(source.path, model_id=source.model_id)
            rows, _ = choose_split(everything, split)
            pairing = pair(rows, truth, tolerance_s=tolerance_s)
        except (SlowpathsError, OSError) as error:
            left_out.append(unusable(source, str(error)))
            continue
        sample = Sample(pairing, footage_s=footage(pairing.videos), prior_C=everything.prior_C, has_intervals=False)
        found.append(Measured(source=source, sample=sample, digest=_digest(pairing), keys=_keys(pairing)))
        step(source.system)
    kept, others = _comparable(found)
    return kept, left_out + others


def split_matches(pairing: Pairing, seed: int) -> dict[str, str]:
    """Return the half, A or B, of every match: about as many deliveries in each, always the same for a seed."""
    sizes = Counter(pairing.match[pairing.is_graded].tolist())
    halves, filled = {}, {"A": 0, "B": 0}
    for match in sorted(sizes, key=lambda name: hashlib.sha256(f"{seed}:{name}".encode()).digest()):
        half = min(filled, key=lambda name: filled[name])
        halves[match] = half
        filled[half] += sizes[match]
    return halves


def measure_systems(
    systems: Sequence[Measured],
    *,
    truth_id: str,
    split: str,
    seed: int = 0,
    footage: Callable[[tuple[str, ...]], float | None] = lambda _: None,
    step: Callable[[str], None] = lambda _: None,
) -> list[dict[str, Any]]:
    """Return the rows of the table of measures: every system on all matches and, with two or more, on either half."""
    halves = split_matches(systems[0].sample.pairing, seed)
    parts = ("A", "B", "all") if len(set(halves.values())) == 2 else ("all",)
    rows = []
    for item in systems:
        pairing, source = item.sample.pairing, item.source
        half_U = np.array([halves.get(match, "") for match in pairing.match])
        shared = {"system": source.system, "seed": source.seed, "truth": truth_id, "split": split}
        shared |= {GROUP + key: value for key, value in source.groups.items()}
        for part in parts:
            own = pairing if part == "all" else pairing.take(half_U == part)
            sample = replace(item.sample, pairing=own, footage_s=footage(own.videos))
            rows.append(shared | {"half": part, "num": int(sample.pairing.is_graded.sum())} | measures_of(sample))
        step(source.system)
    return rows


def measures_of(sample: Sample, names: Collection[str] | None = None) -> dict[str, float | None]:
    """Return accuracy, calibration, usefulness and the structure of errors by column; None where not measured.

    `names` are the measures that are taken, all where not given.
    """
    values: dict[str, float | None] = {}
    for spec in SPECS:
        if spec.side in SIDES and (names is None or spec.name in names) and (taken := spec.take(sample)) is not None:
            values[f"{spec.side}_{spec.name}"] = taken.value
    found = error_structure(sample) | {
        name: values.get(column) for name, column in (("ece", "calibration_ece"), ("aurc", "usefulness_aurc"))
    }
    finite = {key: value if value is not None and np.isfinite(value) else None for key, value in found.items()}
    return values | {STRUCTURE + key: value for key, value in finite.items()}


def unusable(source: Source, reason: str) -> dict[str, float | int | str]:
    """Return why a system is left out, as a row."""
    return {"system": f"{source.system} seed {source.seed}", "kind": "unusable", "reason": reason}


def common_calls(systems: Sequence[Measured]) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return what every system calls the deliveries that all have (K, N), true classes, batters, matches (N,)."""
    shared = sorted(frozenset.intersection(*(item.keys for item in systems)))
    columns = []
    for item in systems:
        pairing = item.sample.pairing
        place = {key: row for row, key in zip(np.flatnonzero(pairing.is_graded), _key_list(pairing), strict=True)}
        columns.append(np.array([place[key] for key in shared], dtype=np.int64))
    first, rows = systems[0].sample.pairing, columns[0]
    called_KN = np.stack([item.sample.pairing.called_U[own] for item, own in zip(systems, columns, strict=True)])
    return called_KN, first.true_U[rows], first.group[rows].astype(str), first.match[rows].astype(str)


def _comparable(found: Sequence[Measured]) -> tuple[list[Measured], Table]:
    """Leave out systems without a graded delivery, those graded on other deliveries, and copies."""
    left_out: Table = []
    sizes = Counter(item.keys for item in found if item.keys)
    usual = max(sizes, key=lambda keys: (sizes[keys], len(keys), min(keys)), default=frozenset())
    kept: list[Measured] = []
    seen: dict[Any, str] = {}
    for item in found:
        shared, reason = len(item.keys & usual), ""
        if not item.keys:
            reason = "none of its predictions lies near a true delivery with a stroke of the taxonomy"
        elif shared < SAME_DELIVERIES * len(item.keys | usual):
            reason = (
                f"it was graded on other deliveries than most ({shared} of {len(usual)} in common): another split, or "
                "another mined folder"
            )
        elif item.digest in seen:
            reason = f"its predictions are those of {seen[item.digest]}"
        elif (item.source.system, item.source.seed) in seen:
            reason = "another table has the same system and seed"
        if reason:
            left_out.append(unusable(item.source, reason))
            continue
        seen |= {
            item.digest: f"{item.source.system} seed {item.source.seed}",
            (item.source.system, item.source.seed): "",
        }
        kept.append(item)
    return kept, left_out


def _key_list(pairing: Pairing) -> list[tuple[str, float]]:
    graded = (pairing.truths[row] for row in np.flatnonzero(pairing.is_graded))
    return [(truth.video, truth.moment_s[0]) for truth in graded if truth]


def _keys(pairing: Pairing) -> frozenset[tuple[str, float]]:
    return frozenset(_key_list(pairing))


def _digest(pairing: Pairing) -> str:
    return hashlib.sha256(np.round(pairing.probs_UG, 12).tobytes()).hexdigest()
