"""Find footage and describe it, or say in one sentence why a file cannot be used."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from slowpaths.core.errors import BrokenVideoError, UsageError
from slowpaths.core.ids import file_digest, folder_digest, slug, video_id
from slowpaths.core.records import VideoRef

VIDEO_SUFFIXES = frozenset(
    {".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".gif", ".mpg", ".mpeg", ".ts", ".mts", ".wmv", ".flv", ".3gp"}
)


def find_footage(source: str | Path | Sequence[str | Path]) -> tuple[Path, list[Path]]:
    """Find the videos below one folder, or take the files and folders named.

    A folder that holds pictures (.jpg, .png) and no video is one video. A file that is named itself is taken whatever
    its ending; `probe` judges it.

    Args:
        source: Folder, file, or several of them.

    Returns:
        The root that relative paths start from, and the videos and frame folders, sorted.

    Raises:
        UsageError: If a path does not exist or a folder holds no video.
    """
    sources = [Path(source)] if isinstance(source, (str, Path)) else [Path(item) for item in source]
    if not sources:
        raise UsageError("no footage was given: set footage= to a folder, a file or a list of files")
    found: set[Path] = set()
    for path in (Path(os.path.abspath(item)) for item in sources):  # noqa: PTH100 - resolve() would follow links
        if not path.exists():
            raise UsageError(f"{path} does not exist: set footage= to a folder of videos, a file or a list of files")
        inside = _walk(path) if path.is_dir() else [path]
        if not inside:
            raise UsageError(
                f"{path} holds no video: footage= takes {', '.join(sorted(VIDEO_SUFFIXES))} files or frame folders"
            )
        found.update(inside)
    videos = sorted(found)
    if len(sources) == 1 and videos != [Path(os.path.abspath(sources[0]))]:  # noqa: PTH100
        return Path(os.path.abspath(sources[0])), videos  # noqa: PTH100
    return Path(os.path.commonpath([video.parent for video in videos])), videos


def _walk(folder: Path) -> list[Path]:
    try:
        entries = sorted(entry for entry in folder.iterdir() if not entry.name.startswith("."))
    except OSError as error:
        raise UsageError(f"{folder} cannot be listed: check its permissions") from error
    videos = [entry for entry in entries if entry.is_file() and entry.suffix.lower() in VIDEO_SUFFIXES]
    below = [path for entry in entries if entry.is_dir() for path in _walk(entry)]
    if not videos and not below and any(_is_picture(entry) for entry in entries):
        return [folder]
    return videos + below


def _is_picture(path: Path) -> bool:
    return path.suffix.lower() in {".jpg", ".jpeg", ".png"} and path.is_file()


def probe(path: Path, *, root: Path, match_id: str | None = None) -> VideoRef:
    """Describe one video; a broken one comes back quarantined with its reason.

    Args:
        path: Video file or frame folder.
        root: Folder that `VideoRef.path` is relative to.
        match_id: What must stay on one side of a split; None takes the parent folder below `root`, or the file's stem
            where the file lies in `root` itself.
    """
    relative = path.relative_to(root) if path.is_relative_to(root) else Path(path.name)
    folder = relative.parent.as_posix()
    names: dict[str, Any] = {
        "path": relative.as_posix(),
        "match_id": match_id or (slug(folder) if folder != "." else slug(path.stem)),
    }
    digest = ""
    try:
        digest = _digest(path)
        facts = _folder_facts(path) if path.is_dir() else _file_facts(path)
    except BrokenVideoError as error:
        return VideoRef(
            video_id=video_id(path, digest or "0" * 10), digest=digest, status="quarantined", reason=str(error), **names
        )
    return VideoRef(video_id=video_id(path, digest), digest=digest, **names, **facts)


def _digest(path: Path) -> str:
    from slowpaths.video._index import file_problem

    try:
        if path.is_dir():
            return folder_digest(entry for entry in path.iterdir() if _is_picture(entry) or entry.name == "fps.txt")
        return file_digest(path)
    except OSError as error:
        raise BrokenVideoError(file_problem(path, error)) from error


def _file_facts(path: Path) -> dict[str, Any]:
    from slowpaths.video._index import read_index
    from slowpaths.video.decode import shown_size

    index = read_index(path)
    # A header that promises more pictures than the file holds means the end is missing; 2 % (at least 2 frames) is left
    # for containers that count hidden or unfinished pictures.
    missing = index.num_declared - index.num_dropped - len(index)
    if missing > max(2, 0.02 * index.num_declared):
        raise BrokenVideoError(
            f"{path.name} is truncated ({len(index)} of {index.num_declared} frames decode): download it again, or "
            "keep what is there with ffmpeg -i old.mp4 new.mp4"
        )
    width, height = shown_size(width=index.width, height=index.height, rotation_deg=index.rotation_deg)
    return {
        "fps": index.fps,
        "num_frames": len(index),
        "width": width,
        "height": height,
        "duration_s": index.duration_s,
        "is_variable_rate": index.is_variable_rate,
        "has_audio": index.has_audio,
        "codec": index.codec,
        "rotation_deg": index.rotation_deg,
        "is_interlaced": index.is_interlaced,
        "bit_depth": index.bit_depth,
    }


def _folder_facts(path: Path) -> dict[str, Any]:
    from slowpaths.video._frames import FolderDecoder

    decoder = FolderDecoder(path)
    return {
        "fps": decoder.fps,
        "num_frames": len(decoder),
        "width": decoder.width,
        "height": decoder.height,
        "duration_s": float(len(decoder) / decoder.fps),
        "codec": "frames",
    }
