"""Typed configuration: every option file is laid over a schema that is derived from the code it configures.

A primary (`mine.yaml`) gets the fields of its verb's settings class (`apps.mine.MineConfig`), a part that names its
`_target_` gets the keyword arguments of that class or function. So defaults stand in the code only, an unknown key or a
wrong type is refused when the configuration is composed, and a user's own class is typed like ours. Only what is chosen
is imported.
"""

from __future__ import annotations

import importlib
import inspect
import os
import re
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import MISSING as NO_DEFAULT
from dataclasses import field, fields, is_dataclass, make_dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeVar, Union, cast, get_args, get_origin, get_type_hints

import hydra.utils
from hydra._internal.core_plugins.file_config_source import FileConfigSource
from hydra._internal.sources_registry import SourcesRegistry
from hydra.core.plugins import Plugins
from hydra.errors import InstantiationException
from hydra.plugins.config_source import ConfigResult
from omegaconf import MISSING, DictConfig, ListConfig, OmegaConf, open_dict
from omegaconf.errors import OmegaConfBaseException

from slowpaths.core.errors import UsageError

T = TypeVar("T")
TARGET = "_target_"
_OF_HYDRA = (TARGET, "_partial_", "_convert_", "_recursive_", "_args_")
_PRIMITIVES = (bool, int, float, str)


class Field(NamedTuple):
    """Hold one key of a configuration: its name, annotation and default (`NO_DEFAULT` where it must be given)."""

    name: str
    annotation: Any
    default: Any


# What code takes


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
    """Return the class that holds the top-level keys of a verb: `apps.mine.MineConfig`."""
    return getattr(importlib.import_module(f"slowpaths.apps.{verb}"), f"{verb.title()}Config")


def locate(target: str) -> Callable[..., Any]:
    """Return the class or function of a `_target_`.

    Raises:
        UsageError: If there is none.
    """
    try:
        found = hydra.utils.get_object(target)
    except Exception as error:
        reason = str(error).splitlines()[-1]
        raise UsageError(f"{TARGET}={target} cannot be imported ({reason}): name a class as package.Class") from error
    if not callable(found):
        raise UsageError(f"{TARGET}={target} is neither class nor function: name a class as package.Class")
    return found


# Code -> schema


@cache
def schema(kind: Callable[..., Any], target: str = "") -> type:
    """Return a class that OmegaConf takes as a structured config, with the keys of `kind`.

    Args:
        kind: Settings class, other class, or function.
        target: Its dotted name, where it is a `_target_`.
    """
    parts = [(TARGET, str, target)] if target else []
    parts += [(item.name, _node_type(item.annotation), _node_default(item.default)) for item in fields_of(kind)]
    return make_dataclass(
        kind.__name__, [(name, hint, field(default_factory=lambda value=value: value)) for name, hint, value in parts]
    )


def _node_type(annotation: Any) -> Any:
    origin, inside = get_origin(annotation), get_args(annotation)
    if annotation in _PRIMITIVES:
        return annotation
    if annotation is Path:
        return str
    if is_dataclass(annotation):
        return schema(cast(type, annotation))
    if origin is Literal:
        return type(inside[0]) if len({type(value) for value in inside}) == 1 else Any
    if origin in (Union, types.UnionType):
        arms = {_node_type(arm) for arm in inside if arm is not type(None)}
        if len(arms) > 1 and not arms <= set(_PRIMITIVES):
            return Any
        arms |= {type(None)} & set(inside)
        return cast(Any, Union)[tuple(arms)]
    if origin in (tuple, list, Sequence) and inside:
        kinds = {_node_type(item) for item in inside if item is not Ellipsis}
        return types.GenericAlias(list, (kinds.pop() if len(kinds) == 1 else Any,))
    if origin in (dict, Mapping):
        return types.GenericAlias(dict, (str, _node_type(inside[1])))
    return Any


def _node_default(value: Any) -> Any:
    if value is NO_DEFAULT:
        return MISSING
    if isinstance(value, Path):
        return str(value)
    if is_dataclass(value):
        kind = type(value)
        return schema(kind)(**{item.name: _node_default(getattr(value, item.name)) for item in fields_of(kind)})
    if isinstance(value, Mapping):
        return {key: _node_default(item) for key, item in value.items()}
    return [_node_default(item) for item in value] if isinstance(value, (tuple, list)) else value


