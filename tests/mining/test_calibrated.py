"""Weights of one's own: what does not fit is one sentence that names the key, before any video is opened."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from slowpaths.core.errors import UsageError
from slowpaths.mining.impact.moment_network import load_moment_network
from slowpaths.mining.impact.timing_network import load_timing_network
from slowpaths.mining.shots.view_classifier import load_view_classifier
from slowpaths.mining.striker.bat_network import load_bat_network

LOADERS = {
    "moment_weights": load_moment_network,
    "timing_weights": load_timing_network,
    "bat_weights": load_bat_network,
    "view_weights": load_view_classifier,
}


def changed(path: Path, key: str, **arrays) -> Path:
    """Write the shipped arrays with some replaced by what a function makes of them."""
    shipped = asdict(LOADERS[key]())
    np.savez(path, **{name: arrays.get(name, lambda array: array)(array) for name, array in shipped.items()})
    return path


@pytest.mark.parametrize("key", LOADERS)
def test_a_copy_of_the_shipped_weights_is_taken(tmp_path, key):
    found = asdict(LOADERS[key](str(changed(tmp_path / "own.npz", key))))
    for name, array in asdict(LOADERS[key]()).items():
        np.testing.assert_array_equal(found[name], array)


@pytest.mark.parametrize(
    ("key", "name", "change", "words"),
    [
        ("moment_weights", "first_weights_MIH", lambda a: a[:, :-3], "(6, 154, 64), not (6, 157, 64)"),
        ("moment_weights", "mean_F", lambda a: a[:-1], "(94,), not (95,)"),
        ("moment_weights", "may_lack_F", np.zeros_like, "(6, 157, 64), not (6, 95, 64)"),
        ("moment_weights", "second_bias_MH", lambda a: a[:2], "(2, 64), not (6, 64)"),
        ("moment_weights", "last_bias_M", lambda a: a[None], "(1, 6), not (6,)"),
        ("moment_weights", "std_F", lambda a: a * np.nan, "no finite number"),
        ("timing_weights", "first_weights_MCH", lambda a: a[:, 1:], "(3, 146, 48), not (3, 147, 48)"),
        ("timing_weights", "layer_weights_MLKHH", lambda a: a[:, :, 1:], "(3, 4, 4, 48, 48), not (3, 4, 5, 48, 48)"),
        ("timing_weights", "layer_bias_MLH", lambda a: a[:, :3], "(3, 3, 48), not (3, 4, 48)"),
        ("timing_weights", "last_bias_M", lambda a: a * np.inf, "no finite number"),
        ("bat_weights", "fine_weights_UFKK", lambda a: a[:, 1:], "(48, 39, 3, 3), not (48, 40, 3, 3)"),
        ("bat_weights", "both_weights_WVKK", lambda a: a[:, :90], "(64, 90, 3, 3), not (64, 96, 3, 3)"),
        ("bat_weights", "last_weights_DP", lambda a: a[:24], "(24, 3200), not (25, 3200)"),
        ("bat_weights", "mixed_bias_R", lambda a: a * np.nan, "no finite number"),
        ("view_weights", "feature_weights_EV", lambda a: a[:100], "(100, 8), not (1280, 8)"),
        ("view_weights", "bias_V", lambda a: a[:7], "(7,), not (8,)"),
        ("view_weights", "bias_V", lambda a: a.astype(str), "no finite number"),
    ],
)
def test_arrays_that_do_not_fit_are_named(tmp_path, key, name, change, words):
    path = changed(tmp_path / "own.npz", key, **{name: change})
    with pytest.raises(UsageError) as refused:
        LOADERS[key](str(path))
    sentence = str(refused.value)
    assert sentence.startswith(f"mining.{key}={path} ")
    assert words in sentence and "scripts/calibration" in sentence


@pytest.mark.parametrize("key", LOADERS)
def test_a_file_that_is_not_there_or_is_no_archive_is_named(tmp_path, key):
    (tmp_path / "text.npz").write_text("no weights")
    for name in ("absent.npz", "text.npz"):
        with pytest.raises(UsageError, match=rf"mining\.{key}=.*{name} cannot be read"):
            LOADERS[key](str(tmp_path / name))
