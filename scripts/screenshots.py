"""Take the pictures of pages that docs/gallery.md shows, of a finished demo, with a headless Chromium.

slowpaths demo out=runs/demo
slowpaths compare runs=[runs/demo/model,runs/demo/skeleton] out=runs/demo/compare
python scripts/screenshots.py --demo runs/demo
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import cv2

PAGES = {
    "review.jpg": ("review.html", 1280, 900),
    "report.jpg": ("evaluation/model/report.html", 1280, 1400),
    "compare.jpg": ("compare/compare.html", 1280, 900),
    "phone.jpg": ("review.html", 390, 844),
}
QUALITY = 70  # of a JPEG
WIDTH = 960  # of a picture of a desktop


def main() -> int:
    """Write the pictures; return 1 where a page or Chromium is missing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--demo", type=Path, required=True, help="folder of a finished demo")
    parser.add_argument("--out", type=Path, default=Path("docs/gallery"), help="folder of the pictures")
    args = parser.parse_args()
    browser = next((path for name in ("chromium", "google-chrome") if (path := shutil.which(name))), None)
    missing = [page for page, *_ in PAGES.values() if not (args.demo / page).is_file()]
    if browser is None or missing:
        print(f"screenshots: {missing[0] if missing else 'Chromium'} is missing", file=sys.stderr)
        return 1
    args.out.mkdir(parents=True, exist_ok=True)
    for name, (page, width, height) in PAGES.items():
        with tempfile.TemporaryDirectory() as folder:
            picture = Path(folder) / "page.png"
            flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
                     "--virtual-time-budget=4000", f"--user-data-dir={folder}/profile",
                     f"--window-size={width},{height}"]  # fmt: skip
            subprocess.run(
                [browser, *flags, f"--screenshot={picture}", (args.demo / page).resolve().as_uri()],
                check=True, capture_output=True, timeout=120,
            )  # fmt: skip
            shown = cv2.imread(str(picture))
        if width > WIDTH:
            shown = cv2.resize(shown, (WIDTH, height * WIDTH // width), interpolation=cv2.INTER_AREA)
        cv2.imwrite(str(args.out / name), shown, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
        print(args.out / name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
