import csv
import json
from fractions import Fraction

import numpy as np

from slowpaths.core.records import LabelledClip, VideoRef
from slowpaths.core.spans import Span
from slowpaths.review.events import write_events

VIDEOS = [
    VideoRef(video_id="b", path="day/b.mp4", fps=Fraction(25), num_frames=2500),
    VideoRef(video_id="a", path="a, odd.mp4", fps=Fraction(30000, 1001), num_frames=100),
    VideoRef(video_id="q", path="q.mp4", status="quarantined", reason="empty"),
]


def clip(video, impact_s, label="cut"):
    ref = next(item for item in VIDEOS if item.video_id == video)
    return LabelledClip(
        delivery_id=f"{video}-{impact_s}",
        video_id=video,
        video=ref.path,
        match_id=video,
        span=Span(impact_s - 0.8, impact_s + 0.48),
        impact_s=impact_s,
        event_p=0.5,
        probs=np.eye(14)[7],
        label=label,
        confidence=0.8,
        source="model",
    )


def test_json_csv_and_edl_tell_the_same_strokes(tmp_path):
    files = write_events(tmp_path, [clip("b", 61.0), clip("b", 0.5), clip("a", 2.002)], VIDEOS)
    assert [path.name for path in files] == ["events.json", "events.csv", "events.edl"]
    spot = json.loads(files[0].read_text())
    assert [row["video"] for row in spot] == ["a, odd.mp4", "day/b.mp4"]
    assert [event["frame"] for event in spot[1]["events"]] == [12, 1525]
    assert spot[0]["events"][0]["frame"] == 60
    assert spot[0]["events"][0]["score"] == 0.4
    assert spot[0]["events"][0]["probs"]["cut"] == 1.0

    rows = list(csv.DictReader(files[1].read_text().splitlines()))
    assert [(row["video"], row["impact_s"]) for row in rows] == [
        ("a, odd.mp4", "2.002"),
        ("day/b.mp4", "0.500"),
        ("day/b.mp4", "61.000"),
    ]

    lines = files[2].read_text().splitlines()
    assert lines[3] == "001  AX       V     C        00:00:01:06 00:00:02:14 00:00:00:00 00:00:01:08"
    # the clip of the second event would start before the video: it starts at its first frame
    assert lines[6].startswith("002  AX       V     C        00:00:00:00 00:00:00:24 00:00:01:07")
    assert lines[9].startswith("003  AX       V     C        00:01:00:05 00:01:01:12")


def test_a_video_without_strokes_is_listed_empty(tmp_path):
    spot = json.loads(write_events(tmp_path, [], VIDEOS)[0].read_text())
    assert [(row["video"], row["events"]) for row in spot] == [("a, odd.mp4", []), ("day/b.mp4", [])]
