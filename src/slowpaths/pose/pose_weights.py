"""The weights pose backends use: names, addresses, digests and licences; `store.weights` looks them up."""

from __future__ import annotations

from pathlib import Path

from slowpaths.core.errors import UsageError
from slowpaths.store import weights as store_weights
from slowpaths.store.weights import WeightSpec

# Digests: the two small files were hashed as published; the release asset of YOLOX-Nano and the ONNX files inside the
# OpenMMLab archives are pinned to the digests several public projects record for them, and the first eight digits of
# Keypoint R-CNN's stand in its file name. BlazePose was hashed as the npm package @mediapipe/pose 0.5.1675469404 holds
# it; MediaPipe's own list of files (third_party/external_files.bzl) has the same digests at these generations of
# Google's bucket, and a second one for a later export of the lite model.
_OPENMMLAB = "https://download.openmmlab.com/mmpose/v1/projects/rtmposev1/onnx_sdk/"
_BLAZEPOSE = "https://storage.googleapis.com/mediapipe-assets/"
_MOVENET = "https://storage.googleapis.com/tfhub-lite-models/google/lite-model/movenet/singlepose/lightning/"
_RTMPOSE = "rtmpose-m_simcc-body7_pt-body7_420e-256x192-e48f03d0_20230504"
# fmt: off
_SPECS = (
    WeightSpec(name="yolox_nano", filename="yolox_nano.onnx", licence="Apache-2.0", size_bytes=3_659_407,
        url="https://github.com/Megvii-BaseDetection/YOLOX/releases/download/0.1.1rc0/yolox_nano.onnx",
        sha256="c789161ed43c8269fcd4e67c67eeeb4e80c622da2eb296a20bc6007bd18a0b7d",
        other_sha256=("695e750a5d5754bb5a8d5325643b59282191a7e7a564e435a415fd3c578eab14",)),
    WeightSpec(name="movenet_lightning", filename="movenet_singlepose_lightning_int8_4.tflite",
        licence="Apache-2.0", size_bytes=2_894_840, url=f"{_MOVENET}tflite/int8/4.tflite",
        sha256="cd7cc22fa946e5d146a7b98d496853e1923e22828d3972d579973f27f91bb105"),
    WeightSpec(name="blazepose_lite", filename="pose_landmark_lite.tflite", licence="Apache-2.0", size_bytes=2_819_824,
        url=f"{_BLAZEPOSE}pose_landmark_lite.tflite?generation=1661875901231143",
        sha256="f17bfbecadb61c3be1baa8b8d851cc6619c870a87167b32848ad20db306b9d61",
        other_sha256=("1150dc68a713b80660b90ef46ce4e85c1c781bb88b6e3512cc64e6a685ba5588",)),
    WeightSpec(name="blazepose_full", filename="pose_landmark_full.tflite", licence="Apache-2.0", size_bytes=6_440_512,
        url=f"{_BLAZEPOSE}pose_landmark_full.tflite?generation=1661875894245786",
        sha256="e9a5c5cb17f736fafd4c2ec1da3b3d331d6edbe8a0d32395855aeb2cdfd64b9f"),
    WeightSpec(name="blazepose_heavy", filename="pose_landmark_heavy.tflite", licence="Apache-2.0",
        size_bytes=27_709_200, url=f"{_BLAZEPOSE}pose_landmark_heavy.tflite?generation=1661875897944151",
        sha256="59e42d71bcd44cbdbabc419f0ff76686595fd265419566bd4009ef703ea8e1fe"),
    WeightSpec(name="keypoint_rcnn", filename="keypointrcnn_resnet50_fpn_coco-fc266e95.pth",
        licence="BSD-3-Clause", size_bytes=237_034_793,
        url="https://download.pytorch.org/models/keypointrcnn_resnet50_fpn_coco-fc266e95.pth",
        sha256="fc266e953d2b302cdcbb9ae66f71f6b0d4649928bf02dc573961e361e4918926"),
    WeightSpec(name="yolox_m_humanart", filename="yolox_m_8xb8-300e_humanart-c2c7a14a.onnx",
        licence="Apache-2.0", size_bytes=101_000_000, url=f"{_OPENMMLAB}yolox_m_8xb8-300e_humanart-c2c7a14a.zip",
        sha256="3dea6513388889f0fff4b77bf7a26013600321b9eb9ceb0e9a400a82572f5f23"),
    WeightSpec(name="rtmpose_m", filename=f"{_RTMPOSE}.onnx", licence="Apache-2.0", size_bytes=54_330_655,
        url=f"{_OPENMMLAB}{_RTMPOSE}.zip",
        sha256="5c0a4bf67953e6d2ac43ce15e77dc9d5d354ae18430a47d2c5963a7bc5683e3c"),
)
# fmt: on
WEIGHTS: dict[str, WeightSpec] = {spec.name: spec for spec in _SPECS}


def find_weights(name: str, *, weights_dir: str | Path | None = None, allow_download: bool = True) -> Path:
    """Return the path of checked weights: `weights_dir`, then SLOWPATHS_WEIGHTS, then the cache, then a download.

    Args:
        name: One of `WEIGHTS`.
        weights_dir: Folder to look in first.
        allow_download: Whether the network may be used.

    Raises:
        UsageError: If the name is unknown.
        MissingWeightsError: If the file is nowhere and cannot be downloaded, or is not the file it should be.
    """
    if name not in WEIGHTS:
        raise UsageError(f"unknown weights '{name}'; choose one of {', '.join(WEIGHTS)}")
    return store_weights.find_weights(WEIGHTS[name], weights_dir=weights_dir, allow_download=allow_download)


def weights_file(given: str | Path | None, *, name: str, weights_dir: str | None) -> Path:
    """Return a file of weights: the one that is given (it has an ending), or published ones by `find_weights`.

    Published weights are those that are given by name, or `name` where nothing is given.
    """
    if given is not None and str(given) not in WEIGHTS and Path(given).suffix:
        return Path(given)
    return find_weights(str(given or name), weights_dir=weights_dir)