# Files over schemas


class TypedFiles(FileConfigSource):
    """Read configuration files, ours and a user's, and lay each over its schema."""

    own_targets: Mapping[str, str] = types.MappingProxyType({})  # group -> `_target_` given by an override

    def load_config(self, config_path: str) -> ConfigResult:
        """Read one file."""
        result = super().load_config(config_path)
        if not isinstance(result.config, DictConfig) or config_path.startswith("hydra/"):
            return result
        package = result.header.get("package") or ""
        verb = config_path.removesuffix(".yaml")
        try:
            if "/" not in verb and (Path(__file__).parent / f"{verb}.py").is_file():
                result.config = _over(schema(settings_class(verb)), result.config)
            elif package not in ("_global_", "hydra"):
                own = self.own_targets.get(str(Path(config_path).parent))
                result.config = _replaced(result.config, own) if own else _typed(result.config)
        except OmegaConfBaseException as error:
            raise UsageError(f"{self.path}/{verb}.yaml: {explain(error)}") from error
        return result


def install() -> None:
    """Let Hydra read its configuration files through `TypedFiles`."""
    Plugins.instance()  # registers Hydra's own sources first
    SourcesRegistry.instance().types["file"] = TypedFiles


def _typed(node: DictConfig) -> DictConfig:
    """Return a node over the schema of its `_target_`; without one, its children over theirs."""
    target = node.get(TARGET)
    if not target:
        for key in node:
            child = node._get_node(key)
            if isinstance(child, DictConfig) and not child._is_none() and not child._is_interpolation():
                node[key] = _typed(child)
        return node
    kind = locate(target)
    takes_any = any(item.kind is item.VAR_KEYWORD for item in inspect.signature(kind).parameters.values())
    return node if takes_any else _over(schema(kind, target), node)


def _replaced(node: DictConfig, target: str) -> DictConfig:
    """Return the node of another `_target_`, with what the option chose for keys that both have."""
    names = {item.name for item in fields_of(locate(target))}
    kept = {key: value for key, value in node.items_ex(resolve=False) if key in names}
    return _typed(OmegaConf.create({TARGET: target, **kept}))


def _over(kind: type, node: DictConfig) -> DictConfig:
    base = OmegaConf.structured(kind)
    extra = [key for key in (*_OF_HYDRA, "defaults", "hydra") if key in node and key not in base]
    with open_dict(base):  # Hydra's own keys
        for key in extra:
            base[key] = node._get_node(key)
    merged = OmegaConf.merge(base, OmegaConf.masked_copy(node, [key for key in node if key not in extra]))
    return cast(DictConfig, merged)


# Node -> object


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
    return kind(**_values(kind, plain, key))


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
    kind = locate(plain[TARGET])
    values = {**_values(kind, {name: value for name, value in plain.items() if name not in _OF_HYDRA}, key), **given}
    try:  # Hydra refuses targets that delete files and the like
        call = hydra.utils.instantiate({TARGET: plain[TARGET], "_partial_": True})
    except InstantiationException as error:
        raise UsageError(f"{TARGET}={plain[TARGET]} may not be called from a configuration") from error
    if plain.get("_partial_"):
        return lambda **more: call(**values, **more)
    try:
        inspect.signature(kind).bind(**values)
    except TypeError as error:
        raise UsageError(f"{key or plain[TARGET]}: {plain[TARGET]} cannot be called so: {error}") from error
    return call(**values)


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
    for arm in _arms(annotation):
        inside = get_args(arm)
        if arm is Path and isinstance(value, str):
            return Path(value).expanduser()
        if is_dataclass(arm) and isinstance(value, Mapping):
            return build(cast(type, arm), value, key=key)
        if get_origin(arm) in (tuple, Sequence) and isinstance(value, list):
            return tuple(_value(inside[0], item, key) for item in value)
        if get_origin(arm) is Mapping and isinstance(value, Mapping):
            return {name: _value(inside[1], item, f"{key}.{name}") for name, item in value.items()}
    return value


