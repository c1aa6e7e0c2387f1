"""What to look at next: the unsure before the sure, the unlike before the like, never what is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.data.mined import labelled

from slowpaths.core.strokes import NUM_STROKES
from slowpaths.review.queue import next_to_review


def clip(name: str, *, stroke: int = 0, confidence: float = 0.9, event_p: float = 1.0, source: str = "weak"):
    return replace(labelled(name, stroke=stroke, confidence=confidence), event_p=event_p, source=source)


def names(clips, num: int) -> list[str]:
    return [one.clip.delivery_id for one in next_to_review(clips, num)]


def test_the_first_is_the_least_sure_and_its_worth_is_its_entropy():
    flat = clip("flat", confidence=1 / NUM_STROKES)
    first = next_to_review([clip("sure", confidence=0.99), flat, clip("unsure", confidence=0.5)], 1)[0]
    assert first.clip is flat
    assert first.gain == pytest.approx(np.log(14) / np.log(15))  # 14 strokes as likely, of 15 outcomes


def test_copies_come_last_and_known_ones_never():
    clips = [clip("a", stroke=1, confidence=0.5), clip("copy of a", stroke=1, confidence=0.5),
             clip("b", stroke=2, confidence=0.8), clip("known", stroke=3, confidence=0.1, source="gold")]  # fmt: skip
    assert names(clips, 9) == ["a", "b", "copy of a"]
    like_known = [*clips[:1], clip("told", stroke=1, confidence=0.5, source="gold"), clips[2]]
    assert names(like_known, 2) == ["b", "a"]  # nothing new is learnt from one like a known one


def test_whether_it_is_a_stroke_counts_too():
    assert names([clip("stroke", event_p=1.0), clip("perhaps", event_p=0.5)], 1) == ["perhaps"]
    assert names([clip("unknown", event_p=float("nan"))], 1) == ["unknown"]
    assert next_to_review([], 3) == []
