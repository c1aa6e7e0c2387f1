"""Whose predictions a gap study reads: runs, sweeps, label sets of a mined folder, and folders of tables.

A table `systems.csv` in a folder of predictions may say what sets them apart: columns `file` (name of the table without
suffix), and any of `system`, `seed` and more, which become groups. Without it a file `<system>-seed<number>` is a
system with a seed. A table with several `model_id` holds as many systems.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from slowpaths.core.errors import TableError
from slowpaths.core.text import did_you_mean
from slowpaths.evaluation.gap.label_budget import KIND, SUPERVISED
from slowpaths.evaluation.table_columns import read_columns
from slowpaths.store.gap_folder import GapFolder
from slowpaths.store.mined_folder import MinedFolder
from slowpaths.store.run_folder import RunFolder
from slowpaths.store.schema import DELIVERIES, LABELS
from slowpaths.store.sweep_folder import SweepFolder, differing_keys

LABEL_SET = "labels"  # group that says which labels a system learnt from, as `labels=` of a training
_SEED = re.compile(r"(.+?)[-_]seed[-_=]?(\d+)$")
_SUFFIXES = (".parquet", ".csv")
_PLACES = ("mined", "out", "seed", "ckpt", "logger", "truth", "predictions")  # keys that do not tell systems apart


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Name a system's predictions."""

    path: Path  # its table
    system: str  # name of the configuration
    seed: str = "0"  # which of the runs that differ by their seed only
    groups: Mapping[str, str] = field(default_factory=dict)  # what sets it apart: key -> value
    model_id: str | None = None  # whose rows, where the table holds several models
    fixed: Mapping[str, str] = field(default_factory=dict)  # all that was typed for a cell of a sweep

    @property
    def witness(self) -> str:
        """Return whose errors it shares: those of the label set it learnt from, else those of its configuration.

        True labels have no errors that could be shared: who learnt from them errs alone.
        """
        if self.groups.get(KIND) == SUPERVISED:
            return f"{self.system} seed {self.seed}"
        return self.groups.get(LABEL_SET) or self.system


def find_systems(paths: Iterable[Path]) -> list[Source]:
    """Return the predictions below folders and files, in order.

    Raises:
        TableError: If a path holds none.
    """
    found: list[Source] = []
    for path in paths:
        sources = [part for source in _below(path) for part in _models(source)]
        if not sources:
            raise TableError(
                f"{path} holds no predictions: give out= folders of `slowpaths train` or a sweep, a mined folder, or a "
                "folder of predictions tables"
            )
        found += sources
    return _told_apart(found)


def _told_apart(sources: Sequence[Source]) -> list[Source]:
    """Name systems of several sweeps that have one name by what was fixed in each and differs."""
    by_name: dict[tuple[str, str], list[Source]] = {}
    for source in sources:
        by_name.setdefault((source.system, source.seed), []).append(source)
    clashing = {name for (name, _), same in by_name.items() if len(same) > 1}
    fixed = [source.fixed for source in sources if source.system in clashing]
    differing = sorted(differing_keys(fixed) - set(_PLACES))
    return [
        replace(
            source,
            **_named_by({**source.groups} | {key: source.fixed[key] for key in differing if key in source.fixed}),
        )
        if source.system in clashing and source.fixed
        else source
        for source in sources
    ]


def prepared(paths: Sequence[Path]) -> pa.Table | None:
    """Return the table of measures that a path is or holds; None where the paths hold predictions."""
    tables = []
    for path in paths:
        file = GapFolder(path).measures_file if path.is_dir() else path
        if file.suffix == ".parquet" and file.exists() and {"system", "half"} <= set(pq.read_schema(file).names):
            tables.append(pq.read_table(file))
    if tables and len(tables) < len(paths):
        raise TableError("tables of measures and predictions cannot be mixed: give one kind")
    return pa.concat_tables(tables, promote_options="default") if tables else None


def _below(path: Path) -> Iterator[Source]:
    if path.is_file():
        yield _named(path)
    elif SweepFolder(path).plan_file.exists():
        sweep = SweepFolder(path)
        axes = sweep.axes()
        for cell in sweep.plan():
            yield replace(_run(sweep.run(cell).path, axes[cell.name]), fixed=cell.typed)
    elif (state := RunFolder(path).state()) is not None:
        yield _run(path, state.overrides)
    elif MinedFolder(path).has(DELIVERIES):
        yield from _label_sets(MinedFolder(path))
    else:
        yield from _tables(path)
        for folder in sorted(item for item in path.glob("*") if RunFolder(item).state_file.exists()):
            yield from _below(folder)


def _run(path: Path, axes: Mapping[str, str]) -> Source:
    named = _named_by(axes)
    system = named["system"] or path.name
    return Source(path=RunFolder(path).predictions, seed=axes.get("seed", "0"), **named | {"system": system})


def _named_by(axes: Mapping[str, str]) -> dict[str, Any]:
    """Return the name and the groups of a system that is set apart so."""
    groups = {key: value for key, value in axes.items() if key not in _PLACES}
    return {"system": " ".join(f"{key}={value}" for key, value in sorted(groups.items())), "groups": groups}


def _label_sets(folder: MinedFolder) -> Iterator[Source]:
    for labels in folder.label_sets():
        card = labels.card()
        name = f"{card.label_model if card else 'labels'} {labels.path.name[:6]}"
        yield Source(path=labels.file(LABELS), system=name, groups={"kind": "labels"})
        if labels.voices_file.exists():
            yield Source(path=labels.voices_file, system=f"voice {labels.path.name[:6]}", groups={"kind": "voice"})


def _tables(path: Path) -> Iterator[Source]:
    files = {file.stem: file for file in sorted(path.glob("*")) if file.suffix in _SUFFIXES}
    index = files.pop("systems", None)
    if index is None:
        yield from map(_named, files.values())
        return
    columns = read_columns(index)
    columns.require(["file"])
    texts = {name: columns.texts(name) for name in columns.values}
    for row, name in enumerate(texts["file"]):
        stem = name if name in files else Path(name).stem if Path(name).suffix in _SUFFIXES else name
        if stem not in files:
            hint = did_you_mean(stem, files, otherwise=f"it is one of {', '.join(files)}")
            raise columns.error(row, "file", f"there is no table '{name}' beside it ({hint})")
        said = {name: values[row] for name, values in texts.items() if values[row] and name != "file"}
        own = replace(_named(files[stem]), groups={k: v for k, v in said.items() if k not in ("system", "seed")})
        yield replace(own, system=said.get("system", own.system), seed=said.get("seed", own.seed))


def _named(file: Path) -> Source:
    found = _SEED.match(file.stem)
    stem = file.parent.name if file.stem == "predictions" else file.stem
    return Source(path=file, system=found[1], seed=found[2]) if found else Source(path=file, system=stem)


def _models(source: Source) -> Iterator[Source]:
    names: list[str] = []
    if source.path.suffix == ".parquet" and source.path.exists() and "model_id" in pq.read_schema(source.path).names:
        names = sorted({str(name) for name in pq.read_table(source.path, columns=["model_id"])[0].to_pylist()})
    if len(names) < 2:
        yield source
        return
    for name in names:
        yield replace(source, system=f"{source.system} {name}", model_id=name)
