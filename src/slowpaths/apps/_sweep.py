"""A sweep: each cell in a folder of its own, none lost, none run twice, one table of all of them.

The cells are worked out before the first one starts. What is finished is left out; the others go to Hydra's launcher
(basic, joblib, submitit), which gets nothing but the number of a cell. A cell is a command that could be typed alone:
the verb and all its overrides, with `out=` naming the cell's folder.
"""

from __future__ import annotations

import itertools
import re
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path

from hydra import initialize_config_dir
from hydra._internal.callbacks import Callbacks
from hydra._internal.core_plugins.file_config_source import FileConfigSource
from hydra._internal.sources_registry import SourcesRegistry
from hydra.core.config_loader import ConfigLoader
from hydra.core.config_store import ConfigStore
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.types import Override
from hydra.core.plugins import Plugins
from hydra.errors import HydraException
from hydra.types import HydraContext, RunMode
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from slowpaths.apps._compose import compose, config_dir, parsed_overrides, quoted
from slowpaths.apps._console import show_table
from slowpaths.apps._errors import fail, one_line
from slowpaths.apps._fields import fields_of, settings_class
from slowpaths.apps._launch import writes
from slowpaths.apps._start import check_start
from slowpaths.apps._tracking import decides, run_tracked
from slowpaths.core.errors import SlowpathsError, UsageError
from slowpaths.core.ids import fingerprint
from slowpaths.core.threads import available_threads, is_first_process, limit_threads, share_threads
from slowpaths.review.comparison import comparison_markdown, sweep_runs
from slowpaths.store.sweep_folder import Cell, SweepFolder

_MAX_NAME = 80
_OF_LAUNCHER = ("hydra/launcher", "hydra.launcher", "hydra.sweep")
_LAUNCH_CONFIG = "sweep_cell"
_LOCK_TRIES, _LOCK_PAUSE_S = 20, 0.1  # whoever reads the table looks at the lock of a cell for an instant


def run_sweep(verb: str, overrides: Sequence[str]) -> int:
    """Run every cell of a sweep that is not finished.

    Args:
        verb: The verb.
        overrides: Overrides as typed, without flags; those of the launcher choose and set it.

    Returns:
        The exit code: 0 where every cell is done, else the largest of the cells'.

    Raises:
        UsageError: If a cell's configuration cannot be composed, and no cell is started; or this is one of several
            processes.
    """
    if not is_first_process():
        raise UsageError("LOCAL_RANK is set, but one process starts a sweep: leave out torchrun, training starts more")
    is_launch = [text.lstrip("+~").startswith(_OF_LAUNCHER) for text in overrides]
    launch = [text for text, is_one in zip(overrides, is_launch, strict=True) if is_one]
    path, cells = plan(verb, [text for text, is_one in zip(overrides, is_launch, strict=True) if not is_one])
    folder = SweepFolder(path)
    with _launcher_for(folder, launch) as launcher:  # refused before anything is written
        cells = _as_known(cells, folder)
        folder.add(cells)
        waiting = [cell for cell in cells if not (_is_done(folder, cell) and _has_out(verb))]
        sys.stdout.write(f"sweep of {len(cells)} cells in {path}: {len(cells) - len(waiting)} done already\n")
        write_tables(folder)
        if waiting:
            _launch(verb, waiting, folder, launcher)
    return _report(verb, cells, folder)


def plan(verb: str, overrides: Sequence[str]) -> tuple[Path, list[Cell]]:
    """Return the folder of a sweep and its cells: the product of all values, in the order they were typed.

    Raises:
        UsageError: If an override cannot be read, a cell cannot be composed or started, or there is none.
    """
    parsed = parsed_overrides(verb, overrides)
    axes = {item.get_key_element() for item in parsed if item.is_sweep_override()}
    if "out" in axes:
        raise UsageError("out= names the one folder of a sweep: give a single value, every cell has a folder below it")
    cells: dict[str, Cell] = {}
    path = Path()
    for values in itertools.product(*[_values(item) for item in parsed]):
        own = dict(zip((item.get_key_element() for item in parsed), values, strict=True))
        config = compose(verb, [f"{key}={value}" for key, value in own.items()])
        check_start(verb, config)
        path = _root(config)
        own.pop("out", None)
        cell = Cell(
            name=cell_name(apart := {key.lstrip("+~"): own[key].strip("'\"") for key in own if key in axes}),
            overrides=tuple(f"{key}={value}" for key, value in own.items()),
            axes=apart,
            fingerprint=decides(config),
        )
        cells.setdefault(cell.fingerprint, cell)  # the same value typed twice is one cell
    if not cells:
        raise UsageError("this sweep has no cells: give at least one value to every key")
    return path, list(cells.values())


