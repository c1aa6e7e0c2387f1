"""A gap study in words: one page that begins with the answer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

from slowpaths.core.text import markdown_table
from slowpaths.evaluation.gap.association import Estimate
from slowpaths.evaluation.gap.choosing import STRATEGIES, labels_needed
from slowpaths.evaluation.gap.editing import EDITS
from slowpaths.evaluation.gap.study import ESTIMATES, Compared, Gap
from slowpaths.evaluation.measure import Table

ACCURACY_TOLERANCE, USE_TOLERANCE = 0.01, 0.1  # a point of accuracy; a tenth of what lies between best and middle
_MOST = 6  # names in a sentence
_WHAT_COUNTS = (
    "Configurations are compared, each by the mean of its seeds; a measure that could not be taken of one seed is not "
    "known of the configuration. Intervals come from drawing configurations with replacement. Only one system edited "
    "and the choice with few labels are of single runs, for predictions have no mean."
)
_SHOWN = (
    "tau",
    "tau_ap",
    "ceiling",
    "gap",
    "tau_noiseless",
    "band_spread",
    "top_tau",
    "regret",
    "self_regret",
    "r2_accuracy",
    "r2_structure",
)


def answer(gap: Gap) -> list[str]:
    """Return what the study says, one sentence each; nothing that has no number behind it."""
    known = [item for item in gap.compared if item.side == "usefulness" and item.estimates["tau"].value is not None]
    if not known:
        return ["Whether accuracy orders these systems by usefulness could not be computed; the notes say why."]
    taus = sorted(known, key=lambda item: item.estimates["tau"].value or 0.0)
    said = [
        f"Over {gap.num_systems} configurations ({gap.num_runs} runs; those that differ in the seed alone are one, and "
        f"count by their mean) the order by {gap.settings.accuracy} agrees most with {_named(taus[-1], 'tau')} and "
        f"least with {_named(taus[0], 'tau')}; the median over {len(taus)} measures of usefulness is "
        f"{np.median([item.estimates['tau'].value or 0.0 for item in taus]):.2f}."
    ]
    gaps = [item for item in known if item.estimates["gap"].low is not None]
    if gaps:
        sure = sorted(
            (i for i in gaps if (i.estimates["gap"].low or 0) > 0), key=lambda i: -(i.estimates["gap"].value or 0)
        )
        said.append(
            "Noise alone does not explain the disagreement (the 95 % interval of the gap lies above 0) in "
            f"{len(sure)} of {len(gaps)} measures"
            + (": " + _list([_named(item, "gap") for item in sure]) if sure else "")
            + "."
        )
    costs = [item for item in known if item.estimates["regret"].value is not None]
    if costs:
        dear = sorted((i for i in costs if _costs_more(i)), key=lambda i: -(i.estimates["regret"].value or 0))
        said.append(
            f"Taking the most accurate system costs at least a tenth more of what lies between the best and a middling "
            f"system than choosing by the measure itself in {len(dear)} of {len(costs)}"
            + (": " + _list([_named(item, "regret") for item in dear]) if dear else "") + "."
        )  # fmt: skip
    return said


def to_markdown(gap: Gap, *, figures: Sequence[str], command: str) -> str:
    """Return the page."""
    parts = [["# What accuracy tells of usefulness, and what it does not", "", *answer(gap), "", "Made by", "", "```",
              command, "```"]]  # fmt: skip
    if gap.notes:
        parts.append(["## Before the numbers", "", *(f"- {note}" for note in gap.notes)])
    rows = [
        (item.name, item.side, item.num, *(_cell(item.estimates[name]) for name in _SHOWN)) for item in gap.compared
    ]
    legend = [f"- `{name}`: {ESTIMATES[name]}" for name in _SHOWN]
    parts.append(
        ["## Every measure", "", markdown_table(["measure", "side", "configurations", *_SHOWN], rows), "", *legend]
    )
    if missing := _missing(gap.compared):
        parts.append(["## What could not be computed", "", *(f"- {line}" for line in missing)])
    for name, (title, words) in _SECTIONS.items():
        if name in gap.tables:
            parts.append([f"## {title}", "", *words(gap.tables[name])])
    if figures:
        parts.append(["## Figures", "", *(f"![{name}](figures/{name}.png)" for name in figures)])
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def choosing_summary(table: Table) -> list[tuple[str, ...]]:
    """Return strategy, what was chosen for, and the labels after which the choice stays good, for both aims."""
    rows = defaultdict(list)
    for row in table:
        rows[str(row["strategy"]), str(row["chosen for"])].append(row)
    summary: list[tuple[str, ...]] = []
    for (strategy, aim), own in rows.items():
        needed = (
            labels_needed([float(row[key]) for row in own], tolerance)
            for key, tolerance in (("accuracy", ACCURACY_TOLERANCE), ("profile", USE_TOLERANCE))
            if key in own[0]
        )
        summary.append((strategy, aim, *(f"more than {len(own)}" if num is None else str(num) for num in needed)))
    return summary


def _contrast(table: Table) -> list[str]:
    kinds = sorted({(str(row["kind"]), str(row["compared_with"])) for row in table})
    first = table[0]
    lines = [
        f"{kind} systems beside {base} ones at the mean accuracy, in standard deviations of the measure (more is "
        "better), and what ten points of accuracy are worth more to them."
        for kind, base in kinds
    ]
    if float(first["accuracy_from"]) > float(first["accuracy_to"]):
        lines.append("Their accuracies do not overlap: the comparison is an extrapolation.")
    keys = ("shift", "slope")
    cells = [
        (
            row["measure"],
            row["kind"],
            *(_cell(_estimate(row, key)) for key in keys),
        )
        for row in table
    ]
    return [*lines, "", markdown_table(["measure", "kind", "at equal accuracy", "per ten points"], cells)]


def _budget(table: Table) -> list[str]:
    cells = [(row["kind"], row["measure"], row["beyond"] or _cell(_estimate(row, "labels"))) for row in table]
    said = "The number of labels with which a supervised system is as good, by each measure."
    return [said, "", markdown_table(["kind", "measure", "labels"], cells)]


def _editing(table: Table) -> list[str]:
    columns = [name for name in table[0] if name not in ("edit", "strength", "accuracy_top1")]
    cells = []
    for name in EDITS:
        own = [row for row in table if row["edit"] == name]
        changes = [float(own[-1][column]) - float(own[0][column]) for column in columns]
        cells.append((name, *(f"{change:+.3f}" if np.isfinite(change) else "" for change in changes)))
    accuracies = {round(float(row["accuracy_top1"]), 9) for row in table}
    said = f"Accuracy is {min(accuracies):.3f} in every row." if len(accuracies) == 1 else "Accuracy differs: a fault."
    heads = [column.split("_", 1)[1] for column in columns]
    legend = [f"- {name}: {meaning}" for name, meaning in EDITS.items()]
    return [f"Change of each measure from no edit to the full one. {said}", "",
            markdown_table(["edit", *heads], cells), "", *legend]  # fmt: skip


def _choosing(table: Table) -> list[str]:
    head = ["clips and judge", "chosen for", "labels to within 1 point of the best accuracy"]
    rows = choosing_summary(table)
    head += ["labels to within a tenth of the best profiles"] if rows and len(rows[0]) > 3 else []
    return [
        "After how many labelled clips the choice stays good, mean over repeats. A tenth: of what lies between the "
        "best system and one in the middle. Systems that learnt from one set of pseudo-labels (group `labels`) err "
        "alike, and are one witness in what all systems say; supervised ones are each their own.",
        "", *choosing_advice(table), "",
        markdown_table(head, rows),
    ]  # fmt: skip


def choosing_advice(table: Table) -> list[str]:
    """Return with how many labels what all systems say is worse than the labels alone, for either choice of clips."""
    lost = {
        strategy: {int(row["labels"]): float(row["accuracy"]) for row in table
                   if row["strategy"] == strategy and row["chosen for"] == "accuracy"}
        for strategy in STRATEGIES
    }  # fmt: skip
    alone, lines = lost[STRATEGIES[0]], []
    for strategy in STRATEGIES[1:]:
        worse = [num for num, cost in lost[strategy].items() if cost > alone.get(num, np.inf) + ACCURACY_TOLERANCE]
        if worse:
            lines.append(
                f"**{strategy}** costs more accuracy than {STRATEGIES[0]}, by more than a point, with {len(worse)} of "
                f"the {len(lost[strategy])} numbers of labels, up to {max(worse)}: with so few, do not use it on such "
                "systems."
            )
    return lines or ["Asking all systems too is nowhere more than a point worse than the labels alone."]


def _left_out(table: Table) -> list[str]:
    return [markdown_table(["system", "reason"], [(row["system"], row["reason"]) for row in table])]


def _missing(compared: Sequence[Compared]) -> list[str]:
    """Return one line a reason, with the measures and numbers it holds for."""
    found: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for one in compared:
        for name, item in one.estimates.items():
            if item.reason:
                found[item.reason][name].append(one.name)
    lines = []
    for reason, of in found.items():
        measures = sorted({name for names in of.values() for name in names})
        whose = "every measure" if len(measures) == len(compared) else ", ".join(measures)
        lines.append(f"{', '.join(of)} of {whose}: {reason}.")
    return lines


_SECTIONS = {
    "label_budget": ("What systems are worth in labels", _budget),
    "contrast": ("At equal accuracy", _contrast),
    "editing": ("The same accuracy, other errors", _editing),
    "choosing": ("Choosing a system with few labels", _choosing),
    "left_out": ("Left out", _left_out),
}


def _estimate(row: Mapping[str, float | int | str], key: str) -> Estimate:
    """Return the number of a row with its interval."""
    ends = (float(row[name]) for name in (key, f"{key}_low", f"{key}_high"))
    value, low, high = (end if np.isfinite(end) else None for end in ends)
    return Estimate(value=value, low=low, high=high)


def _costs_more(item: Compared) -> bool:
    own, mine = item.estimates["self_regret"].value, item.estimates["regret"].value
    return own is not None and mine is not None and mine - own >= USE_TOLERANCE


def _named(item: Compared, key: str) -> str:
    return f"{item.name} ({key.replace('_', ' ')} {_cell(item.estimates[key])})"


def _list(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST} more" if len(names) > _MOST else ""
    return ", ".join(names[:_MOST]) + more


def _cell(item: Estimate) -> str:
    if item.value is None:
        return ""
    return f"{item.value:.2f}" + (
        "" if item.low is None or item.high is None else f" [{item.low:.2f}, {item.high:.2f}]"
    )
