"""What is wrong with an override, in one sentence with the full name of the key."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import MISSING

from omegaconf.errors import InterpolationResolutionError, OmegaConfBaseException

from slowpaths.apps import _fields, _schema
from slowpaths.apps._errors import one_line
from slowpaths.core.errors import UsageError

Known = Callable[..., Sequence[str]]
"""Returns the full names of the keys of a verb, with the choices that are given."""


def refuse_malformed(verb: str, text: str) -> None:
    """Refuse an override without key or value, and one that takes away what the verb needs.

    Raises:
        UsageError: Saying how it is written.
    """
    key, equals, value = text.partition("=")
    name = key.lstrip("+~")
    fields = {item.name: item for item in _fields.fields_of(_fields.settings_class(verb))}
    if not name:
        raise UsageError(f"'{text}' names no key: give key=value")
    if key.startswith("~"):
        if name in fields or name == "experiment":
            raise UsageError(f"{text} takes away what `slowpaths {verb}` needs: leave it out, or give {name}=...")
    elif not equals:
        raise UsageError(f"{text} has no value: give {name}=..., or leave it out")
    elif not value.strip() and not (name in fields and is_required(fields[name])):
        raise UsageError(empty(name))


def empty(key: str) -> str:
    """Return the sentence about a key that is given without a value."""
    return f"{key}= is empty: give a value, or leave it out"


def is_required(item: _fields.Field) -> bool:
    """Return whether a person has to give a key, or may give an empty list of paths at most."""
    return item.default is MISSING and _fields.is_path(item.annotation)


def explain(verb: str, error: Exception, overrides: Iterable[str], *, known: Known, options: Known) -> str:
    """Return what Hydra or OmegaConf refuses as one sentence.

    Args:
        verb: The verb.
        error: What was raised.
        overrides: As typed.
        known: Keys of the verb, with choices.
        options: Options of a group.
    """
    typed = {key.lstrip("+~"): _bare(value) for key, _, value in (text.partition("=") for text in overrides)}
    text = one_line(error)
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, OmegaConfBaseException):
        cause = cause.__cause__ or cause.__context__
    inner = "" if cause is None else str(cause.full_key or "")  # of a value that is a group of keys

    def unknown(key: str) -> str:
        name = inner if inner.startswith(f"{key}.") else key
        return _unknown(verb, name, typed, known=known, options=options)

    for pattern, sentence in _HYDRA:
        if match := re.search(pattern, text):
            return sentence(match, unknown, options)
    return text if cause is None else _of_omegaconf(verb, cause, typed, known=known, options=options)


_HYDRA: tuple[tuple[str, Callable[[re.Match[str], Callable[[str], str], Known], str]], ...] = (
    (r"Could not override '([^']+)'", lambda m, unknown, _: unknown(m[1])),
    (r"Could not delete from config\. '([^']+)' does not exist", lambda m, unknown, _: unknown(m[1])),
    (r"Override ([^ =]+)=.* looks like a config group override", lambda m, unknown, _: unknown(m[1])),
    (r"Could not find '([^'/]+)/([^']*)' Available options in '[^']+': (.*?)(?: Config search|$)",
     lambda m, *_: f"unknown {m[1]} '{m[2]}'; choose one of {', '.join(m[3].split())}"),
    (r"Could not load '([^'/]+)/([^']*)'",
     lambda m, _, options: f"unknown {m[1]} '{m[2]}'; choose one of {', '.join(options(m[1]))}"),
    (r"An item is already at '([^']+)'", lambda m, *_: f"{m[1]} is there already: leave out the + before it"),
    (r"Ambiguous value for argument '([^=]+)=(.*?)' 1\.",
     lambda m, *_: f"{m[1]}= has several values: give a list, {m[1]}=[{m[2]}], -m for a sweep, or quotes, "
     f"'{m[1]}=\"...\"'"),
)  # fmt: skip


def _bare(value: str) -> str:
    """Return a value without the quotes that it was given for Hydra's sake: the cells of a sweep have them."""
    return value[1:-1].replace("\\'", "'") if len(value) > 2 and value[0] == value[-1] == "'" else value


