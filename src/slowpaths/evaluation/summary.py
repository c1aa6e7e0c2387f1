"""The whole road in one table: what was found, how right the labels are, how right the model is, how useful."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from slowpaths.evaluation.figures.save import FIGURES

_SHARE, _SCORE, _MINUTES = "{:.1%}", "{:.3f}", "{:.1f}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Hold one line of the summary."""

    question: str  # what it answers
    measure: str  # what was measured
    found: str  # the number, with its unit; "not measured" where there is none
    other: str  # A number to compare it with and what that is; "" where there is none
    num: int  # how many deliveries, votes or frames it rests on

    def cells(self) -> list[str]:
        """Return the cells in the order of the table's columns."""
        return [self.question, self.measure, self.found, self.other, str(self.num)]


def summarise(*, labels: Mapping[str, Any], majority: Mapping[str, Any], model: Mapping[str, Any]) -> list[Row]:
    """Return the summary of one road from three report.json.

    They are of the mined set and its labels, of the labels that majority vote gives, and of the trained model on what
    was held out from training.
    """
    found, votes, named = labels["measures"], majority["measures"], model["measures"]
    kept = found.get("top1_kept", found["top1"])  # selection may keep everything
    lines: list[tuple[str, str, Mapping[str, Any], str, float | None, str]] = [
        ("what was found", "live balls found", found["mining_recall_live_near"], _SHARE, None, ""),
        ("", "live claims that are no ball", _complement(found["mining_precision_live_near"]), _SHARE, None, ""),
        ("", "all claims, replays too", _complement(found["mining_precision_near"]), _SHARE, None, ""),
        ("", "impact within 2 frames, live", found["impact_within_2_live"], _SHARE, None, ""),
        ("", "the same, replays too", found["impact_within_2"], _SHARE, None, ""),
        ("", "right person", found["striker"], _SHARE, None, ""),
        ("", "joints in place (PCK@0.2)", found["striker_pck"], _SHARE, None, ""),
        ("", "handedness right", found["handedness"], _SHARE, found["handedness"]["constant"],
         "the more frequent hand"),
        ("how right the labels are", "stroke named right", found["top1"], _SHARE, votes["top1"]["value"],
         "majority vote"),
        ("", "rules' votes right", found["rule_votes"], _SHARE, found["rule_votes"]["chance"], "guessing"),
        ("", "kept for training, right", kept, _SHARE, kept["constant"], "most frequent stroke"),
        ("how right the model is", "held-out stroke named right", named["top1"], _SHARE, named["top1"]["constant"],
         "most frequent stroke"),
        ("", "macro F1", named["macro_f1"], _SCORE, named["macro_f1"]["chance"], "guessing"),
        ("how useful", "stroke profile, 1 is exact", named["profile_fidelity"], _SCORE,
         named["profile_fidelity"]["chance"], "guessing"),
        ("", "finding a stroke (average precision)", named["retrieval_ap"], _SCORE, named["retrieval_ap"]["chance"],
         "random order"),
        ("", "strokes of which 95 % can be found", named["review_reachable"], _SHARE, None, ""),
        ("", "minutes to find 95 % of a stroke", named["review_minutes"], _MINUTES, named["review_minutes"]["chance"],
         "watching everything"),
        ("", "decisions, 1 is perfect", named["decision_utility"], _SCORE, 0.0, "best constant answer"),
    ]  # fmt: skip
    rows = []
    for question, measure, item, form, other, meaning in lines:
        number = "not measured" if item["value"] is None else form.format(item["value"])
        compared = "" if other is None else f"{form.format(other)} {meaning}"
        rows.append(Row(question=question, measure=measure, found=number, other=compared, num=item["num"]))
    return rows


def to_markdown(rows: Sequence[Row], *, folder: Path) -> str:
    """Return the report of the road: the summary, where the details are, and the figures.

    `folder` is that of the report; evaluations and figures are looked for below it.
    """
    reports = sorted(folder.glob("evaluation/*/report.md"))
    links = ", ".join(f"[{path.parent.name}]({path.relative_to(folder).as_posix()})" for path in reports)
    lines = ["# From footage without labels to a stroke recogniser", ""]
    lines += ["| question | measure | found | to compare | n |", "|---|---|---:|---|---:|"]
    lines += ["| " + " | ".join(row.cells()) + " |" for row in rows]
    lines += ["", f"[Every clip with its votes](review.html). Details: {links}."]
    for report in reports:
        figures = report.parent / "figures"
        paths = [(name, figures / f"{name}.png") for name in FIGURES]
        if drawn := [f"![{name}]({path.relative_to(folder).as_posix()})" for name, path in paths if path.exists()]:
            lines += ["", f"## {report.parent.name}", "", *drawn]
    return "\n".join(lines) + "\n"


def _complement(item: Mapping[str, Any]) -> dict[str, Any]:
    return {**item, "value": None if item["value"] is None else 1 - item["value"]}
