"""What is read for a half is set on the other one, whatever an earlier call has kept."""

import pickle
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from scripts.calibration.gold import GoldVideo
from scripts.calibration.strokes import Part, watch

from scripts.calibration import crossing
from slowpaths.evaluation.halves import half_of

VIDEO = GoldVideo(path=Path("v.mp4"), key="a-v.mp4", group="scene one", source="a")


@dataclass(frozen=True)
class Groups:
    """What was set: the groups it was set on."""

    groups: np.ndarray


def test_no_group_is_measured_by_what_was_set_on_it(tmp_path, monkeypatch):
    videos = [replace(VIDEO, key=f"a-{number}", group=f"scene {number // 2}") for number in range(40)]
    monkeypatch.setattr(crossing, "real_videos", lambda _shared: videos)
    monkeypatch.setattr(crossing, "build_pose", lambda _name, weights_dir: None)
    monkeypatch.setattr(
        sys, "argv", ["calibrate", "--out", str(tmp_path / "none"), "--write", str(tmp_path / "all.npz")]
    )
    seen = []

    def measure(found, examples):
        assert not set(found.groups) & {example.video.group for example in examples}
        return [example.video.key for example in examples]

    crossing.calibrate(
        None,
        name="none",
        seen="seen",
        look=lambda video, pose, kept: [Part(video=video, view="other", impacts=(), people=[])],
        fit=lambda examples: Groups(np.array(sorted({example.video.group for example in examples}))),
        measure=measure,
        report=seen.extend,
    )
    assert sorted(seen) == sorted(video.key for video in videos)
    assert (tmp_path / "seen_movenet").is_dir()  # another pose backend sees something else
    for half in (0, 1):
        groups = np.load(tmp_path / "none" / f"for-half-{half}.npz")["groups"]
        assert len(groups) and all(half_of(group) != half for group in groups)
    assert len(np.load(tmp_path / "all.npz")["groups"]) == 20


@pytest.mark.parametrize("group", ["scene one", "scene two"])
def test_what_was_kept_of_a_video_stands_in_the_group_that_it_has_now(tmp_path, group):
    part = Part(video=VIDEO, view="pitch_endon", impacts=(), people=[])
    (tmp_path / "a-v.mp4.pickle").write_bytes(pickle.dumps([part]))
    (read,) = watch(replace(VIDEO, group=group), pose=None, kept=tmp_path / "a-v.mp4")
    assert read.video.group == group and read.view == "pitch_endon"