# Checks and words


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
    if is_dataclass(kind) and not any(
        item.default is NO_DEFAULT and item.name not in values for item in fields_of(kind)
    ):
        cast(Any, kind)(**values)
    for name, value in plain.items():
        if isinstance(value, Mapping) and isinstance(target := value.get(TARGET), str):
            inner = {each: item for each, item in value.items() if each not in _OF_HYDRA}
            check(locate(target), inner, key=f"{key}.{name}" if key else name)


def fits(annotation: Any, value: Any) -> bool:
    """Return whether a plain value is of the kind an annotation names.

    Example:
        >>> fits(int | Literal["auto"], "lots"), fits(tuple[float, ...], [1, 2.5]), fits(int, True)
        (False, True, False)
    """
    return any(_fits(arm, value) for arm in _arms(annotation))


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


def _arms(annotation: Any) -> tuple[Any, ...]:
    return get_args(annotation) if get_origin(annotation) in (Union, types.UnionType) else (annotation,)


def refusal(key: str, value: Any, annotation: Any) -> str:
    """Return the sentence about a value that does not fit.

    Example:
        >>> refusal("embed", "maybe", Literal["auto", "never"])
        'embed=maybe is unknown: choose one of auto, never'
        >>> refusal("seed", "foo", int)
        'seed=foo is not a whole number'
    """
    arms = _arms(annotation)
    if isinstance(value, list) and is_list(annotation) and get_args(arms[0]):
        inside = get_args(arms[0])[0]
        bad = [item for item in value if not fits(inside, item)]
        return refusal(key, bad[0], inside) if bad else f"{key}={value} has another length than it takes"
    shown = "null" if value is None else str(value).lower() if isinstance(value, bool) else value
    if all(get_origin(arm) is Literal for arm in arms):
        choices = ", ".join(str(choice) for arm in arms for choice in get_args(arm))
        return f"{key}={shown} is unknown: choose one of {choices}"
    return f"{key}={shown} is not {words(annotation)}"


def docs_of(kind: Callable[..., Any]) -> dict[str, str]:
    """Return what the docstring says of each argument."""
    _, _, args = (inspect.getdoc(kind) or "").partition("Args:\n")
    found: dict[str, str] = {}
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
    parts = [text for arm in _arms(annotation) for text in _words(arm)]
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
    return all(get_origin(arm) in (tuple, list, Sequence) for arm in _arms(annotation) if arm is not type(None))


def is_path(annotation: Any) -> bool:
    """Return whether a path, or a list of them, is what a value may be."""
    return Path in _arms(annotation) or any(Path in get_args(arm) for arm in _arms(annotation))


def expand_home(kind: type, cfg: DictConfig) -> None:
    """Put the home folder for a leading `~` in the paths among the top-level keys of a verb."""
    for item in fields_of(kind):
        if not is_path(item.annotation) or OmegaConf.is_missing(cfg, item.name):
            continue
        value = cfg[item.name]
        if isinstance(value, str):
            cfg[item.name] = os.path.expanduser(value)  # noqa: PTH111  (a Path would lose what is no path yet)
        elif isinstance(value, ListConfig):
            cfg[item.name] = [os.path.expanduser(path) for path in value]  # noqa: PTH111


def annotation_of(kind: Callable[..., Any], key: str) -> Any:
    """Return the annotation of a dotted key; None where there is no such key, or only a part knows it."""
    name, _, rest = key.partition(".")
    found = {item.name: item.annotation for item in fields_of(kind)}.get(name)
    if not rest or found is None:
        return found
    inner = next((arm for arm in _arms(found) if is_dataclass(arm)), None)
    return annotation_of(cast(type, inner), rest) if inner else None


def explain(error: OmegaConfBaseException) -> str:
    """Return what OmegaConf refuses, as a sentence."""
    key, text = error.full_key or error.key, (error.msg or str(error)).splitlines()[0]
    if "not in" in text:
        return f"unknown key '{key}'"
    return f"{key}: {text[0].lower()}{text[1:]}"
