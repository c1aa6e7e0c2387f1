import json
import math

import numpy as np
import pytest
from tests.data.mined import labelled
from tests.review.mined import RULES

from slowpaths.core.records import Prediction, Vote
from slowpaths.core.spans import Span
from slowpaths.core.strokes import INDEX, STROKES
from slowpaths.review.cards import (
    GROUPS,
    average_views,
    conflict,
    make_cards,
    stroke_group,
    stroke_text,
    strokes_of,
    to_plain,
    total_variation,
)
from slowpaths.store.mined_folder import RuleDeclaration

DECLARED = {
    code: RuleDeclaration(family=item["family"], votes={key: frozenset(names) for key, names in item["votes"].items()})
    for code, item in RULES.items()
}
ROW = {
    "delivery_id": "d",
    "video_id": "v",
    "shot_id": "s",
    "impact_s": 2.0,
    "impact_uncertainty_s": 0.04,
    "view": "pitch_endon",
    "handedness_p": 0.9,
    "event_p": math.nan,
}


def vote(rule: str, symbol: str, delivery_id: str = "d") -> Vote:
    return Vote(delivery_id=delivery_id, rule=rule, symbol=symbol, evidence="x 1 >= 0")


def said(probs, *, view_index: int = -1) -> Prediction:
    return Prediction(
        delivery_id="d", video_id="v", video="", match_id="", span=Span(0, 1), impact_s=0.5, event_p=0.5,
        probs=np.asarray(probs), label=STROKES[int(np.argmax(probs))], confidence=float(np.max(probs)), source="model",
        view_index=view_index, split="val",
    )  # fmt: skip


def card(**given):
    settings = {"videos": {"v": "a.mp4"}, "shots": {}, "rules": DECLARED} | given
    (made,) = make_cards([ROW], **settings)
    return made


def test_a_card_gathers_what_every_table_says_of_one_delivery():
    made = card(
        shots={"s": {"view_probability": 0.7, "is_replay": True}},
        labels=[labelled("d", stroke=INDEX["cut"], confidence=0.8), labelled("other", is_kept=False)],
        votes=[vote("plane.hand_path", "vertical"), vote("foot.stride", "back"), vote("side.sweep", "off", "other")],
        predictions=[said(np.eye(14)[INDEX["sweep"]])],
        clips={"d"},
    )
    assert (made.video, made.view_probability, made.is_replay, made.is_kept) == ("a.mp4", 0.7, True, True)
    assert (made.label.label, made.model.label, made.model.split) == ("cut", "sweep", "val")
    assert [item.rule for item in made.votes] == ["foot.stride", "plane.hand_path"]  # family by family
    assert made.conflict == 1.0  # back is cut or pull, vertical is a cover drive
    assert made.disagreement == pytest.approx(1 - 0.2 / 13)
    assert made.has_clip


def test_a_card_without_label_shot_or_model_says_so():
    made = card()
    assert (made.label, made.model, made.disagreement, made.view_probability) == (None, None, None, None)
    assert (made.is_kept, made.has_clip, made.votes, made.conflict) == (False, False, (), 0.0)


@pytest.mark.parametrize(
    ("sets", "expected"),
    [
        ([], 0.0),
        ([{"cut"}], 0.0),
        ([{"cut"}, {"cut", "sweep"}], 0.0),
        ([{"cut"}, {"sweep"}], 1.0),
        ([{"cut"}, {"sweep"}, {"cut", "sweep"}], 1 / 3),
        ([{"cut"}, {"sweep"}, set()], 1.0),  # a vote of an undeclared rule takes no part
    ],
)
def test_conflict_is_the_share_of_pairs_without_a_common_stroke(sets, expected):
    assert conflict([frozenset(item) for item in sets]) == pytest.approx(expected)


def test_votes_of_undeclared_rules_and_symbols_stand_for_nothing():
    assert strokes_of(vote("foot.stride", "front"), DECLARED) == {"cover_drive", "sweep"}
    assert strokes_of(vote("foot.stride", "sideways"), DECLARED) == frozenset()
    assert strokes_of(vote("gone.rule", "front"), DECLARED) == frozenset()


def test_the_average_over_views_is_taken_where_there_is_one():
    uniform, sure = np.full(14, 1 / 14), np.eye(14)[3]
    (kept,) = average_views([said(uniform, view_index=0), said(sure, view_index=-1), said(uniform, view_index=1)])
    assert kept.confidence == 1.0
    (first,) = average_views([said(uniform, view_index=1), said(sure, view_index=0)])
    assert first.view_index == 0


def test_every_stroke_has_a_colour_and_every_colour_a_stroke():
    assert {stroke_group(stroke) for stroke in STROKES} == set(GROUPS)
    drives = {"cover_drive", "straight_drive", "on_drive", "bf_punch", "flick_glance"}
    assert {stroke for stroke in STROKES if stroke_group(stroke) == "straight bat"} == drives
    assert stroke_text("bf_punch") == "back-foot punch"


def test_plain_values_round_and_never_hold_what_json_cannot_say():
    plain = to_plain(card(labels=[labelled("d", confidence=0.8)], votes=[vote("foot.stride", "back")]))
    assert plain["event_p"] is None  # not a number
    assert plain["votes"] == [["foot.stride", "back", "x 1 >= 0"]]
    assert plain["label"]["probs"][1] == 0.0154
    json.dumps(plain, allow_nan=False)


def test_total_variation_needs_distributions_of_one_length():
    with pytest.raises(ValueError, match="zip"):
        total_variation([1.0], [0.5, 0.5])
