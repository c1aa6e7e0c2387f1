"""`slowpaths gap`: what accuracy tells of usefulness over many systems, and what it does not."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from omegaconf import DictConfig

from slowpaths.apps import _values
from slowpaths.apps._console import progress, show_table
from slowpaths.apps._launch import Outcome, plain
from slowpaths.apps._truth import truth_tables
from slowpaths.apps.verbs_after_training import GapConfig
from slowpaths.core.errors import UsageError
from slowpaths.core.ids import file_digest
from slowpaths.core.text import command_line
from slowpaths.evaluation.gap.editing import EDITS
from slowpaths.evaluation.gap.report import gap_of_predictions, gap_of_table, write_gap
from slowpaths.evaluation.gap.settings import GapSettings
from slowpaths.evaluation.gap.systems import find_systems
from slowpaths.evaluation.gap.words import answer, choosing_advice
from slowpaths.evaluation.table_columns import listed

_SHOWN = 5  # most systems that the terminal names of those that are left out


def run(cfg: DictConfig) -> Outcome:
    """Study `runs=` against `truth=`, or a table of measures."""
    config = _values.build(GapConfig, plain(cfg))
    settings = GapSettings(**{item.name: getattr(config, item.name) for item in fields(GapSettings)})
    found, inputs = gap_of_table(config.runs, settings), {}
    if found is None:
        if config.truth is None:
            raise UsageError("there is nothing to compare with: give truth=, or a table of measures as runs=")
        given: dict[str, Any] = {"truth": config.truth, "shots_truth": config.shots_truth}
        given |= truth_tables(given, config.out)
        sources, truth = find_systems(config.runs), given["truth"]
        several = listed(truth)
        for number, table in enumerate(several, start=1):
            inputs["truth" if len(several) == 1 else f"truth_{number}"] = file_digest(table)
        with progress("gap", 2 * len(sources) + len(EDITS) + settings.repeats, every_s=10) as step:
            found = gap_of_predictions(
                sources, truth, settings, taxonomy=config.truth_taxonomy, shots_truth=given["shots_truth"],
                split=config.split, tolerance_s=config.tolerance_s, step=step,
            )  # fmt: skip
    gap, table = found
    wrote = write_gap(gap, table, config.out, command=_command(config), inputs=inputs)
    keys = ("tau", "gap", "regret", "self_regret")
    rows = [(item.name, *(_shown(item.estimates[key].value) for key in keys)) for item in gap.compared]
    left_out = gap.tables.get("left_out", [])
    num_unusable = sum(row["kind"] == "unusable" for row in left_out)
    advice = choosing_advice(gap.tables["choosing"]) if "choosing" in gap.tables else []
    notes = [
        *answer(gap),
        *advice,
        *gap.notes,
        *(f"left out: {row['system']}: {row['reason']}" for row in left_out[:_SHOWN]),
        *([f"left out, too: {len(left_out) - _SHOWN} more, which gap.md names"] if len(left_out) > _SHOWN else []),
    ]
    show_table(f"slowpaths gap: {gap.num_systems} configurations", ["measure", *keys], rows, notes=notes, wrote=wrote)
    metrics = {f"tau_{item.name}": item.estimates["tau"].value for item in gap.compared}
    numbers = {name: value for name, value in metrics.items() if value is not None}
    return Outcome(metrics={"systems": float(gap.num_systems), **numbers}, exit_code=3 if num_unusable else 0)


def _command(config: GapConfig) -> str:
    """Return the command line that makes the study again: every key that is not its default."""
    given: dict[str, Any] = {"runs": ",".join(str(path) for path in config.runs)}
    given |= {
        item.name: getattr(config, item.name)
        for item in fields(config)
        if item.name != "runs" and getattr(config, item.name) != item.default
    }
    return command_line("gap", given)


def _shown(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"
