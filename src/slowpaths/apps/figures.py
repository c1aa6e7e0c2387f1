"""`slowpaths figures`: draw every figure of the experiments again from its table."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from slowpaths.apps import _values
from slowpaths.apps._console import show_table
from slowpaths.apps._launch import Outcome, plain
from slowpaths.apps.verbs_after_training import FiguresConfig
from slowpaths.core.errors import TableError, UsageError
from slowpaths.core.ids import file_digest, fingerprint
from slowpaths.core.text import did_you_mean, markdown_table
from slowpaths.evaluation.figures.chart import Chart, cells, draw_chart
from slowpaths.evaluation.figures.draw import styled
from slowpaths.evaluation.figures.save import FORMATS, save_figure
from slowpaths.evaluation.gap.draw import FIGURES, to_numbers
from slowpaths.evaluation.measure import Table
from slowpaths.store.experiment_folder import ExperimentFolder, ExperimentsFolder
from slowpaths.store.tables import write_json, write_text


def run(cfg: DictConfig) -> Outcome:
    """Draw the figures of `experiments=`, and say in a manifest what each was drawn from."""
    config = _values.build(FiguresConfig, plain(cfg))
    folder = ExperimentsFolder(config.experiments)
    charts = [(item, name, chart) for item in folder.experiments() for name, chart in read_charts(item)]
    if not charts:
        raise UsageError(f"{folder.path} describes no figures: give experiments= a folder with */figures.yaml")
    names = [name for _, name, _ in charts]
    if unknown := sorted(set(config.only) - set(names)):
        hint = did_you_mean(unknown[0], names, otherwise=f"the figures are {', '.join(sorted(names))}")
        raise UsageError(f"only= names the figure '{unknown[0]}', which there is not; {hint}")
    if doubles := sorted({name for name in names if names.count(name) > 1}):
        raise UsageError(f"two experiments have a figure '{doubles[0]}': rename one of them")
    before = drawn_before(folder)
    manifest = dict(before) if config.only else {}
    for item, name, chart in charts:
        if not config.only or name in config.only:
            with styled():
                figure = draw(chart, read_csv(item.path / chart.table))
                save_figure(figure, [item.figure(name, suffix) for suffix in FORMATS], command=chart.command)
            manifest[name] = traced(item, name, chart)
    if not config.only:
        clear(folder, before, keep=manifest)
    write_json(folder.manifest_file, manifest)
    write_text(folder.index_file, index(charts))
    rows = [(name, item.path.name, chart.title) for item, name, chart in charts]
    show_table("slowpaths figures", ["figure", "experiment", "what it shows"], rows, wrote=[folder.index_file])
    return Outcome(metrics={"figures": float(len(charts))})


def drawn_before(folder: ExperimentsFolder) -> dict[str, Any]:
    """Return what the manifest says of each figure that was drawn; nothing where it is missing or no manifest."""
    try:
        return dict(json.loads(folder.manifest_file.read_text()))
    except (OSError, ValueError, TypeError):  # nothing is lost: it is written anew
        return {}


def clear(folder: ExperimentsFolder, before: Mapping[str, Any], *, keep: Mapping[str, Any]) -> None:
    """Remove the files of figures that were drawn and are described no more; no other file is touched."""
    stale = {str(entry.get("figure")) for entry in before.values() if isinstance(entry, dict)}
    stale -= {entry["figure"] for entry in keep.values()}
    for item in map(ExperimentFolder, folder.path.iterdir()):
        for file in item.figures.glob("*"):
            is_drawn = file.suffix.removeprefix(".") in FORMATS and file.is_file()
            if is_drawn and place_of(item, file.stem) in stale:
                file.unlink()


def place_of(folder: ExperimentFolder, name: str) -> str:
    """Return where the picture of a figure lies, relative to the folder of experiments."""
    return folder.figure(name, "png").relative_to(folder.path.parent).as_posix()


def read_charts(folder: ExperimentFolder) -> list[tuple[str, Chart]]:
    """Return the figures that an experiment describes.

    Raises:
        UsageError: If a description cannot be read; names file and figure.
    """
    try:
        described = OmegaConf.to_container(OmegaConf.load(folder.charts_file))
    except (OmegaConfBaseException, YAMLError, OSError) as error:
        raise UsageError(f"{folder.charts_file} is no YAML file: {' '.join(str(error).split())}") from error
    if not isinstance(described, dict):
        raise UsageError(f"{folder.charts_file} describes no figures: give names with the keys of a chart")
    charts = []
    for name, values in described.items():
        try:
            charts.append((str(name), _values.build(Chart, values)))
        except (UsageError, TypeError) as error:
            raise UsageError(f"{folder.charts_file}, figure {name}: {error}") from error
    return charts


def draw(chart: Chart, table: Table) -> Figure:
    """Draw a chart, or a figure of a gap study.

    Raises:
        UsageError: If a gap study draws no figure of a table of this name.
    """
    if chart.kind != "gap":
        return draw_chart(chart, table)
    name = Path(chart.table).stem
    if name not in FIGURES:
        hint = did_you_mean(name, FIGURES, otherwise=f"it draws {', '.join(FIGURES)}")
        raise UsageError(f"a gap study draws no figure of a table '{chart.table}'; {hint}")
    return FIGURES[name](to_numbers(table))


def read_csv(path: Path) -> Table:
    """Read a table of results.

    Raises:
        TableError: If it is missing.
    """
    try:
        with path.open(newline="") as stream:
            return list(csv.DictReader(stream))
    except OSError as error:
        raise TableError(f"{path} cannot be read ({error.strerror}): run the command that makes it") from error


def traced(folder: ExperimentFolder, name: str, chart: Chart) -> dict[str, Any]:
    """Return what a figure was drawn from: table, command, and what the table was made from."""
    made_from = json.loads(folder.provenance_file.read_text()) if folder.provenance_file.exists() else {}
    return {
        "figure": place_of(folder, name),
        "table": (folder.path / chart.table).relative_to(folder.path.parent).as_posix(),
        "table_digest": file_digest(folder.path / chart.table),
        "chart": fingerprint(_plain(chart)),
        "command": chart.command,
        "made_from": made_from,
    }


def index(charts: Iterable[tuple[ExperimentFolder, str, Chart]]) -> str:
    """Return the page with every figure, its caption and its command."""
    parts = [
        "# Figures",
        "Drawn by `slowpaths figures` from the tables beside them; each command makes its table anew.",
    ]
    for folder, name, chart in charts:
        place = place_of(folder, name)
        parts += [f"## {name}: {chart.title}", f"![{chart.title}]({place})", chart.caption]
        if chart.kind == "table":  # as text, too, for who wants to copy a number
            parts.append(markdown_table(*cells(chart, read_csv(folder.path / chart.table))))
        parts += [f"Table `{folder.path.name}/{chart.table}`, made by `{chart.command}`."]
    return "\n\n".join(parts) + "\n"


def _plain(chart: Chart) -> dict[str, Any]:
    return {name: getattr(chart, name) for name in Chart.__dataclass_fields__}
