"""What `slowpaths <verb> --help` says: that verb's choices and keys, from configuration and docstrings.

And what a shell completes: `eval "$(slowpaths -sc install=bash)"`, in zsh too; `slowpaths -sc install=fish | source`.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import textwrap
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, cast

from hydra._internal.core_plugins.bash_completion import BashCompletion
from hydra._internal.core_plugins.fish_completion import FishCompletion
from hydra.core.global_hydra import GlobalHydra
from omegaconf import DictConfig

from slowpaths.apps import _fields
from slowpaths.apps._launch import compose, config_dir, hydra_for
from slowpaths.core.errors import UsageError
from slowpaths.core.parts import TARGET, locate

_INDENT = 26  # where the words begin
_HAS_RECIPES = ("train", "pretrain")
FLAGS = (
    ("--cfg job", "print the configuration instead of running"),
    ("-m", "a sweep: one run for each combination of values, key=a,b"),
    ("--config-dir DIR", "a folder with options of your own: DIR/<group>/<name>.yaml"),
)
_SHELLS = {"bash": BashCompletion, "zsh": BashCompletion, "fish": FishCompletion}


class VerbReference(NamedTuple):
    """Hold what a verb takes; rendered by `--help`, and by the pages of the documentation.

    Args:
        title: What the verb does.
        choices: Groups of options: name, default, meaning, names of the options.
        keys: Full name of each key, its default as it is typed, and its meaning.
    """

    title: str
    choices: tuple[tuple[str, str, str, tuple[str, ...]], ...]
    keys: tuple[tuple[str, str, str], ...]


def verb_reference(verb: str) -> VerbReference:
    """Return what a verb takes, from its configuration file and the docstrings of its settings."""
    text = (config_dir() / f"{verb}.yaml").read_text()
    title = " ".join(line.removeprefix("# ") for line in re.findall(r"^# .*", text, flags=re.M))
    cfg = compose(verb, [], is_whole=False)
    choices = []
    with hydra_for(verb, []):
        loader = GlobalHydra.instance().config_loader()
        for group, rest in re.findall(r"^  - (\w+): (.*)$", text, flags=re.M):
            default, _, meaning = (part.strip() for part in rest.partition("#"))
            choices.append((group, default, meaning.partition(":")[0], tuple(loader.get_group_options(group))))
    return VerbReference(
        title=title.partition(f". `slowpaths {verb} --help`")[0],
        choices=tuple(choices),
        keys=tuple(_keys(cfg, _fields.settings_class(verb))),
    )


def verb_help(verb: str) -> str:
    """Return the help of a verb."""
    reference = verb_reference(verb)
    lines = [*textwrap.wrap(reference.title, _width()), "", f"usage: slowpaths {verb} key=value ...", ""]
    if reference.choices:
        lines.append("choices, each with keys of its own:")
        for group, default, meaning, options in reference.choices:
            lines += _entry(f"{group}={default}", f"{meaning}: {', '.join(options)}")
        lines.append("")
    lines.append("keys:")
    for key, value, meaning in reference.keys:
        lines += _entry(f"{key}={value}", meaning)
    lines += ["", "flags:"]
    for flag, meaning in FLAGS:
        lines += _entry(flag, meaning)
    return "\n".join(lines) + "\n"


def _keys(node: DictConfig, kind: Callable[..., Any] | None, prefix: str = "") -> Iterator[tuple[str, str, str]]:
    """Yield name, default and meaning of each key, groups after plain values."""
    docs = _fields.docs_of(kind) if kind else {}
    kinds = {item.name: item.annotation for item in _fields.fields_of(kind)} if kind else {}
    inner = []
    for key in node:
        child: Any = node._get_node(key)
        if key == "hydra":
            continue
        if isinstance(child, DictConfig) and not child._is_none() and not child._is_missing():
            inner.append((str(key), child))
        elif key != TARGET:
            value = "" if child._is_missing() else _shown(child)
            yield f"{prefix}{key}", value, docs.get(str(key), "")
    for key, child in inner:
        target = child.get(TARGET)
        own = locate(target) if target else kinds.get(key)
        yield from _keys(child, own if _fields.is_settings(own) or target else None, f"{prefix}{key}.")


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


def complete(arguments: Sequence[str], verbs: Sequence[str]) -> None:
    """Answer a shell: print what it evaluates to complete our commands, or what the line it shows could go on with.

    Args:
        arguments: What was typed: one of install=, uninstall= or query=, a verb perhaps, and the flag.
        verbs: The verbs.

    Raises:
        UsageError: If there is no such request or shell.
    """
    requests = [word.partition("=")[::2] for word in arguments if "=" in word]
    if len(requests) != 1 or requests[0][0] not in ("install", "uninstall", "query") or requests[0][1] not in _SHELLS:
        raise UsageError('give a shell: eval "$(slowpaths -sc install=bash)", or zsh, fish; uninstall= takes it back')
    action, shell = requests[0]
    if action == "query":
        found = _completions(os.environ.get("COMP_LINE", ""), verbs, _SHELLS[shell])
        sys.stdout.write(("\n" if shell == "fish" else " ").join(found) + "\n")
        return
    sys.argv[0] = "slowpaths"  # the command that the script completes
    plugin = _SHELLS[shell](cast(Any, None))  # it loads no configuration
    plugin.install() if action == "install" else plugin.uninstall()


def _completions(line: str, verbs: Sequence[str], kind: type[BashCompletion | FishCompletion]) -> list[str]:
    words = line.split()
    is_new = line.endswith(" ")
    if len(words) < 2 or (len(words) == 2 and not is_new):
        return [verb for verb in verbs if verb.startswith(words[1] if len(words) == 2 else "")]
    verb = words[1]
    if verb not in verbs:
        return []
    cfg = compose(verb, [], is_whole=False)
    with hydra_for(verb, []):
        plugin = kind(GlobalHydra.instance().config_loader())
        found = plugin._query(config_name=verb, line=" ".join(words[2:]) + " " * is_new)
    own = {*map(str, cfg), "hydra", "experiment"} - ({"experiment"} if verb not in _HAS_RECIPES else set())
    return [text for text in found if re.split(r"[./=@]", text.lstrip("+~"))[0] in own]
