from __future__ import annotations

from typing import Any

import pytest

from slowpaths.core.errors import UsageError
from slowpaths.data.settings import ClipSettings

NAN = float("nan")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *((name, 0) for name in ("batch_size", "num_frames", "frame_stride", "alpha")),
        *((name, 0) for name in ("crop_px", "read_px", "num_test_views")),
        *((name, -1) for name in ("num_workers", "jitter_frames", "weight_power", "num_folds", "cache_mib")),
        *(("num_frames", value) for value in (3, -8)),
        *(("crop_scale", value) for value in ((0, 1), (0.9, 0.6), (0.5, 1.5), (0.5,), (NAN, 1))),
        *(("fractions", value) for value in ((0, 0.5, 0.5), (1, -1, 1), (0.5, 0.5), (1, NAN, 1), (1, float("inf"), 1))),
        *((name, value) for name in ("flip_p", "grey_p", "colour_jitter") for value in (-0.1, 1.1, NAN)),
        *(("hue_jitter", value) for value in (-0.1, 0.6, NAN)),
        ("weight_power", NAN),
    ],
)  # fmt: skip
def test_what_is_out_of_range_is_one_sentence_with_the_key(name: str, value: Any) -> None:
    with pytest.raises(UsageError, match=rf"^data\.{name}=") as caught:
        ClipSettings(**{name: value})
    assert "give " in str(caught.value) and "\n" not in str(caught.value)


def test_a_fold_lies_among_the_folds() -> None:
    assert ClipSettings(num_folds=4, fold=3).fold == 3
    for fold in (-1, 4):
        with pytest.raises(UsageError, match=r"data\.fold=-?\d is no fold: give 0 to 3"):
            ClipSettings(num_folds=4, fold=fold)
