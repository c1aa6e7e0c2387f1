from __future__ import annotations

import logging
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from slowpaths.core.errors import MissingDependencyError, MissingWeightsError, UsageError
from slowpaths.pose import estimate, protocol
from slowpaths.pose.estimate import build_pose
from slowpaths.pose.pose_weights import WEIGHTS, find_weights, weights_file
from slowpaths.pose.protocol import no_keypoints, require
from slowpaths.store.weights import WeightSpec


class Fake:
    """Stand in for an adapter: keeps what it was built with."""

    def __init__(
        self, *, weights_dir: str | None = None, device: str = "cpu", detector: str = "", num_threads: int = 0
    ):
        self.given = {"weights_dir": weights_dir, "device": device, "detector": detector, "num_threads": num_threads}
        self.reason = ""


@pytest.fixture(autouse=True)
def _adapters(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Replace every adapter and its weights, so that nothing heavy is loaded and nothing downloaded."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("SLOWPATHS_WEIGHTS", raising=False)
    monkeypatch.setattr(estimate, "find_spec", lambda name: object())
    for module, name in (
        ("movenet", "MoveNet"),
        ("blazepose", "BlazePose"),
        ("rtmpose", "RTMPose"),
        ("keypoint_rcnn", "KeypointRCNN"),
        ("compact", "Compact"),
    ):
        stand_in = ModuleType(module)
        setattr(stand_in, name, type(name, (Fake,), {"name": module}))
        monkeypatch.setitem(sys.modules, f"slowpaths.pose.backends.{module}", stand_in)


def put(folder: Path, *names: str, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.mkdir(exist_ok=True)
    digest = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"  # of nothing
    for name in names:
        (folder / WEIGHTS[name].filename).touch()
        old = WEIGHTS[name]
        spec = WeightSpec(name=name, filename=old.filename, url=old.url, sha256=digest, licence=old.licence)
        monkeypatch.setitem(WEIGHTS, name, spec)


@pytest.mark.parametrize(
    ("at_hand", "expected"),
    [
        ((), "compact"),
        (("movenet_lightning",), "compact"),  # its detector is missing
        (("yolox_nano", "movenet_lightning"), "movenet"),
        (("yolox_nano", "blazepose_full"), "blazepose"),
        (("yolox_nano", "blazepose_heavy"), "compact"),
        (("yolox_nano", "blazepose_full", "movenet_lightning"), "movenet"),
        (("yolox_nano", "movenet_lightning", "keypoint_rcnn"), "keypoint_rcnn"),
        (("yolox_nano", "movenet_lightning", "keypoint_rcnn", "rtmpose_m"), "rtmpose"),
    ],
)
def test_auto_takes_the_best_backend_at_hand(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    at_hand: tuple[str, ...],
    expected: str,
) -> None:
    put(tmp_path / "w", *at_hand, monkeypatch=monkeypatch)
    with caplog.at_level(logging.INFO, logger="slowpaths.pose.estimate"):
        estimator = build_pose("auto", weights_dir=tmp_path / "w")
    assert estimator.name == expected
    assert expected in caplog.text
    assert estimator.reason in caplog.text
    assert estimator.reason


@pytest.mark.parametrize("weights", ["movenet_lightning", "blazepose_full"])
def test_auto_leaves_litert_on_the_cpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, weights: str) -> None:
    put(tmp_path / "w", "yolox_nano", weights, monkeypatch=monkeypatch)
    assert build_pose("auto", weights_dir=tmp_path / "w", device="cuda").given["device"] == "cpu"


def test_auto_passes_over_a_backend_without_its_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path / "w", "yolox_nano", "movenet_lightning", "rtmpose_m", monkeypatch=monkeypatch)
    monkeypatch.setattr(estimate, "find_spec", lambda name: None if name == "rtmlib" else object())
    estimator = build_pose("auto", weights_dir=tmp_path / "w")
    assert estimator.name == "movenet"
    assert "rtmlib" in estimator.reason


def test_auto_falls_back_on_what_ships_and_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path / "w", "yolox_nano", "movenet_lightning", monkeypatch=monkeypatch)
    monkeypatch.setattr(estimate, "find_spec", lambda name: None if name == "ai_edge_litert" else object())
    estimator = build_pose("auto", weights_dir=tmp_path / "w", device="cuda")
    assert estimator.name == "compact"
    assert estimator.given["device"] == "cuda"
    assert estimator.reason.startswith("ships with the package")
    assert "movenet needs the package ai_edge_litert" in estimator.reason
    assert "no weights of rtmpose at hand" in estimator.reason


