"""What code takes: the keys, kinds and words of a settings class, or of a class or function named by `_target_`."""

from __future__ import annotations

import inspect
import re
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import MISSING as NO_DEFAULT
from dataclasses import fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, NamedTuple, Union, cast, get_args, get_origin, get_type_hints

from slowpaths.apps import verbs
from slowpaths.core.parts import TARGET

OF_HYDRA = (TARGET, "_partial_", "_convert_", "_recursive_", "_args_")
"""Keys of a part that are no arguments of it."""


class Field(NamedTuple):
    """Hold one key of a configuration: its name, annotation and default (`NO_DEFAULT` where it must be given)."""

    name: str
    annotation: Any
    default: Any


@cache
def fields_of(kind: Callable[..., Any]) -> tuple[Field, ...]:
    """Return the keys that configure a settings class, or a class or function named by `_target_`.

    Arguments without a default are not keys of the latter: the app gives them.

    Args:
        kind: Settings class, other class, or function.
    """
    hints = _hints(kind)
    if is_dataclass(kind):
        return tuple(Field(item.name, hints.get(item.name, Any), _default(item)) for item in fields(kind) if item.init)
    return tuple(
        Field(item.name, hints.get(item.name, Any), item.default)
        for item in inspect.signature(kind).parameters.values()
        if item.kind in (item.KEYWORD_ONLY, item.POSITIONAL_OR_KEYWORD) and item.default is not item.empty
    )


def _hints(kind: Callable[..., Any]) -> dict[str, Any]:
    try:
        return get_type_hints(kind.__init__ if isinstance(kind, type) and not is_dataclass(kind) else kind)
    except (NameError, TypeError):  # annotations that only a type checker can read
        return {}


def _default(item: Any) -> Any:
    return item.default_factory() if item.default_factory is not NO_DEFAULT else item.default


def settings_class(verb: str) -> type:
    """Return the class that holds the top-level keys of a verb: `MineConfig` of `mine`."""
    return getattr(verbs, f"{verb.title()}Config")


def fits(annotation: Any, value: Any) -> bool:
    """Return whether a plain value is of the kind an annotation names.

    Example:
        >>> fits(int | Literal["auto"], "lots"), fits(tuple[float, ...], [1, 2.5]), fits(int, True)
        (False, True, False)
    """
    return any(_fits(arm, value) for arm in arms(annotation))


def _fits(arm: Any, value: Any) -> bool:
    origin, inside = get_origin(arm), get_args(arm)
    if origin is Literal:
        return any(value == choice and type(value) is type(choice) for choice in inside)
    if origin in (tuple, list, Sequence):
        if not isinstance(value, (list, tuple)):
            return False
        has_length = origin is not tuple or Ellipsis in inside or len(inside) == len(value)
        return has_length and (not inside or all(fits(inside[0], item) for item in value))
    if origin in (dict, Mapping):
        return isinstance(value, Mapping) and all(fits(inside[1], item) for item in value.values())
    if arm in (int, float):
        return isinstance(value, (int, arm)) and not isinstance(value, bool)
    if arm in (bool, str):
        return isinstance(value, arm)
    if arm is Path:
        return isinstance(value, (str, Path))
    if arm is type(None):
        return value is None
    return isinstance(value, Mapping) if is_dataclass(arm) and not isinstance(value, cast(type, arm)) else True


def arms(annotation: Any) -> tuple[Any, ...]:
    """Return the kinds that a union allows, or the one kind there is."""
    return get_args(annotation) if get_origin(annotation) in (Union, types.UnionType) else (annotation,)


def refusal(key: str, value: Any, annotation: Any) -> str:
    """Return the sentence about a value that does not fit.

    Example:
        >>> refusal("embed", "maybe", Literal["auto", "never"])
        'embed=maybe is unknown: choose one of auto, never'
        >>> refusal("seed", "foo", int)
        'seed=foo is not a whole number'
    """
    kinds = arms(annotation)
    if isinstance(value, list) and is_list(annotation) and get_args(kinds[0]):
        inside = get_args(kinds[0])[0]
        bad = [item for item in value if not fits(inside, item)]
        return (
            refusal(key, bad[0], inside)
            if bad
            else f"{key}={value} has the wrong length: give {len(get_args(kinds[0]))} values"
        )
    shown = "null" if value is None else str(value).lower() if isinstance(value, bool) else value
    if all(get_origin(arm) is Literal for arm in kinds):
        choices = ", ".join(str(choice) for arm in kinds for choice in get_args(arm))
        return f"{key}={shown} is unknown: choose one of {choices}"
    return f"{key}={shown} is not {words(annotation)}"


def docs_of(kind: Callable[..., Any]) -> dict[str, str]:
    """Return what the docstring says of each argument, that of a class after those of the classes it inherits from."""
    bases = kind.__bases__ if isinstance(kind, type) else ()
    found = {name: text for base in bases if base is not object for name, text in docs_of(base).items()}
    _, _, args = ((kind.__doc__ and inspect.cleandoc(kind.__doc__)) or "").partition("Args:\n")
    name = ""
    for line in args.splitlines():
        if not line.startswith("    "):
            break
        if not line.startswith("     ") and (match := re.match(r"    (\w+): (.*)", line)):
            name, found[match[1]] = match[1], match[2]
        elif name:
            found[name] += " " + line.strip()
    return found


def words(annotation: Any) -> str:
    """Return what a value has to be, in words.

    Example:
        >>> words(int | Literal["auto"] | None)
        'a whole number, auto or null'
    """
    parts = [text for arm in arms(annotation) for text in _words(arm)]
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} or {parts[-1]}"


def _words(arm: Any) -> Iterator[str]:
    plain = {bool: "true or false", int: "a whole number", float: "a number", str: "a word", Path: "a path",
             type(None): "null"}  # fmt: skip
    if get_origin(arm) is Literal:
        yield from map(str, get_args(arm))
    elif get_origin(arm) in (tuple, list, Sequence):
        yield f"a list, each {words(get_args(arm)[0])}" if get_args(arm) else "a list"
    else:
        yield plain.get(arm, "a group of keys")


def is_settings(kind: Any) -> bool:
    """Return whether this is a settings class."""
    return isinstance(kind, type) and is_dataclass(kind)


def is_list(annotation: Any) -> bool:
    """Return whether a list is what a value has to be."""
    return all(get_origin(arm) in (tuple, list, Sequence) for arm in arms(annotation) if arm is not type(None))


def is_word(annotation: Any) -> bool:
    """Return whether a path or a word, or a list of them, is what a value may be."""
    return is_path(annotation) or any(str in (arm, *get_args(arm)) for arm in arms(annotation))


def is_path(annotation: Any) -> bool:
    """Return whether a path, or a list of them, is what a value may be."""
    return Path in arms(annotation) or any(Path in get_args(arm) for arm in arms(annotation))


def annotation_of(kind: Callable[..., Any], key: str) -> Any:
    """Return the annotation of a dotted key; None where there is no such key, or only a part knows it."""
    name, _, rest = key.partition(".")
    found = {item.name: item.annotation for item in fields_of(kind)}.get(name)
    if not rest or found is None:
        return found
    inner = next((arm for arm in arms(found) if is_dataclass(arm)), None)
    return annotation_of(cast(type, inner), rest) if inner else None
