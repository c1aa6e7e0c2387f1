"""What an editor spends, by hand; and a refusal where spans are not given."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from slowpaths.evaluation.measures.editing import MISSED_S


def test_trimming_false_clips_and_misses_add_up(perfect, read) -> None:
    true_U2 = np.array([(item.start_s, item.end_s) for item in perfect.truths])
    exact = replace(perfect, predicted_span_U2=true_U2)
    found = read(exact)[0]
    assert found["edit_seconds"].value == 0 and found["editor_seconds"].value == 0
    assert found["editor_seconds"].constant == MISSED_S and found["edit_seconds"].low is None
    loose = read(replace(exact, predicted_span_U2=true_U2 + np.array([-0.25, 0.5])))[0]
    assert loose["edit_seconds"].value == pytest.approx(0.75)
    missed = np.arange(len(true_U2)) % 7 == 0
    spans_U2 = np.where(missed[:, None], np.nan, exact.predicted_span_U2)
    partly = read(replace(exact, predicted_span_U2=spans_U2, is_found=~missed))[0]
    assert partly["editor_seconds"].value == pytest.approx(MISSED_S * missed.mean())
    assert partly["editor_seconds"].low is not None


def test_a_false_clip_costs_its_length_and_no_more_clips_are_worse_than_none(pairing, nothing, read) -> None:
    is_false = pairing.true_U == -2
    length = pairing.predicted_span_U2[is_false][:, 1] - pairing.predicted_span_U2[is_false][:, 0]
    assert is_false.any() and np.allclose(length, 1.28)
    assert read(nothing)[0]["editor_seconds"].value == MISSED_S
    assert "no true stroke was found" in read(nothing)[0]["edit_seconds"].reason
    assert 0 < read(pairing)[0]["editor_seconds"].value < MISSED_S


def test_without_spans_on_either_side_there_is_no_number(perfect, read) -> None:
    blind = read(replace(perfect, truths=[replace(item, has_span=False) for item in perfect.truths]))[0]
    assert blind["editor_seconds"].value is None and "truth does not give start and end" in blind["edit_seconds"].reason
    mute = read(replace(perfect, predicted_span_U2=np.full((len(perfect.truths), 2), np.nan)))[0]
    assert mute["editor_seconds"].value is None and "the predictions do not give" in mute["editor_seconds"].reason
