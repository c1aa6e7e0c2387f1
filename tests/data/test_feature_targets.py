from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.data.mined import features_of, write_mined

from slowpaths.core.errors import TableError, UsageError
from slowpaths.data.feature_targets import FeatureTargets, read_features

NAN = float("nan")


def test_every_feature_is_read_row_by_row(tmp_path: Path) -> None:
    folder = write_mined(tmp_path, num_matches=1, clips_a_match=3, size=32)
    found = read_features(folder)
    assert {"hand_reach", "hand_height", "onset_z", "runs_after"} <= set(found.names)
    for name in ("hand_reach", "runs_after"):
        column = found.values_NF[:, found.names.index(name)]
        np.testing.assert_allclose(column, [features_of(stroke)[name] for stroke in range(3)])
    with pytest.raises(TableError, match="does not exist"):
        read_features(tmp_path / "nowhere")


def test_targets_have_median_0_and_spread_1_over_the_training_clips() -> None:
    # Training rows 0 1 2 3 4: median 2, quartiles 1 and 3, spread 2 / 1.349; the last two clips are for validation.
    column = np.array([0, 1, 2, 3, 4, 2 + 2 / 1.349, 1000.0])
    train = np.array([True] * 5 + [False] * 2)
    found = FeatureTargets(names=("reach",), values_NF=column[:, None]).standardised(train)
    np.testing.assert_allclose(found.values_NF[:, 0], [-1.349, -0.6745, 0, 0.6745, 1.349, 1, 3], rtol=1e-6)
    assert found.values_NF.dtype == np.float32


def test_what_is_unknown_stays_unknown_and_what_never_differs_is_left_out() -> None:
    values = np.array([[1.0, 7.0, NAN, 0.0], [2.0, 7.0, NAN, 0.0], [NAN, 7.0, NAN, 1.0], [4.0, 8.0, 5.0, 1.0]])
    found = FeatureTargets(names=("a", "same", "never_in_training", "flag"), values_NF=values).standardised(
        np.array([True, True, True, False])
    )
    assert found.names == ("a", "flag")
    assert np.isnan(found.values_NF).tolist() == [[False, False], [False, False], [True, False], [False, False]]


def test_nothing_to_learn_is_one_sentence() -> None:
    for values in (np.empty((3, 0)), np.full((3, 1), NAN), np.ones((3, 1))):
        with pytest.raises(UsageError, match="slowpaths mine"):
            FeatureTargets(names=("a",)[: values.shape[1]], values_NF=values).standardised(np.ones(3, dtype=bool))
