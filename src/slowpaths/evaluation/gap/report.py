"""The gap study of many systems' predictions, or of a table of measures, and what it writes."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from slowpaths import __version__
from slowpaths.core.errors import UsageError
from slowpaths.core.ids import file_digest, fingerprint
from slowpaths.evaluation.figures.save import save_tables
from slowpaths.evaluation.gap.choosing import Calls, choosing_table
from slowpaths.evaluation.gap.draw import FIGURES
from slowpaths.evaluation.gap.editing import editing_table
from slowpaths.evaluation.gap.measured import Measured, common_calls, measure_systems, read_systems
from slowpaths.evaluation.gap.population import Population, population_table, read_population
from slowpaths.evaluation.gap.settings import GapSettings
from slowpaths.evaluation.gap.study import Gap, study_gap
from slowpaths.evaluation.gap.systems import Source, prepared
from slowpaths.evaluation.gap.words import answer, to_markdown
from slowpaths.evaluation.intervals import divide
from slowpaths.evaluation.measure import Table
from slowpaths.evaluation.shot_check import footage_s
from slowpaths.evaluation.table_columns import Sources, listed
from slowpaths.evaluation.truth_table import Truth, read_truth
from slowpaths.store.gap_folder import GapFolder
from slowpaths.store.tables import atomic_write, write_json, write_text

Step = Callable[[str], None]
FORMATS = ("png", "svg", "pdf")
_SHORT = 12  # characters of the digest of the truth
_PROFILE = "usefulness_profile_error"


def gap_of_table(paths: Sequence[Path], settings: GapSettings) -> tuple[Gap, pa.Table] | None:
    """Study a table of measures; None where the paths hold predictions."""
    table = prepared(paths)
    if table is None:
        return None
    gap = study_gap(read_population(table, accuracy=settings.accuracy), settings)
    note = "Editing predictions and choosing with few labels need predictions: they are not in a table of measures."
    return replace(gap, notes=(*gap.notes, note)), table


def gap_of_predictions(
    sources: Sequence[Source],
    truth: Sources,
    settings: GapSettings,
    *,
    taxonomy: str = "slowpaths",
    shots_truth: Sources | None = None,
    step: Step = lambda _: None,
    **how: Any,
) -> tuple[Gap, pa.Table]:
    """Measure systems against truth and study them; returns the table of measures too.

    Args:
        sources: Whose predictions.
        truth: Table of the truth, or several of different videos.
        settings: How they are analysed.
        taxonomy: Stroke vocabulary of the truth.
        shots_truth: True shots, which say how long the videos are.
        step: Called after every system that was read or measured, every edit and every repeat.
        **how: `split` and `tolerance_s`, as in an evaluation.

    Raises:
        UsageError: If no system can be measured.
    """
    true = read_truth(truth, taxonomy=taxonomy)
    lengths = _footage(true, shots_truth)
    systems, left_out = read_systems(sources, true, footage=lengths, step=step, **how)
    if not systems:
        first = f": {left_out[0]['system']}: {left_out[0]['reason']}" if left_out else ""
        raise UsageError(f"none of {len(sources)} systems can be measured{first}")
    digests = [file_digest(Path(str(one))) for one in listed(truth)]
    truth_id = digests[0][:_SHORT] if len(digests) == 1 else fingerprint(digests)
    shared = {"truth_id": truth_id, "split": how.get("split", "auto"), "seed": settings.seed}
    table = population_table(measure_systems(systems, footage=lengths, step=step, **shared))
    runs = read_population(table, accuracy=settings.accuracy)
    gap = study_gap(runs, settings)
    kept = {row["system"] for row in gap.tables["systems"]}
    learned = [item for item in systems if item.source.system in kept]
    tables = gap.tables | _experiments(learned, runs, settings, step)
    if left_out:
        tables["left_out"] = [*left_out, *tables.get("left_out", [])]
    return replace(gap, tables=tables, notes=(*gap.notes, *_notes(systems))), table


def write_gap(gap: Gap, table: pa.Table, out: Path, *, command: str, inputs: dict[str, str]) -> list[Path]:
    """Write the table of measures, gap.json, gap.md and figures with their tables; return what was written."""
    folder = GapFolder(out)
    with atomic_write(folder.measures_file) as stream:
        pq.write_table(table, stream, compression="zstd")
    tables = dict(gap.tables)
    explained = [row for row in gap.tables["gap"] if math.isfinite(float(row["r2_accuracy"]))]
    if explained:
        tables["explained"] = [
            {key: row[key] for key in ("measure", "r2_accuracy", "r2_structure")} for row in explained
        ]
    drawn = save_tables(folder.figures, tables, command=command, figures=FIGURES, formats=FORMATS)
    content = {
        "version": __version__,
        "command": command,
        "inputs": inputs,
        "settings": asdict(gap.settings),
        "systems": gap.num_systems,
        "runs": gap.num_runs,
        "answer": answer(gap),
        "notes": list(gap.notes),
        "measures": {
            item.name: {"side": item.side, "meaning": item.meaning, "configurations": item.num}
            | {name: found.to_dict() for name, found in item.estimates.items()}
            for item in gap.compared
        },
        "left_out": gap.tables.get("left_out", []),
        "figures": drawn,
    }
    write_json(folder.gap_json, json.loads(json.dumps(content, allow_nan=False)))
    write_text(folder.gap_md, to_markdown(gap, figures=drawn, command=command))
    return [folder.gap_md, folder.gap_json, folder.measures_file, folder.figures]


def _experiments(systems: Sequence[Measured], runs: Population, settings: GapSettings, step: Step) -> dict[str, Table]:
    """Return the tables that need predictions: one run edited, and a run chosen with few labels.

    Predictions have no mean over seeds: here a seed is a system, as it is for who has to choose a network.
    """
    accuracy = {(runs.system[at], runs.seed[at]): value for at, value in enumerate(runs.accuracies["all"])}
    by_accuracy = sorted(systems, key=lambda item: (accuracy[item.source.system, item.source.seed], item.digest))
    middle = by_accuracy[(len(by_accuracy) - 1) // 2]
    columns = runs.columns("usefulness", "calibration")
    tables = {"editing": editing_table(middle.sample, columns, seed=settings.seed, step=step)}
    if len(systems) < 2:
        return tables
    called_KN, true_N, group_N, _ = common_calls(systems)
    right_K = (called_KN == true_N).mean(axis=1)
    regrets = {"accuracy": right_K.max() - right_K}
    place = {key: at for at, key in enumerate(accuracy)}
    useful_K = runs.of(_PROFILE)["all"][[place[item.source.system, item.source.seed] for item in systems]]
    if np.isfinite(useful_K).all() and useful_K.max() > np.median(useful_K):
        regrets["profile"] = divide(useful_K.max() - useful_K, useful_K.max() - np.median(useful_K))
    num_classes = systems[0].sample.probs_NG.shape[1]
    family_K = np.array([item.source.witness for item in systems])
    tables["choosing"] = choosing_table(
        Calls(called_KN, num_classes, group_N, family_K),
        true_N,
        regrets,
        budget=settings.num_labels,
        repeats=settings.repeats,
        seed=settings.seed,
        step=step,
    )
    return tables


def _footage(truth: Truth, shots_truth: Sources | None) -> Callable[[tuple[str, ...]], float | None]:
    known: dict[tuple[str, ...], float | None] = {}

    def lengths(videos: tuple[str, ...]) -> float | None:
        if videos not in known:
            known[videos] = footage_s(videos, truth, None, shots_truth)
        return known[videos]

    return lengths


def _notes(systems: Sequence[Measured]) -> list[str]:
    first, notes = systems[0].sample.pairing, []
    sizes = [len(item.keys) for item in systems]
    said = f"{min(sizes)}" if min(sizes) == max(sizes) else f"{min(sizes)} to {max(sizes)}"
    notes.append(f"Every system is graded on {said} deliveries of {len(set(first.match[first.is_graded]))} matches.")
    if not first.has_batters:
        notes.append("Truth names no batters: profiles and rankings are those of matches.")
    return notes
