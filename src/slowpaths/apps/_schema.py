"""Typed configuration: every option file is laid over a schema that is derived from the code it configures.

A primary (`mine.yaml`) gets the fields of its verb's settings class (`verbs.MineConfig`), a part that names its
`_target_` gets the keyword arguments of that class or function. So defaults stand in the code only, an unknown key or a
wrong type is refused when the configuration is composed, and a user's own class is typed like ours. Only what is chosen
is imported.
"""

from __future__ import annotations

import inspect
import re
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING as NO_DEFAULT
from dataclasses import field, is_dataclass, make_dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, Union, cast, get_args, get_origin

from hydra._internal.core_plugins.file_config_source import FileConfigSource
from hydra._internal.sources_registry import SourcesRegistry
from hydra.core.plugins import Plugins
from hydra.plugins.config_source import ConfigResult
from omegaconf import MISSING, DictConfig, OmegaConf, open_dict
from omegaconf.errors import OmegaConfBaseException

from slowpaths.apps import verbs
from slowpaths.apps._fields import OF_HYDRA, fields_of, settings_class
from slowpaths.core.errors import UsageError
from slowpaths.core.parts import TARGET, locate

_PRIMITIVES = (bool, int, float, str)


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
        arms |= {int} if float in arms else set()  # as everywhere: a whole number is a number
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

    own_targets: Mapping[str, str] = types.MappingProxyType({})  # "group" or "group.key" -> `_target_` of an override

    def load_config(self, config_path: str) -> ConfigResult:
        """Read one file."""
        result = super().load_config(config_path)
        if not isinstance(result.config, DictConfig) or config_path.startswith("hydra/"):
            return result
        package = result.header.get("package") or ""
        verb = config_path.removesuffix(".yaml")
        try:
            if hasattr(verbs, f"{verb.title()}Config"):
                result.config = _over(schema(settings_class(verb)), result.config)
            elif package not in ("_global_", "hydra"):
                group = str(Path(config_path).parent)
                result.config = _typed(_with_targets(result.config, group, self.own_targets), group)
        except OmegaConfBaseException as error:
            raise UsageError(f"{self.path}/{verb}.yaml: {explain(error)}") from error
        return result


def install() -> None:
    """Let Hydra read its configuration files through `TypedFiles`."""
    Plugins.instance()  # registers Hydra's own sources first
    SourcesRegistry.instance().types["file"] = TypedFiles


def _typed(node: DictConfig, name: str) -> DictConfig:
    """Return a node over the schema of its `_target_`; without one, its children over theirs."""
    target = node.get(TARGET)
    if not target:
        for key in node:
            child = node._get_node(key)
            if isinstance(child, DictConfig) and not child._is_none() and not child._is_interpolation():
                node[key] = _typed(child, f"{name}.{key}")
        return node
    for key in node:  # groups of parts inside, such as objective.parts
        child = node._get_node(key)
        if isinstance(child, DictConfig) and not child._is_none() and TARGET not in child:
            node[key] = _typed(child, f"{name}.{key}")
    kind = locate(target, key=name)
    takes_any = any(item.kind is item.VAR_KEYWORD for item in inspect.signature(kind).parameters.values())
    return node if takes_any else _over(schema(kind, target), node)


def _with_targets(node: DictConfig, group: str, targets: Mapping[str, str]) -> DictConfig:
    """Return the node of a group with the parts that overrides name: the group itself, or keys of it."""
    for name, target in targets.items():
        head, _, key = name.partition(".")
        if head == group and not key:
            node = _replaced(node, target, name)
        elif head == group and isinstance(node.get(key), DictConfig):
            node[key] = _replaced(node[key], target, name)
    return node


def _replaced(node: DictConfig, target: str, name: str) -> DictConfig:
    """Return the node of another `_target_`, with what the option chose for keys that both have."""
    names = {item.name for item in fields_of(locate(target, key=name))}
    kept = {key: value for key, value in node.items_ex(resolve=False) if key in names}
    return _typed(OmegaConf.create({TARGET: target, **kept}), name)


def _over(kind: type, node: DictConfig) -> DictConfig:
    base = OmegaConf.structured(kind)
    extra = [key for key in (*OF_HYDRA, "defaults", "hydra") if key in node and key not in base]
    with open_dict(base):  # Hydra's own keys
        for key in extra:
            base[key] = node._get_node(key)
    merged = OmegaConf.merge(base, OmegaConf.masked_copy(node, [key for key in node if key not in extra]))
    return cast(DictConfig, merged)


GROUP = "a group of keys"
_KINDS = {
    **dict.fromkeys(("int", "Integer"), "a whole number"), **dict.fromkeys(("float", "Float"), "a number"),
    **dict.fromkeys(("bool", "Boolean"), "true or false"), **dict.fromkeys(("str", "String"), "a word"),
    "NoneType": "null", "Dict": GROUP, "List": "a list",
}  # fmt: skip
"""Kinds of OmegaConf, in words."""


def explain(error: OmegaConfBaseException) -> str:
    """Return what OmegaConf refuses, as a sentence."""
    key, text = error.full_key or error.key, (error.msg or str(error)).splitlines()[0]
    if "not in" in text:
        return f"unknown key '{key}'"
    if (value := value_in(text)) is not None and (kinds := wanted(text)):
        return f"{key}={value} is not {kinds}"
    return f"{key}: {text[0].lower()}{text[1:]}"


def value_in(text: str) -> str | None:
    """Return the value that OmegaConf says it refuses; None where it does not say."""
    found = re.search(r"(?i:value) '(.*?)' (?:of type|is not a valid|for field|is incompatible)", text, re.DOTALL)
    return found[1] if found else None


def wanted(text: str) -> str:
    """Return what OmegaConf says a value has to be, in our words; "" where it does not say.

    Example:
        >>> wanted("Value 'x' of type 'str' is incompatible with type hint 'Union[int, float, NoneType]'")
        'a number or null'
    """
    kinds = re.findall(r"\bto (\w+)", text) or re.findall(r"\w+", "".join(re.findall(r"hint '(.*?)'", text)))
    wide = [name for name in kinds if not (name == "int" and "float" in kinds)]
    return " or ".join(dict.fromkeys(_KINDS[name] for name in wide if name in _KINDS))
