import csv
import json
from dataclasses import replace
from fractions import Fraction

import numpy as np

from slowpaths.core.records import LabelledClip, PoseTrack, Shot, VideoRef
from slowpaths.core.spans import Span
from slowpaths.review.events import VideoEvents, suppressed, write_events

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


def write(folder, clips, videos, *, shots=(), tracks=(), disagreement=None):
    own = lambda items, video: [item for item in items if item.video_id == video.video_id]  # noqa: E731
    return write_events(
        folder,
        (
            VideoEvents(video=video, clips=own(clips, video), shots=own(shots, video), tracks=own(tracks, video),
                        disagreement=disagreement or {})
            for video in sorted(videos, key=lambda video: video.path)
        ),
    )  # fmt: skip


def test_json_csv_and_edl_tell_the_same_strokes(tmp_path):
    files = write(tmp_path, [clip("b", 61.0), clip("b", 0.5), clip("a", 2.002)], VIDEOS)
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


def test_the_json_is_written_as_one_list_video_by_video(tmp_path):
    asked = []

    def found():
        for video in VIDEOS[1::-1]:
            asked.append([path.name for path in tmp_path.glob("events.*")])
            yield VideoEvents(video=video, clips=[clip(video.video_id, 1.0)])

    text = write_events(tmp_path, found())[0].read_text()
    assert text == json.dumps(json.loads(text), indent=1) + "\n"
    assert asked == [[], []]  # whole files take their names, or none
    assert write_events(tmp_path, [])[0].read_text() == "[]\n"


def test_of_strokes_that_lie_near_the_surest_is_an_event():
    chain = [clip("b", 1.0), clip("b", 2.0), clip("b", 3.0), clip("a", 1.5), clip("b", 9.0)]
    sure = replace(chain[1], confidence=0.9)
    kept = suppressed([chain[0], sure, *chain[2:]], within_s=1.28)
    assert sorted((item.video_id, item.impact_s) for item in kept) == [("a", 1.5), ("b", 2.0), ("b", 9.0)]
    # what a surer one suppresses suppresses nothing itself
    falling = [replace(one, confidence=c) for one, c in zip(chain[:3], (0.9, 0.8, 0.7), strict=True)]
    assert sorted(item.impact_s for item in suppressed(falling, within_s=1.28)) == [1.0, 3.0]
    # P(stroke) counts as much, equals go to the earlier one, and what lies just as far stays
    assert [item.impact_s for item in suppressed([replace(chain[0], event_p=0.4), chain[1]], within_s=1.28)] == [2.0]
    assert [item.impact_s for item in suppressed(chain[1::-1], within_s=1.28)] == [1.0]
    assert len(suppressed(chain[:3], within_s=1.0)) == 3
    assert len(suppressed(chain, within_s=0)) == 5


def test_how_far_views_disagree_stands_with_the_event(tmp_path):
    files = write(tmp_path, [clip("b", 1.0), clip("b", 9.0)], VIDEOS, disagreement={"b-9.0": 0.25})
    (_, video) = json.loads(files[0].read_text())
    assert [event.get("view_disagreement") for event in video["events"]] == [None, 0.25]


def test_a_video_without_strokes_is_listed_empty(tmp_path):
    spot = json.loads(write(tmp_path, [], VIDEOS)[0].read_text())
    assert [(row["video"], row["events"]) for row in spot] == [("a, odd.mp4", []), ("day/b.mp4", [])]


def test_frames_are_those_shown_at_the_time_at_any_rate_and_start(tmp_path):
    # 40 ms a frame, every seventh lasts 120 ms, and the first picture comes .7 s late
    pts_s = 0.7 + np.concatenate([[0], np.cumsum([0.12 if n % 7 == 6 else 0.04 for n in range(199)])])
    video = VideoRef(video_id="v", path="v.mp4", fps=Fraction(1000, 51), num_frames=200, is_variable_rate=True)
    shot = Shot(shot_id="s", video_id="v", span=Span(pts_s[0], pts_s[199] + 0.04), first_frame=0, last_frame=199)
    seen = np.arange(100, 150)
    track = PoseTrack(
        video_id="v",
        shot_id="s",
        track_id=0,
        frames_T=seen,
        pts_s=pts_s[seen],
        keypoints_TJC=np.zeros((50, 17, 3)),
        boxes_T4=np.zeros((50, 4)),
        camera_T3=np.zeros((50, 3)),
    )
    stroke = LabelledClip(
        delivery_id="d",
        video_id="v",
        video="v.mp4",
        match_id="v",
        span=Span(pts_s[105], pts_s[140]),
        impact_s=pts_s[123] + 0.01,
        event_p=0.5,
        probs=np.eye(14)[7],
        label="cut",
        confidence=0.8,
        source="model",
    )
    files = write(tmp_path, [stroke], [video], shots=[shot], tracks=[track])
    assert json.loads(files[0].read_text())[0]["events"][0]["frame"] == 123
    # frames 105 to 140 at 20 frames a second
    assert "00:00:05:05 00:00:07:00 00:00:00:00 00:00:01:15" in files[2].read_text()


def test_an_edit_of_a_stroke_that_reaches_the_end_of_its_video_plays_the_last_frame(tmp_path):
    """Frames 80 to 111 of 112: the out-point is the first frame that is not played, and 111 is the last of all."""
    video = VideoRef(video_id="b", path="day/b.mp4", fps=Fraction(25), num_frames=112)
    stroke = replace(clip("b", 4.0), span=Span(3.2, 4.48))
    files = write(tmp_path, [stroke, replace(stroke, delivery_id="late", impact_s=4.48)], [video])
    assert "00:00:03:05 00:00:04:12 00:00:00:00 00:00:01:07" in files[2].read_text()
    assert [event["frame"] for event in json.loads(files[0].read_text())[0]["events"]] == [100, 111]


def test_every_format_says_which_strokes_are_shown_again(tmp_path):
    live, again = clip("b", 1.0), clip("b", 11.0)
    shots = [
        Shot(shot_id=f"b-s{n}", video_id="b", span=Span(n * 10.0, n * 10.0 + 10), first_frame=n * 250,
             last_frame=n * 250 + 249, is_replay=n == 1)
        for n in range(2)
    ]  # fmt: skip
    files = write(tmp_path, [live, again], VIDEOS, shots=shots)
    (_, video) = json.loads(files[0].read_text())
    assert [event["is_replay"] for event in video["events"]] == [False, True]
    assert [row["is_replay"] for row in csv.DictReader(files[1].read_text().splitlines())] == ["false", "true"]
    comments = [line for line in files[2].read_text().splitlines() if line.startswith("* COMMENT")]
    assert comments == ["* COMMENT: cut 0.80", "* COMMENT: cut 0.80 replay"]
