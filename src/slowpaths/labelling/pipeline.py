"""Label the deliveries of a mined folder from their features: rules, label model, selection. No pixel is decoded."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa

from slowpaths.core.errors import TableError, UsageError
from slowpaths.core.features import FEATURE_NAMES
from slowpaths.core.ids import code_digest, fingerprint
from slowpaths.core.strokes import INDEX, STROKES
from slowpaths.core.tempering import temper
from slowpaths.labelling.arrow import floats, positions
from slowpaths.labelling.balls import ball_of, share
from slowpaths.labelling.gold_check import GoldCheck, check_gold
from slowpaths.labelling.model.agreement import hold_out_families
from slowpaths.labelling.model.build import build_model
from slowpaths.labelling.model.encoding import Encoding, clamp
from slowpaths.labelling.model.families import merge_families
from slowpaths.labelling.model.label_model import AUTO, LabelModel
from slowpaths.labelling.model.reliability import with_reliability
from slowpaths.labelling.model.temperature import agreed_sureness, find_temperature
from slowpaths.labelling.opinions import TEACHER, Heard, Student, hear
from slowpaths.labelling.rules.block import FeatureBlock
from slowpaths.labelling.rules.calibration import Calibration, calibrate
from slowpaths.labelling.rules.catalogue import rules_fingerprint, select_rules
from slowpaths.labelling.rules.evidence import votes_table
from slowpaths.labelling.rules.rule import Rule
from slowpaths.labelling.rules.votes import VoteMatrix, apply_rules
from slowpaths.labelling.select import Selection, duplicate_groups, select
from slowpaths.labelling.summary import Fitted, Summary, summary_of
from slowpaths.labelling.teacher import StrokeTeacher
from slowpaths.store.schema import LABELS, PREDICTIONS, PROB_PREFIX

NO_STROKE = "no_stroke"
"""What gold says of a delivery that is none: it gets no label."""
_DROPPED = -2


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LabelSet:
    """Hold one labelling of a set of deliveries."""

    votes: pa.Table  # votes with their evidence (votes schema)
    labels: pa.Table  # one row a delivery (labels schema)
    # what votes, teacher (calibrated) and student each say of the deliveries they speak on (predictions schema)
    voices: pa.Table
    summary: Summary  # what there is to say about both
    rules: dict[str, dict[str, Any]]  # rule -> its description, plain values
    rule_set: str  # fingerprint of the rules
    matrix: VoteMatrix  # the votes as a matrix (N, R)
    fingerprint: str  # identifies rules, thresholds, label model, selection and gold


def label(
    deliveries: pa.Table,
    footage: pa.Table,
    *,
    model: LabelModel | str | Mapping[str, Any] = "hierarchical",
    rules: Mapping[str, Sequence[str]] | None = None,
    selection: Mapping[str, Any] | None = None,
    gold: Mapping[str, str] | None = None,
    moved: Mapping[str, float] | None = None,
    shots: pa.Table | None = None,
    company: Sequence[pa.Table] = (),
    teacher: StrokeTeacher | None = None,
    student: Student | None = None,
    with_votes: bool = True,
    seed: int = 0,
) -> LabelSet:
    """Vote on deliveries, weigh the votes, and choose what to train on.

    The tables are of the deliveries, footage and shots schema; with shots a ball and its replays get one label. `model`
    is one, or what `labelling.model.build` makes one of, `rules` the arguments of `select_rules`, `selection` the
    fields of `Selection`. `gold` maps deliveries to the stroke that a person gave: it is held fixed while the model
    learns, and is the label, with source "gold"; a delivery of which they say `NO_STROKE` is left out. What would have
    been said without gold is held against it (`gold_check`). `moved` are the impacts that a person moved, for the
    fingerprint. `company` are deliveries of other mined folders: thresholds and label model are fitted on them too, but
    none is labelled. What `teacher` and `student` say is joined with what the votes say (`labelling.opinions`); neither
    counts where it is not given, nor do votes without `with_votes`. The seed is only kept in the fingerprint.

    Raises:
        UsageError: If the model, a parameter, a rule, or a delivery or stroke of `gold` is unknown, or nobody counts.
        TableError: If there is no delivery, or one lies in a video that the footage table lacks.
    """
    if not deliveries.num_rows:
        raise TableError("there is no delivery to label: mine footage in which deliveries are found")
    label_model = build_model(model)
    settings = Selection(**_known(selection or {}, [item.name for item in fields(Selection)], what="selection"))
    chosen = select_rules(**_known(rules or {}, ("include", "exclude", "paths"), what="rules"))
    asked = _ask(label_model, chosen, deliveries, company=company, gold=gold or {}, shots=shots)
    asked = asked.joined_by(teacher, student, with_votes=with_votes)
    gold_check = asked.held_against_gold()
    fitted, heard, probs_NC = asked.answer(asked.gold_N)
    if gold_check and gold_check.temperature:
        probs_NC = temper(probs_NC, gold_check.temperature)
    votes, own, is_gold = fitted.encoding.votes, asked.own, asked.gold_N[asked.own] >= 0
    is_named_N = _is_named(heard, is_gold, asked.balls)
    shares_C = probs_NC[is_named_N].mean(axis=0) if is_named_N.any() else label_model.class_prior_
    selected = select(
        probs_NC,
        shares_C=shares_C,
        has_votes=votes.has_votes,
        event_p=floats(asked.deliveries["event_p"]),
        groups=duplicate_groups(np.stack([asked.block[name][own] for name in FEATURE_NAMES], axis=1)),
        is_gold=is_gold,
        settings=settings,
    )
    rule_set = rules_fingerprint(chosen)
    decisive = {"rules": rule_set, "selection": asdict(settings), "seed": seed, **asked.decides()}
    name = fingerprint(decisive | ({"moved": moved} if moved else {}))
    rows = partial(labels_table, asked.deliveries, footage, is_gold=is_gold, is_kept=selected.is_kept, key=name)
    return LabelSet(
        votes=votes_table(votes, block=asked.block, rules=chosen, calibration=asked.calibration),
        labels=rows(probs_NC),
        voices=pa.concat_tables([as_voice(rows(said), voice=who) for who, said in asked.written(heard).items()]),
        summary=summary_of(
            fitted,
            probs_NC,
            selected,
            asked.calibration,
            is_named_N=is_named_N,
            shares_C=shares_C,
            voices=heard.voices(),
            num_gold=int(is_gold.sum()),
            num_dropped=len(asked.dropped),
            gold_check=gold_check,
            name=name,
        ),
        rules={rule.code: rule.describe() for rule in chosen},
        rule_set=rule_set,
        matrix=votes,
        fingerprint=name,
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Asked:
    """Hold who is asked what strokes are called, and of what."""

    model: LabelModel
    deliveries: pa.Table  # those to label
    everyone: pa.Table  # and after them those of the company
    dropped: list[str]  # deliveries that a person says are none
    gold_N: np.ndarray  # as `gold_classes` returns it, of everyone
    block: FeatureBlock
    calibration: Calibration
    votes: VoteMatrix
    balls: np.ndarray | None
    teacher: StrokeTeacher | None = None
    student: Student | None = None
    with_votes: bool = True

    @property
    def own(self) -> np.ndarray:
        """Return the rows of the deliveries to label."""
        return np.arange(self.deliveries.num_rows)

    def joined_by(self, teacher: StrokeTeacher | None, student: Student | None, *, with_votes: bool) -> _Asked:
        """Return the same with voices beside the votes, or in their place.

        Raises:
            UsageError: If neither votes nor a teacher are to count.
        """
        if not with_votes and teacher is None:
            raise UsageError("votes=false leaves nobody who names a stroke without a teacher: leave out teacher=none")
        return replace(self, teacher=teacher, student=student, with_votes=with_votes)

    def answer(self, gold_N: np.ndarray) -> tuple[Fitted, Heard, np.ndarray]:
        """Return the fitted model, what each voice says, and the probabilities (N, C) of the deliveries to label."""
        fitted, own = _fit(self.model, Encoding.of(self.votes), gold_N), self.own
        voted_NC = _voted(self.model, fitted.weighed)
        heard = hear(
            voted_NC, votes=fitted.weighed.votes, side_N=self.block.side_N, deliveries=self.everyone,
            teacher=self.teacher, student=self.student, gold_N=gold_N, with_votes=self.with_votes,
        ).only(own)  # fmt: skip
        prior_NC = heard.prior(_prior(self.model, voted_NC.shape[1]))
        shared_NC = _shared(heard.probs_NC.copy(), prior_NC, gold_N=gold_N[own], balls=self.balls)
        return fitted.only(own), heard, shared_NC

    def written(self, heard: Heard) -> dict[str, np.ndarray]:
        """Return what each voice says as it is written down and judged: the teacher's calibrated (N, C)."""
        said_by = heard.spoken()
        if self.teacher is None:
            return said_by
        return said_by | {TEACHER: self.teacher.calibrated(said_by[TEACHER])}

    def held_against_gold(self) -> GoldCheck | None:
        """Return what would have been said without gold, held against it; None where there is no gold."""
        gold_N = self.gold_N[self.own]
        if not (gold_N >= 0).any():
            return None
        _, blind, blind_NC = self.answer(np.full(len(self.gold_N), -1))
        return check_gold(blind_NC, blind.spoken(), gold_N)

    def decides(self) -> dict[str, Any]:
        """Return what identifies them, plain values, once the model is fitted."""
        ids, model = self.everyone["delivery_id"], self.model
        decisive: dict[str, Any] = {
            "calibration": self.calibration.to_dict(),
            "model": {"name": model.name, "temperature_": model.temperature_, **model.get_params()},
            "code": [code_digest(name) for name in ("slowpaths.labelling", type(model).__module__)],
            "gold": [[str(ids[int(row)]), int(self.gold_N[row])] for row in np.flatnonzero(self.gold_N >= 0)],
        }
        for name, voice in (("teacher", self.teacher), ("student", self.student)):
            if voice is not None:
                decisive[name] = voice.fingerprint
        if self.everyone is not self.deliveries:
            decisive["company"] = ids[self.deliveries.num_rows :].to_pylist()
        if not self.with_votes:
            decisive["votes"] = False
        return decisive | ({"dropped": self.dropped} if self.dropped else {})


