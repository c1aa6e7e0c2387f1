"""How often strokes are expected: plain names in, shares of the taxonomy out."""

from __future__ import annotations

import numpy as np
import pytest

from slowpaths.core.errors import UsageError
from slowpaths.core.strokes import INDEX, STROKES
from slowpaths.labelling.model.build import build_model
from slowpaths.labelling.model.class_prior import EXPECTED, expected_shares


def test_strokes_that_are_not_named_are_as_often_as_expected() -> None:
    shares = expected_shares({"leave": 2.0, "cut": 0.5})
    assert shares.sum() == pytest.approx(1.0)
    assert shares[INDEX["leave"]] / shares[INDEX["sweep"]] == pytest.approx(2.0)
    assert shares[INDEX["cut"]] / shares[INDEX["sweep"]] == pytest.approx(0.5)
    assert shares[INDEX["loft_leg_slog"]] / shares[INDEX["sweep"]] == pytest.approx(0.33)
    np.testing.assert_array_equal(expected_shares(None), expected_shares(EXPECTED))
    np.testing.assert_allclose(expected_shares(EXPECTED, num_classes=3), 1 / 3)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ({"cutt": 1.0}, "no stroke 'cutt'; the nearest are: cut"),
        ({"cut": 0.0}, "class_prior.cut is a positive number, not 0.0"),
        ({"cut": float("inf")}, "class_prior.cut is a positive number, not inf"),
    ],
)
@pytest.mark.parametrize("name", ["hierarchical", "naive_bayes"])
def test_a_wrong_weight_is_named(weights: object, message: str, name: str) -> None:
    with pytest.raises(UsageError, match=message):
        build_model({"name": name, "class_prior": weights})


def test_models_that_expect_nothing_take_no_prior() -> None:
    assert set(EXPECTED) == set(STROKES)
    with pytest.raises(UsageError, match="label_model majority has no setting 'class_prior'"):
        build_model({"name": "majority", "class_prior": {}})
