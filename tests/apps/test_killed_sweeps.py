"""Sweeps that are killed at a random moment and started again end as one that was not: twenty of them, six cells each.

Every sweep is a process that is forked from one that has imported everything: a moment falls into the sweep itself,
and not into the import of torch.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from tests.data.mined import write_mined

from slowpaths.cli import main
from slowpaths.store.run_folder import RunFolder
from slowpaths.store.sweep_folder import SweepFolder
from slowpaths.store.tables import read_predictions

NUM_SWEEPS, NUM_CELLS = 20, 6
SMALL = [
    "model=skeleton_gru", "trainer=cpu", "trainer.max_epochs=2", "optim.warmup_epochs=0", "data.num_workers=0",
    "data.num_test_views=1", "data.fractions=[.34,.33,.33]",
]  # fmt: skip
LAUNCHERS = {"basic": [], "joblib": ["hydra/launcher=joblib", "hydra.launcher.n_jobs=2"]}


def run_alone(words: Sequence[str], log: str) -> None:
    """Run a command in a process group of its own, which begins when its log is there."""
    os.setsid()
    stream = os.open(log, os.O_WRONLY | os.O_CREAT)
    os.dup2(stream, 1)
    os.dup2(stream, 2)
    code = main(words)
    sys.stdout.flush()
    os._exit(code)  # joblib's processes would be waited for


def start(mined: Path, out: Path, launcher: str) -> ForkServerProcess:
    """Start the sweep and return its process when it is there."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["slowpaths.apps.train", "slowpaths.apps._sweep", __name__])
    words = ["train", "-m", f"mined={mined}", *SMALL, "seed=0,1,2", "loss=soft_ce,gce", f"out={out}"]
    log = out.with_suffix(f".{time.monotonic_ns()}.log")
    process = context.Process(target=run_alone, args=([*words, *LAUNCHERS[launcher]], str(log)))
    process.start()
    while not log.exists() and process.is_alive():
        time.sleep(0.01)
    return process


def kill(process: ForkServerProcess, how: signal.Signals) -> None:
    """Send a signal to all processes of a sweep that are still there."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, how)


def end(process: ForkServerProcess, logs: Path) -> None:
    """Wait until a sweep has ended well."""
    process.join()
    kill(process, signal.SIGKILL)  # processes that joblib keeps for another call
    assert process.exitcode == 0, [log.read_text()[-2000:] for log in logs.glob("*.log")]


def tables(out: Path) -> list[dict[str, object]]:
    """Return the table of a sweep without the time it took, and the curve and the predictions of every cell."""
    rows = pq.read_table(out / "sweep.parquet").drop_columns(["seconds"]).to_pylist()
    for row in rows:
        run = RunFolder(out / str(row["cell"]))
        for number, line in enumerate(run.history.read_text().splitlines()[1:]):
            row[f"epoch {number}"] = [float(value) for value in line.split(",")]
        row |= {f"prediction {p.delivery_id} {p.view_index}": list(p.probs) for p in read_predictions(run.predictions)}
    return rows


def files_of_done(out: Path) -> dict[Path, int]:
    """Return when each file of the finished cells was written."""
    runs = [path for path in out.glob("*/run.json") if json.loads(path.read_text())["state"] == "done"]
    return {path: path.stat().st_mtime_ns for run in runs for path in run.parent.rglob("*")}


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_twenty_sweeps_killed_at_a_random_moment_end_as_one_that_was_not(tmp_path):
    mined = write_mined(tmp_path / "mined", num_matches=3, clips_a_match=3, size=32, posed=range(9))
    process, begun = start(mined, tmp_path / "whole", "basic"), time.monotonic()
    end(process, tmp_path)
    whole_s = time.monotonic() - begun
    expected = [
        {key: pytest.approx(value, abs=1e-6) for key, value in row.items()} for row in tables(tmp_path / "whole")
    ]
    assert [row["state"] for row in expected] == ["done"] * NUM_CELLS
    rng, killed, finished = random.Random(0), 0, Counter()
    for number in range(NUM_SWEEPS):
        out, first = tmp_path / f"killed{number}", "joblib" if number % 10 == 0 else "basic"
        process = start(mined, out, first)
        process.join(rng.random() * whole_s * (2 if first == "joblib" else 1))  # whose processes import torch first
        killed += process.is_alive()
        if number % 3 == 0:  # as a scheduler does: told to end, and killed where it does not
            kill(process, signal.SIGTERM)
            process.join(timeout=20)
        kill(process, signal.SIGKILL)
        process.join()
        done = files_of_done(out)
        finished[sum(path.name == "run.json" for path in done)] += 1
        end(start(mined, out, "joblib" if number % 10 == 5 else "basic"), tmp_path)
        assert files_of_done(out).items() >= done.items()
        assert tables(out) == expected
        assert len(SweepFolder(out).plan()) == NUM_CELLS
    assert killed > NUM_SWEEPS / 2 and len(finished) > 2, f"the moments fell alike: {finished}"
