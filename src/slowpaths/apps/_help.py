"""What `slowpaths <verb> --help` says: that verb's choices and keys, from configuration and docstrings."""

from __future__ import annotations

import re
import shutil
import textwrap
from collections.abc import Callable, Iterator
from typing import Any

from hydra.core.global_hydra import GlobalHydra
from omegaconf import DictConfig

from slowpaths.apps import _schema
from slowpaths.apps._launch import compose, config_dir, hydra_for

_INDENT = 26  # where the words begin


def verb_help(verb: str) -> str:
    """Return the help of a verb."""
    text = (config_dir() / f"{verb}.yaml").read_text()
    title = " ".join(line.removeprefix("# ") for line in re.findall(r"^# .*", text, flags=re.M))
    cfg = compose(verb, [], is_whole=False)
    kind = _schema.settings_class(verb)
    choices = dict(re.findall(r"^  - (\w+): (.*)$", text, flags=re.M))
    with hydra_for(verb, []):
        loader = GlobalHydra.instance().config_loader()
        options = {group: loader.get_group_options(group) for group in choices}
    title = title.partition(f". `slowpaths {verb} --help`")[0]
    lines = [*textwrap.wrap(title, _width()), "", f"usage: slowpaths {verb} key=value ...", ""]
    if choices:
        lines.append("choices, each with keys of its own:")
        for group, rest in choices.items():
            default, _, meaning = (part.strip() for part in rest.partition("#"))
            listed = ", ".join(options[group])
            lines += _entry(
                f"{group}={default}", f"{meaning.partition(':')[0]}: {listed}" if ":" in meaning else meaning
            )
        lines.append("")
    lines.append("keys:")
    for key, value, meaning in _keys(cfg, kind):
        lines += _entry(f"{key}={value}", meaning)
    lines += ["", "flags:"]
    for flag, meaning in (
        ("--cfg job", "print the configuration instead of running"),
        ("-m", "a sweep: one run for each combination of values, key=a,b"),
        ("--config-dir DIR", "a folder with options of your own: DIR/<group>/<name>.yaml"),
    ):
        lines += _entry(flag, meaning)
    return "\n".join(lines) + "\n"


def _keys(node: DictConfig, kind: Callable[..., Any] | None, prefix: str = "") -> Iterator[tuple[str, str, str]]:
    """Yield name, default and meaning of each key, groups after plain values."""
    docs = _schema.docs_of(kind) if kind else {}
    kinds = {item.name: item.annotation for item in _schema.fields_of(kind)} if kind else {}
    inner = []
    for key in node:
        child: Any = node._get_node(key)
        if key == "hydra":
            continue
        if isinstance(child, DictConfig) and not child._is_none() and not child._is_missing():
            inner.append((str(key), child))
        elif key != _schema.TARGET:
            value = "" if child._is_missing() else _shown(child)
            yield f"{prefix}{key}", value, docs.get(str(key), "")
    for key, child in inner:
        target = child.get(_schema.TARGET)
        own = _schema.locate(target) if target else kinds.get(key)
        yield from _keys(child, own if _schema.is_settings(own) or target else None, f"{prefix}{key}.")


def _shown(node: Any) -> str:
    value = node._value()
    if isinstance(value, list):
        return f"[{','.join(str(item._value()) for item in value)}]"
    return "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _entry(name: str, meaning: str) -> list[str]:
    """Return one entry, its words beside or below its name."""
    said = textwrap.wrap(meaning, max(20, _width() - _INDENT)) or [""]
    head = f"  {name}"
    if len(head) + 1 > _INDENT:
        return [head, *(" " * _INDENT + line for line in said if line)]
    return [f"{head:<{_INDENT}}{said[0]}".rstrip(), *(" " * _INDENT + line for line in said[1:])]


def _width() -> int:
    return min(120, shutil.get_terminal_size().columns)
