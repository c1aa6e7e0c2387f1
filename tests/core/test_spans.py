import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from slowpaths.core.spans import Span, merge

TIMES = st.floats(-1e4, 1e4, allow_nan=False)


@st.composite
def spans(draw):
    a, b = sorted((draw(TIMES), draw(TIMES)))
    return Span(a, b)


@pytest.mark.parametrize(
    ("a", "b", "iou"),
    [
        (Span(0, 1), Span(0, 1), 1.0),
        (Span(0, 1), Span(1, 2), 0.0),
        (Span(0, 2), Span(1, 3), 1 / 3),
        (Span(0, 4), Span(1, 2), 0.25),
        (Span(1, 1), Span(1, 1), 0.0),
    ],
)
def test_iou(a, b, iou):
    assert a.iou(b) == pytest.approx(iou)


@pytest.mark.parametrize(("start_s", "end_s"), [(1, 0), (float("nan"), 1), (0, float("inf"))])
def test_impossible_spans_are_refused(start_s, end_s):
    with pytest.raises(ValueError, match="span"):
        Span(start_s, end_s)


def test_to_frames_is_half_open_and_takes_irregular_times():
    pts_s = np.array([0.0, 0.1, 0.1, 0.35, 0.4])
    assert Span(0.1, 0.4).to_frames(pts_s).tolist() == [1, 2, 3]
    assert Span(0.41, 9.0).to_frames(pts_s).tolist() == []


def test_pad_and_clip():
    assert Span(1, 2).pad(0.5, 1) == Span(0.5, 3)
    assert Span(-1, 5).clip(Span(0, 2)) == Span(0, 2)
    assert Span(3, 5).clip(Span(0, 2)) == Span(2, 2)


def test_merge_bridges_small_gaps_only():
    assert merge([Span(0, 1), Span(1.2, 2), Span(3, 4)], max_gap_s=0.25) == [Span(0, 2), Span(3, 4)]


@given(spans(), spans())
def test_iou_is_symmetric_and_bounded(a, b):
    assert a.iou(b) == b.iou(a)
    assert 0.0 <= a.iou(b) <= 1.0


@given(st.lists(spans(), max_size=8))
def test_merged_spans_are_disjoint_sorted_and_cover_the_same(items):
    merged = merge(items)
    for left, right in itertools.pairwise(merged):
        assert left.end_s < right.start_s
    for span in items:
        assert any(outer.start_s <= span.start_s and span.end_s <= outer.end_s for outer in merged)
