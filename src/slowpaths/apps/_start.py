"""What can be told before a verb starts: inputs that are not there, an out folder that cannot be one, no such device.

It is asked once, of a verb and of every cell of a sweep before the first one starts, so that nothing is left behind.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from slowpaths.apps import _fields
from slowpaths.apps._compose import config_dir, plain
from slowpaths.apps._errors import RUNS
from slowpaths.core.errors import TableError, UsageError
from slowpaths.core.text import did_you_mean
from slowpaths.store.mined_folder import MinedFolder
from slowpaths.store.run_folder import RunFolder
from slowpaths.store.schema import DELIVERIES, LABELS
from slowpaths.store.tables import read_table
from slowpaths.video.open import BACKENDS

_CURES = {
    "footage": "give a folder of videos, a file or a list of files",
    "mined": "give the out= folder of `slowpaths mine`",
    "labels": "give the labels.parquet of a mined folder or of one of its label_sets",
    "ckpt": "give a checkpoint that `slowpaths train` wrote",
    "runs": "give out= folders of `slowpaths train`, `evaluate` or a sweep",
}
_PAGES = (".html", ".htm")
_DEVICE = re.compile(r"cpu|mps|cuda(:\d+)?")


def check_start(verb: str, cfg: DictConfig) -> None:
    """Refuse what cannot work, before anything is written.

    Raises:
        UsageError: Naming the key and the cure.
        TableError: If gold has other columns.
    """
    values = plain(cfg)
    for key, path in _inputs(verb, values):
        if not _exists(path):
            raise UsageError(f"{key}={path} does not exist: {_CURES.get(key, 'check the path')}")
    if mined := values.get("mined"):
        try:
            MinedFolder(Path(mined)).check()
        except TableError as error:
            raise UsageError(f"mined={error}") from error
        if not values.get("out"):
            _check_folder("mined", Path(mined), cure="change its permissions, or label a copy of it")
    if labels := values.get("labels"):
        _check_labels(Path(labels))
    if (weights := values.get("weights_dir")) and not Path(weights).is_dir():
        raise UsageError(f"weights_dir={weights} is no folder: give the one that holds the files of weights")
    for path in map(Path, values.get("runs") or ()):
        if path.is_file() and verb == "compare":
            raise UsageError(f"runs={path} is a file: {_CURES['runs']}")
    if out := values.get("out"):
        _check_folder("out", Path(out).parent if Path(out).suffix.lower() in _PAGES else Path(out))
        _check_taken(verb, Path(out))
    if init := values.get("init"):
        _check_weights(init)
    if (recipe := values.get("recipe")) and not (config_dir() / "experiment" / f"{recipe}.yaml").is_file():
        known = ", ".join(sorted(path.stem for path in (config_dir() / "experiment").glob("*.yaml")))
        raise UsageError(f"unknown recipe '{recipe}'; choose one of {known}")
    for key, part in (("device", values), ("pose.device", values.get("pose") or {})):
        if part.get("device") is not None:
            _check_device(key, str(part["device"]))
    _check_pose(values.get("pose") or {})
    for group in ("data", "mining"):
        backend = (values.get(group) or {}).get("backend", "auto")
        if backend not in BACKENDS:
            raise UsageError(f"{group}.backend={backend} is unknown: choose one of {', '.join(BACKENDS)}")
    _check_calibration(values.get("mining") or {})
    if trainer := values.get("trainer"):
        _check_trainer(trainer)
    if "label_model" in values:
        _check_labelling(values)


def _inputs(verb: str, values: dict[str, Any]) -> Iterator[tuple[str, Path]]:
    """Yield key and path of everything that is to be read."""
    for item in _fields.fields_of(_fields.settings_class(verb)):
        given = values.get(item.name)
        if item.name == "out" or not given or not _fields.is_path(item.annotation):
            continue
        if item.name == "gold" and given == "none":
            continue
        for path in given if isinstance(given, list) else [given]:
            yield item.name, Path(path)


def _exists(path: Path) -> bool:
    try:
        return path.exists() or path.is_symlink()  # mining says where a link leads
    except OSError:  # a name that is too long, a folder that may not be entered
        return False


def _check_labels(path: Path) -> None:
    try:
        read_table(path, LABELS)
    except TableError as error:
        text = f"{path} is no table of labels" if error.__cause__ else str(error).partition(":")[0]
        raise UsageError(f"labels={text}: {_CURES['labels']}") from error


def _check_folder(key: str, path: Path, *, cure: str = "choose another out=") -> None:
    """Refuse a folder that is not there and cannot be made; it is not made here, for nothing may have to be done."""
    try:
        nearest = next(folder for folder in (path, *path.absolute().parents) if folder.exists())
        if not nearest.is_dir():
            raise UsageError(f"{key}={path} cannot be a folder ({nearest} is a file): {cure}")
        with tempfile.TemporaryDirectory(prefix=".slowpaths-", dir=nearest):
            pass
    except OSError as error:
        raise UsageError(f"{key}={path} cannot be written ({error.strerror}): {cure}") from error


def _check_taken(verb: str, path: Path) -> None:
    """Refuse a folder that holds what another verb made: files of both have the same names."""
    cure = "choose another out="
    if verb in RUNS and MinedFolder(path).has(DELIVERIES):
        raise UsageError(f"out={path} is a mined folder, whose report would be overwritten: {cure}")
    state = RunFolder(path).state() if verb in (*RUNS, "mine") else None
    if state is not None and state.verb != verb:
        raise UsageError(f"out={path} holds a run of `slowpaths {state.verb}`, which would be overwritten: {cure}")


def _check_weights(name: str) -> None:
    if Path(name).is_file():  # spares the import
        return
    from slowpaths.models.initialisation import require_known

    require_known(name)


def _check_device(key: str, device: str) -> None:
    if not _DEVICE.fullmatch(device):
        raise UsageError(f"{key}={device} is unknown: give cpu, or cuda where there is a GPU")
    if device.startswith("cuda"):
        import torch

        number = int(device.partition(":")[2] or 0)
        if number >= torch.cuda.device_count():
            raise UsageError(
                f"{key}={device} is not there: torch sees {torch.cuda.device_count()} GPUs, give {key}=cpu"
            )


def _check_pose(pose: dict[str, Any]) -> None:
    if pose.get("num_threads", 0) < 0:
        raise UsageError(f"pose.num_threads={pose['num_threads']} is no number: give 1 or more, or 0 for all")
    if not 0 <= pose.get("score_min", 0.0) <= 1:
        raise UsageError(f"pose.score_min={pose['score_min']:g} is no score: give a number from 0 to 1")


def _check_calibration(mining: dict[str, Any]) -> None:
    """Look into weights of one's own: what is wrong with them is no fault of the footage."""
    if path := mining.get("view_weights"):
        from slowpaths.mining.shots.view_classifier import load_view_classifier

        load_view_classifier(path)
    if path := mining.get("moment_weights"):
        from slowpaths.mining.impact.moment_network import load_moment_network

        load_moment_network(path)
    if path := mining.get("timing_weights"):
        from slowpaths.mining.impact.timing_network import load_timing_network

        load_timing_network(path)
    if path := mining.get("bat_weights"):
        from slowpaths.mining.striker.bat_network import load_bat_network

        load_bat_network(path)


