"""`slowpaths compare`: runs and sweeps side by side, their mean and interval over seeds, on one page."""

from __future__ import annotations

from omegaconf import DictConfig

from slowpaths.apps import _values
from slowpaths.apps._console import show_table
from slowpaths.apps._launch import Outcome, plain
from slowpaths.apps.verbs_after_training import CompareConfig
from slowpaths.core.text import csv_table
from slowpaths.review.comparison import averages, comparison_markdown, read_runs
from slowpaths.review.comparison_page import write_comparison
from slowpaths.store.tables import write_text


def run(cfg: DictConfig) -> Outcome:
    """Compare `runs=`."""
    config = _values.build(CompareConfig, plain(cfg))
    runs = read_runs(config.runs)
    page, words, table = (config.out / f"compare.{suffix}" for suffix in ("html", "md", "csv"))
    write_comparison(runs, page, title=config.title)
    write_text(words, comparison_markdown(runs, title=config.title))
    write_text(table, csv_table([{"run": run.name, "state": run.state, **run.axes, **run.metrics} for run in runs]))
    rows = [
        (", ".join(f"{key}={value}" for key, value in item.system.items()), item.metric, item.num, item.mean,
         "" if item.low is None else f"{item.low:.3f} .. {item.high:.3f}")
        for item in averages(runs)
    ]  # fmt: skip
    title = f"slowpaths compare: {len(runs)} runs"
    show_table(title, ["system", "metric", "runs", "mean", "95 %"], rows, wrote=[page, words, table])
    return Outcome(metrics={"runs": float(len(runs))})