def _of_omegaconf(
    verb: str, cause: OmegaConfBaseException, typed: Mapping[str, str], *, known: Known, options: Known
) -> str:
    key, message = str(cause.full_key or cause.key), one_line(cause)
    if isinstance(cause, InterpolationResolutionError):
        absent = re.search(r"Interpolation key '(.+?)' not found", message)
        reason = message.partition(" full_key")[0].rpartition("interpolation: ")[2].strip('"')
        words = f"there is no {absent[1]}" if absent else reason
        return f"{key}={typed.get(key, '...')} cannot be resolved ({words}): give a value"
    if "does not support deletion" in message:
        deeper = next((name for name in typed if name.startswith(f"{key}.")), key)
        return f"~{deeper} takes away what `slowpaths {verb}` needs: leave it out, or give {deeper}=..."
    if "not in" in message:
        return _unknown(verb, key, typed, known=known, options=options)
    annotation = _fields.annotation_of(_fields.settings_class(verb), key)
    is_group = annotation is not None and _schema.GROUP in _fields.words(annotation)
    deeper = next((name for name in typed if name.startswith(f"{key}.")), "")
    if deeper and annotation is not None and not is_group:
        return f"unknown key '{deeper}': {key} is {_fields.words(annotation)}"
    given = _schema.value_in(message)
    value = None if "is not Optional" in message else typed.get(key) if given is None else given
    if annotation is not None:
        cure = f": give its keys, {key}.<name>=..., `slowpaths {verb} --help` lists them"
        return _fields.refusal(key, value, annotation) + cure * is_group
    if value is not None and (wanted := _schema.wanted(message)):
        return f"{key}={value} is not {wanted}"
    if typed.get(key) and re.match(r"[Cc]annot merge", message):
        return f"{key}={typed[key]} is not {_schema.GROUP if 'DictConfig with' in message else 'a list'}"
    if typed.get(key) and "is not Optional" in message:
        return f"{key}={typed[key]} is no value: give another, or leave it out"
    return _schema.explain(cause)


def _unknown(verb: str, key: str, typed: Mapping[str, str], *, known: Known, options: Known) -> str:
    """Name a key that there is not, and where its last word is a key or nearly one."""
    if "experiment" in typed and not any(re.split(r"[./@]", word)[0] == key.split(".")[0] for word in typed):
        for other in {"train", "pretrain"} - {verb}:  # those that take experiment=
            if key.split(".")[0] in (item.name for item in _fields.fields_of(_fields.settings_class(other))):
                chosen = f"experiment={typed['experiment']}"
                return f"{chosen} sets '{key}', which `slowpaths {verb}` does not take: it is for `slowpaths {other}`"
    names = [name for name in known() if not key.startswith(f"{name}.")]
    word, group = key.split(".")[-1], key.split(".")[0]
    same = sorted((name for name in names if name.split(".")[-1] == word), key=lambda name: name.count("."))
    if not same and (near := difflib.get_close_matches(key.partition("@")[0], names, n=1)):
        same = near
    far = 0.6 if "." in key else 0.7  # `out` is not `label_model.class_prior.cut`
    if not same:
        for option in options(group) if group != key else ():
            if found := [name for name in known(f"{group}={option}") if name.split(".")[-1] == word]:
                return f"unknown key '{key}'; {group}={option} has '{found[0]}'"
        last = {name.split(".")[-1]: name for name in reversed(names)}
        same = [last[item] for item in difflib.get_close_matches(word, last, n=1, cutoff=far)]
    hint = f"did you mean '{same[0]}'?" if same else f"`slowpaths {verb} --help` lists the keys"
    return f"unknown key '{key}'; {hint}"