def _ask(
    model: LabelModel,
    rules: Sequence[Rule],
    deliveries: pa.Table,
    *,
    company: Sequence[pa.Table],
    gold: Mapping[str, str],
    shots: pa.Table | None,
) -> _Asked:
    """Let the rules vote on deliveries and their company, but for those that a person says are none."""
    everyone = with_company(deliveries, company)
    gold_N = gold_classes(gold, everyone["delivery_id"].combine_chunks())
    is_stroke = gold_N != _DROPPED
    dropped = everyone["delivery_id"].filter(pa.array(~is_stroke)).to_pylist()
    if dropped:
        deliveries = deliveries.filter(pa.array(is_stroke[: deliveries.num_rows]))
        everyone = everyone.filter(pa.array(is_stroke))
    if not deliveries.num_rows:
        raise TableError("a person says of every delivery that it is none: there is nothing to label")
    block = FeatureBlock.from_table(everyone)
    calibration = calibrate(block, rules=rules)
    votes = apply_rules(everyone, rules=rules, calibration=calibration, block=block)
    return _Asked(
        model=model,
        deliveries=deliveries,
        everyone=everyone,
        dropped=dropped,
        gold_N=gold_N[is_stroke],
        block=block,
        calibration=calibration,
        votes=with_reliability(votes, block.side_N),
        balls=None if shots is None else ball_of(deliveries, shots),
    )


