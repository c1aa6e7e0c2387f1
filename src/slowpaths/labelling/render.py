"""The summary of a label set in words: the section of a report about the labels."""

from __future__ import annotations

import math

from slowpaths.core.strokes import STROKES
from slowpaths.core.text import counted
from slowpaths.labelling.gold_check import FEWEST_FOR_TEMPERATURE
from slowpaths.labelling.model.trust import FEWEST
from slowpaths.labelling.opinions import VOTES
from slowpaths.labelling.summary import Summary

_RULES_NOTE = (
    "Weight: how far one of its votes counts, on average. Asked: the rule could look (view, features). Overlap: "
    "another rule votes too. Conflict: another vote excludes this one. Accuracy (on strokes the rule covers) and "
    "precision are the label model's own estimates, from votes alone. Agreement: with a label model that was not shown "
    "the rule's family, beyond chance; a rule near or below 0 is noise to the others."
)
_VOICES_NOTE = (
    "The votes of the rules, a teacher that has seen simulated strokes only, and a student of both on the pose "
    "sequences of this footage. What they agree on is no measure of accuracy: the student has been taught by the "
    "others."
)
_TRUST_NOTE = (
    "Weight: how far the opinion counts beside that of the votes. Borne out: which share of a voice's sureness "
    "agreement with families of rules bears out, 1 where it is as right as it is sure, 0 where it is at chance; of the "
    "votes, that of single families judged by each other. No label is read for it."
)
_GOLD_NOTE = (
    "Labels made without what a person said, held against it. The person chose what to look at: where the least sure "
    "come first, the share over the whole set is higher."
)
TOO_SURE, TOO_SURE_OF_POOR, TOO_SURE_ON_REAL = (1, 8), 47, 32
"""Points by which the mean confidence was above the share of right labels in `experiments/label_free`: in worlds whose
rules are right in six to nine votes of ten, in those where they are in five, and on real sequences."""
_FAMILIES_NOTE = (
    "How well the labels of a label model agree with the votes of a family it was not shown, beyond chance (1 perfect, "
    "0 none); and how many independent rules the family is worth."
)


def to_markdown(summary: Summary) -> str:
    """Return the section of a report about the labels."""
    lines = [
        "## Labels",
        "",
        f"Label set `{summary.fingerprint}`, label model `{summary.model}`: "
        f"{counted(summary.num_votes, 'vote', 'votes')} on "
        f"{counted(summary.num_deliveries, 'delivery', 'deliveries')}, {summary.num_silent} without any vote, "
        f"{summary.num_gold} labelled by a person{_dropped(summary)}. {_company(summary)}"
        f"Temperature {summary.temperature:.2f}. "
        f"{_sure(summary)}"
        f"{_features(summary)}",
        "",
        *[f"**Warning:** {warning}" + "\n" for warning in summary.warnings],
        *_gold(summary),
        *_voices(summary),
        *_rules(summary),
        *_families(summary),
        *_strokes(summary),
        *_antimodes(summary),
    ]
    return "\n".join(lines).rstrip() + "\n"


def sureness(summary: Summary) -> str:
    """Return how many votes name right, as the label model says, and how wrong that was; "" for majority, or no vote.

    It is about the votes alone: nobody knows how right the pool of all voices is.
    """
    if summary.own_confidence is None or not summary.num_votes:
        return ""
    others = " and ".join(voice.name for voice in summary.voices if voice.name != VOTES and voice.speaks_on)
    pooled = f"; the labels pool them with {others}, of which this says nothing" if others else ""
    known = [
        (TOO_SURE_OF_POOR, "where they are in five"),
        (TOO_SURE_ON_REAL, "on real skeletons"),
    ]
    worse = "".join(f", by {points} {where}" for points, where in known if points < 100 * summary.own_confidence)
    return (
        f"before flattening the label model is {summary.own_confidence:.0%} sure of what the votes alone name, which "
        f"is too much: by {TOO_SURE[0]} to {TOO_SURE[1]} points in simulated worlds whose rules are right in six votes "
        f"of ten or more{worse}{pooled}."
    )


def in_sentences(summary: Summary) -> list[str]:
    """Return what a terminal says of labels: who spoke, how far to trust them, and what is wrong with them."""
    told = (who_spoke(summary), how_trusted(summary), sureness(summary))
    return [*(said for said in told if said), *summary.warnings]


def who_spoke(summary: Summary) -> str:
    """Return on how many deliveries each voice spoke, and why one did not."""
    said = []
    for voice in summary.voices:
        why = f" ({voice.why_silent})" if voice.why_silent else ""
        said.append(f"{voice.name} on {voice.speaks_on or 'none'}{why}")
    return f"voices that speak, of {counted(summary.num_deliveries, 'delivery', 'deliveries')}: {', '.join(said)}"


def how_trusted(summary: Summary) -> str:
    """Return how far the teacher counts, and why; "" where it does not speak."""
    teacher = next((voice for voice in summary.voices if voice.trust and voice.speaks_on), None)
    if teacher is None or teacher.trust is None:
        return ""
    trust, counts = teacher.trust, f"the teacher counts {teacher.weight:.2f} of a whole voice"
    if math.isnan(trust.borne_out):
        return (
            f"{counts}, as one of which nothing is known: that takes {FEWEST} deliveries with votes, and families of "
            "rules that bear each other out."
        )
    return (
        f"{counts}: agreement with families of rules bears out {trust.borne_out:.2f} of its sureness (standard error "
        f"{trust.error:.2f}), and {trust.rules_borne_out:.2f} of their own."
    )


