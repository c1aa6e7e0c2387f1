"""The page that shows runs side by side: a table to sort, curves, confusion. One file, no server, no network."""

from __future__ import annotations

import html
from collections.abc import Sequence
from pathlib import Path

from slowpaths.core.strokes import STROKES
from slowpaths.review.comparison import Run, averages, averages_table, runs_table
from slowpaths.review.page import content_policy
from slowpaths.store.tables import write_text

_WIDTH, _HEIGHT, _MARGIN = 340, 190, 34  # of a plot, in pixels
# Okabe and Ito's colours: told apart by colour-blind readers; line styles tell them apart in grey.
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
_DASHES = ("", "6 3", "2 2", "8 3 2 3")
_STYLE = """
body{font:15px/1.5 system-ui,sans-serif;margin:1.5rem auto;padding:0 1rem;max-width:80rem;color:#1a1a1a;background:#fff}
table{border-collapse:collapse;font-variant-numeric:tabular-nums;margin:.5rem 0}
th,td{padding:.2rem .55rem;border-bottom:1px solid #ddd;text-align:left;white-space:nowrap}
th button{font:inherit;font-weight:600;background:none;border:0;padding:0;cursor:pointer;color:inherit}
th button::after{content:" \\2195";opacity:.4}
th[aria-sort=ascending] button::after{content:" \\25B2";opacity:1}
th[aria-sort=descending] button::after{content:" \\25BC";opacity:1}
td.n{text-align:right} .wide{overflow-x:auto} .side{display:flex;flex-wrap:wrap;gap:1.5rem}
figure{margin:0} figcaption{font-size:.85rem;color:#444;max-width:22rem} svg{max-width:100%;height:auto}
.confusion td{padding:.1rem .3rem;text-align:right;font-size:.8rem} .confusion th{font-size:.75rem;font-weight:400}
.confusion thead th{writing-mode:vertical-rl;transform:rotate(180deg)} .failed,.killed{color:#a00}
.confusion td.q1{background:#deebf7}.confusion td.q2{background:#9ecae1}.confusion td.q3{background:#4292c6;color:#fff}
.confusion td.q4{background:#08519c;color:#fff} .key{display:inline-block;margin-right:1rem;font-size:.85rem}
"""
_SCRIPT = """
document.querySelectorAll("table.sortable").forEach(table => table.querySelectorAll("th button").forEach((button, i) =>
  button.addEventListener("click", () => {
    const head = button.parentElement, down = head.getAttribute("aria-sort") === "ascending";
    table.querySelectorAll("th").forEach(th => th.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const body = table.tBodies[0], value = row => row.cells[i].dataset.value ?? row.cells[i].textContent;
    const order = (a, b) => {
      const x = value(a), y = value(b);
      if (x === "" || y === "") return (x === "") - (y === "");  // empty cells stay last
      const number = Number(x) - Number(y), by = Number.isNaN(number) ? x.localeCompare(y) : number;
      return down ? -by : by;
    };
    [...body.rows].sort(order).forEach(row => body.append(row));
  })));
"""


def write_comparison(runs: Sequence[Run], path: Path, *, title: str) -> None:
    """Write the page of runs, in the order they are shown, as an HTML file."""
    write_text(path, comparison_page(runs, title=title))


def comparison_page(runs: Sequence[Run], *, title: str) -> str:
    """Return the page as text."""
    policy = content_policy(script=_SCRIPT, style=_STYLE)
    last = ("seconds", "reason") if any(run.reason for run in runs) else ("seconds",)
    lines = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{html.escape(policy)}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">',
        f"<title>{html.escape(title)}</title><style>{_STYLE}</style></head><body>",
        f"<h1>{html.escape(title)}</h1>",
        "<p>Metrics of training (val/, held_out/) are measured against weak labels, those of an evaluation against "
        "truth.</p>",
        "<h2>Runs</h2><p>A click on a column sorts by it.</p>" + _table(*runs_table(runs, last)),
    ]
    note = "<p>The interval is Student's for the mean of that many runs; fewer than three have none.</p>"
    means = averages(runs)
    lines.append("<h2>Mean over seeds</h2>" + note + _table(*averages_table(means)) if means else "")
    confusions = "\n".join(_confusion(run) for run in runs if run.confusion)
    lines += [_curves(runs), f'<h2>Confusion</h2><div class="side">{confusions}</div>' if confusions else ""]
    return "\n".join([*lines, f"<script>{_SCRIPT}</script></body></html>"])