def with_company(deliveries: pa.Table, company: Sequence[pa.Table]) -> pa.Table:
    """Return deliveries and after them those of other folders that are not there already."""
    for other in company:
        is_known = positions(other["delivery_id"], deliveries["delivery_id"].combine_chunks()) >= 0
        deliveries = pa.concat_tables([deliveries, other.filter(pa.array(~is_known))])
    return deliveries


def _fit(model: LabelModel, encoding: Encoding, gold_N: np.ndarray) -> Fitted:
    """Fit a model, on families merged where it asks for that, and find its temperature where it is "auto"."""
    weighed = encoding
    model.fit(encoding, gold_N)
    if model.merge_families:
        weighed = Encoding.of(merge_families(encoding, model.predict_proba(encoding)))
        model.fit(weighed, gold_N)
    held_out = hold_out_families(model, weighed.votes)
    tempered, model.temperature_ = model.temperature_, 1.0
    agreed = agreed_sureness(model, held_out)
    own = None if model.emissions_ is None else float(model.predict_proba(weighed).max(axis=1).mean())
    model.temperature_ = find_temperature(model, held_out, agreed) if model.temperature == AUTO else tempered
    return Fitted(
        model=model, encoding=encoding, weighed=weighed, held_out=held_out, own_confidence=own, agreed_sureness=agreed
    )


def _prior(model: LabelModel, num_classes: int) -> np.ndarray:
    """Return what a fitted model believes of a delivery of which nothing is known (C,)."""
    prior_C = np.ones(num_classes) if model.emissions_ is None else model.emissions_.prior_C
    return temper(prior_C[None], model.temperature_)[0]


def _voted(model: LabelModel, encoding: Encoding) -> np.ndarray:
    """Return the probabilities by the votes (N, C): the prior where no rule speaks."""
    prior_C = _prior(model, encoding.num_classes)
    return np.where(encoding.votes.has_votes[:, None], model.predict_proba(encoding), prior_C)


