"""How often strokes are expected: plain names in, shares of the taxonomy out."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from slowpaths.core.errors import UsageError
from slowpaths.core.strokes import STROKES
from slowpaths.labelling.class_prior import EXPECTED, class_prior
from slowpaths.labelling.pipeline import build_model

CONFIGS = Path(__file__).parents[2] / "configs" / "label_model"


def test_strokes_that_are_not_named_weigh_one() -> None:
    given = class_prior({"leave": 2.0, "cut": 0.5})
    assert given == class_prior([{"leave": 2.0, "cut": 0.5}.get(stroke, 1.0) for stroke in STROKES])
    shares = dict(zip(STROKES, given or [], strict=True))
    assert sum(shares.values()) == pytest.approx(1.0)
    assert shares["leave"] / shares["sweep"] == pytest.approx(2.0)
    assert shares["cut"] / shares["sweep"] == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ({"cutt": 1.0}, "no stroke 'cutt'; the nearest are: cut"),
        ({"cut": 0.0}, "class_prior.cut is a positive number, not 0.0"),
        ({"cut": "often"}, "class_prior.cut is a positive number, not 'often'"),
        ({"cut": True}, "class_prior.cut is a positive number, not True"),
        ("often", "how often each stroke is played, .* not 'often'"),
        ([1.0, 2.0], r"one number for each of the 14 strokes; not \[1.0, 2.0\]"),
    ],
)
def test_a_wrong_weight_is_named(weights: object, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        build_model({"name": "hierarchical", "class_prior": weights})


@pytest.mark.parametrize("name", ["hierarchical", "naive_bayes"])
def test_the_configuration_says_what_the_code_does(name: str) -> None:
    config = yaml.safe_load((CONFIGS / f"{name}.yaml").read_text())
    by_name, by_config = build_model(name).model, build_model(config).model
    assert by_name.get_params() == by_config.get_params()
    assert by_name.get_params()["class_prior"] == class_prior(EXPECTED)
    assert build_model({"name": name, "class_prior": None}).model.get_params()["class_prior"] is None


def test_models_that_expect_nothing_take_no_prior() -> None:
    assert not hasattr(build_model("majority").model, "class_prior")