def cell_name(axes: Mapping[str, str]) -> str:
    """Return the folder name of a cell: short, stable, and safe as a file name and as a Hydra value.

    Args:
        axes: What sets the cell apart, key -> value.

    Example:
        >>> cell_name({"seed": "0", "loss": "gce", "optim.lr": "1e-3"})
        'loss-gce_lr-1e-3_seed-0'
        >>> cell_name({"mined": "runs/first/mined.v2", "seed": "0"})
        'mined-mined.v2_seed-0'
    """
    last = [key.split(".")[-1] for key in axes]
    short = {key: word if last.count(word) == 1 else key for key, word in zip(axes, last, strict=True)}
    name = "_".join(f"{_safe(word)}-{_safe(axes[key])}" for word, key in sorted((short[key], key) for key in axes))
    return (name or "cell") if len(name) <= _MAX_NAME else f"{name[: _MAX_NAME - 9]}_{fingerprint(dict(axes))[:8]}"


def write_tables(folder: SweepFolder) -> None:
    """Write the tables of a sweep as it stands."""
    folder.write_tables(lambda table: comparison_markdown(sweep_runs(table), title=f"Sweep {folder.path.name}"))


def run_cell(config: DictConfig, *, verb: str, cells: Mapping[str, Cell], root: Path, num_threads: int) -> None:
    """Run one cell, and never raise: what went wrong stands in its state.

    Args:
        config: Holds the name of the cell.
        verb: The verb.
        cells: The cells by name.
        root: Folder of the sweep.
        num_threads: Threads of this cell.
    """
    cell, folder = cells[config["cell"]], SweepFolder(root)
    limit_threads(num_threads)
    for _ in range(_LOCK_TRIES):
        with folder.lock(cell.name) as is_mine:
            if is_mine:
                if not (_is_done(folder, cell) and _has_out(verb)):  # another sweep may have come first
                    _run(verb, cell, folder)
                break
        time.sleep(_LOCK_PAUSE_S)
    write_tables(folder)


def _run(verb: str, cell: Cell, folder: SweepFolder) -> None:
    run, overrides = folder.run(cell), list(cell.overrides)
    if _has_out(verb):
        overrides.append(quoted("out", str(run.path)))
    try:
        config = compose(verb, overrides)
        with nullcontext() if _has_out(verb) else writes(verb, config, wait=True):  # cells may share a mined folder
            run_tracked(
                verb, config, folder=run.path, axes=cell.axes, fingerprint=cell.fingerprint,
                on_start=lambda: write_tables(folder),
            )  # fmt: skip
    except Exception as error:
        fail(verb, error)


@contextmanager
def _launcher_for(folder: SweepFolder, overrides: Sequence[str]) -> Iterator[tuple[ConfigLoader, DictConfig]]:
    """Compose the launcher that was asked for.

    Raises:
        UsageError: If there is no such launcher.
    """
    ConfigStore.instance().store(_LAUNCH_CONFIG, {"cell": "???"})
    SourcesRegistry.instance().types["file"] = FileConfigSource  # launchers send Hydra's registry to other processes
    quiet = ["hydra/hydra_logging=none", "hydra/job_logging=none", "hydra.output_subdir=null", "hydra.sweep.subdir=."]
    place = quoted("hydra.sweep.dir", str(folder.path))
    with initialize_config_dir(str(config_dir()), version_base="1.3"):
        loader = GlobalHydra.instance().config_loader()
        try:
            config = loader.load_configuration(
                _LAUNCH_CONFIG, [*quiet, place, *overrides], run_mode=RunMode.MULTIRUN, validate_sweep_overrides=False
            )
        except (HydraException, OmegaConfBaseException) as error:
            words = one_line(error).split(" Config search path")[0]
            raise UsageError(f"the launcher: {words}; joblib and submitit come with `slowpaths[sweep]`") from error
        yield loader, config


