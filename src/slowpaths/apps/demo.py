"""`slowpaths demo`: the whole road on made footage, one command after the other. Run it again to resume."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from omegaconf import DictConfig
from rich.console import Console

from slowpaths.apps.console import show_table
from slowpaths.apps.launch import Outcome, plain
from slowpaths.core.errors import SlowpathsError
from slowpaths.evaluation.summary import summarise, to_markdown
from slowpaths.store.tables import write_text

LABELS, MAJORITY, MODEL = "labels", "majority", "model"  # what is evaluated
_COLUMNS = ["question", "measure", "found", "to compare", "what that is", "n"]


def run(cfg: DictConfig) -> Outcome:
    """Film, mine, label, train, evaluate and review below `out=`."""
    config = plain(cfg)
    out = Path(config["out"])
    console, took = Console(), []
    for title, words in steps(config, out):
        console.rule(title, align="left")
        console.print(f"slowpaths {' '.join(words)}", markup=False, highlight=False, soft_wrap=True)
        started = time.monotonic()
        code = subprocess.run([sys.executable, "-m", "slowpaths.cli", *words], check=False).returncode
        if code:
            raise SlowpathsError(f"stopped at `slowpaths {' '.join(words)}`; the same demo goes on from there")
        took.append(f"{title} {time.monotonic() - started:.0f} s")
    reports = {
        name: json.loads((out / "evaluation" / name / "report.json").read_text()) for name in (LABELS, MAJORITY, MODEL)
    }
    rows = summarise(labels=reports[LABELS], majority=reports[MAJORITY], model=reports[MODEL])
    write_text(out / "report.md", to_markdown(rows, folder=out))
    console.rule("the demo", align="left")
    console.print(", ".join(took), markup=False, highlight=False)
    show_table(
        "what came of it", _COLUMNS, [row.cells() for row in rows], wrote=[out / "report.md", out / "review.html"]
    )
    return Outcome()


def steps(config: dict[str, Any], out: Path) -> Iterator[tuple[str, list[str]]]:
    """Yield the title and the words of each command of the road, in order.

    Args:
        config: Resolved configuration.
        out: Folder of the demo.
    """
    world, mined, model, evaluation = (out / name for name in ("world", "mined", "model", "evaluation"))
    predictions = model / "predictions.parquet"
    many, truth = f"workers={config['workers']}", f"truth={world}"
    yield "filming", ["world", f"world={config['world']}", f"seed={config['seed']}", f"out={world}", many]
    yield "mining", ["mine", f"footage={world}", f"out={mined}", f"pose={config['pose']}", many]
    yield "majority vote", ["label", f"mined={mined}", "label_model=majority"]
    yield "judging it", ["evaluate", f"predictions={mined / 'labels.parquet'}", truth, f"out={evaluation / MAJORITY}"]
    yield "label model", ["label", f"mined={mined}"]
    yield "judging mining and labels", ["evaluate", f"mined={mined}", truth, f"out={evaluation / LABELS}"]
    yield "training", ["train", f"mined={mined}", f"experiment={config['experiment']}", f"out={model}",
                       f"seed={config['seed']}"]  # fmt: skip
    yield "judging the model", ["evaluate", f"predictions={predictions}", truth, f"out={evaluation / MODEL}"]
    yield "review page", ["review", f"mined={mined}", f"predictions={predictions}", f"out={out / 'review.html'}"]
