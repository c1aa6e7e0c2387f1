"""Draw every lost stroke and every false claim that scripts/real_clips.py found, and a page to scroll through them.

usage: python scripts/loss_sheets.py runs/real_clips [--shared ../shared]

Frames run from .6 s before to .4 s after the true contact (of a false claim: the claimed impact). Green is the gold box
at contact, magenta whom mining followed; below each frame stand its number, its time from the contact and the view that
mining claims. The pictures are third-party material: never commit them.
"""

from __future__ import annotations

import argparse
import csv
import html
from collections.abc import Iterator, Mapping
from pathlib import Path

import cv2
import numpy as np

from slowpaths.core.pose_tracks import striker_of
from slowpaths.core.records import Box, PoseTrack, Shot
from slowpaths.evaluation.mining_check import MinedSet, read_mined
from slowpaths.store.gold_folder import GoldFolder
from slowpaths.store.tables import atomic_write, write_text
from slowpaths.video.open import open_video

SETS = {"a": "footage", "b": "footage_b"}
BEFORE_S, AFTER_S = 0.6, 0.4
MOST = 16  # frames of a sheet
COLUMNS, HEIGHT, STRIP, NARROW = 8, 150, 28, 190
GREEN, MAGENTA, WHITE = (0, 255, 0), (255, 0, 255), (235, 235, 235)