def _launch(verb: str, cells: Sequence[Cell], folder: SweepFolder, given: tuple[ConfigLoader, DictConfig]) -> None:
    """Hand cells to Hydra's launcher."""
    loader, config = given
    task = partial(
        run_cell,
        verb=verb,
        cells={cell.name: cell for cell in cells},
        root=folder.path,
        num_threads=_threads(config, len(cells)),
    )
    context = HydraContext(config_loader=loader, callbacks=Callbacks(config))
    try:
        launcher = Plugins.instance().instantiate_launcher(hydra_context=context, task_function=task, config=config)
        launcher.launch([[f"cell={cell.name}"] for cell in cells], initial_job_idx=0)
    except Exception as error:  # a process of the launcher that died takes the others with it
        raise SlowpathsError(
            f"the launcher stopped ({one_line(error)}): the same command goes on with the cells that are not done"
        ) from error
    finally:
        write_tables(folder)


def _threads(config: DictConfig, num_cells: int) -> int:
    """Return the threads of one cell: its share of the cores where cells run beside each other on this machine."""
    launcher = config.hydra.launcher
    target = str(launcher.get("_target_", ""))
    if "joblib" in target:
        jobs = int(launcher.n_jobs)
        side_by_side = min(jobs if jobs > 0 else max(1, available_threads() + 1 + jobs), num_cells)
    else:
        side_by_side = num_cells if "LocalLauncher" in target else 1
    return share_threads(side_by_side)


def _report(verb: str, cells: Sequence[Cell], folder: SweepFolder) -> int:
    rows, codes = [], []
    runs = {run.name: run for run in sweep_runs(folder.table())}
    for cell in cells:
        run, state = runs[cell.name], folder.run(cell).state()
        rows.append((cell.name, run.state, "" if run.seconds is None else f"{run.seconds:.0f}", run.reason))
        if run.state == "done":
            codes.append(state.exit_code if state else 0)
        elif run.state != "running":  # by another process, which tells what becomes of it
            codes.append(max(1, state.exit_code if state else 1))
    show_table(
        f"slowpaths {verb}: sweep of {len(cells)} cells", ["cell", "state", "seconds", "reason"], rows,
        wrote=[folder.report_file, folder.table_file],
    )  # fmt: skip
    return max(codes, default=0)


def _as_known(cells: Sequence[Cell], folder: SweepFolder) -> list[Cell]:
    """Give each cell the folder it has already, and one of its own where its name is taken by another configuration."""
    known = {cell.fingerprint: cell.name for cell in folder.plan()}
    taken, result = set(known.values()), []
    for cell in cells:
        name = known.get(cell.fingerprint) or cell.name
        if cell.fingerprint not in known and name in taken:
            name = f"{cell.name}_{cell.fingerprint[:6]}"
        taken.add(name)
        result.append(replace(cell, name=name))
    return result


def _is_done(folder: SweepFolder, cell: Cell) -> bool:
    state = folder.run(cell).state()
    return state is not None and state.state == "done" and state.fingerprint == cell.fingerprint


def _has_out(verb: str) -> bool:
    """Whether a verb writes into a folder of its own; the cells of one that does not are run every time."""
    return any(item.name == "out" for item in fields_of(settings_class(verb)))


def _values(item: Override) -> list[str]:
    if not item.is_sweep_override():
        return [item.get_value_element_as_str()]
    if not item.is_discrete_sweep():
        raise UsageError(f"{item.input_line} is no list of values: give them one by one, such as lr=0.01,0.02")
    return [str(value) for value in item.sweep_string_iterator()]


def _root(config: DictConfig) -> Path:
    """Return the folder of the sweep: `out=`, up to where it becomes a pattern; in the mined folder without `out=`."""
    raw = OmegaConf.to_container(config, resolve=False)
    assert isinstance(raw, dict)
    if not raw.get("out"):
        return Path(str(raw["mined"])) / "sweep"
    fixed, pattern, _ = str(raw["out"]).partition("${")
    return Path(fixed + "x").parent if pattern else Path(fixed)


def _safe(word: str) -> str:
    word = word.rstrip("/").rsplit("/", 1)[-1]  # of a path, its name
    return re.sub(r"[^A-Za-z0-9.+-]+", "-", word).strip("-") or "none"