def _shared(probs_NC: np.ndarray, prior_NC: np.ndarray, *, gold_N: np.ndarray, balls: np.ndarray | None) -> np.ndarray:
    """Return probabilities (N, C) shared by the views of a ball; what a person says of it holds for its replays."""
    clamp(probs_NC, gold_N)
    if balls is not None:
        probs_NC = share(probs_NC, balls, prior_NC=prior_NC)
    return clamp(probs_NC, gold_N)


def _is_named(heard: Heard, is_gold: np.ndarray, balls: np.ndarray | None) -> np.ndarray:
    """Return whether a voice or a person says anything of a delivery, or of another view of its ball (N,)."""
    is_named_N = heard.is_named_N | is_gold
    return is_named_N if balls is None else np.isin(balls.astype(str), balls[is_named_N].astype(str))


def gold_classes(gold: Mapping[str, str], delivery_ids: pa.Array) -> np.ndarray:
    """Return the stroke a person gave each delivery (N,), -1 where nobody did, -2 where they say it is none.

    Raises:
        UsageError: If a delivery or a stroke is unknown.
    """
    gold_N = np.full(len(delivery_ids), -1)
    rows = positions(pa.array(list(gold), pa.string()), delivery_ids).tolist()
    for row, (delivery, stroke) in zip(rows, gold.items(), strict=True):
        if row < 0:
            raise UsageError(f"gold names the delivery '{delivery}', which is not among those to label: take it out")
        if stroke not in INDEX and stroke != NO_STROKE:
            near = difflib.get_close_matches(str(stroke), STROKES, n=1) or STROKES
            raise UsageError(f"gold gives {delivery} the label '{stroke}'; choose: {', '.join(near)}")
        gold_N[row] = INDEX.get(stroke, _DROPPED)
    return gold_N


def labels_table(
    deliveries: pa.Table, footage: pa.Table, probs_NC: np.ndarray, *, is_gold: np.ndarray, is_kept: np.ndarray, key: str
) -> pa.Table:
    """Return the labels as a table of the labels schema, one row a delivery in the order of the deliveries.

    Raises:
        TableError: If a delivery lies in a video that the footage table lacks.
    """
    rows = positions(deliveries["video_id"], footage["video_id"].combine_chunks())
    if (rows < 0).any():
        stranger = deliveries["video_id"][int(np.argmax(rows < 0))]
        raise TableError(f"the footage table lacks the video '{stranger}' of a delivery: mine the footage again")
    videos = pa.array(rows)
    columns: dict[str, Any] = {
        **{name: deliveries[name] for name in ("delivery_id", "video_id", "start_s", "end_s", "impact_s", "event_p")},
        "label": pa.array(STROKES).take(pa.array(probs_NC.argmax(axis=1))),
        "confidence": probs_NC.max(axis=1),
        "source": pa.array(["weak", "gold"]).take(pa.array(is_gold.astype(np.int8))),
        "video": footage["path"].combine_chunks().take(videos),
        "match_id": footage["match_id"].combine_chunks().take(videos),
        "is_kept": is_kept,
        "votes_fingerprint": pa.repeat(pa.scalar(key), deliveries.num_rows),
        **{PROB_PREFIX + stroke: probs_NC[:, number] for number, stroke in enumerate(STROKES)},
    }
    schema = LABELS.schema.remove_metadata()
    return pa.table({name: columns[name] for name in schema.names}, schema=schema)


def as_voice(said: pa.Table, *, voice: str) -> pa.Table:
    """Return what a voice says (labels schema) as predictions; rows on which it says nothing are left out."""
    said = said.filter(pa.array(np.isfinite(floats(said["confidence"]))))
    constants = {"source": "weak", "model_id": voice, "view_index": -1, "split": "none"}
    columns = {name: pa.repeat(pa.scalar(value), said.num_rows) for name, value in constants.items()}
    given = {name: said[name] for name in said.schema.names}
    schema = PREDICTIONS.schema.remove_metadata()
    return pa.table({name: (given | columns)[name] for name in schema.names}, schema=schema)


def _known(settings: Mapping[str, Any], names: Sequence[str], *, what: str) -> dict[str, Any]:
    for name in settings:
        if name not in names:
            near = difflib.get_close_matches(name, names, n=1) or names
            raise UsageError(f"{what} has no setting '{name}'; the nearest names are: {', '.join(near)}")
    return dict(settings)