def _table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    head = "".join(f'<th scope="col"><button type="button">{html.escape(name)}</button></th>' for name in columns)
    body = "\n".join(f"<tr>{''.join(_cell(value) for value in row)}</tr>" for row in rows)
    table = f'<table class="sortable"><thead><tr>{head}</tr></thead><tbody>\n{body}\n</tbody></table>'
    return f'<div class="wide">{table}</div>'


def _cell(value: object) -> str:
    if isinstance(value, (int, float)):
        return f'<td class="n" data-value="{value!r}">{value if isinstance(value, int) else format(value, ".3f")}</td>'
    text = html.escape("" if value is None else str(value))
    return f'<td class="{text}">{text}</td>' if text in ("failed", "killed") else f"<td>{text}</td>"


def _curves(runs: Sequence[Run]) -> str:
    names = sorted({name for run in runs for name in run.curves})
    if not names:
        return ""
    key = "".join(
        f'<span class="key"><svg width="34" height="10" role="img" aria-hidden="true"><path d="M0 5H34" '
        f"{_stroke(number)}/></svg> {html.escape(run.name)}</span>"
        for number, run in enumerate(runs)
        if run.curves
    )
    plots = "\n".join(
        _plot(name, [(number, run.curves.get(name, ())) for number, run in enumerate(runs)]) for name in names
    )
    return f'<h2>Curves</h2><p>{key}</p><div class="side">{plots}</div>'


def _plot(name: str, lines: Sequence[tuple[int, Sequence[float]]]) -> str:
    values = [value for _, line in lines for value in line]
    low, high = min(values), max(values)
    if low == high:  # a flat line runs through the middle
        low, high = low - 0.5, high + 0.5
    span, last = high - low, max(len(line) for _, line in lines) - 1
    paths = []
    for number, line in lines:
        points = [
            f"{_MARGIN + (_WIDTH - _MARGIN - 8) * (epoch / last if last else 0.5):.1f} "
            f"{_HEIGHT - _MARGIN - (_HEIGHT - _MARGIN - 10) * (value - low) / span:.1f}"
            for epoch, value in enumerate(line)
        ]
        if points:
            paths.append(f'<path d="M{"L".join(points)}" {_stroke(number)}/>')
    frame = f"M{_MARGIN} 10V{_HEIGHT - _MARGIN}H{_WIDTH - 8}"
    labels = (
        f'<text x="2" y="16" font-size="10">{high:.3g}</text>'
        f'<text x="2" y="{_HEIGHT - _MARGIN}" font-size="10">{low:.3g}</text>'
        f'<text x="{_MARGIN}" y="{_HEIGHT - 14}" font-size="10">epoch 1</text>'
        f'<text x="{_WIDTH - 56}" y="{_HEIGHT - 14}" font-size="10">epoch {last + 1}</text>'
    )
    title = html.escape(name)
    return (
        f'<figure><svg viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" height="{_HEIGHT}" role="img" '
        f'aria-label="{title} by epoch"><path d="{frame}" fill="none" stroke="#999"/>{labels}{"".join(paths)}</svg>'
        f"<figcaption>{title} by epoch</figcaption></figure>"
    )


def _stroke(number: int) -> str:
    colour, dash = _COLOURS[number % len(_COLOURS)], _DASHES[number // len(_COLOURS) % len(_DASHES)]
    return f'fill="none" stroke="{colour}" stroke-width="2"' + (f' stroke-dasharray="{dash}"' if dash else "")


def _confusion(run: Run) -> str:
    used = set(run.confusion) | {name for row in run.confusion.values() for name, count in row.items() if count}
    names = [name for name in STROKES if name in used] + sorted(used - set(STROKES))
    head = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in names)
    body = []
    for true in names:
        counts = [run.confusion.get(true, {}).get(name, 0) for name in names]
        total = sum(counts) or 1
        cells = "".join(f'<td class="q{-(-4 * count // total)}">{count or ""}</td>' for count in counts)
        body.append(f'<tr><th scope="row">{html.escape(true)}</th>{cells}</tr>')
    weak, true = "weak label (rows) by predicted stroke, held-out clips", "true stroke (rows) by named stroke"
    against = weak if run.is_weak else true
    table = f"<thead><tr><td></td>{head}</tr></thead><tbody>{''.join(body)}</tbody>"
    return (
        f'<figure><table class="confusion">{table}</table>'
        f"<figcaption>{html.escape(run.name)}: {against}; colour is the share of the row</figcaption></figure>"
    )
