"""Compose the configuration of a verb, and say what is wrong with it by the full name of the key."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import MISSING
from pathlib import Path
from typing import Any, cast

import hydra
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

import slowpaths
from slowpaths.apps import _explain, _fields, _schema, _values
from slowpaths.apps._errors import one_line
from slowpaths.core.errors import UsageError
from slowpaths.core.text import did_you_mean


def config_dir() -> Path:
    """Return the folder of the configuration tree: inside the wheel, or beside `src` in a checkout."""
    package = Path(slowpaths.__file__).resolve().parent
    inside, beside = package / "configs", package.parents[1] / "configs"
    return inside if inside.is_dir() else beside


def compose(verb: str, overrides: Sequence[str], *, is_whole: bool = True) -> DictConfig:
    """Return the checked configuration of a verb, with Hydra's own node.

    Args:
        verb: The verb.
        overrides: Hydra overrides, as typed.
        is_whole: Whether a key that must be given may not be missing.

    Raises:
        UsageError: If a key is unknown or missing, or a value is of the wrong kind or out of range.
    """
    _refuse_misspelt(verb, overrides)
    with hydra_for(verb, overrides) as read:
        try:
            cfg = hydra.compose(config_name=verb, overrides=read, return_hydra_config=True)
        except (HydraException, OmegaConfBaseException, ValueError) as error:
            raise UsageError(explain(verb, error, overrides)) from error
        _refuse_numbers_for_switches(cfg, read)
        try:
            _check(verb, cfg, is_whole=is_whole)
        except OmegaConfBaseException as error:  # a value that refers to another
            raise UsageError(explain(verb, error, overrides)) from error
    return cfg


def _check(verb: str, cfg: DictConfig, *, is_whole: bool) -> None:
    kind = _fields.settings_class(verb)
    for item in _fields.fields_of(kind) if is_whole else ():
        is_missing = item.name not in cfg or OmegaConf.is_missing(cfg, item.name)
        if is_missing or (cfg[item.name] in ("", []) and item.default is MISSING):
            name = item.name
            raise UsageError(f"{name}= is missing: try `slowpaths {verb} {name}=...`, or `slowpaths {verb} --help`")
        if cfg[item.name] == "":
            raise UsageError(_explain.empty(item.name))
    _values.expand_home(kind, cfg)
    HydraConfig.instance().set_config(cfg)
    own = OmegaConf.masked_copy(cfg, [key for key in cfg if key != "hydra"])
    values = cast(Any, OmegaConf.to_container(own, resolve=True))
    _values.check(kind, values)
    _values.check_numbers(values)


def _refuse_misspelt(verb: str, overrides: Sequence[str]) -> None:
    """Refuse a key that is nearly one of the verb, before anything is loaded that tells the keys of its parts."""
    known = [item.name for item in _fields.fields_of(_fields.settings_class(verb))]
    for key in (text.partition("=")[0] for text in overrides):
        word = re.split(r"[./@]", key)[0]
        is_strange = word.isidentifier() and word not in (*known, "hydra", "experiment")
        if is_strange and (hint := did_you_mean(key, known)):
            raise UsageError(f"unknown key '{key}'; {hint}")


def _refuse_numbers_for_switches(cfg: DictConfig, overrides: Sequence[str]) -> None:
    """Refuse a number for what is on or off, but for 0 and 1: OmegaConf takes any number but 0 for true."""
    for text in overrides:
        parsed = _parsed(text)
        if parsed is None or parsed.is_sweep_override() or type(value := parsed.value()) not in (int, float):
            continue
        key = parsed.key_or_group
        node = OmegaConf.select(cfg, key, default=None) if "/" not in key else None
        if isinstance(node, bool) and value not in (0, 1):
            raise UsageError(f"{key}={value} is not true or false")


@contextmanager
def hydra_for(verb: str, overrides: Sequence[str]) -> Iterator[list[str]]:
    """Let Hydra compose our configurations; yields the overrides with paths quoted."""
    _schema.install()
    read = [_quoted(verb, text) for text in overrides]
    targets = (re.fullmatch(r"[+]*([\w/.]+)\._target_=(.+)", text) for text in read)
    before, _schema.TypedFiles.own_targets = _schema.TypedFiles.own_targets, {m[1]: m[2] for m in targets if m}
    GlobalHydra.instance().clear()
    try:
        with hydra.initialize_config_dir(str(config_dir()), version_base="1.3", job_name=verb):
            yield read
    finally:
        _schema.TypedFiles.own_targets = before


def _quoted(verb: str, text: str, *, is_sweep: bool = False) -> str:
    """Return an override with its value quoted, where it is a path or a word that the grammar would read otherwise.

    Several values of a key that takes a list are a list, but for a sweep.

    Raises:
        UsageError: If it cannot be read.
    """
    _explain.refuse_malformed(verb, text)
    key, equals, value = text.partition("=")
    annotation = _fields.annotation_of(_fields.settings_class(verb), key) if equals else None
    is_word = annotation is not None and _fields.is_word(annotation)
    parsed = _parsed(text)
    if parsed is None:
        if is_word and value[:1] not in ("[", "{", '"', "'") and not (_fields.is_list(annotation) and "," in value):
            return quoted(key, value)
        if is_word and _fields.is_list(annotation) and (words := _bare_words(value)):
            return f"{key}=[{words}]"
        form = f'{key}=["...","..."]' if _fields.is_list(annotation) else f'{key}="..."'
        raise UsageError(f"cannot read {text}: give a value with spaces, quotes, commas or brackets as '{form}'")
    if is_group(verb, key) and isinstance(parsed.value(), int | float | None):  # the name of an option
        return quoted(key, value)
    if is_group(verb, key) and isinstance(names := parsed.value(), list):
        _refuse_unnamed(verb, key, names)
    if annotation is None or (parsed.is_sweep_override() and (is_sweep or not _fields.is_list(annotation))):
        return text
    items = parsed.value()
    if _fields.is_list(annotation) and not isinstance(items, list | dict | bool | None):
        text = f"{key}=[{value}]"
        items = listed.value() if (listed := _parsed(text)) else value
    if not is_word:
        return text
    if isinstance(items, int | float):  # a word, though it reads as a number
        return quoted(key, value)
    has_number = isinstance(items, list) and any(isinstance(item, int | float) for item in items)
    if not has_number or re.search(r"['\"]", value):
        return text
    return f"{key}=[{_bare_words(value)}]"


def _bare_words(value: str) -> str:
    """Return the items of a list that is typed without quotes, each in quotes; "" where there are quotes or braces."""
    inside = value.removeprefix("[").removesuffix("]")
    if re.search(r"""['"{}\[\]]""", inside):
        return ""
    return ", ".join(f"'{item.strip()}'" for item in inside.split(","))


def quoted(key: str, value: str) -> str:
    """Return an override that gives a value as it is, whatever it holds."""
    return "{}='{}'".format(key, value.removesuffix("\\").replace("'", "\\'"))


def _refuse_unnamed(verb: str, key: str, names: Sequence[object]) -> None:
    """Refuse a list that chooses no option of a group."""
    is_needed = any(
        item.name == key and item.default is MISSING for item in _fields.fields_of(_fields.settings_class(verb))
    )
    if not all(isinstance(name, str) for name in names) or (is_needed and not names):
        shown = ",".join(map(str, names))
        raise UsageError(f"{key}=[{shown}] names no {key}; choose one of {', '.join(options_of(key))}")


def _parsed(text: str) -> Override | None:
    try:
        return OverridesParser.create().parse_override(text)
    except HydraException:
        return None


def plain(cfg: Any) -> Any:
    """Return a resolved configuration as plain dicts, lists and scalars.

    Raises:
        UsageError: If a mandatory key has no value.
    """
    try:
        own = OmegaConf.masked_copy(cfg, [key for key in cfg if key != "hydra"]) if "hydra" in cfg else cfg
        return OmegaConf.to_container(own, resolve=True, throw_on_missing=True)
    except OmegaConfBaseException as error:
        raise UsageError(f"the configuration cannot be resolved: {one_line(error)}") from error


def explain(verb: str, error: Exception, overrides: Sequence[str]) -> str:
    """Return what Hydra refuses as one sentence with the full name of the key."""
    chosen = [text for text in overrides if is_group(verb, text.partition("=")[0])]

    def known(*choices: str) -> list[str]:
        try:
            return known_keys(verb, [*chosen, *choices])
        except (HydraException, OmegaConfBaseException, UsageError):
            return known_keys(verb)

    return _explain.explain(verb, error, overrides, known=known, options=options_of)


def is_group(verb: str, key: str) -> bool:
    """Return whether a key chooses a file of options."""
    is_key = key == "experiment" or any(item.name == key for item in _fields.fields_of(_fields.settings_class(verb)))
    return is_key and bool(options_of(key))


def options_of(group: str) -> list[str]:
    """Return the names of the options of a group that come with the package."""
    return sorted(path.stem for path in (config_dir() / group).glob("*.yaml"))


def known_keys(verb: str, choices: Sequence[str] = ()) -> list[str]:
    """Return the full names of the keys a verb takes, with its default choices but for those given."""

    def walk(node: DictConfig, prefix: str = "") -> list[str]:
        names = []
        for key in node:
            names.append(f"{prefix}{key}")
            if isinstance(child := node._get_node(key), DictConfig) and not child._is_none():
                names += walk(child, f"{prefix}{key}.")
        return names

    with hydra_for(verb, choices) as read:
        return walk(hydra.compose(config_name=verb, overrides=read))


def parsed_overrides(verb: str, overrides: Sequence[str]) -> list[Override]:
    """Return overrides as Hydra reads them, those of a sweep with all their values.

    Raises:
        UsageError: If one cannot be read.
    """
    return [OverridesParser.create().parse_override(_quoted(verb, text, is_sweep=True)) for text in overrides]
