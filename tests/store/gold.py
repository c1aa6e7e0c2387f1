"""A small folder of gold tables, as a person writes them."""

from __future__ import annotations

from pathlib import Path

STROKES = """file,impact_s,contact_frame,view,striker_x1,striker_y1,striker_x2,striker_y2,handedness
a.mp4,2.400,60,pitch_endon,10,20,30,60,L
a.mp4,0.400,10,pitch_endon,100,20,140,100,R
a.mp4,,,pitch_endon,,,,,unknown
b.mov,0.200,5,nets_side,0,0,10,10,unknown
"""
SHOTS = """file,shot_index,first_frame,last_frame,view,is_replay,note
a.mp4,1,40,99,pitch_endon,1,"again, slower"
a.mp4,0,0,39,pitch_endon,0,
b.mov,0,0,9,nets_side,unknown,
c.mp4,0,0,9,field,0,
"""
TRUTH = """video,start_s,end_s,impact_s,label,handedness,view,is_replay
a.mp4,0.100,0.700,0.400,cover,R,pitch_endon,0
a.mp4,2.100,2.700,2.400,cover,L,pitch_endon,1
b.mov,0.000,0.300,0.200,pull,unknown,nets_side,0
"""
SOURCES = """file,source repository,kind,group
a.mp4,somebody/one,broadcast,scene
b.mov,somebody/one,phone,
c.mp4,somebody/two,broadcast,scene
"""
NEGATIVES = """file,source repository
golf.mp4,somebody/golf
"""


def write_gold(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    tables = {
        "gold.csv": STROKES,
        "gold_shots.csv": SHOTS,
        "truth.csv": TRUTH,
        "sources.csv": SOURCES,
        "sources_negatives.csv": NEGATIVES,
    }
    for name, text in tables.items():
        (folder / name).write_text(text)
    return folder
