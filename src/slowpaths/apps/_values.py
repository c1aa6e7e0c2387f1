"""From a configuration back to the object it describes: the one way, with the checks that a schema cannot make."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING as NO_DEFAULT
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any, TypeVar, cast, get_args, get_origin

import hydra.utils
from hydra.errors import InstantiationException
from omegaconf import MISSING, DictConfig, ListConfig, OmegaConf

from slowpaths.apps._fields import OF_HYDRA, arms, fields_of, fits, is_path, refusal
from slowpaths.core import parts
from slowpaths.core.errors import UsageError
from slowpaths.core.parts import TARGET, locate, target_of

T = TypeVar("T")
_LARGEST = 2**63 - 1  # of 64 bits


def build(kind: type[T], node: Any, *, key: str = "") -> T:
    """Return the settings object of a node.

    Args:
        kind: Settings class.
        node: Configuration node, or plain values.
        key: Full name of the node, for messages.

    Raises:
        UsageError: If a value is of another kind than its field, or out of range.
    """
    plain = _plain(node)
    values = _values(kind, plain, key)
    try:
        return kind(**values)
    except UsageError as error:  # a class names its own field, a person typed the full key
        own = re.match(r"\w+(?==)", str(error))
        if key and own and own[0] in values:
            raise UsageError(f"{key}.{error}") from error
        raise


def instantiate(node: Any, *, key: str = "", **given: Any) -> Any:
    """Return the object that a node with a `_target_` describes.

    Args:
        node: Configuration node, or plain values.
        key: Full name of the node, for messages.
        given: Arguments that the app gives beside those of the configuration.

    Raises:
        UsageError: If the node cannot be called that way.
    """
    plain = _plain(node)
    target = target_of(plain, key=key)
    kind = locate(target, key=key)
    try:  # Hydra refuses targets that delete files and the like
        hydra.utils.instantiate({TARGET: target, "_partial_": True})
    except InstantiationException as error:
        raise UsageError(f"{TARGET}={target} may not be called from a configuration") from error
    values = _values(kind, {name: value for name, value in plain.items() if name not in OF_HYDRA}, key)
    return parts.build({TARGET: target, **values}, key=key, **given)


def _plain(node: Any) -> dict[str, Any]:
    return cast(Any, OmegaConf.to_container(node, resolve=True) if isinstance(node, DictConfig) else dict(node))


def _values(kind: Callable[..., Any], plain: Mapping[str, Any], key: str) -> dict[str, Any]:
    known = {item.name: item.annotation for item in fields_of(kind)}
    return {
        name: _value(known.get(name, Any), value, f"{key}.{name}" if key else name)
        for name, value in plain.items()
        if not (isinstance(value, str) and value == MISSING)
    }


def _value(annotation: Any, value: Any, key: str) -> Any:
    """Return a plain value as its annotation wants it: a path, a tuple, a settings object, a part."""
    if not fits(annotation, value):
        raise UsageError(refusal(key, value, annotation))
    if isinstance(value, Mapping) and TARGET in value and annotation is not Any:
        return instantiate(value, key=key)
    for arm in arms(annotation):
        inside = get_args(arm)
        if arm is Path and isinstance(value, str):
            return Path(value).expanduser()
        if is_dataclass(arm) and isinstance(value, Mapping):
            return build(cast(type, arm), value, key=key)
        if get_origin(arm) in (tuple, Sequence) and isinstance(value, list):
            return tuple(_value(inside[0], item, key) for item in value)
        if arm is float and type(value) is int and int not in arms(annotation):
            return float(value)
        if get_origin(arm) is Mapping and isinstance(value, Mapping):
            return {name: _value(inside[1], item, f"{key}.{name}") for name, item in value.items()}
    return value


def check(kind: Callable[..., Any], plain: Mapping[str, Any], *, key: str = "") -> None:
    """Refuse what a schema lets pass: choices, ranges, and values of two kinds.

    Args:
        kind: Settings class, or class or function of a `_target_`.
        plain: Resolved plain values; missing ones are left out.
        key: Full name of their node.

    Raises:
        UsageError: Naming the key and what it takes.
    """
    values = _values(kind, plain, key)
    if is_dataclass(kind) and (strange := [name for name in values if name not in {i.name for i in fields_of(kind)}]):
        raise UsageError(f"unknown key '{key + '.' if key else ''}{strange[0]}': leave it out")
    if is_dataclass(kind) and not any(
        item.default is NO_DEFAULT and item.name not in values for item in fields_of(kind)
    ):
        cast(Any, kind)(**values)
    lists = [(name, value) for name, value in plain.items() if isinstance(value, list)]
    inside = {f"{name}[{number}]": item for name, value in lists for number, item in enumerate(value)}
    for name, value in {**plain, **inside}.items():
        if isinstance(value, Mapping) and isinstance(target := value.get(TARGET), str):
            inner = {each: item for each, item in value.items() if each not in OF_HYDRA}
            own = f"{key}.{name}" if key else name
            check(locate(target, key=own), inner, key=own)


def check_numbers(plain: Any, *, key: str = "") -> None:
    """Refuse numbers that no computation can use, in every key: not-a-number, infinity, whole numbers beyond 64 bits.

    Raises:
        UsageError: Naming the key.
    """
    if isinstance(plain, Mapping):
        for name, value in plain.items():
            check_numbers(value, key=f"{key}.{name}" if key else name)
    elif isinstance(plain, list):
        for number, value in enumerate(plain):
            check_numbers(value, key=f"{key}[{number}]")
    elif isinstance(plain, float) and not math.isfinite(plain):
        raise UsageError(f"{key}={plain} is no finite number: give another")
    elif isinstance(plain, int) and abs(plain) > _LARGEST:
        raise UsageError(f"{key}={plain} is too large: give a number of at most {_LARGEST}")


def expand_home(kind: type, cfg: DictConfig) -> None:
    """Put the home folder for a leading `~` in the paths among the top-level keys of a verb."""
    for item in fields_of(kind):
        if not is_path(item.annotation) or OmegaConf.is_missing(cfg, item.name):
            continue
        value = cfg._get_node(item.name) if OmegaConf.is_interpolation(cfg, item.name) else cfg[item.name]
        if isinstance(value, str) and value.startswith("~"):
            cfg[item.name] = os.path.expanduser(value)  # noqa: PTH111  (a Path would lose what is no path yet)
        elif isinstance(value, ListConfig):
            cfg[item.name] = [os.path.expanduser(path) if isinstance(path, str) else path for path in value]  # noqa: PTH111
