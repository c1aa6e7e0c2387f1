"""Label the deliveries of a mined folder from their features: rules, label model, selection. No pixel is decoded.

Legend: N deliveries, R rules, Y strokes.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from slowpaths.core.errors import TableError, UsageError
from slowpaths.core.features import FEATURE_NAMES
from slowpaths.core.ids import fingerprint
from slowpaths.core.strokes import INDEX, STROKES
from slowpaths.labelling.agreement import hold_out_families
from slowpaths.labelling.arrow import floats, positions
from slowpaths.labelling.balls import ball_of, share
from slowpaths.labelling.block import FeatureBlock
from slowpaths.labelling.calibration import Calibration, calibrate
from slowpaths.labelling.catalogue import rules_fingerprint, select_rules
from slowpaths.labelling.class_prior import EXPECTED, class_prior
from slowpaths.labelling.dawid_skene import DawidSkene
from slowpaths.labelling.evidence import votes_table
from slowpaths.labelling.families import merge_families
from slowpaths.labelling.hierarchical import FixedNaiveBayes, HierarchicalPartial
from slowpaths.labelling.majority import MajorityVote
from slowpaths.labelling.models import LabelModel
from slowpaths.labelling.report import Summary, summary_of
from slowpaths.labelling.select import Selection, duplicate_groups, select
from slowpaths.labelling.temperature import find_temperature
from slowpaths.labelling.votes import VoteMatrix, apply_rules
from slowpaths.store.schema import LABELS, PROB_PREFIX

MODELS: dict[str, type[LabelModel]] = {
    kind.name: kind for kind in (HierarchicalPartial, DawidSkene, FixedNaiveBayes, MajorityVote)
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LabelSet:
    """Hold one labelling of a set of deliveries.

    Args:
        votes: Votes with their evidence (votes schema).
        labels: One row a delivery (labels schema).
        summary: What there is to say about both.
        rules: Description of every rule and of the thresholds it used, plain values.
        matrix: The votes as a matrix (N, R).
        calibration: Thresholds found in the unlabelled distribution.
        fingerprint: Identifies rules, thresholds, label model, selection and gold.
    """

    votes: pa.Table
    labels: pa.Table
    summary: Summary
    rules: dict[str, Any]
    matrix: VoteMatrix
    calibration: Calibration
    fingerprint: str


def label(
    deliveries: pa.Table,
    footage: pa.Table,
    *,
    model: str | Mapping[str, Any] = "hierarchical",
    rules: Mapping[str, Sequence[str]] | None = None,
    selection: Mapping[str, Any] | None = None,
    gold: pa.Table | None = None,
    duplicates: np.ndarray | None = None,
    shots: pa.Table | None = None,
    seed: int = 0,
) -> LabelSet:
    """Vote on deliveries, weigh the votes, and choose what to train on.

    Args:
        deliveries: Table of the deliveries schema.
        footage: Table of the footage schema, with every video the deliveries lie in.
        model: Name of the label model, or a mapping with `name`, `merge_families` and the model's own parameters;
            `class_prior` may also be a mapping, see `labelling.class_prior`.
            `temperature` is a number or "auto" (the default): where families left out are foretold best.
        rules: `include` and `exclude`, each a list of rule codes and families.
        selection: Fields of `Selection`.
        gold: Labels given by a person: `delivery_id`, `label`. They are held fixed while the model learns, and are
            the labels of those deliveries with source "gold".
        duplicates: Number of each delivery's group of copies (N,), -1 where unknown.
        shots: Table of the shots schema: a ball and its replays get one label. Each has its own where not given.
        seed: Kept in the fingerprint; every label model here is deterministic.

    Raises:
        UsageError: If the model, a parameter, a rule or a gold label is unknown.
        TableError: If there is no delivery, or one lies in a video that the footage table lacks.
    """
    if not deliveries.num_rows:
        raise TableError("there is no delivery to label: mine footage in which deliveries are found")
    plan = build_model(model)
    label_model = plan.model
    settings = _build(Selection, selection or {}, what="selection")
    chosen = select_rules(**_known(rules or {}, ("include", "exclude"), what="rules"))
    block = FeatureBlock.from_table(deliveries)
    ids = deliveries["delivery_id"].combine_chunks()
    calibration = calibrate(block, rules=chosen)
    votes = apply_rules(block, rules=chosen, calibration=calibration, delivery_ids=ids)
    gold_N, num_unmatched = read_gold_labels(gold, ids)
    weighed = votes
    label_model.fit(weighed, gold_N)
    if plan.merges_families:
        weighed = merge_families(votes, label_model.predict_proba(votes))
        label_model.fit(weighed, gold_N)
    held_out = hold_out_families(label_model, weighed)
    if plan.finds_temperature:
        label_model.set_params(temperature=find_temperature(label_model, held_out))
    probs_NY = label_model.predict_proba(weighed)
    is_gold = gold_N >= 0
    gold_probs_NY = np.eye(len(STROKES))[gold_N[is_gold]]
    probs_NY[is_gold] = gold_probs_NY  # what a person says of a ball holds for its replays
    if shots is not None:
        beliefs = label_model.rows_
        prior_Y = np.full(len(STROKES), 1 / len(STROKES)) if beliefs is None else beliefs.prior_Y
        probs_NY = share(probs_NY, ball_of(deliveries, shots), prior_Y=prior_Y)
        probs_NY[is_gold] = gold_probs_NY
    features_NF = np.stack([block[name] for name in FEATURE_NAMES], axis=1)
    selected = select(
        probs_NY,
        class_prior_Y=label_model.class_prior_,
        has_votes=votes.has_votes,
        event_p=floats(deliveries["event_p"]),
        groups=duplicate_groups(features_NF, duplicates),
        is_gold=is_gold,
        settings=settings,
    )
    rule_set = {
        "fingerprint": rules_fingerprint(chosen),
        "rules": [rule.describe() for rule in chosen],
        "calibration": calibration.to_dict(),
    }
    identity = {
        "rules": rule_set["fingerprint"],
        "calibration": calibration.to_dict(),
        "model": {"name": label_model.name, "merge_families": plan.merges_families, **label_model.get_params()},
        "selection": asdict(settings),
        "gold": [[str(ids[int(row)]), int(gold_N[row])] for row in np.flatnonzero(is_gold)],
        "seed": seed,
    }
    name = fingerprint(identity)
    return LabelSet(
        votes=votes_table(votes, block=block, rules=chosen, calibration=calibration),
        labels=labels_table(
            deliveries, footage, probs_NY=probs_NY, is_gold=is_gold, is_kept=selected.is_kept, votes_fingerprint=name
        ),
        summary=summary_of(
            votes=votes,
            weighed=weighed,
            model=label_model,
            held_out=held_out,
            probs_NY=probs_NY,
            selected=selected,
            rules=chosen,
            calibration=calibration,
            block=block,
            match_ids=_match_ids(deliveries, footage),
            num_gold=int(is_gold.sum()),
            num_gold_unmatched=num_unmatched,
            fingerprint=name,
        ),
        rules=rule_set,
        matrix=votes,
        calibration=calibration,
        fingerprint=name,
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Plan:
    """Hold a label model and what is done around it.

    Args:
        model: The label model.
        merges_families: Whether families that fail together are merged into one rule.
        finds_temperature: Whether its temperature is found from the votes.
    """

    model: LabelModel
    merges_families: bool
    finds_temperature: bool


def build_model(model: str | Mapping[str, Any]) -> Plan:
    """Return a label model by name or by name and settings.

    Raises:
        UsageError: If the name or a parameter is unknown.
    """
    settings: dict[str, Any] = {"name": model} if isinstance(model, str) else dict(model)
    name, merges = settings.pop("name", "hierarchical"), bool(settings.pop("merge_families", False))
    if finds_temperature := settings.get("temperature", "auto") == "auto":
        settings.pop("temperature", None)
    if name not in MODELS:
        near = difflib.get_close_matches(str(name), MODELS, n=1) or MODELS
        raise UsageError(f"unknown label model '{name}'; the nearest names are: {', '.join(near)}")
    if "class_prior" in _settings_of(MODELS[name]):
        settings["class_prior"] = class_prior(settings.get("class_prior", EXPECTED))
    return Plan(
        model=_build(MODELS[name], settings, what=f"label_model {name}"),
        merges_families=merges,
        finds_temperature=finds_temperature,
    )


def read_gold_labels(gold: pa.Table | None, delivery_ids: pa.Array) -> tuple[np.ndarray, int]:
    """Return the stroke a person gave each delivery (N,), -1 where nobody did, and how many match no delivery.

    Args:
        gold: Columns `delivery_id` and `label`; the last row of a delivery counts.
        delivery_ids: Deliveries (N,).

    Raises:
        UsageError: If a column is missing or a label is not one of the strokes.
    """
    gold_N = np.full(len(delivery_ids), -1)
    if gold is None or not gold.num_rows:
        return gold_N, 0
    for column in ("delivery_id", "label"):
        if column not in gold.column_names:
            raise UsageError(f"the gold table lacks the column '{column}': it needs delivery_id,label")
    strokes = positions(gold["label"].cast(pa.string()), STROKES)
    if (strokes < 0).any():
        row = int(np.argmax(strokes < 0))
        stranger = str(gold["label"][row])
        near = difflib.get_close_matches(stranger, INDEX, n=1) or STROKES
        raise UsageError(f"row {row + 1} of the gold table has the label '{stranger}'; choose: {', '.join(near)}")
    rows = positions(gold["delivery_id"].cast(pa.string()), delivery_ids)
    gold_N[rows[rows >= 0]] = strokes[rows >= 0]
    return gold_N, int((rows < 0).sum())


def labels_table(
    deliveries: pa.Table,
    footage: pa.Table,
    *,
    probs_NY: np.ndarray,
    is_gold: np.ndarray,
    is_kept: np.ndarray,
    votes_fingerprint: str,
) -> pa.Table:
    """Return the labels as a table of the labels schema, one row a delivery in the order of the deliveries.

    Raises:
        TableError: If a delivery lies in a video that the footage table lacks.
    """
    videos = pa.array(_video_rows(deliveries, footage))
    columns: dict[str, Any] = {
        name: deliveries[name] for name in ("delivery_id", "video_id", "start_s", "end_s", "impact_s", "event_p")
    }
    columns |= {
        "label": pa.array(STROKES).take(pa.array(probs_NY.argmax(axis=1))),
        "confidence": probs_NY.max(axis=1),
        "source": pa.array(["weak", "gold"]).take(pa.array(is_gold.astype(np.int8))),
        "video": footage["path"].combine_chunks().take(videos),
        "match_id": footage["match_id"].combine_chunks().take(videos),
        "is_kept": is_kept,
        "votes_fingerprint": pa.repeat(pa.scalar(votes_fingerprint), deliveries.num_rows),
    }
    columns |= {PROB_PREFIX + stroke: probs_NY[:, number] for number, stroke in enumerate(STROKES)}
    schema = LABELS.schema.remove_metadata()
    return pa.table({name: columns[name] for name in schema.names}, schema=schema)


def _match_ids(deliveries: pa.Table, footage: pa.Table) -> np.ndarray:
    rows = pa.array(_video_rows(deliveries, footage))
    return np.asarray(footage["match_id"].combine_chunks().take(rows).to_pylist())


def _video_rows(deliveries: pa.Table, footage: pa.Table) -> np.ndarray:
    rows = positions(deliveries["video_id"], footage["video_id"].combine_chunks())
    if (rows < 0).any():
        stranger = deliveries["video_id"][int(np.argmax(rows < 0))]
        raise TableError(f"the footage table lacks the video '{stranger}' of a delivery: mine the footage again")
    return rows


def _build(kind: type, settings: Mapping[str, Any], *, what: str) -> Any:
    return kind(**_known(settings, _settings_of(kind), what=what))


def _settings_of(kind: type) -> list[str]:
    return [name for name in kind.__init__.__annotations__ if name != "return"]


def _known(settings: Mapping[str, Any], names: Sequence[str], *, what: str) -> dict[str, Any]:
    for name in settings:
        if name not in names:
            near = difflib.get_close_matches(name, names, n=1) or names
            raise UsageError(f"{what} has no setting '{name}'; the nearest names are: {', '.join(near)}")
    return dict(settings)
