"""What is written for other tools is read back: by the tool where it is installed, and by its published layout."""

from __future__ import annotations

import csv
import importlib.util
import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from tests.data.mined import labelled, write_mined

from slowpaths.core.errors import TableError, UsageError
from slowpaths.core.records import PoseTrack, VideoRef
from slowpaths.core.skeleton import JOINTS
from slowpaths.core.spans import Span
from slowpaths.core.strokes import INDEX, STROKES
from slowpaths.data.interchange.dataset import Exported
from slowpaths.data.interchange.targets import TARGETS
from slowpaths.review.events import frame_times
from slowpaths.store.mined_folder import MinedFolder
from slowpaths.store.schema import LABELS

HARM = 'a </name>\x01 & "b".mp4'


def track(first_frame: int) -> PoseTrack:
    """Return somebody of 40 frames, 50 wide and 100 high, whose left ear is never seen."""
    joints_TJC = np.full((40, 17, 3), 0.8)
    joints_TJC[..., :2] = [60.0, 70.0]
    joints_TJC[:, JOINTS.index("left_ear")] = [np.nan, np.nan, 0.0]
    frames = np.arange(first_frame, first_frame + 40)
    return PoseTrack(
        video_id="v0", shot_id="s", track_id=0, frames_T=frames, pts_s=frames / 25, keypoints_TJC=joints_TJC,
        boxes_T4=np.tile([10.0, 20.0, 60.0, 120.0], (40, 1)), camera_T3=np.zeros((40, 3)),
    )  # fmt: skip


@pytest.fixture
def exported(tmp_path) -> Exported:
    """Return three strokes of two videos at 25 frames a second: frames 30 to 61, impact at 50, and 4 s later."""
    clips = [
        replace(labelled(name, stroke=stroke, video_id=video), span=Span(start_s, start_s + 1.28),
                impact_s=start_s + 0.8, video=path, is_kept=is_kept, source=source)
        for name, stroke, video, path, start_s, is_kept, source in (
            ("v0-d0", INDEX["cut"], "v0", HARM, 1.2, True, "weak"),
            ("v0-d1", INDEX["sweep"], "v0", HARM, 5.2, True, "gold"),
            ("v1-d0", INDEX["leave"], "v1", "day/b.mp4", 1.2, False, "weak"),
        )
    ]  # fmt: skip
    picture = {"fps": Fraction(25), "num_frames": 200, "width": 640, "height": 360, "duration_s": 8.0}
    return Exported(
        folder=tmp_path,
        label_set="abc",
        clips=clips,
        videos={
            "v0": VideoRef(video_id="v0", path=HARM, **picture),
            "v1": VideoRef(video_id="v1", path="day/b.mp4", **picture),
        },
        files={clip.delivery_id: tmp_path / "clips" / f"{clip.delivery_id}.mp4" for clip in clips},
        tracks={"v0-d0": track(25), "v0-d1": track(125)},
        frame=lambda video_id, time_s: round(time_s * 25),
        parts={"v0-d0": "train", "v0-d1": "train", "v1-d0": "test"},
        replays=frozenset(),
    )


def written(name: str, exported: Exported, out: Path) -> dict[str, str]:
    files = TARGETS[name].write(exported, out)
    assert TARGETS[name].loses
    assert {path.parent for path in files} == {out}
    return {path.name: path.read_text(encoding="utf-8") for path in files}


def test_cvat(exported, tmp_path):
    """docs.cvat.ai/docs/other/xml_format: annotations > version, meta > task > labels, track > box > attribute."""
    files = written("cvat", exported, tmp_path / "out")
    assert set(files) == {"v0.xml"}  # nobody is tracked in the other video
    root = ET.fromstring(files["v0.xml"])
    assert root.findtext("version") == "1.1"
    assert root.findtext("meta/task/name") == HARM.replace("\x01", "\ufffd")
    assert root.findtext("meta/task/labels/label/attributes/attribute/values").split("\n") == list(STROKES)
    first, second = root.findall("track")
    assert (first.get("label"), first.get("id")) == ("striker", "0")
    boxes = first.findall("box")
    assert [int(box.get("frame")) for box in boxes] == list(range(30, 63))  # the last one ends the track
    assert [box.get("outside") for box in boxes] == ["0"] * 32 + ["1"]
    corners = [float(boxes[0].get(name)) for name in ("xtl", "ytl", "xbr", "ybr")]
    assert corners == [10, 20, 60, 120]
    assert {box.find("attribute[@name='stroke']").text for box in second.findall("box")} == {"sweep"}
    assert [box.get("frame") for box in boxes if box.find("attribute[@name='is_impact']").text == "true"] == ["50"]


