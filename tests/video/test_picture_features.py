from __future__ import annotations

import numpy as np
import torch

from slowpaths.video.picture_features import picture_features


def test_the_number_of_threads_changes_no_digit_of_the_features_and_stays_as_it_was() -> None:
    picture = np.random.default_rng(0).integers(0, 255, (90, 120, 3)).astype(np.uint8)
    before, found = torch.get_num_threads(), []
    try:
        for num in (1, 4):
            torch.set_num_threads(num)
            found.append(picture_features([picture]).tobytes())
            assert torch.get_num_threads() == num
    finally:
        torch.set_num_threads(before)
    assert found[0] == found[1]
