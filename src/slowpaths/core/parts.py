"""Replaceable parts: a function or class named by its import path, and the arguments it is called with.

A configuration writes a part as `{_target_: package.module.Name, argument: value, ...}`, and so does a checkpoint.
"""

from __future__ import annotations

import inspect
import pkgutil
from collections.abc import Callable, Mapping
from typing import Any

from slowpaths.core.errors import UsageError

TARGET = "_target_"


def target_of(part: Mapping[str, Any], *, key: str) -> str:
    """Return the import path of a part; `key` is where it stands, for the message.

    Raises:
        UsageError: If it names none.
    """
    target = part.get(TARGET) if isinstance(part, Mapping) else None
    if not isinstance(target, str) or "." not in target:
        raise UsageError(f"{key}.{TARGET} is missing: give the import path of a function or class")
    return target


def arguments_of(part: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments that a part writes."""
    return {name: value for name, value in part.items() if name != TARGET}


def locate(target: str, *, key: str = "") -> Callable[..., Any]:
    """Import a function or class.

    Args:
        target: Its import path.
        key: Of the part that names it, for the message.

    Raises:
        UsageError: If there is none.
    """
    name = f"{key}.{TARGET}" if key else TARGET
    try:
        found = pkgutil.resolve_name(target)
    except Exception as error:  # a module of a user may raise anything
        cure = "check its spelling, and put the folder of your own module on PYTHONPATH"
        raise UsageError(f"{name}={target} cannot be imported ({error}): {cure}") from error
    if not callable(found):
        raise UsageError(f"{name}={target} is neither a function nor a class: name one")
    return found


def build(part: Mapping[str, Any], *given: Any, key: str, **computed: Any) -> Any:
    """Call what a part names with its arguments and those that the caller gives or computes.

    Raises:
        UsageError: If there is no such function or class, or it does not take them.
    """
    target, arguments = target_of(part, key=key), {**arguments_of(part), **computed}
    found = locate(target, key=key)
    try:
        inspect.signature(found).bind(*given, **arguments)
    except TypeError as error:
        raise UsageError(f"{key}.{TARGET}={target} cannot be called so: {error}") from error
    except ValueError:
        pass  # some compiled functions have no signature
    return found(*given, **arguments)
