"""Label Studio: one task a video with strokes on its timeline, weak ones as predictions, gold as an annotation.

Sources: https://labelstud.io/guide/task_format, https://labelstud.io/guide/predictions and
https://labelstud.io/tags/timelinelabels. Frames count from 1 there.
"""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import quote
from xml.etree import ElementTree as ET

from slowpaths.core.records import LabelledClip
from slowpaths.core.strokes import STROKES
from slowpaths.data.interchange.dataset import Exported
from slowpaths.store.tables import write_text

LOSES = "the impact (only first and last frame are told), who bats, and probabilities other than the label's"


def write(exported: Exported, out: Path) -> list[Path]:
    """Write `tasks.json` and the labelling interface `interface.xml`; videos are looked for in local storage."""
    tasks = []
    for video_id, video in exported.videos.items():
        clips = exported.of(video_id)
        weak, gold = ([clip for clip in clips if (clip.source == "gold") is is_gold] for is_gold in (False, True))
        task: dict[str, object] = {"data": {"video": f"/data/local-files/?d={quote(video.path)}", "video_id": video_id}}
        if weak:
            score = sum(clip.confidence for clip in weak) / len(weak)
            results = [_result(clip, exported) for clip in weak]
            task["predictions"] = [{"model_version": exported.label_set, "score": score, "result": results}]
        if gold:
            task["annotations"] = [{"result": [_result(clip, exported) for clip in gold]}]
        tasks += [task] if clips else []
    view = ET.Element("View")
    labels = ET.SubElement(view, "TimelineLabels", name="stroke", toName="video")
    for stroke in STROKES:
        ET.SubElement(labels, "Label", value=stroke)
    ET.SubElement(view, "Video", name="video", value="$video", frameRate=_rate(exported))
    files = {
        out / "tasks.json": json.dumps(tasks, indent=1) + "\n",
        out / "interface.xml": ET.tostring(view, encoding="unicode") + "\n",
    }
    for path, text in files.items():
        write_text(path, text)
    return list(files)


def _result(clip: LabelledClip, exported: Exported) -> dict[str, object]:
    first, last = exported.frames(clip)
    return {
        "id": clip.delivery_id,
        "from_name": "stroke",
        "to_name": "video",
        "type": "timelinelabels",
        "score": clip.confidence,
        "value": {"ranges": [{"start": first + 1, "end": last + 1}], "timelinelabels": [clip.label]},
    }


def _rate(exported: Exported) -> str:
    """Return the rate of the videos; one interface has one."""
    rates = sorted({float(video.fps) for video in exported.videos.values() if video.fps})
    return f"{rates[0]:g}" if rates else "25"
