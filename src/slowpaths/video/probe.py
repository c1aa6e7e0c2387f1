"""Find footage and describe it, or say in one sentence why a file cannot be used."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from slowpaths.core.errors import BrokenVideoError, UsageError
from slowpaths.core.ids import file_digest, folder_digest, match_id, video_id
from slowpaths.core.records import VideoRef
from slowpaths.store.mined_folder import MinedFolder

log = logging.getLogger(__name__)

VIDEO_SUFFIXES = frozenset({
    ".3g2", ".3gp", ".asf", ".avi", ".dav", ".divx", ".dv", ".f4v", ".flv", ".gif", ".h264", ".h265", ".hevc", ".m2p",
    ".m2t", ".m2ts", ".m2v", ".m4v", ".mjpeg", ".mkv", ".mod", ".mov", ".mp4", ".mpe", ".mpeg", ".mpg", ".mts", ".mxf",
    ".nut", ".ogv", ".qt", ".rm", ".rmvb", ".tod", ".trp", ".ts", ".vob", ".webm", ".wmv", ".wtv", ".y4m",
})  # fmt: skip
PICTURE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png"})
# What often lies beside footage and is passed over without a word: tables, texts, pictures, subtitles.
_COMPANIONS = PICTURE_SUFFIXES | {
    ".csv", ".html", ".json", ".jsonl", ".log", ".md", ".npz", ".parquet", ".pdf", ".srt", ".svg", ".toml", ".txt",
    ".vtt", ".xml", ".yaml", ".yml",
}  # fmt: skip
_NAMED = 5  # files that are named of those passed over
# How much earlier a film may end than its header says: containers round, and count sound that was not written.
_LEAST_MISSING_S, _MOST_MISSING_S, _MISSING_SHARE = 0.25, 2.0, 0.02


def find_footage(source: str | Path | Sequence[str | Path]) -> tuple[Path, list[Path]]:
    """Find the videos below one folder, or take the files and folders named.

    A folder that holds pictures (.jpg, .png) and no video is one video. A file that is named itself is taken whatever
    its ending; `probe` judges it, as it judges a folder that may not be listed and a link that leads nowhere. Each real
    folder is walked once, however many links lead to it. The log names files of a kind that is not known, and the clips
    of mined folders, which are no footage unless they are named themselves.

    Returns:
        The root that relative paths start from, and the videos and frame folders, sorted.

    Raises:
        UsageError: If a path does not exist or a folder holds no video.
    """
    sources = [Path(source)] if isinstance(source, (str, Path)) else [Path(item) for item in source]
    if not sources:
        raise UsageError("no footage was given: set footage= to a folder, a file or a list of files")
    found: set[Path] = set()
    paths = [Path(os.path.abspath(item)) for item in sources]  # noqa: PTH100 - resolve() would follow links
    for path in paths:
        if not _is(Path.exists, path):
            raise UsageError(f"{path} does not exist: set footage= to a folder of videos, a file or a list of files")
        inside = _walk(path) if path.is_dir() else [path]
        if not inside:
            kinds = ", ".join(sorted(VIDEO_SUFFIXES))
            raise UsageError(f"{path} holds no video: footage= takes {kinds} files or frame folders")
        found.update(inside)
    videos = sorted(found)
    if len(paths) == 1 and videos != paths:
        return paths[0], videos
    return Path(os.path.commonpath([video.parent for video in videos])), videos


@dataclass(slots=True)
class _Walk:
    """What is found on a walk: videos, other files, links to folders, and the real folders that were entered."""

    videos: list[Path] = field(default_factory=list)
    others: list[Path] = field(default_factory=list)
    links: list[Path] = field(default_factory=list)
    entered: set[Path] = field(default_factory=set)


def _walk(root: Path) -> list[Path]:
    if not _can_list(root):
        raise UsageError(f"{root} cannot be listed: check its permissions")
    walk = _Walk()
    _enter(root, walk)
    while walk.links:  # after the folders themselves, so that a folder keeps its own name
        walk.links.sort(reverse=True)
        _enter(walk.links.pop(), walk)
    if walk.others:
        names = [_text(path.relative_to(root)) for path in sorted(walk.others)]
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        log.warning("no video, passed over: %s%s", ", ".join(names[:_NAMED]), more)
    return walk.videos


def _enter(folder: Path, walk: _Walk) -> None:
    real = folder.resolve()
    if real in walk.entered:
        return
    walk.entered.add(real)
    if not _can_list(folder):
        walk.videos.append(folder)  # `probe` says why
        return
    entries = sorted(entry for entry in folder.iterdir() if not entry.name.startswith("."))
    folders = [entry for entry in entries if _is(Path.is_dir, entry)]
    # A link that leads nowhere is named like a file that cannot be read; a pipe or a socket would wait for ever.
    files = [entry for entry in entries if entry not in folders and (_is(Path.is_file, entry) or entry.is_symlink())]
    videos = [entry for entry in files if entry.suffix.lower() in VIDEO_SUFFIXES]
    num_before = len(walk.videos)
    mined = MinedFolder(folder)
    if _is(Path.is_dir, mined.shards) and mined.clips in folders:
        folders.remove(mined.clips)
        walk.others.append(mined.clips)
    for entry in folders:
        walk.links.append(entry) if entry.is_symlink() else _enter(entry, walk)
    is_frames = not videos and len(walk.videos) == num_before and any(_is_picture(entry) for entry in files)
    walk.videos += [folder] if is_frames else videos
    kinds = VIDEO_SUFFIXES | _COMPANIONS
    walk.others += [] if is_frames else [entry for entry in files if entry.suffix.lower() not in kinds]


def _is(kind: Callable[[Path], bool], path: Path) -> bool:
    """Ask what a path is; one that may not be looked at is taken for a file, so that `probe` names it."""
    try:
        return kind(path)
    except OSError:
        return kind is Path.is_file


def _can_list(folder: Path) -> bool:
    try:
        next(folder.iterdir(), None)
    except OSError:
        return False
    return True


def _is_picture(path: Path) -> bool:
    return path.suffix.lower() in PICTURE_SUFFIXES and _is(Path.is_file, path)


def _text(path: Path) -> str:
    """Return a path with forward slashes; bytes of its name that are no UTF-8 stand as backslash codes."""
    return os.fsencode(path.as_posix()).decode("utf-8", "backslashreplace")


def probe(path: Path, *, root: Path) -> VideoRef:
    """Describe one video; a broken one comes back quarantined with its reason.

    Its match, what must stay on one side of a split, is the parent folder below `root`, or the file's stem where the
    file lies in `root` itself.

    Args:
        path: Video file or frame folder.
        root: Folder that `VideoRef.path` is relative to.
    """
    relative = path.relative_to(root) if path.is_relative_to(root) else Path(path.name)
    name = _text(relative)
    folder = relative.parent.as_posix()
    match = match_id(_text(relative.parent) if folder != "." else _text(Path(path.stem)))
    digest, facts, reason = "", {}, ""
    try:
        if name != relative.as_posix():
            raise BrokenVideoError(f"the name of {name} holds a byte that is no UTF-8: rename the file")
        digest = _digest(path)
        facts = _folder_facts(path) if path.is_dir() else _file_facts(path)
    except BrokenVideoError as error:
        reason = str(error)
    except Exception as error:  # whatever is wrong with one file, the others are usable
        log.debug("probing %s", name, exc_info=True)
        reason = f"{name} cannot be described ({type(error).__name__}: {error}): re-encode it, or leave it out"
    status = "quarantined" if reason else "ok"
    key = video_id(name, digest or "0" * 10)
    return VideoRef(video_id=key, digest=digest, path=name, match_id=match, status=status, reason=reason, **facts)


def _digest(path: Path) -> str:
    from slowpaths.video.container import file_problem

    try:
        if path.is_dir():
            return folder_digest(entry for entry in path.iterdir() if _is_picture(entry) or entry.name == "fps.txt")
        return file_digest(path)
    except OSError as error:
        reason = file_problem(path, error)
        if isinstance(error, PermissionError) and path.is_dir() and not _can_list(path):
            reason = f"the folder {path.name} may not be listed: change its permissions (chmod u+rx) or leave it out"
        raise BrokenVideoError(reason) from error


def _file_facts(path: Path) -> dict[str, Any]:
    from slowpaths.video.index import read_index

    index = read_index(path)
    whole_s = index.duration_s + index.missing_s
    allowed_s = min(max(_LEAST_MISSING_S, _MISSING_SHARE * whole_s), _MOST_MISSING_S)
    if index.missing_s > max(allowed_s, float(2 / index.fps)):
        raise BrokenVideoError(
            f"{path.name} is truncated or damaged (frames decode for {index.duration_s:.2f} of {whole_s:.2f} s): "
            "download it again, or keep what is there with ffmpeg -i old.mp4 new.mp4"
        )
    same = ("fps", "width", "height", "duration_s", "is_variable_rate", "codec", "rotation_deg", "is_interlaced",
            "bit_depth")  # fmt: skip
    facts = {name: getattr(index, name) for name in same}
    return facts | {"num_frames": len(index), "has_audio": index.sound_stream is not None}


def _folder_facts(path: Path) -> dict[str, Any]:
    from slowpaths.video.decoders.frames import FolderDecoder

    decoder = FolderDecoder(path)
    size = {"width": decoder.width, "height": decoder.height, "num_frames": len(decoder)}
    return {"fps": decoder.fps, "duration_s": float(len(decoder) / decoder.fps), "codec": "frames", **size}
