"""Networks that name what they have not learnt from: a sweep with every fold of the matches held out once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import groupby, product
from pathlib import Path

from scripts.commands import slowpaths

from slowpaths.store.run_folder import RunFolder
from slowpaths.store.sweep_folder import SweepFolder
from slowpaths.store.tables import read_predictions, write_predictions

FOLDS = 4
PARALLEL = ("hydra/launcher=joblib", "hydra.launcher.n_jobs=2")


def cross_fitted(
    mined: Path, words: Sequence[str], *, axes: Mapping[str, Sequence[object]], out: Path
) -> dict[tuple[str, ...], Path]:
    """Train every combination of values once a fold; a sweep that was stopped goes on.

    Args:
        mined: Mined folder.
        words: What is the same in all runs.
        axes: Keys of `slowpaths train` and the values that each takes.
        out: Folder of the sweep.

    Returns:
        By values, in the order of the axes, the predictions of the folds that were held out as one table.
    """
    swept = (f"{key}={','.join(map(str, values))}" for key, values in axes.items())
    folds = (f"data.num_folds={FOLDS}", f"data.fold={','.join(map(str, range(FOLDS)))}")
    slowpaths("train", "-m", f"mined={mined}", *words, *swept, *folds, f"out={out}", *PARALLEL)
    sweep, first = SweepFolder(out), {key: str(values[0]) for key, values in axes.items()}
    runs = sorted(
        (tuple({**first, **cell.axes}[key] for key in axes), sweep.run(cell).predictions) for cell in sweep.plan()
    )
    asked = set(product(*(map(str, values) for values in axes.values())))  # the plan holds what was ever asked for
    found = {}
    for values, of_folds in groupby((run for run in runs if run[0] in asked), key=lambda run: run[0]):
        rows = [row for _, table in of_folds for row in read_predictions(table) if row.split == "test"]
        found[values] = RunFolder(out / f"cross_fitted_{len(found)}").predictions
        write_predictions(found[values], [replace(row, model_id="cross-fitted") for row in rows])
    return found