def _sure(summary: Summary) -> str:
    said = sureness(summary)
    if summary.agreed_sureness is not None:
        said += (
            f" It is flattened until it is {summary.agreed_sureness:.2f} sure, as families of rules bear out what is "
            "named without them; that is no estimate of how many are right."
        )
    return said[:1].upper() + said[1:] + " " if said else ""


def _company(summary: Summary) -> str:
    if not summary.num_company:
        return ""
    return f"Fitted together with {counted(summary.num_company, 'delivery', 'deliveries')} of company. "


def _features(summary: Summary) -> str:
    if not summary.num_features:
        return "Nothing but votes is evidence."
    return (
        f"Beside the votes, the {summary.num_features} features that rules read are evidence, worth "
        f"{summary.independent_features:.0f} independent ones."
    )


def _dropped(summary: Summary) -> str:
    return f", {summary.num_dropped} left out as none" if summary.num_dropped else ""


def _gold(summary: Summary) -> list[str]:
    if (check := summary.gold_check) is None:
        return []
    rows = [
        [
            score.name,
            f"{score.right} of {score.num}",
            *(f"{x:.2f}" for x in (score.right / score.num, score.low, score.high)),
        ]
        for score in check.scores
    ]
    fitted = (
        f"too few for a temperature ({FEWEST_FOR_TEMPERATURE} do)"
        if check.temperature is None
        else f"all posteriors were then brought to the temperature {check.temperature:.2f} that fits them"
    )
    sure = f"The labels were {check.confidence:.2f} sure of themselves there; {fitted}."
    table = _table(["who", "right", "share", "95 % from", "to"], rows)
    return ["### What a person said", "", _GOLD_NOTE, "", *table, "", sure, ""]


def _voices(summary: Summary) -> list[str]:
    borne_out = {
        name: share
        for voice in summary.voices
        if voice.trust
        for name, share in ((VOTES, voice.trust.rules_borne_out), (voice.name, voice.trust.borne_out))
    }
    rows = [
        [
            voice.name,
            str(voice.speaks_on),
            *(_number(value, 2) for value in (voice.weight, borne_out.get(voice.name), voice.agrees, voice.worth)),
        ]
        for voice in summary.voices
    ]
    header = ["voice", "deliveries", "weight", "borne out", "agrees with the label", "labels that change without it"]
    told = [f"The {voice.name} on none: {voice.why_silent}." for voice in summary.voices if voice.why_silent]
    if trusted := how_trusted(summary):
        told += [_TRUST_NOTE, trusted[:1].upper() + trusted[1:]]
    lines = [line for one in told for line in (one, "")]
    return ["### Voices", "", _VOICES_NOTE, "", *_table(header, rows), "", *lines]


def _rules(summary: Summary) -> list[str]:
    by_rule = summary.agreement[summary.model].by_rule
    rows = [
        [
            rule.code,
            str(rule.num_votes),
            _number(rule.weight if rule.num_votes else None, 2),
            *(f"{share:.3f}" for share in (rule.asked, rule.coverage, rule.overlap, rule.conflict)),
            _number(summary.rule_accuracy.get(rule.code), 2),
            _number(summary.rule_precision.get(rule.code), 2),
            _number(by_rule[rule.code].kappa if rule.code in by_rule else None, 2),
            ", ".join(f"{symbol} {count}" for symbol, count in rule.by_symbol.items()),
        ]
        for rule in summary.rules
    ]
    header = ["rule", "votes", "weight", "asked", "coverage", "overlap", "conflict", "accuracy", "precision"]
    table = _table([*header, "agreement", "by symbol"], rows)
    return ["### Rules", "", _RULES_NOTE, "", *table, ""]


def _families(summary: Summary) -> list[str]:
    models = list(summary.agreement)
    rows = [
        [family, *[_number(summary.agreement[model].by_family[family].kappa, 3) for model in models], _number(worth, 1)]
        for family, worth in summary.effective_votes.items()
    ]
    rows.append(["all", *[_number(summary.agreement[model].overall.kappa, 3) for model in models], ""])
    table = _table(["family", *models, "independent rules"], rows)
    return ["### Leave one family out", "", _FAMILIES_NOTE, "", *table, ""]


def _strokes(summary: Summary) -> list[str]:
    counts, shares = (summary.labels, summary.kept), (summary.shares, summary.least_confidence)
    rows = [[name, *(str(of[name]) for of in counts), *(_number(of[name], 3) for of in shares)] for name in STROKES]
    if summary.num_unnamed:
        rows.append(["not named", str(summary.num_unnamed), "0", "", ""])
    left = "; ".join(f"{reason}: {count}" for reason, count in summary.left_out.items() if count)
    table = _table(["stroke", "labels", "kept", "estimated share", "kept down to confidence"], rows)
    return ["### Strokes", "", *table, "", f"Left out: {left or 'none'}.", ""]


def _antimodes(summary: Summary) -> list[str]:
    rows = []
    for row in summary.antimodes:
        feature, numbers = ("size of " if row["is_folded"] else "") + row["feature"], (row["value"], row["sigma"])
        rows.append([feature, row["view"], str(row["count"]), row["status"], *(_number(one, 3) for one in numbers)])
    table = _table(["feature", "view", "deliveries", "distribution", "antimode", "spread"], rows)
    return ["### Thresholds found in the footage", "", *table] if rows else []


def _number(value: float | None, digits: int) -> str:
    return "" if value is None or math.isnan(value) else f"{value:.{digits}f}"


def _table(header: list[str], rows: list[list[str]]) -> list[str]:
    return [f"| {' | '.join(row)} |" for row in (header, ["---"] * len(header), *rows)]
