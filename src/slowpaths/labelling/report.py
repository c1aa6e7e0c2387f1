"""What there is to say about a label set: for the report, as plain data and as Markdown.

The mean confidence of the labels is left out on purpose: with correlated rules it lies well above their accuracy.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from slowpaths.core.strokes import STROKES
from slowpaths.core.views import VIEWS
from slowpaths.labelling.agreement import Foretold, HeldOut, hold_out_families, leave_one_family_out
from slowpaths.labelling.block import FeatureBlock
from slowpaths.labelling.calibration import Calibration
from slowpaths.labelling.majority import MajorityVote
from slowpaths.labelling.models import LabelModel
from slowpaths.labelling.movement import independent_share
from slowpaths.labelling.rules import Rule
from slowpaths.labelling.select import Selected
from slowpaths.labelling.summaries import RuleSummary, effective_votes, residual_correlation, summarise, summarise_by
from slowpaths.labelling.votes import VoteMatrix

_MAX_CORRELATED = 20_000  # deliveries from which the residual correlations are estimated
_MAX_MATCHES = 50  # more slices than anybody reads


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """Hold the summary of a label set.

    Args:
        fingerprint: Of the label set.
        model: Name of the label model.
        temperature: By which the probabilities are flattened (above 1) or sharpened.
        num_deliveries: Deliveries labelled.
        num_votes: Votes cast.
        num_features: Numbers that are evidence beside the votes; 0 where votes are all.
        independent_features: How many independent ones they are worth.
        num_silent: Deliveries on which every rule abstains.
        num_gold: Deliveries labelled by a person.
        num_gold_unmatched: Gold rows that match no delivery.
        rules: One summary a rule.
        rules_by_view: View -> one summary a rule, on the deliveries of that view.
        rules_by_match: Match -> the same.
        rule_accuracy: Rule -> accuracy on the strokes it covers, estimated by the label model without labels; None
            without votes, and for a rule with a single symbol.
        rule_precision: Rule -> share of right votes, estimated by the label model without labels; None without votes.
        effective_votes: Family -> how many independent rules it is worth.
        foretold: Label model -> how well it foretells families it was not shown.
        labels: Stroke -> labels.
        kept: Stroke -> labels kept for training.
        class_prior: Stroke -> estimated share.
        thresholds: Stroke -> confidence of the last delivery kept; None where none is.
        left_out: Reason -> deliveries left out.
        calibration: Valleys by feature and view.
        warnings: What a reader should know before trusting the labels.
    """

    fingerprint: str
    model: str
    temperature: float
    num_deliveries: int
    num_votes: int
    num_features: int
    independent_features: float
    num_silent: int
    num_gold: int
    num_gold_unmatched: int
    rules: list[RuleSummary]
    rules_by_view: dict[str, list[RuleSummary]]
    rules_by_match: dict[str, list[RuleSummary]]
    rule_accuracy: dict[str, float | None]
    rule_precision: dict[str, float | None]
    effective_votes: dict[str, float]
    foretold: dict[str, Foretold]
    labels: dict[str, int]
    kept: dict[str, int]
    class_prior: dict[str, float]
    thresholds: dict[str, float | None]
    left_out: dict[str, int]
    calibration: list[dict[str, Any]]
    warnings: list[str]

    def to_dict(self) -> dict[str, Any]:
        """Return the summary as plain values."""
        return asdict(self)

    def to_markdown(self) -> str:
        """Return the section of a report about the labels."""
        lines = [
            "## Labels",
            "",
            f"Label set `{self.fingerprint}`, label model `{self.model}`: {self.num_votes} votes on "
            f"{self.num_deliveries} deliveries, {self.num_silent} without any vote, "
            f"{self.num_gold} labelled by a person. Temperature {self.temperature:.2f}." + self._movement_sentence(),
            "",
            *[f"**Warning:** {warning}" + "\n" for warning in self.warnings],
            *self._rule_lines(),
            *self._agreement_lines(),
            *self._stroke_lines(),
            *self._calibration_lines(),
        ]
        return "\n".join(lines).rstrip() + "\n"

    def _movement_sentence(self) -> str:
        if not self.num_features:
            return " Nothing but votes is evidence."
        return (
            f" Beside the votes, the {self.num_features} numbers that rules read are evidence, worth "
            f"{self.independent_features:.0f} independent ones."
        )

    def _rule_lines(self) -> list[str]:
        by_rule = self.foretold[self.model].by_rule
        rows = [
            [
                rule.code,
                str(rule.num_votes),
                f"{rule.asked:.3f}",
                f"{rule.coverage:.3f}",
                f"{rule.overlap:.3f}",
                f"{rule.conflict:.3f}",
                _number(self.rule_accuracy.get(rule.code), 2),
                _number(self.rule_precision.get(rule.code), 2),
                _number(by_rule[rule.code].kappa if rule.code in by_rule else None, 2),
                ", ".join(f"{symbol} {count}" for symbol, count in rule.by_symbol.items()),
            ]
            for rule in self.rules
        ]
        header = ["rule", "votes", "asked", "coverage", "overlap", "conflict", "accuracy", "precision", "foretold"]
        header += ["by symbol"]
        note = (
            "Asked: the rule could look (view, features, quality). Overlap: another rule votes too. Conflict: another "
            "vote excludes this one. Accuracy (on strokes the rule covers) and precision are the label model's own "
            "estimates, from votes alone. Foretold: agreement beyond chance with a label model that was not shown the "
            "rule's family; a rule near or below 0 is noise to the others."
        )
        return ["### Rules", "", note, "", *_table(header, rows), ""]

    def _agreement_lines(self) -> list[str]:
        models = list(self.foretold)
        rows = [
            [family, *[_number(self.foretold[model].by_family[family].kappa, 3) for model in models], _number(worth, 1)]
            for family, worth in self.effective_votes.items()
        ]
        rows.append(["all", *[_number(self.foretold[model].overall.kappa, 3) for model in models], ""])
        note = (
            "Each family's votes foretold by a label model that was not shown them, beyond chance (1 perfect, 0 none); "
            "and how many independent rules the family is worth."
        )
        return ["### Leave one family out", "", note, "", *_table(["family", *models, "independent rules"], rows), ""]

    def _stroke_lines(self) -> list[str]:
        rows = [
            [
                stroke,
                str(self.labels[stroke]),
                str(self.kept[stroke]),
                f"{self.class_prior[stroke]:.3f}",
                _number(self.thresholds[stroke], 3),
            ]
            for stroke in STROKES
        ]
        left = "; ".join(f"{reason}: {count}" for reason, count in self.left_out.items() if count)
        header = ["stroke", "labels", "kept", "estimated share", "kept down to confidence"]
        return ["### Strokes", "", *_table(header, rows), "", f"Left out: {left or 'none'}.", ""]

    def _calibration_lines(self) -> list[str]:
        rows = [
            [
                ("size of " if row["is_folded"] else "") + row["feature"],
                row["view"],
                str(row["count"]),
                row["status"],
                _number(row["value"], 3),
                _number(row["sigma"], 3),
            ]
            for row in self.calibration
        ]
        header = ["feature", "view", "deliveries", "distribution", "valley", "spread"]
        return ["### Thresholds found in the footage", "", *_table(header, rows)] if rows else []


def summary_of(
    *,
    votes: VoteMatrix,
    weighed: VoteMatrix,
    model: LabelModel,
    held_out: HeldOut,
    probs_NY: np.ndarray,
    selected: Selected,
    rules: Sequence[Rule],
    calibration: Calibration,
    block: FeatureBlock,
    match_ids: np.ndarray,
    num_gold: int,
    num_gold_unmatched: int,
    fingerprint: str,
) -> Summary:
    """Return the summary of a label set.

    Args:
        votes: Votes as the rules cast them (N deliveries, R rules).
        weighed: Votes the label model was fitted on (families may be merged).
        model: Fitted label model.
        held_out: What it says without each family.
        probs_NY: Probabilities of the strokes.
        selected: What is kept.
        rules: Rules, in the order of `votes`.
        calibration: Thresholds.
        block: Deliveries.
        match_ids: Match of each delivery (N,).
        num_gold: Deliveries labelled by a person.
        num_gold_unmatched: Gold rows that match no delivery.
        fingerprint: Of the label set.
    """
    labels_N = probs_NY.argmax(axis=1)
    foretold = {model.name: leave_one_family_out(held_out)}
    if not isinstance(model, MajorityVote):
        foretold[MajorityVote.name] = leave_one_family_out(hold_out_families(MajorityVote(), weighed))
    sample = np.linspace(0, len(votes) - 1, min(len(votes), _MAX_CORRELATED)).astype(int)
    matches = np.unique(match_ids)
    by_rule = summarise(votes)
    is_used = model.rows_ is not None and model.rows_.movement_GY is not None
    moves = weighed.movement if is_used else None
    num_features = len(moves.features) if moves is not None else 0
    return Summary(
        fingerprint=fingerprint,
        model=model.name,
        temperature=model.temperature,
        num_deliveries=len(votes),
        num_votes=int((votes.symbols_NR >= 0).sum()),
        num_features=num_features,
        independent_features=0.0 if moves is None else num_features * independent_share(moves.design()),
        num_silent=int((~votes.has_votes).sum()),
        num_gold=num_gold,
        num_gold_unmatched=num_gold_unmatched,
        rules=by_rule,
        rules_by_view=summarise_by(votes, [VIEWS[code] for code in block.view_codes]),
        rules_by_match=summarise_by(votes, match_ids.tolist()) if 1 < len(matches) <= _MAX_MATCHES else {},
        rule_accuracy=_by_code(weighed, model.rule_accuracy_),
        rule_precision=_by_code(weighed, model.rule_precision_),
        effective_votes=effective_votes(votes, residual_correlation(votes.take(sample), probs_NY[sample])),
        foretold=foretold,
        labels=_by_stroke(labels_N),
        kept=_by_stroke(labels_N[selected.is_kept]),
        class_prior=dict(zip(STROKES, model.class_prior_.tolist(), strict=True)),
        thresholds={
            stroke: None if np.isnan(value) else float(value)
            for stroke, value in zip(STROKES, selected.thresholds_Y, strict=True)
        },
        left_out=selected.counts,
        calibration=calibration.to_dict(),
        warnings=find_warnings(foretold, votes, num_gold_unmatched=num_gold_unmatched),
    )


def find_warnings(foretold: Mapping[str, Foretold], votes: VoteMatrix, *, num_gold_unmatched: int) -> list[str]:
    """Return what a reader should know: a label model that loses to majority vote, silent rules, unmatched gold."""
    found = []
    name, *others = foretold
    for other in others:
        ours, theirs = foretold[name].overall.kappa, foretold[other].overall.kappa
        if ours < theirs:
            found.append(
                f"the label model `{name}` foretells families it was not shown worse than `{other}` "
                f"({ours:.3f} against {theirs:.3f} beyond chance): label with `label_model={other}`, or mend the rules."
            )
    silent = int((~votes.has_votes).sum())
    if silent > 0.5 * len(votes):
        found.append(
            f"no rule speaks on {silent} of {len(votes)} deliveries: look at the quality features of the poses."
        )
    if num_gold_unmatched:
        found.append(f"{num_gold_unmatched} gold rows match no delivery: they were given for another mined folder.")
    return found


def _by_code(votes: VoteMatrix, values_R: np.ndarray) -> dict[str, float | None]:
    return {
        ballot.code: None if np.isnan(value) else float(value)
        for ballot, value in zip(votes.ballots, values_R, strict=True)
    }


def _by_stroke(labels: np.ndarray) -> dict[str, int]:
    counts = np.bincount(labels, minlength=len(STROKES))
    return {stroke: int(count) for stroke, count in zip(STROKES, counts, strict=True)}


def _number(value: float | None, digits: int) -> str:
    return "" if value is None or np.isnan(value) else f"{value:.{digits}f}"


def _table(header: list[str], rows: list[list[str]]) -> list[str]:
    return [f"| {' | '.join(row)} |" for row in (header, ["---"] * len(header), *rows)]