def _check_trainer(trainer: dict[str, Any]) -> None:
    accelerator, strategy = trainer["accelerator"], trainer["strategy"]
    if accelerator in ("gpu", "cuda", "mps"):
        import torch

        has_mps = accelerator != "cuda" and torch.backends.mps.is_available()
        if not has_mps and (accelerator == "mps" or not torch.cuda.is_available()):
            cure = "give trainer=cpu, or trainer=auto that takes what there is"
            raise UsageError(f"trainer.accelerator={accelerator} is not there: torch sees no such device; {cure}")
    if strategy != "auto":
        from lightning.pytorch.strategies import StrategyRegistry

        if strategy not in (known := StrategyRegistry.available_strategies()):
            hint = did_you_mean(strategy, known, otherwise="give auto, ddp, fsdp or another that Lightning knows")
            raise UsageError(f"trainer.strategy={strategy} is unknown; {hint}")


def _check_labelling(values: dict[str, Any]) -> None:
    """Build label model, rules and teacher, and look into gold: mining takes hours before they are used."""
    from slowpaths.apps._corrections import corrections_in
    from slowpaths.data.interchange.read import is_foreign
    from slowpaths.evaluation.table_columns import read_columns
    from slowpaths.labelling.model.build import build_model
    from slowpaths.labelling.rules.catalogue import select_rules
    from slowpaths.labelling.teacher import load_teacher

    build_model(values["label_model"])
    select_rules(**values["rules"])
    load_teacher(values["teacher"])
    for path in (values["gold"], values.get("corrections")):
        if path and path != "none" and not (path == values.get("corrections") and is_foreign(Path(path))):
            corrections_in(read_columns(Path(path)))