def test_label_studio(exported, tmp_path):
    """labelstud.io/guide/task_format: data, predictions and annotations; results name tags of the interface."""
    files = written("labelstudio", exported, tmp_path / "out")
    first, second = json.loads(files["tasks.json"])
    assert first["data"]["video"] == "/data/local-files/?d=a%20%3C/name%3E%01%20%26%20%22b%22.mp4"
    (weak,) = first["predictions"][0]["result"]
    assert weak["value"] == {"ranges": [{"start": 31, "end": 62}], "timelinelabels": ["cut"]}  # frames count from 1
    assert first["annotations"][0]["result"][0]["value"]["timelinelabels"] == ["sweep"]
    assert "annotations" not in second
    view = ET.fromstring(files["interface.xml"])
    tags = {tag.get("name"): tag for tag in view}
    assert tags[weak["from_name"]].get("toName") == weak["to_name"] == tags["video"].get("name")
    assert [label.get("value") for label in tags["stroke"]] == list(STROKES)
    if importlib.util.find_spec("label_studio_sdk"):
        from label_studio_sdk.label_interface import LabelInterface

        interface = LabelInterface(files["interface.xml"])
        assert interface.validate_prediction(first["predictions"][0], return_errors=True) == []
        assert interface.validate_annotation(first["annotations"][0])


def test_fiftyone(exported, tmp_path):
    """docs.voxel51.com, FiftyOneTemporalDetectionDataset: classes, labels by sample, supports [first, last] from 1."""
    files = written("fiftyone", exported, tmp_path / "out")
    content, media = json.loads(files["labels.json"]), json.loads(files["data.json"])
    assert content["classes"] == list(STROKES) and set(content["labels"]) == set(media) == {"v0", "v1"}
    first = content["labels"]["v0"][0]
    assert (first["label"], first["support"], first["confidence"]) == ("cut", [31, 62], 0.9)
    assert first["attributes"]["impact_frame"] == 51 and first["attributes"]["prob_cut"] == 0.9


@pytest.mark.parametrize(("name", "suffix"), [("mmaction", "txt"), ("pyslowfast", "csv")])
def test_lists_of_clips(exported, tmp_path, name, suffix):
    """Both tools split a line at the space and take the last part for a whole number."""
    files = written(name, exported, tmp_path / "out")
    lines = [line.split(" ") for line in files[f"train.{suffix}"].splitlines()]
    classes = files["classes.txt"].splitlines()
    assert [(path, classes[int(number)]) for path, number in lines] == [
        ("clips/v0-d0.mp4", "cut"),
        ("clips/v0-d1.mp4", "sweep"),
    ]
    assert files[f"val.{suffix}"] == files[f"test.{suffix}"] == ""  # what is not kept is not trained on
    spaced = replace(exported, files={name: tmp_path / "clips" / "v0 d0.mp4" for name in exported.files})
    with pytest.raises(UsageError, match="has a space"):
        TARGETS[name].write(spaced, tmp_path / "out")


def test_kinetics(exported, tmp_path):
    (text,) = written("kinetics", exported, tmp_path / "out").values()
    rows = list(csv.DictReader(text.splitlines()))
    assert list(rows[0]) == ["label", "youtube_id", "time_start", "time_end", "split"]
    assert [(row["label"], float(row["time_start"]), row["split"]) for row in rows] == [
        ("cut", 1.2, "train"),
        ("sweep", 5.2, "train"),
    ]


def test_spot(exported, tmp_path):
    """github.com/jhong93/spot: a list of videos with num_events, and a file of classes."""
    files = written("spot", replace(exported, replays=frozenset({"v0-d1"})), tmp_path / "out")
    (video,) = json.loads(files["train.json"])
    assert (video["num_frames"], video["num_events"], video["fps"]) == (200, 1, 25.0)
    assert video["events"] == [{"frame": 50, "label": "cut", "comment": "v0-d0"}]
    assert json.loads(files["val.json"]) == json.loads(files["test.json"]) == []
    assert files["class.txt"].splitlines() == list(STROKES)


