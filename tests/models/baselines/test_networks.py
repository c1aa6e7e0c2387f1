"""The networks beside SlowFast: what they take, what order means to them, and that they are the published ones."""

from __future__ import annotations

import copy

import pytest
import torch

from slowpaths.core.errors import UsageError
from slowpaths.data.batch import NUM_PICTURE_FEATURES, input_kind_of, slow_indices
from slowpaths.models.baselines.frozen_gru import FrozenGru
from slowpaths.models.baselines.r2plus1d import build_r2plus1d
from slowpaths.models.baselines.skeleton_gru import SkeletonGru
from slowpaths.models.baselines.slow_only import build_slow_only
from slowpaths.models.baselines.x3d_s import build_x3d
from slowpaths.models.heads import is_slowfast, logits_and_features, projection
from slowpaths.models.slowfast import build_slowfast

SMALL = {
    "slow_only": lambda **more: build_slow_only(num_classes=14, width=4, **more),
    "r2plus1d": lambda **more: build_r2plus1d(num_classes=14, width=4, **more),
    "x3d_s": lambda **more: build_x3d(num_classes=14, width_factor=1.0, depth_factor=0.5, **more),
    "skeleton_gru": lambda **more: SkeletonGru(14, width=8, hidden=4, **more),
    "frozen_gru": lambda **more: FrozenGru(14, width=8, hidden=4, **more),
}
SHAPES = {"skeleton_gru": (2, 32, 30), "frozen_gru": (2, 16, NUM_PICTURE_FEATURES)}


@pytest.mark.parametrize("name", SMALL)
def test_logits_are_the_projection_of_the_features_below_them(name):
    network, shown = SMALL[name]().eval(), torch.randn(SHAPES.get(name, (2, 3, 8, 32, 32)))
    with torch.no_grad():
        logits_BC, pooled_BD = logits_and_features(network, shown)
        assert logits_BC.shape == (2, 14) and pooled_BD.shape == (2, projection(network).in_features)
        assert torch.allclose(projection(network)(pooled_BD), logits_BC, atol=1e-5)
        assert torch.allclose(copy.deepcopy(network)(shown), logits_BC, atol=1e-6)
    assert not is_slowfast(network) and not torch.allclose(logits_BC[0], logits_BC[1])
    assert not torch.allclose(logits_BC.exp().sum(dim=1), torch.ones(2))  # logits, no probabilities


@pytest.mark.parametrize("name", ["slow_only", "r2plus1d", "x3d_s"])
def test_size_and_length_of_the_clip_are_free_and_dropout_is_checked(name):
    network = SMALL[name]().eval()
    with torch.no_grad():
        assert network(torch.randn(1, 3, 12, 40, 40)).shape == (1, 14)
    with pytest.raises(UsageError, match=r"model\.dropout=1"):
        SMALL[name](dropout=1.0)


def test_the_slow_network_sees_the_frames_of_the_slow_pathway_only():
    network, clip = SMALL["slow_only"]().eval(), torch.randn(1, 3, 8, 32, 32)
    other = torch.randn_like(clip)
    slow = slow_indices(num_frames=8, alpha=4)
    other[:, :, slow] = clip[:, :, slow]
    with torch.no_grad():
        assert torch.allclose(network(clip), network(other), atol=1e-6)
        assert not torch.allclose(network(clip), network(other.roll(1, dims=2)), atol=1e-6)


@pytest.mark.parametrize(("build", "millions"), [(build_slow_only, 32.45), (build_r2plus1d, 28.11), (build_x3d, 3.79)])
def test_the_defaults_are_the_published_networks(build, millions):
    """Parameters as in the model zoo of pytorchvideo, with 400 classes."""
    with torch.device("meta"):
        network = build(num_classes=400)
    assert sum(parameter.numel() for parameter in network.parameters()) / 1e6 == pytest.approx(millions, abs=0.05)


@pytest.mark.parametrize("name", ["skeleton_gru", "frozen_gru"])
def test_a_stroke_backwards_is_another_stroke(name):
    network, shown = SMALL[name]().eval(), torch.randn(SHAPES[name]).cumsum(dim=1)
    with torch.no_grad():
        assert not torch.allclose(network(shown), network(shown.flip(1)), atol=1e-4)


def test_what_never_changes_is_seen_only_where_features_are_not_centred():
    shown = torch.randn(SHAPES["frozen_gru"])
    ground = torch.randn(1, 1, NUM_PICTURE_FEATURES)
    with torch.no_grad():
        for is_centred in (True, False):
            network = SMALL["frozen_gru"](is_centred=is_centred).eval()
            assert torch.allclose(network(shown), network(shown + ground), atol=1e-4) is is_centred


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (
            lambda: build_slow_only(num_classes=14, depth=18),
            "model.depth=18 is none we build: give one of 50, 101, 152",
        ),
        (lambda: build_r2plus1d(num_classes=14, width=0), "model.width=0 is no width"),
        (lambda: build_x3d(num_classes=14, depth_factor=0.0), "model.depth_factor: give numbers above 0"),
        (lambda: FrozenGru(14, num_segments=0), "model.num_segments=0 pools nothing"),
    ],
)
def test_numbers_out_of_range_are_named(make, sentence):
    with pytest.raises(UsageError, match=sentence.replace(".", r"\.")):
        make()


def test_a_network_says_what_it_takes():
    where = "slowpaths.models.baselines"
    kinds = {
        f"{where}.slow_only.build_slow_only": "clip",
        f"{where}.x3d_s.build_x3d": "clip",
        f"{where}.r2plus1d.build_r2plus1d": "clip",
        f"{where}.skeleton_gru.SkeletonGru": "skeleton",
        f"{where}.frozen_gru.FrozenGru": "picture_features",
        f"{build_slowfast.__module__}.build_slowfast": "pathways",
    }
    assert {target: input_kind_of({"_target_": target}) for target in kinds} == kinds
