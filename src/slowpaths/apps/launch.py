"""Start a verb under Hydra and turn what a user did wrong into one sentence and an exit code."""

from __future__ import annotations

import difflib
import importlib
import logging
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hydra
from hydra.core.config_store import ConfigStore
from hydra.errors import CompactHydraException, HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

import slowpaths
from slowpaths.core.errors import SlowpathsError, UsageError
from slowpaths.world.settings import defaults

ConfigStore.instance().store(group="world", name="base", node=defaults())


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Hold what a verb ends with.

    Args:
        metric: The number a sweep optimises; None where there is none.
        exit_code: 0 done, 3 done with some input quarantined.
    """

    metric: float | None = None
    exit_code: int = 0


def config_dir() -> Path:
    """Return the folder of the configuration tree: inside the wheel, or beside `src` in a checkout."""
    package = Path(slowpaths.__file__).resolve().parent
    inside, beside = package / "configs", package.parents[1] / "configs"
    return inside if inside.is_dir() else beside


def launch(verb: str, overrides: list[str]) -> int:
    """Compose the configuration of `verb` and run its app.

    Args:
        verb: Name of the module in `slowpaths.apps` and of the primary config.
        overrides: Hydra overrides and flags, as typed.

    Returns:
        The exit code.
    """
    logging.captureWarnings(True)
    for noisy in ("py.warnings", "lightning.pytorch.utilities.rank_zero", "lightning.fabric.utilities.rank_zero"):
        logging.getLogger(noisy).setLevel(logging.ERROR)  # other libraries' deprecations are for us, not for users
    is_sweep = any(flag in overrides for flag in ("-m", "--multirun"))
    outcomes: list[Outcome] = []
    handlers = list(logging.getLogger().handlers)

    def task(cfg: DictConfig) -> float | None:
        try:
            outcomes.append(importlib.import_module(f"slowpaths.apps.{verb}").run(cfg))
        except SlowpathsError as error:
            if is_sweep:  # let the other cells of the sweep run; Hydra reports this one at the end
                raise CompactHydraException(f"slowpaths {verb}: {error}") from error
            raise SystemExit(_fail(verb, error)) from error
        except KeyboardInterrupt:
            raise SystemExit(_fail(verb, SlowpathsError("interrupted; the same command goes on from here"))) from None
        return outcomes[-1].metric

    try:
        if not any(item.startswith("-") for item in overrides):
            _check(verb, overrides)
        sys.argv = [f"slowpaths {verb}", *overrides]
        hydra.main(version_base="1.3", config_path=str(config_dir()), config_name=verb)(task)()
    except SlowpathsError as error:
        return _fail(verb, error)
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else 1
    finally:
        _close_log(handlers)
    return max((outcome.exit_code for outcome in outcomes), default=0)


def _close_log(kept: list[logging.Handler]) -> None:
    """Close the log file that Hydra opened: the demo runs one command after another in one process."""
    root = logging.getLogger()
    for handler in [handler for handler in root.handlers if isinstance(handler, logging.FileHandler)]:
        if handler not in kept:
            root.removeHandler(handler)
            handler.close()


def plain(cfg: Any) -> Any:
    """Return a resolved configuration as plain dicts, lists and scalars.

    Raises:
        UsageError: If a mandatory key has no value.
    """
    try:
        return OmegaConf.to_container(cfg, resolve=True, throw_on_missing=True)
    except OmegaConfBaseException as error:
        raise UsageError(f"the configuration cannot be resolved: {_one_line(error)}") from error


def require(cfg: DictConfig, verb: str, *keys: str) -> None:
    """Check that mandatory keys were given.

    Raises:
        UsageError: Naming the first one that is missing.
    """
    for key in keys:
        if OmegaConf.is_missing(cfg, key) or cfg.get(key) in (None, ""):
            raise UsageError(f"{key}= is missing: try `slowpaths {verb} {key}=...`, or `slowpaths --help`")


def _check(verb: str, overrides: list[str]) -> None:
    try:
        with hydra.initialize_config_dir(str(config_dir()), version_base="1.3"):
            hydra.compose(config_name=verb, overrides=overrides, return_hydra_config=True)
    except (HydraException, OmegaConfBaseException) as error:
        raise UsageError(_explain(verb, error)) from error


def _explain(verb: str, error: Exception) -> str:
    text = _one_line(error)
    if match := re.search(r"Could not override '([^']+)'", text):
        key = match[1].split("@")[0]
        known = _known_keys(verb)
        near = difflib.get_close_matches(key, known, n=1) or difflib.get_close_matches(
            key.split(".")[-1], [name.split(".")[-1] for name in known], n=1
        )
        hint = f"did you mean '{near[0]}'?" if near else f"`slowpaths {verb} --cfg job` lists the keys"
        return f"unknown key '{key}'; {hint}"
    if match := re.search(
        r"Could not find '([^']+)/([^'/]+)' Available options in '[^']+': (.*?)(?: Config search|$)", text
    ):
        return f"unknown {match[1]} '{match[2]}'; choose one of {', '.join(match[3].split())}"
    if "mismatched input" in text or "extraneous input" in text or "no viable alternative" in text:
        return f"cannot read the override: {text}; quote values that hold spaces, commas or brackets: 'key=\"a b\"'"
    return text


def _known_keys(verb: str) -> list[str]:
    def walk(node: DictConfig, prefix: str = "") -> list[str]:
        names = []
        for key in node:
            names.append(f"{prefix}{key}")
            if not OmegaConf.is_missing(node, str(key)) and isinstance(child := node[key], DictConfig):
                names += walk(child, f"{prefix}{key}.")
        return names

    with hydra.initialize_config_dir(str(config_dir()), version_base="1.3"):
        cfg = hydra.compose(config_name=verb, return_hydra_config=True)
    own = OmegaConf.masked_copy(cfg, [key for key in cfg if key != "hydra"])
    return walk(own)


def _one_line(error: Exception) -> str:
    return re.sub(r"\s+", " ", str(error)).strip()


def _fail(verb: str, error: SlowpathsError) -> int:
    sys.stderr.write(f"slowpaths {verb}: {error}\n")
    return error.exit_code