def test_options_and_device_reach_the_backend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path / "w", "yolox_m_humanart", "rtmpose_m", monkeypatch=monkeypatch)
    estimator = build_pose(
        "rtmpose", weights_dir=tmp_path / "w", device="cuda", num_threads=3, detector="yolox_m_humanart"
    )
    assert estimator.given == {
        "weights_dir": str(tmp_path / "w"), "device": "cuda", "num_threads": 3, "detector": "yolox_m_humanart"
    }  # fmt: skip


def test_a_class_of_ones_own_is_named_by_its_full_name() -> None:
    estimator = build_pose(_target_="slowpaths.pose.backends.simulated.SimulatedPose", seed=5, weights_dir="w")
    assert (estimator.name, estimator.reason) == ("simulated", "asked for by name")
    with pytest.raises(UsageError, match=r"pose._target_=slowpaths\.pose\.nothing\.Pose cannot be imported"):
        build_pose(_target_="slowpaths.pose.nothing.Pose")
    with pytest.raises(UsageError, match="unknown pose option 'device'"):
        build_pose(_target_="slowpaths.pose.backends.simulated.SimulatedPose", device="cuda")


def test_unknown_names_are_usage_errors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path / "w", "yolox_nano", "movenet_lightning", monkeypatch=monkeypatch)
    with pytest.raises(UsageError, match="choose one of auto, rtmpose"):
        build_pose("openpose")
    with pytest.raises(UsageError, match=r"unknown pose option 'colour'.*num_threads"):
        build_pose("movenet", weights_dir=tmp_path / "w", colour=1)
    with pytest.raises(UsageError, match="unknown weights 'yolo9'"):
        weights_file("yolo9", name="yolox_nano", weights_dir=str(tmp_path / "w"))
    assert weights_file("own.onnx", name="yolox_nano", weights_dir=None) == Path("own.onnx")
    assert weights_file("yolox_nano", name="yolox_m_humanart", weights_dir=str(tmp_path / "w")).parent.name == "w"
    with pytest.raises(UsageError, match="unknown weights"):
        find_weights("nothing")


def test_missing_package_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "find_spec", lambda name: None if name == "ai_edge_litert" else object())
    monkeypatch.delitem(sys.modules, "slowpaths.pose.backends.movenet")
    with pytest.raises(MissingDependencyError, match=r"ai_edge_litert.*pip install 'slowpaths\[pose\]'"):
        build_pose("movenet")
    require("onnxruntime")


def test_weights_that_are_nowhere_are_named_with_address_and_cure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def offline(*args, **kwargs):
        raise OSError("no network")

    monkeypatch.setattr("urllib.request.urlopen", offline)
    monkeypatch.delitem(sys.modules, "slowpaths.pose.backends.movenet")
    with pytest.raises(MissingWeightsError, match=r"yolox_nano.onnx.*https://github.com/.*weights_dir="):
        build_pose("movenet", weights_dir=tmp_path)


def test_every_weight_is_pinned() -> None:
    for name, spec in WEIGHTS.items():
        assert spec.name == name
        assert spec.url.startswith("https://")
        assert all(len(digest) == 64 for digest in (spec.sha256, *spec.other_sha256))
        assert spec.licence and spec.size_bytes > 1_000_000
    rcnn = WEIGHTS["keypoint_rcnn"]
    assert rcnn.filename.endswith(f"-{rcnn.sha256[:8]}.pth")


def test_no_keypoints_says_not_estimated() -> None:
    nothing = no_keypoints(2)
    assert nothing.shape == (2, 17, 3)
    assert np.isnan(nothing[..., :2]).all()
    assert (nothing[..., 2] == 0).all()


@pytest.mark.shared
def test_published_weights_are_accepted(shared_dir: Path) -> None:
    for name in ("yolox_nano", "movenet_lightning", "blazepose_lite", "blazepose_full", "blazepose_heavy"):
        assert (
            find_weights(name, weights_dir=shared_dir / "models", allow_download=False).parent == shared_dir / "models"
        )
