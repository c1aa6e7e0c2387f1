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
from slowpaths.core.text import markdown_table
from slowpaths.evaluation.figures.save import save_tables
from slowpaths.evaluation.report import evaluate
from slowpaths.evaluation.summary import summarise, to_markdown
from slowpaths.evaluation.systems_compared import USEFUL, compare_systems, draw_systems, sentence, table_lines
from slowpaths.evaluation.world_truth import world_truth
from slowpaths.store.mined_folder import MinedFolder
from slowpaths.store.schema import LABELS as LABELS_TABLE
from slowpaths.store.tables import write_text

VOTES_ALONE = ("teacher=none", "student.use=false")
LABELS, MAJORITY, MODEL, SKELETON = "labels", "majority", "model", "skeleton"  # what is judged
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
    _show_gap(out)
    return Outcome()


def _show_gap(out: Path) -> None:
    """Judge everything that names strokes on the same held-out ones: accuracy beside usefulness."""
    mined, model = MinedFolder(out / "mined"), out / MODEL / "predictions.parquet"
    majority = [item for item in mined.label_sets() if (card := item.card()) and card.label_model == "majority"]
    tables = {
        "majority vote": majority[-1].file(LABELS_TABLE),
        "labels": mined.file(LABELS_TABLE),
        "SlowFast": model,
        "skeleton network": out / SKELETON / "predictions.parquet",
    }
    how: dict[str, Any] = {"split_of": model, **world_truth({"truth": out / "world"})}
    truth = how.pop("truth")
    reports = {name: evaluate(table, truth, **how).to_dict()["measures"] for name, table in tables.items()}
    table = compare_systems(reports)
    command = f"slowpaths demo out={out}"
    save_tables(out / "gap", {"systems": table}, command=command, figures={"systems": draw_systems})
    words = ["system", "stroke named right", *USEFUL.values()]
    wrote, said = out / "gap" / "systems.png", sentence(table)
    with (out / "report.md").open("a") as report:
        parts = ["## The gap", "All on the same held-out strokes, 95 % in brackets.", "![the gap](gap/systems.png)"]
        report.write(
            "\n".join(["", *parts[:2], "", markdown_table(words, table_lines(table)), "", said, "", parts[2], ""])
        )
    show_table(
        "the gap: accuracy beside usefulness, on the same strokes",
        words,
        table_lines(table),
        notes=[said],
        wrote=[wrote],
    )


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
    baseline = [f"experiment={config['recipe']}", "model=skeleton_gru", f"out={out / SKELETON}", seed]
    yield "training a baseline on skeletons", ["train", f"mined={mined}", *baseline]
    yield "judging the model", ["evaluate", f"predictions={predictions}", *against, f"out={judged / MODEL}"]
    yield "review page", ["review", f"mined={mined}", f"predictions={predictions}", f"out={out / 'review.html'}"]


def _report(out: Path, name: str) -> dict[str, Any]:
    return json.loads((out / "evaluation" / name / "report.json").read_text())
