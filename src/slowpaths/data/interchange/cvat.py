"""CVAT for video 1.1: one XML a video, the striker as a track of boxes with the stroke as an attribute.

Source: https://docs.cvat.ai/docs/other/xml_format.
"""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np

from slowpaths.core.records import LabelledClip
from slowpaths.core.strokes import STROKES
from slowpaths.core.text import xml_safe
from slowpaths.data.interchange.dataset import Exported
from slowpaths.store.tables import write_text

LOSES = "probabilities other than the label's, what lies between frames, and deliveries of which no pose is kept"
_ATTRIBUTES = (  # name, changes within a track, kind, default, values
    ("stroke", "False", "select", STROKES[0], "\n".join(STROKES)),
    ("confidence", "False", "text", "", ""),
    ("delivery_id", "False", "text", "", ""),
    ("is_impact", "True", "checkbox", "false", "false"),
)


def write(exported: Exported, out: Path) -> list[Path]:
    """Write one file a video that has a label."""
    files = []
    for video_id, video in exported.videos.items():
        clips = [clip for clip in exported.of(video_id) if clip.delivery_id in exported.tracks]
        if not clips:
            continue
        root = ET.Element("annotations")
        _text(root, "version", "1.1")
        task = ET.SubElement(ET.SubElement(root, "meta"), "task")
        for name, value in (("name", video.path), ("size", str(video.num_frames)), ("mode", "interpolation")):
            _text(task, name, value)
        label = ET.SubElement(ET.SubElement(task, "labels"), "label")
        _text(label, "name", "striker")
        attributes = ET.SubElement(label, "attributes")
        for row in _ATTRIBUTES:
            attribute = ET.SubElement(attributes, "attribute")
            for name, value in zip(("name", "mutable", "input_type", "default_value", "values"), row, strict=True):
                _text(attribute, name, value)
        size = ET.SubElement(task, "original_size")
        _text(size, "width", str(video.width))
        _text(size, "height", str(video.height))
        for number, clip in enumerate(clips):
            _track(root, number, clip, exported)
        ET.indent(root)
        files.append(out / f"{video_id}.xml")
        write_text(files[-1], ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n")
    return files


def _track(root: ET.Element, number: int, clip: LabelledClip, exported: Exported) -> None:
    element = ET.SubElement(root, "track", id=str(number), label="striker", source="auto")
    poses, (first, last) = exported.tracks[clip.delivery_id], exported.frames(clip)
    impact = exported.shown(clip.video_id, clip.impact_s)
    is_inside_T = (poses.frames_T >= first) & (poses.frames_T <= last) & np.isfinite(poses.boxes_T4).all(axis=1)
    rows = np.flatnonzero(is_inside_T)
    for row in rows:
        _box(element, clip, int(poses.frames_T[row]), poses.boxes_T4[row], impact=impact, outside="0")
    num_frames = exported.videos[clip.video_id].num_frames
    if len(rows) and (after := int(poses.frames_T[rows[-1]]) + 1) < num_frames:
        _box(element, clip, after, poses.boxes_T4[rows[-1]], impact=impact, outside="1")


def _box(track: ET.Element, clip: LabelledClip, frame: int, box_4: np.ndarray, *, impact: int, outside: str) -> None:
    corners = {name: f"{value:.2f}" for name, value in zip(("xtl", "ytl", "xbr", "ybr"), box_4.tolist(), strict=True)}
    flags = {"outside": outside, "occluded": "0", "keyframe": "1", "z_order": "0"}
    box = ET.SubElement(track, "box", {"frame": str(frame), **flags, **corners})
    values = (clip.label, f"{clip.confidence:.4f}", clip.delivery_id, str(frame == impact).lower())
    for (name, *_), value in zip(_ATTRIBUTES, values, strict=True):
        ET.SubElement(box, "attribute", name=name).text = value


def _text(parent: ET.Element, name: str, value: str) -> None:
    ET.SubElement(parent, name).text = xml_safe(value)
