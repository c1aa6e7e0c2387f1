"""The report as one self-contained page: accuracy and usefulness side by side, figures, tables, lineage."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from slowpaths.evaluation.measure import Measure, Table
from slowpaths.evaluation.measures import SPECS, TABLES
from slowpaths.evaluation.render import interval_of, number

if TYPE_CHECKING:
    from slowpaths.evaluation.report import Report

_SIDES = (
    ("Accuracy", ("accuracy", "calibration")),
    ("Usefulness", ("usefulness",)),
    ("Mining", ("mining", "spotting")),
)
_BEST = {spec.name: spec.best for spec in SPECS}
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"  # nothing is fetched, nothing runs
_LEGEND = (
    "The bar is the value, the mark what the better of guessing and the same answer reaches. In brackets are 95 % "
    "intervals, from leaving out one match at a time."
)
_STYLE = """
body{font:15px/1.5 system-ui,sans-serif;margin:1.5rem auto;padding:0 1rem;max-width:80rem;color:#1a1a1a;background:#fff}
.sides{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,26rem),1fr));gap:1.5rem;align-items:start}
table{border-collapse:collapse;font-variant-numeric:tabular-nums;margin:.5rem 0;width:100%}
th,td{padding:.2rem .5rem;border-bottom:1px solid #ddd;text-align:left;vertical-align:top}
td.n,th.n{text-align:right;white-space:nowrap} small{color:#555} .wide{overflow-x:auto} code{overflow-wrap:anywhere}
.bar{position:relative;height:.5rem;min-width:6rem;background:#eee;margin:.45rem 0}
.bar i{position:absolute;top:0;bottom:0;left:0;background:#0072B2}
.bar b{position:absolute;top:-3px;bottom:-3px;width:2px;background:#000}
.figures{display:flex;flex-wrap:wrap;gap:1rem} figure{margin:0;max-width:100%}
img{max-width:min(100%,36rem);height:auto}
"""


def report_page(report: Report, *, figures: Iterable[str], folder: Path) -> str:
    """Return the page as text.

    Args:
        report: The report.
        figures: Names of its figures.
        folder: Where their PNG files lie; they are taken into the page.
    """
    parts = ["<h1>Evaluation</h1>", _items(report.notes), '<div class="sides">']
    for title, sides in _SIDES:
        if measures := [item for item in report.measures if item.side in sides and not item.reason]:
            parts.append(f"<section><h2>{title}</h2>{_measures(measures)}</section>")
    parts.append(f"</div><p><small>{_LEGEND}</small></p>")
    if drawn := [_figure(name, folder / f"{name}.png") for name in figures]:
        parts += ["<h2>Figures</h2>", f'<div class="figures">{"".join(drawn)}</div>']
    for spec in TABLES:
        if spec.title and report.tables.get(spec.name):
            rows = _table(report.tables[spec.name])
            parts.append(f"<details><summary>{escape(spec.title)}</summary>{rows}</details>")
    if gone := [f"{item.name}: {item.reason}" for item in report.measures if item.reason]:
        parts += ["<h2>Not measured</h2>", _items(gone)]
    inputs = [f"{name}: {item['name']}, sha256 {item['sha256']}" for name, item in report.inputs.items()]
    parts += ["<h2>Made from</h2>", _items(inputs), f"<p><code>{escape(report.command)}</code></p>"]
    head = f'<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
    head += '<meta name="viewport" content="width=device-width,initial-scale=1"><title>Evaluation</title>'
    head += f"<style>{_STYLE}</style>"
    return f'<!doctype html><html lang="en"><head>{head}</head><body>{"".join(parts)}</body></html>\n'


def _measures(measures: Sequence[Measure]) -> str:
    rows = []
    for item in measures:
        interval = f"<br><small>({interval_of(item)})</small>" if item.low is not None else ""
        numbers = (f"{number(item.value)} {escape(item.unit)}{interval}", number(item.chance), number(item.constant))
        cells = "".join(f'<td class="n">{text}</td>' for text in (*numbers, item.num))
        said = f"<strong>{escape(item.name)}</strong><br><small>{escape(item.meaning)}</small>{_bar(item)}"
        rows.append(f"<tr><td>{said}</td>{cells}</tr>")
    names = ("value", "chance", "constant", "n")
    head = "<th>measure</th>" + "".join(f'<th class="n">{name}</th>' for name in names)
    return f'<div class="wide"><table><tr>{head}</tr>{"".join(rows)}</table></div>'


def _bar(item: Measure) -> str:
    """Return a bar from 0 to 1 with the baseline as a mark; nothing for other units and ranges."""
    if item.unit or item.value is None or not 0 <= item.value <= 1:
        return ""
    known = [value for value in (item.chance, item.constant) if value is not None and 0 <= value <= 1]
    best = min if _BEST.get(item.name) == "lowest" else max
    mark = f'<b style="left:{best(known):.1%}"></b>' if known else ""
    return f'<div class="bar"><i style="width:{item.value:.1%}"></i>{mark}</div>'


def _figure(name: str, path: Path) -> str:
    content = base64.b64encode(path.read_bytes()).decode()
    return f'<figure><img alt="{escape(name)}" src="data:image/png;base64,{content}"></figure>'


def _table(table: Table) -> str:
    head = "".join(f"<th>{escape(name.replace('_', ' '))}</th>" for name in table[0])
    rows = "".join("<tr>" + "".join(f"<td>{number(row[name])}</td>" for name in table[0]) + "</tr>" for row in table)
    return f'<div class="wide"><table><tr>{head}</tr>{rows}</table></div>'


def _items(texts: Iterable[str]) -> str:
    items = "".join(f"<li>{escape(text)}</li>" for text in texts)
    return f"<ul>{items}</ul>" if items else ""
