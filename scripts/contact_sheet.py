"""Look at footage: one PNG with evenly spaced frames of a video, or of a time span, and the shots it falls into.

python scripts/contact_sheet.py match.mp4 sheet.png --start 12.0 --end 15.0 --count 40
python scripts/contact_sheet.py match.mp4 sheet.png --shots
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from slowpaths.core.errors import SlowpathsError
from slowpaths.core.spans import Span
from slowpaths.store.tables import atomic_write
from slowpaths.video.open import BACKENDS, open_video
from slowpaths.video.protocol import Decoder
from slowpaths.video.shots import ShotFinder

_MATCH_HEIGHT = 180


def main() -> int:
    """Write the sheet; return 1 with one sentence where the video cannot be read."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("video", type=Path, help="video file or folder of frames")
    parser.add_argument("out", type=Path, help="PNG to write")
    parser.add_argument("--start", type=float, default=float("-inf"), help="first second (default: the beginning)")
    parser.add_argument("--end", type=float, default=float("inf"), help="last second (default: the end)")
    parser.add_argument("--count", type=int, default=48, help="number of frames, evenly spaced (default 48)")
    parser.add_argument("--shots", action="store_true", help="first and last frame of every shot instead")
    parser.add_argument("--columns", type=int, default=8, help="pictures in a row (default 8)")
    parser.add_argument("--height", type=int, default=120, help="height of a picture, pixels (default 120)")
    parser.add_argument("--backend", choices=BACKENDS, default="auto", help="decoder (default auto)")
    args = parser.parse_args()
    try:
        with open_video(args.video, backend=args.backend) as decoder:
            chosen = _shot_ends(decoder) if args.shots else _spread(decoder, args.start, args.end, args.count)
            numbers = [number for number, _ in chosen]
            captions = [f"{number} {decoder.pts_s[number]:.2f}s {note}" for number, note in chosen]
            pictures = decoder.frames(numbers, height=args.height)
        contact_sheet(args.out, list(pictures), columns=args.columns, height=args.height, captions=captions)
    except (SlowpathsError, ValueError) as error:
        print(f"contact_sheet: {error}", file=sys.stderr)
        return 1
    print(f"{len(numbers)} frames in {args.out}")
    return 0


def _spread(decoder: Decoder, start_s: float, end_s: float, count: int) -> list[tuple[int, str]]:
    inside = Span(start_s, end_s).to_frames(decoder.pts_s)
    if not len(inside):
        raise ValueError(f"no frame between {start_s} and {end_s} s: the video ends at {decoder.pts_s[-1]:.2f} s")
    places = np.unique(np.linspace(0, len(inside) - 1, count).round().astype(int))
    return [(int(number), "") for number in inside[places]]


def _shot_ends(decoder: Decoder) -> list[tuple[int, str]]:
    finder = ShotFinder()
    for number, image in decoder.iterate(height=min(_MATCH_HEIGHT, decoder.height), is_draft=True):
        finder.add(image, pts_s=float(decoder.pts_s[number]))
    return [item for shot in finder.shots() for item in ((shot.first_frame, shot.transition), (shot.last_frame, ""))]


def contact_sheet(
    path: Path, images: Sequence[np.ndarray], *, columns: int = 8, height: int = 120, captions: Sequence[str] = ()
) -> None:
    """Write pictures side by side as one PNG.

    Args:
        path: PNG file, written atomically.
        images: Pictures (H, W, 3), uint8, of any sizes.
        columns: Pictures in a row.
        height: Height of each, pixels.
        captions: Short text below each picture; none where it is empty.

    Raises:
        ValueError: If there is no picture.
        SlowpathsError: If the file cannot be written.
    """
    if not len(images):
        raise ValueError(f"no picture to write to {path}")
    width = max(round(image.shape[1] * height / image.shape[0]) for image in images)
    strip = 16 if len(captions) else 0
    num_rows = -(-len(images) // columns)
    sheet = np.full((num_rows * (height + strip), min(columns, len(images)) * width, 3), 24, dtype=np.uint8)
    for number, image in enumerate(images):
        top, left = number // columns * (height + strip), number % columns * width
        small = cv2.resize(
            image, (round(image.shape[1] * height / image.shape[0]), height), interpolation=cv2.INTER_AREA
        )
        sheet[top : top + height, left : left + small.shape[1]] = small
        if number < len(captions):
            corner = (left + 2, top + height + strip - 4)
            cv2.putText(
                sheet, captions[number], corner, cv2.FONT_HERSHEY_SIMPLEX, 0.36, (230, 230, 230), 1, cv2.LINE_AA
            )
    ok, data = cv2.imencode(".png", sheet[:, :, ::-1])
    assert ok, "a uint8 picture always encodes"
    with atomic_write(path) as file:
        file.write(data.tobytes())


if __name__ == "__main__":
    sys.exit(main())
