from __future__ import annotations

import numpy as np
import pyarrow as pa

from slowpaths.core.features import FEATURE_NAMES
from slowpaths.labelling.rules.block import FeatureBlock
from tests.labelling.tables import deliveries_table


def test_columns_views_and_missing_numbers() -> None:
    table = deliveries_table(3, {"stride_front": np.array([1.0, 2.0, 3.0])}, view=["pitch_side", "closeup", "moon"])
    column = table.column_names.index("feature_stride_front")
    table = table.set_column(column, "feature_stride_front", pa.array([1.0, None, 3.0]))
    block = FeatureBlock.from_table(table)
    assert len(block) == 3
    np.testing.assert_array_equal(block["stride_front"], [1.0, np.nan, 3.0])
    assert set(FEATURE_NAMES) < set(block.columns)
    assert (block.side_N == "S").tolist() == [True, False, False]
    assert (block.side_N == "-").tolist() == [False, False, True]


def test_onset_rank_is_the_mid_rank_among_audible_hits_of_a_video() -> None:
    onset_z = np.array([12.0, 3.9, 5, 6, 7, 8, 9, 10, 11, 20, np.nan])
    videos = ["v"] * 9 + ["w", "v"]
    rank = FeatureBlock.from_table(deliveries_table(11, {"onset_z": onset_z}, video_id=videos))["onset_rank"]
    np.testing.assert_allclose(rank[[2, 3, 4, 5, 6, 7, 8, 0]], (np.arange(8) + 0.5) / 8)
    assert np.isnan(rank[[1, 9, 10]]).all()  # too soft, alone in its video, unmeasured


def test_onset_share_compares_with_the_median_audible_hit_of_a_video() -> None:
    onset_z = np.array([40.0, 2.0, 10.0, 20, 30, 50, 60, 70, 80, 20, np.nan])
    videos = ["v"] * 9 + ["w", "v"]
    share = FeatureBlock.from_table(deliveries_table(11, {"onset_z": onset_z}, video_id=videos))["onset_share"]
    np.testing.assert_allclose(share[:9], onset_z[:9] / 45.0)  # of the eight that are audible
    assert np.isnan(share[[9, 10]]).all()  # alone in its video, unmeasured


def test_an_empty_table_is_an_empty_block() -> None:
    assert len(FeatureBlock.from_table(deliveries_table(0))) == 0
