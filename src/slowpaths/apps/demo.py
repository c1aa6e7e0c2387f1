"""`slowpaths demo`: the whole road on synthetic footage, one command after the other. Run it again to resume."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from omegaconf import DictConfig
from rich.console import Console

from slowpaths.apps._console import show_table
from slowpaths.apps._launch import Outcome, launch, plain
from slowpaths.core.errors import SlowpathsError
from slowpaths.evaluation.summary import summarise, to_markdown
from slowpaths.store.tables import write_text

VOTES_ALONE = ("teacher=none", "student.use=false")
LABELS, MAJORITY, MODEL = "labels", "majority", "model"  # what is judged
_COLUMNS = ["question", "measure", "found", "to compare", "n"]


def run(cfg: DictConfig) -> Outcome:
    """Film, mine, label, train, evaluate and review below `out=`."""
    hydra = cfg.hydra
    config = plain(cfg) | {name: hydra.runtime.choices[name] for name in ("world", "pose")}
    out = Path(config["out"])
    inside = [text for text in hydra.overrides.task if text.lstrip("+~").startswith(("world.", "pose."))]
    console, took = Console(), []
    for title, words in steps(config, out, inside):
        console.rule(title, align="left")
        console.print(f"slowpaths {' '.join(words)}", markup=False, highlight=False, soft_wrap=True)
        started = time.monotonic()
        if launch(words[0], words[1:]):
            raise SlowpathsError(f"stopped at `slowpaths {' '.join(words)}`; the same demo goes on from there")
        took.append(f"{title} {time.monotonic() - started:.0f} s")
    rows = summarise(**{name: _report(out, name) for name in (LABELS, MAJORITY, MODEL)})
    write_text(out / "report.md", to_markdown(rows, folder=out))
    console.rule("the demo", align="left")
    console.print(", ".join(took), markup=False, highlight=False)
    wrote = [out / "report.md", out / "review.html"]
    show_table("results of the demo", _COLUMNS, [row.cells() for row in rows], wrote=wrote)
    return Outcome()


def steps(config: dict[str, Any], out: Path, inside: Sequence[str] = ()) -> Iterator[tuple[str, list[str]]]:
    """Yield the title and the words of each command of the road, in order.

    Args:
        config: Resolved configuration, with the names of `world` and `pose`.
        out: Folder of the demo.
        inside: Overrides of single values of `world` and `pose`.
    """
    world, mined, model, judged = (out / name for name in ("world", "mined", "model", "evaluation"))
    predictions, labels = model / "predictions.parquet", mined / "labels.parquet"
    seed, many = f"seed={config['seed']}", f"workers={config['workers']}"
    against = [f"truth={world}"]
    scene, eyes = ([text for text in inside if text.lstrip("+~").startswith(name)] for name in ("world", "pose"))
    yield "filming", ["world", f"world={config['world']}", *scene, seed, f"out={world}", many]
    yield "mining", ["mine", f"footage={world}", f"out={mined}", f"pose={config['pose']}", *eyes, many]
    yield "majority vote, to compare", ["label", f"mined={mined}", "label_model=majority", *VOTES_ALONE]
    yield "judging majority vote", ["evaluate", f"predictions={labels}", *against, f"out={judged / MAJORITY}"]
    yield "label model", ["label", f"mined={mined}"]
    yield "judging mining and labels", ["evaluate", f"mined={mined}", *against, f"out={judged / LABELS}"]
    yield "training", ["train", f"mined={mined}", f"experiment={config['recipe']}", f"out={model}", seed]
    yield "judging the model", ["evaluate", f"predictions={predictions}", *against, f"out={judged / MODEL}"]
    yield "review page", ["review", f"mined={mined}", f"predictions={predictions}", f"out={out / 'review.html'}"]


def _report(out: Path, name: str) -> dict[str, Any]:
    return json.loads((out / "evaluation" / name / "report.json").read_text())
