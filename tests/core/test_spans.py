import numpy as np
import pytest

from slowpaths.core.spans import Span


@pytest.mark.parametrize(("start_s", "end_s"), [(1, 0), (float("nan"), 1), (0, float("inf"))])
def test_impossible_spans_are_refused(start_s, end_s):
    with pytest.raises(ValueError, match="span"):
        Span(start_s, end_s)


def test_to_frames_is_half_open_and_takes_irregular_times():
    pts_s = np.array([0.0, 0.1, 0.1, 0.35, 0.4])
    assert Span(0.1, 0.4).to_frames(pts_s).tolist() == [1, 2, 3]
    assert Span(0.41, 9.0).to_frames(pts_s).tolist() == []


def test_clip():
    assert Span(-1, 5).clip(Span(0, 2)) == Span(0, 2)
    assert Span(3, 5).clip(Span(0, 2)) == Span(2, 2)
