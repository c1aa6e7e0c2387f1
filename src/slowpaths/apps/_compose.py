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
from slowpaths.apps import _fields, _schema, _values
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
            raise UsageError(explain(verb, error)) from error
        kind = _fields.settings_class(verb)
        empty = [
            item.name
            for item in _fields.fields_of(kind)
            if item.name not in cfg
            or OmegaConf.is_missing(cfg, item.name)
            or (cfg[item.name] in ("", []) and item.default is MISSING)
        ]
        if is_whole and empty:
            name = empty[0]
            raise UsageError(f"{name}= is missing: try `slowpaths {verb} {name}=...`, or `slowpaths {verb} --help`")
        _values.expand_home(kind, cfg)
        HydraConfig.instance().set_config(cfg)
        own = OmegaConf.masked_copy(cfg, [key for key in cfg if key != "hydra"])
        _values.check(kind, cast(Any, OmegaConf.to_container(own, resolve=True)))
    return cfg


def _refuse_misspelt(verb: str, overrides: Sequence[str]) -> None:
    """Refuse a key that is nearly one of the verb, before anything is loaded that tells the keys of its parts."""
    known = [item.name for item in _fields.fields_of(_fields.settings_class(verb))]
    for key in (text.partition("=")[0] for text in overrides):
        word = re.split(r"[./@]", key)[0]
        is_strange = word.isidentifier() and word not in (*known, "hydra", "experiment")
        if is_strange and (hint := did_you_mean(key, known)):
            raise UsageError(f"unknown key '{key}'; {hint}")


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
    key, equals, value = text.partition("=")
    annotation = _fields.annotation_of(_fields.settings_class(verb), key) if equals else None
    is_path = annotation is not None and _fields.is_path(annotation)
    quoted = "{}='{}'".format(key, value.removesuffix("\\").replace("'", "\\'"))
    parsed = _parsed(text)
    if parsed is None:
        if is_path and value[:1] not in ("[", "{", '"', "'"):
            return quoted
        raise UsageError(f"cannot read {text}: give a value with spaces, quotes, commas or brackets as '{key}=\"...\"'")
    if annotation is None or (parsed.is_sweep_override() and (is_sweep or not _fields.is_list(annotation))):
        return text
    if _fields.is_list(annotation) and not isinstance(parsed.value(), list | dict | bool | None):
        return f"{key}=[{value}]" if value else text
    if (is_path or annotation is str) and isinstance(
        parsed.value(), int | float
    ):  # a word, though it reads as a number
        return quoted
    return text


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


def explain(verb: str, error: Exception) -> str:
    """Return what Hydra refuses as one sentence with the full name of the key."""
    cause = error
    while cause is not None and not isinstance(cause, OmegaConfBaseException):
        cause = cause.__cause__ or cause.__context__
    text = one_line(error)
    if match := re.search(r"Could not override '([^']+)'", text):
        return _unknown(verb, match[1].split("@")[0])
    if match := re.search(
        r"Could not find '([^']+)/([^'/]+)' Available options in '[^']+': (.*?)(?: Config search|$)", text
    ):
        return f"unknown {match[1]} '{match[2]}'; choose one of {', '.join(match[3].split())}"
    if match := re.search(r"Ambiguous value for argument '([^=]+)=(.*?)' 1\.", text):
        key, value = match[1], match[2]
        return f"{key}= has several values: give a list, {key}=[{value}], -m for a sweep, or quotes, '{key}=\"...\"'"
    if isinstance(cause, OmegaConfBaseException):
        key = str(cause.full_key or cause.key)
        if "not in" in str(cause.msg):
            return _unknown(verb, key)
        annotation = _fields.annotation_of(_fields.settings_class(verb), key)
        given = re.search(r"(?i:value) '(.*)' (?:of type|is not a valid|for field)", str(cause.msg), re.DOTALL)
        value = None if "is not Optional" in str(cause.msg) else given[1] if given else ""
        if value != "" and annotation is not None:
            return _fields.refusal(key, value, annotation)
        if value:
            return f"{key}={value} is not {_wanted(str(cause.msg))}"
        return _schema.explain(cause)
    return text


def _wanted(text: str) -> str:
    kinds = {"Integer": "a whole number", "Float": "a number", "Boolean": "true or false", "String": "a word"}
    return next((words for name, words in kinds.items() if f"to {name}" in text), "what it takes")


def _unknown(verb: str, key: str) -> str:
    known, help_hint = known_keys(verb), f"`slowpaths {verb} --help` lists the keys"
    last = did_you_mean(key.split(".")[-1], [name.split(".")[-1] for name in known], otherwise=help_hint)
    return f"unknown key '{key}'; {did_you_mean(key, known, otherwise=last)}"


def known_keys(verb: str) -> list[str]:
    """Return the full names of the keys a verb takes, with its default choices."""

    def walk(node: DictConfig, prefix: str = "") -> list[str]:
        names = []
        for key in node:
            names.append(f"{prefix}{key}")
            if isinstance(child := node._get_node(key), DictConfig) and not child._is_none():
                names += walk(child, f"{prefix}{key}.")
        return names

    with hydra_for(verb, []):
        return walk(hydra.compose(config_name=verb))


def parsed_overrides(verb: str, overrides: Sequence[str]) -> list[Override]:
    """Return overrides as Hydra reads them, those of a sweep with all their values.

    Raises:
        UsageError: If one cannot be read.
    """
    return [OverridesParser.create().parse_override(_quoted(verb, text, is_sweep=True)) for text in overrides]
