"""Small texts that several rooms write: Markdown and CSV tables, and the nearest known word to an unknown one."""

from __future__ import annotations

import csv
import difflib
import io
import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")  # how a cell begins that a spreadsheet takes for a formula
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?|[+-]?(inf|nan)", re.IGNORECASE)


def markdown_table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    r"""Return a Markdown table; floats have three decimals, None is empty, bars in cells are escaped.

    Example:
        >>> print(markdown_table(["stroke", "share"], [["cut", 0.25], ["pull|hook", None]]))
        | stroke | share |
        |---|---|
        | cut | 0.250 |
        | pull\|hook |  |
    """
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    lines += ["| " + " | ".join(_cell(value) for value in row) + " |" for row in rows]
    return "\n".join(lines)


def csv_table(rows: Sequence[Mapping[str, Any]], *, columns: Sequence[str] | None = None) -> str:
    r"""Return rows as CSV with a header of these columns, or all in the order rows name them; missing values are empty.

    A text that a spreadsheet would run as a formula is marked as text (`guarded`).

    Example:
        >>> csv_table([{"epoch": 1, "loss": 0.5}, {"epoch": 2}])
        'epoch,loss\n1,0.5\n2,\n'
    """
    names = list(columns or dict.fromkeys(name for row in rows for name in row))
    stream = io.StringIO()
    cells = [{name: guarded(value) for name, value in row.items()} for row in rows]
    # the csv module leaves a bare carriage return unquoted, and then reads it as the end of the row
    has_return = any(isinstance(value, str) and "\r" in value for row in cells for value in row.values())
    quoting = csv.QUOTE_ALL if has_return else csv.QUOTE_MINIMAL
    writer = csv.DictWriter(stream, names, lineterminator="\n", quoting=quoting)
    writer.writeheader()
    writer.writerows(cells)
    return stream.getvalue()


def guarded(value: Any) -> Any:
    """Return a cell that no spreadsheet runs: a text that begins as a formula does gets an apostrophe in front (OWASP).

    Example:
        >>> guarded("=1+1"), guarded("-0.5"), guarded("cut")
        ("'=1+1", '-0.5', 'cut')
    """
    is_formula = isinstance(value, str) and value.startswith(_FORMULA) and not _NUMBER.fullmatch(value)
    return f"'{value}" if is_formula else value


def one_line(text: str) -> str:
    r"""Return a text that stays on its line and moves no cursor: what does not print is a question mark.

    Example:
        >>> one_line("a\n* COMMENT: cut")
        'a?* COMMENT: cut'
    """
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def command_line(verb: str, given: Mapping[str, Any]) -> str:
    """Return a call of a verb as one types it: lists in brackets, yes and no in lower case.

    Example:
        >>> command_line("evaluate", {"truth": ["a.csv", "b.csv"], "is_complete": True, "tolerance_s": 0.5})
        "slowpaths evaluate 'truth=[a.csv,b.csv]' is_complete=true tolerance_s=0.5"
    """
    return " ".join(["slowpaths", verb, *(shlex.quote(f"{key}={_typed(value)}") for key, value in given.items())])


def _typed(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return f"[{','.join(map(str, value))}]"
    return str(value).lower() if isinstance(value, bool) else str(value)


def xml_safe(text: str) -> str:
    r"""Return a text that XML 1.0 can hold: what it cannot is a replacement character.

    Example:
        >>> xml_safe("a\x00b")
        'a\ufffdb'
    """
    return _NOT_XML.sub("\ufffd", text)


def unguarded(text: str) -> str:
    """Return what `guarded` was given.

    Example:
        >>> unguarded("'=1+1"), unguarded("'tis")
        ('=1+1', "'tis")
    """
    return text[1:] if text.startswith("'") and text[1:].startswith(_FORMULA) else text


def counted(number: int, one: str, many: str) -> str:
    """Return how many there are, in words that fit the number.

    Example:
        >>> counted(1, "delivery", "deliveries"), counted(0, "delivery", "deliveries")
        ('1 delivery', '0 deliveries')
    """
    return f"{number} {one if number == 1 else many}"


def did_you_mean(word: str, known: Iterable[str], *, otherwise: str = "") -> str:
    """Return a hint at the nearest known word, or `otherwise` where none is near.

    Example:
        >>> did_you_mean("sed", ["seed", "out"])
        "did you mean 'seed'?"
    """
    near = difflib.get_close_matches(word, list(known), n=1)
    return f"did you mean '{near[0]}'?" if near else otherwise


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return (f"{value:.3f}" if isinstance(value, float) else str(value)).replace("|", "\\|").replace("\n", " ")
