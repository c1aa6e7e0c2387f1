"""Names, tables and files that mean harm: one case each (docs/threats.md)."""

from __future__ import annotations

import csv
import io
import json
import pickle
from fractions import Fraction
from xml.etree import ElementTree as ET

import numpy as np
import pytest
import torch

from slowpaths.core.errors import SlowpathsError, TableError
from slowpaths.core.ids import plain_name, video_id
from slowpaths.core.records import VideoRef
from slowpaths.core.text import csv_table, guarded, markdown_table, one_line, unguarded, xml_safe
from slowpaths.data.pose_archive import read_pose_archive
from slowpaths.evaluation.table_columns import read_columns
from slowpaths.labelling.teacher import load_teacher
from slowpaths.models.checkpoint import read_checkpoint
from slowpaths.review.events import frame_times, to_csv, to_edl
from slowpaths.review.page import script_json
from slowpaths.store.mined_folder import MinedFolder
from tests.data.mined import labelled

SCRIPTS = [
    "</script><script>alert(1)</script>",
    "<!--<script>",
    "<img src=x onerror=alert(1)>",
    "]]><svg/onload=alert(1)>",
    "&lt;/script&gt;</SCRIPT >",
    "\u2028alert(1)\u2029",
    "javascript:alert(1)",
    "\"'><b>",
    "${alert(1)}",
    "\\u003c/script>",
]
FORMULAS = [
    "=1+1",
    '=HYPERLINK("http://x","y").mp4',
    "+1+cmd|' /C calc'!A0",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(1,1)",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    '="a"&"b"',
    "-",
    "+44 20 7946 0000",
]
ESCAPES = [
    "../../etc/passwd",
    "..",
    ".",
    "",
    "/etc/passwd",
    "a/../../b",
    "..\\..\\windows",
    "C:evil",
    "a/b",
    "a\x00.mp4",
    "a\nb",
    "a\x1b[2J",
    "\u202egpj.exe",
]
CONTROLS = ["a\nb", "a\r\n* COMMENT: cut 1.00", "a\x1b[31m", "a\x00b", "a\u2028b", "a\u202eb", "a\x85b"]


class Bomb:
    """Something whose unpickling writes a file."""

    def __init__(self, path) -> None:
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


@pytest.mark.parametrize("text", SCRIPTS)
def test_no_text_ends_the_data_block_or_begins_an_element(text):
    block = script_json({"video": text})
    assert not set(block) & set("<>&\u2028\u2029")
    assert json.loads(block) == {"video": text}


@pytest.mark.parametrize("text", FORMULAS)
def test_no_cell_of_a_csv_is_a_formula_and_all_come_back(text, tmp_path):
    (row,) = csv.DictReader(io.StringIO(csv_table([{"video": text, "x": "1"}]), newline=""))
    assert row["video"].startswith("'") and unguarded(row["video"]) == text
    path = tmp_path / "table.csv"
    path.write_text(csv_table([{"video": text, "x": "1"}]), newline="")
    assert read_columns(path).values["video"] == [text]


@pytest.mark.parametrize("text", ["-1.5", "+2", "-1e-3", "-inf", "cut", "'tis", "a=b"])
def test_numbers_and_plain_words_are_left_alone(text):
    assert guarded(text) == text and unguarded(text) == text


@pytest.mark.parametrize("name", ESCAPES)
def test_no_id_leads_out_of_the_folder(name, tmp_path):
    with pytest.raises(TableError, match="is no name of a file"):
        plain_name(name)
    with pytest.raises(TableError, match="is no name of a file"):
        MinedFolder(tmp_path).clip_file(name)


@pytest.mark.parametrize("name", [*ESCAPES, *SCRIPTS, *FORMULAS])
def test_ids_made_of_hostile_names_are_plain(name):
    assert plain_name(video_id(name or "x", "0" * 64))


@pytest.mark.parametrize("text", CONTROLS)
def test_edit_lists_keep_a_name_on_its_line(text):
    assert len(one_line(text).splitlines()) == 1
    video = VideoRef(video_id="v0", path=text, fps=Fraction(25), num_frames=100)
    clip = labelled("v0-d0")
    object.__setattr__(clip, "video", text)
    lines = to_edl([clip], [video], frame_times([video]), ()).split("\n")
    assert sum(line.startswith("*") for line in lines) == 2  # the name and our own comment
    assert all(line.isprintable() for line in lines)
    (row,) = csv.DictReader(io.StringIO(to_csv([clip], ()), newline=""))
    assert row["video"] == text


@pytest.mark.parametrize(
    "text", [*CONTROLS, *SCRIPTS, "\ufffe", "\ud800", "&#0;", "<!ENTITY x SYSTEM 'file:///etc/passwd'>"]
)
def test_xml_holds_any_text(text):
    element = ET.Element("name")
    element.text = xml_safe(text)
    read = ET.fromstring(ET.tostring(element, encoding="unicode")).text
    assert read == xml_safe(text).replace("\r\n", "\n").replace("\r", "\n")


@pytest.mark.parametrize("text", ["a|b", "a\nb|c", "| --- |"])
def test_a_cell_of_a_report_stays_a_cell(text):
    lines = markdown_table(["video", "x"], [[text, "1"]]).splitlines()
    assert len(lines) == 3 and lines[2].replace("\\|", "").count("|") == 3


def _archive(tmp_path):
    path = tmp_path / "poses.npz"
    np.savez(path, pose=np.zeros((1, 2, 33, 3)), length=np.array([2]), label=np.array(["a"]),
             name=np.array([Bomb(tmp_path / "ran")], dtype=object))  # fmt: skip
    return path


def _bare_pickle(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(pickle.dumps(Bomb(tmp_path / "ran")))
    return path


def _checkpoint(tmp_path):
    torch.save({"state_dict": Bomb(tmp_path / "ran")}, tmp_path / "last.ckpt")
    return tmp_path / "last.ckpt"


@pytest.mark.parametrize(
    ("make", "read"),
    [
        (_archive, read_pose_archive),
        (lambda folder: _bare_pickle(folder, "poses.npz"), read_pose_archive),
        (lambda folder: _bare_pickle(folder, "teacher.npz"), lambda path: load_teacher(str(path))),
        (_checkpoint, read_checkpoint),
        (lambda folder: _bare_pickle(folder, "last.ckpt"), read_checkpoint),
    ],
    ids=["objects in an archive of poses", "a pickle as one", "a pickle as a teacher", "objects in a checkpoint",
         "a pickle as one of them"],
)  # fmt: skip
def test_nothing_is_unpickled(make, read, tmp_path):
    path = make(tmp_path)
    (tmp_path / "ran").unlink(missing_ok=True)
    with pytest.raises(SlowpathsError):
        read(path)
    assert not (tmp_path / "ran").exists()
