from __future__ import annotations

import numpy as np
import pytest

from slowpaths.core.strokes import NUM_STROKES, STROKES, TAXONOMIES
from slowpaths.evaluation.classes import OUTSIDE, class_space


@pytest.mark.parametrize("taxonomy", TAXONOMIES)
def test_every_stroke_falls_into_one_column(taxonomy: str) -> None:
    space = class_space(taxonomy)
    np.testing.assert_array_equal(space.matrix_CG.sum(axis=1), np.ones(NUM_STROKES))
    probs = np.random.default_rng(0).dirichlet(np.ones(NUM_STROKES), size=5)
    np.testing.assert_allclose(space.probabilities(probs).sum(axis=1), 1)


def test_our_own_taxonomy_stays_as_it_is() -> None:
    space = class_space("slowpaths")
    assert space.columns == space.names == STROKES
    assert space.index("cut") == STROKES.index("cut")


def test_a_coarser_taxonomy_sums_its_strokes_and_keeps_the_rest_apart() -> None:
    space = class_space("cricshot10")
    assert space.columns[-1] == "other" and "other" not in space.names
    probs = np.zeros((1, NUM_STROKES))
    probs[0, [STROKES.index(name) for name in ("cover_drive", "bf_punch", "leave", "cut")]] = [0.4, 0.3, 0.2, 0.1]
    summed = dict(zip(space.columns, space.probabilities(probs)[0], strict=True))
    assert summed["cover"] == pytest.approx(0.7)
    assert summed["other"] == pytest.approx(0.2)
    assert space.index("pull") == space.index("hook") == space.names.index("hook+pull")
    assert space.index("") == OUTSIDE


def test_picture_directions_swap_for_a_left_hander() -> None:
    space = class_space("gupta_balan_5")
    assert space.index("left") == space.index("right", handedness="L")
    assert space.true_leaves("left", handedness="L") == {"on_drive", "loft_leg_slog"}


def test_a_factor_is_known_only_where_all_strokes_of_a_class_share_it() -> None:
    space = class_space("cricshot10")
    values, matrix = space.factor("foot")
    assert values == ("B", "F")
    assert matrix[space.names.index("late_cut+square_cut")].tolist() == [1, 0]
    assert not matrix[space.names.index("cover")].any()  # on the front foot a drive, on the back foot a punch
    assert not matrix[space.names.index("flick")].any()
