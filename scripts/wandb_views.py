"""Build a W&B workspace and a report over the runs of a project: curves, strokes, measures against truth, clips.

usage: python scripts/wandb_views.py --entity NAME [--project slowpaths] [--save] [--json FOLDER]

Nothing leaves the machine without --save; --json writes what would be sent. Needs the extra `workspaces`. Runs stand
in their groups: a pretraining, the trainings that start from it, and their evaluations are one.
"""

from __future__ import annotations

import argparse
from itertools import groupby
from pathlib import Path
from typing import Any

from slowpaths.evaluation.measures import SPECS
from slowpaths.models.callbacks.label_free import LabelFreeMetrics
from slowpaths.store.tables import write_json

CURVES = {
    "Learning, against weak labels": (
        "train/loss",
        "val/refinement",
        "val/nll",
        "val/macro_f1",
        "val/top1",
        *LabelFreeMetrics.NAMES,
    ),
    "Pretraining": ("val/loss", "val/r2", "probe/knn_purity", "probe/scene_leak", "probe/effective_rank"),
    "Optimiser and speed": ("optim/lr_0", "optim/gradient_norm", "time/epoch_s", "time/loader_idle"),
}
WARNING = (
    "Metrics `val/*` compare with weak labels of other matches: what the rules get wrong counts as right there. "
    "`evaluate/*` compare with truth."
)


def panels() -> dict[str, list[Any]]:
    """Return the panels of each section: measures by side as the report has them, then curves, then clips."""
    import wandb_workspaces.reports.v2 as wr

    sections: dict[str, list[Any]] = {}
    for side, specs in groupby(sorted(SPECS, key=lambda spec: spec.side), key=lambda spec: spec.side):
        sections[f"Against truth: {side}"] = [
            wr.BarPlot(title=f"{spec.name} (best: {spec.best})", metrics=[f"evaluate/{spec.name}"]) for spec in specs
        ]
    for title, names in CURVES.items():
        sections[title] = [wr.LinePlot(title=name, y=[name]) for name in names]
    sections["Recall of each stroke, against weak labels"] = [wr.LinePlot(metric_regex="val_recall/.*")]
    clips = wr.WeavePanelSummaryTable(table_name="clips", layout=wr.Layout(w=24, h=16))
    sections["Clips where label and network differ most"] = [clips, wr.MediaBrowser(media_keys=["clips/panel"])]
    return sections


def workspace(entity: str, project: str) -> Any:
    """Return the workspace, runs in groups."""
    import wandb_workspaces.workspaces as ws
    from wandb_workspaces import expr

    sections = [ws.Section(name=name, panels=shown, is_open=True) for name, shown in panels().items()]
    runs = ws.RunsetSettings(groupby=[expr.Metric("Group"), expr.Metric("JobType")])
    return ws.Workspace(entity=entity, project=project, name="slowpaths", sections=sections, runset_settings=runs)


def report(entity: str, project: str) -> Any:
    """Return the report: the same panels under headings, over all runs of the project."""
    import wandb_workspaces.reports.v2 as wr

    blocks: list[Any] = [wr.TableOfContents(), wr.MarkdownBlock(text=WARNING)]
    for name, shown in panels().items():
        runs = wr.Runset(groupby=["group"])  # of the project of the report; one that is named is looked up online
        blocks += [wr.H1(text=name), wr.PanelGrid(runsets=[runs], panels=shown)]
    return wr.Report(entity=entity, project=project, title="slowpaths", blocks=blocks, width="fluid")


def main() -> None:
    """Build both, write and save what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entity", required=True, help="user or team in W&B")
    parser.add_argument("--project", default="slowpaths")
    parser.add_argument("--save", action="store_true", help="send both to W&B")
    parser.add_argument("--json", type=Path, help="folder for workspace.json and report.json")
    asked = parser.parse_args()
    for build in (workspace, report):
        view = build(asked.entity, asked.project)
        if asked.json:
            write_json(asked.json / f"{build.__name__}.json", view._to_model().model_dump(by_alias=True, mode="json"))
        if asked.save:
            view.save()
            print(view.url)


if __name__ == "__main__":
    main()