def test_coco(exported, tmp_path):
    """cocodataset.org/#format-data: 17 times x, y, v; boxes by corner and size; ids that point to each other."""
    out = tmp_path / "out"
    (text,) = written("coco", exported, out).values()
    content = json.loads(text)
    (person,) = content["categories"]
    assert person["keypoints"] == list(JOINTS) and {16, 14} in [set(limb) for limb in person["skeleton"]]  # from 1
    images = {image["id"]: image for image in content["images"]}
    first = content["annotations"][0]
    assert images[first["image_id"]]["file_name"] == "v0/000030.jpg"
    assert (first["bbox"], first["area"], first["iscrowd"], first["num_keypoints"]) == ([10, 20, 50, 100], 5000, 0, 16)
    joints = np.reshape(first["keypoints"], (17, 3))
    assert joints[JOINTS.index("left_ear")].tolist() == [0, 0, 0] and joints[0].tolist() == [60, 70, 2]
    assert len(content["annotations"]) == len(images) == 64
    if importlib.util.find_spec("pycocotools"):
        from pycocotools.coco import COCO

        assert len(COCO(out / "person_keypoints.json").getAnnIds(catIds=[1])) == 64


def test_a_stroke_that_reaches_the_end_of_its_video_has_the_last_frame(exported, tmp_path):
    """Frames 80 to 111 of 112: inclusive from 1 in Label Studio and FiftyOne, from 0 in CVAT and COCO; Kinetics times
    are exclusive ends in seconds."""
    video = replace(exported.videos["v0"], num_frames=112)
    stroke = replace(exported.clips[0], span=Span(3.2, 4.48), impact_s=4.0)
    last = replace(
        exported,
        clips=[stroke],
        videos={"v0": video},
        tracks={"v0-d0": track(72)},
        frame=lambda video_id, time_s: frame_times([video])[video_id].frame(time_s),
    )
    read = {name: written(name, last, tmp_path / name) for name in ("labelstudio", "fiftyone", "cvat", "coco")}
    (task,) = json.loads(read["labelstudio"]["tasks.json"])
    assert task["predictions"][0]["result"][0]["value"]["ranges"] == [{"start": 81, "end": 112}]
    assert json.loads(read["fiftyone"]["labels.json"])["labels"]["v0"][0]["support"] == [81, 112]
    boxes = ET.fromstring(read["cvat"]["v0.xml"]).findall("track/box")
    assert [(int(box.get("frame")), box.get("outside")) for box in boxes] == [(n, "0") for n in range(80, 112)]
    images = json.loads(read["coco"]["person_keypoints.json"])["images"]
    assert [image["file_name"] for image in images] == [f"v0/{n:06d}.jpg" for n in range(80, 112)]
    (row,) = csv.DictReader(written("kinetics", last, tmp_path / "k")["annotations.csv"].splitlines())
    assert row["time_end"] == "4.480"
    late = replace(last, clips=[replace(stroke, impact_s=4.48)])
    (events,) = json.loads(written("spot", late, tmp_path / "s")["train.json"])
    assert events["events"][0]["frame"] == 111  # an instant at the very end is shown by the last frame


def test_a_label_of_a_video_that_is_not_there_is_one_sentence(exported):
    with pytest.raises(TableError, match="lacks the video 'v1' of a label: mine the footage again"):
        replace(exported, videos={"v0": exported.videos["v0"]})


def test_croissant(tmp_path):
    """docs.mlcommons.org/croissant: every field comes from a column of a file object that is there."""
    mined = write_mined(tmp_path / "mined", num_matches=2, clips_a_match=2, size=32)
    folder = MinedFolder(mined)
    nothing = dict.fromkeys(("clips", "replays"), ()) | {key: {} for key in ("videos", "tracks", "parts")}
    exported = Exported(
        folder=mined, label_set="abc", files={"v0-d000": folder.clip_file("v0-d000")}, frame=lambda *_: 0, **nothing
    )
    (text,) = written("croissant", exported, mined).values()
    content = json.loads(text)
    assert content["conformsTo"] == "http://mlcommons.org/croissant/1.0"
    files = {item["@id"]: item for item in content["distribution"]}
    assert files["clips"]["includes"] == "clips/*.mp4"
    sets = {item["name"]: item for item in content["recordSet"]}
    columns = [field["source"]["extract"]["column"] for field in sets["labels"]["field"]]
    assert columns == LABELS.schema.names
    for record in sets.values():
        for field in record["field"]:
            assert (mined / files[field["source"]["fileObject"]["@id"]]["contentUrl"]).is_file()
    if importlib.util.find_spec("mlcroissant"):
        import mlcroissant

        rows = list(mlcroissant.Dataset(str(mined / "croissant.json")).records("labels"))
        assert [row["labels/label"].decode() for row in rows] == [clip.label for clip in folder.labels()]