def main() -> None:
    """Draw all sheets and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path, help="folder that real_clips.py wrote")
    parser.add_argument("--shared", type=Path, default=Path("../shared"), help="folder of footage and footage_b")
    asked = parser.parse_args()
    sheets = asked.out / "sheets"
    sheets.mkdir(exist_ok=True)
    for old in sheets.glob("*.jpg"):
        old.unlink()
    folders: dict[Path, MinedSet] = {}
    entries: list[tuple[str, str, str]] = []
    for number, (row, word) in enumerate(losses(asked.out)):
        gold = GoldFolder(asked.shared / SETS[row["set"]])
        clips = (gold.clips, gold.negatives)
        video = next(folder / row["video"] for folder in clips if (folder / row["video"]).exists())
        mined = asked.out / ("negatives_" * (video.parent == gold.negatives) + row["set"])
        if not mined.is_dir():  # mined by halves
            mined = mined.with_name(f"{mined.name}_half_{row['half']}")
        folders.setdefault(mined, read_mined(mined))
        name = f"{number:03d}.jpg"
        draw(sheets / name, video, row, folders[mined], {} if "fault" in row else boxes_of(gold, row))
        entries.append((word, name, title(row, word)))
    write_text(sheets / "index.html", page(entries))
    print(f"{len(entries)} sheets, scroll through {sheets / 'index.html'}")


def losses(out: Path) -> Iterator[tuple[dict[str, str], str]]:
    """Yield the rows of losses, then those of false claims, each with its word."""
    for name, key in (("losses.csv", "outcome"), ("false_claims.csv", "fault")):
        with (out / name).open(newline="") as stream:
            rows = [row for row in csv.DictReader(stream) if row[key] not in ("found", "broken file", "not mined")]
        for row in sorted(rows, key=lambda row: (row[key], row["video"])):
            yield row, f"false claim: {row[key]}" if key == "fault" else row[key]


def boxes_of(gold: GoldFolder, row: Mapping[str, str]) -> dict[int, Box]:
    """Return the gold box at the contact of a delivery, by frame."""
    balls = gold.balls(Path(row["video"]).stem) if row["impact_s"] else []
    near = [ball for ball in balls if abs(ball.impact_s - float(row["impact_s"])) < 1e-3]
    return {ball.frame: ball.box for ball in near if ball.frame is not None and ball.box}


def title(row: Mapping[str, str], word: str) -> str:
    """Return what stands above a sheet."""
    error = f", claim {float(row['error_s']):+.2f} s" if row.get("error_s") else ""
    views = f"view {row['true_view'] or 'unknown'}, claimed {row['claimed_view'] or 'none'}"
    return f"{word}: {row['video']} at {row['impact_s'] or '?'} s, {views}{error}, {row['kind']}, half {row['half']}"


def draw(path: Path, video: Path, row: Mapping[str, str], mined: MinedSet, boxes: Mapping[int, Box]) -> None:
    """Draw one sheet."""
    claim = next((one for one in mined.deliveries if one.delivery_id == row["delivery"]), None)
    tracks = [track for track in mined.folder.poses() if claim and track.shot_id == claim.shot_id]
    track = striker_of(claim, tracks) if claim else None
    video_id = next(one.video_id for one in mined.videos if Path(one.path).name == video.name)
    shots = mined.shots_of.get(video_id, [])
    with open_video(video) as decoder:
        if row["impact_s"]:
            contact_s = float(row["impact_s"])
        elif row.get("start_s") and row.get("end_s"):
            contact_s = 0.5 * (float(row["start_s"]) + float(row["end_s"]))
        else:  # gold says only that there is a stroke
            contact_s = float(np.median(decoder.pts_s)) if claim is None else claim.impact_s
        offset_T = decoder.pts_s - contact_s
        inside = np.flatnonzero((offset_T >= -BEFORE_S) & (offset_T <= AFTER_S))
        if not len(inside):
            inside = np.abs(offset_T).argsort()[:MOST]
        frames = np.unique(inside[np.linspace(0, len(inside) - 1, MOST).round().astype(int)])
        impact = -1 if claim is None else int(np.abs(decoder.pts_s - claim.impact_s).argmin())
        marked = [frame for frame in boxes if frame < len(decoder)] + ([impact] if impact in inside else [])
        frames = np.union1d(frames, np.array(marked, dtype=int))
        pictures, scale = list(decoder.frames(frames.tolist())), HEIGHT / decoder.height
        tiles = [
            tile(picture, int(frame), float(offset_T[frame]), scale=scale, shots=shots, track=track, boxes=boxes,
                 mark="CLAIM" if frame == impact else "")
            for frame, picture in zip(frames, pictures, strict=True)
        ]  # fmt: skip
    blank = np.zeros_like(tiles[0])
    tiles += [blank] * (-len(tiles) % COLUMNS)
    sheet = np.vstack([np.hstack(tiles[start : start + COLUMNS]) for start in range(0, len(tiles), COLUMNS)])
    ok, data = cv2.imencode(".jpg", sheet[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, 80])
    assert ok, "a uint8 picture always encodes"
    with atomic_write(path) as stream:
        stream.write(data.tobytes())


def tile(
    picture: np.ndarray,
    frame: int,
    offset_s: float,
    *,
    scale: float,
    shots: list[Shot],
    track: PoseTrack | None,
    boxes: Mapping[int, Box],
    mark: str,
) -> np.ndarray:
    """Return one frame with its boxes and words."""
    size = (max(round(picture.shape[1] * scale), 1), HEIGHT)
    small = np.ascontiguousarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA))
    known = [(boxes[frame].to_array(), GREEN)] if frame in boxes else []
    if track is not None and frame in track.frames_T:
        known.append((track.boxes_T4[np.searchsorted(track.frames_T, frame)], MAGENTA))
    for box_4, colour in known:
        x1, y1, x2, y2 = (int(value) for value in np.nan_to_num(box_4 * scale))
        cv2.rectangle(small, (x1, y1), (x2, y2), colour, 1)
    view = next((shot.view for shot in shots if shot.first_frame <= frame <= shot.last_frame), "")
    words = f"{'CONTACT ' if frame in boxes else ''}{mark}"
    small = cv2.copyMakeBorder(small, 0, 0, 0, max(NARROW - size[0], 0), cv2.BORDER_CONSTANT)
    strip = np.full((STRIP, small.shape[1], 3), 24, dtype=np.uint8)
    for line, (text, colour) in enumerate(((f"{frame} {offset_s:+.2f} {view}", WHITE), (words, GREEN))):
        cv2.putText(strip, text, (2, 11 + 13 * line), cv2.FONT_HERSHEY_SIMPLEX, 0.36, colour, 1, cv2.LINE_AA)
    return np.vstack([small, strip])


def page(entries: list[tuple[str, str, str]]) -> str:
    """Return a page with all sheets, those of one word together."""
    words = list(dict.fromkeys(word for word, _, _ in entries))
    links = " ".join(
        f'<a href="#{number}">{html.escape(word)} ({sum(entry[0] == word for entry in entries)})</a>'
        for number, word in enumerate(words)
    )
    lines = ["<!doctype html><meta charset=utf-8><title>Losses</title>", f"<p>{links}</p>"]
    for number, word in enumerate(words):
        lines.append(f'<h2 id="{number}">{html.escape(word)}</h2>')
        for _, name, text in (entry for entry in entries if entry[0] == word):
            lines.append(f'<p>{html.escape(text)}<br><img src="{name}" loading="lazy" style="max-width:100%"></p>')
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
