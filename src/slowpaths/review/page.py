"""Assemble the review page: one HTML file that needs no server and no network.

The cards travel as one block of JSON and embedded clips as blocks of base64; the script builds everything else. A
content security policy lets only the page's own script and style run, named by their digests.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from string import Template
from typing import Any
from urllib.parse import quote

from slowpaths.core.errors import UsageError
from slowpaths.core.skeleton import INDEX as JOINT_INDEX
from slowpaths.core.skeleton import LIMBS
from slowpaths.core.strokes import INDEX, STROKES
from slowpaths.review.cards import GROUPS, stroke_group, stroke_text, to_plain
from slowpaths.review.deck import Deck
from slowpaths.store.tables import write_text

EMBEDS: tuple[str, ...] = ("auto", "always", "never")
LIMIT_MB = 32.0
_SCRIPTS = ("player.js", "cards.js", "corrections.js", "page.js")
STROKE_KEYS: Mapping[str, str] = {
    "leave": "l", "ff_defence": "f", "bf_defence": "b", "cover_drive": "c", "straight_drive": "d", "on_drive": "o",
    "bf_punch": "p", "cut": "t", "pull_hook": "h", "sweep": "w", "reverse_sweep_ramp": "r", "flick_glance": "g",
    "loft_straight_off": "u", "loft_leg_slog": "m",
}  # fmt: skip
"""The key of each stroke on the page; none of them moves about or plays."""
_PLAIN_ROWS = 500  # shown where JavaScript is off


@dataclass(frozen=True, slots=True, kw_only=True)
class Embedding:
    """Say whether clips are part of the page."""

    mode: str  # "embedded", "linked" or "none"
    reason: str  # one sentence: what was chosen and why


def choose_embedding(deck: Deck, *, embed: str = "auto", limit_mb: float = LIMIT_MB) -> Embedding:
    """Decide whether the clips are put into the page or linked from it.

    "auto" embeds clips that total at most the limit, in megabytes (10^6 bytes) of clip files.

    Raises:
        UsageError: If `embed` is none of these or the limit is negative.
    """
    if embed not in EMBEDS:
        raise UsageError(f"unknown embed '{embed}'; choose one of {', '.join(EMBEDS)}")
    if not limit_mb >= 0:
        raise UsageError(f"embed_limit_mb={limit_mb} is not a size: give megabytes, 0 or more")
    if not deck.clips:
        reason = "There are no clips to play: the set was mined from poses or with mining.write_clips=false."
        return Embedding(mode="none", reason=reason)
    size_mb = sum(path.stat().st_size for path in deck.clips.values()) / 1e6
    size = f"{size_mb:.1f} MB" if size_mb >= 0.1 else "under 0.1 MB"
    what = f"{len(deck.clips)} clips ({size}) are" if len(deck.clips) > 1 else f"1 clip ({size}) is"
    fits = size_mb <= limit_mb
    if embed == "always" or (embed == "auto" and fits):
        why = "embed=always" if embed == "always" else f"at most {limit_mb:g} MB"
        return Embedding(mode="embedded", reason=f"{what} embedded in the page ({why}); it can be moved and mailed.")
    why = "embed=never" if embed == "never" else f"more than {limit_mb:g} MB"
    return Embedding(mode="linked", reason=f"{what} linked ({why}); leave the page and the clips where they are.")


def write_page(deck: Deck, path: Path, *, embed: str = "auto", limit_mb: float = LIMIT_MB) -> Embedding:
    """Write the page as an HTML file and return how the clips come with it, chosen as in `choose_embedding`."""
    embedding = choose_embedding(deck, embed=embed, limit_mb=limit_mb)
    write_text(path, render(deck, embedding=embedding, folder=path.parent))
    return embedding


def render(deck: Deck, *, embedding: Embedding, folder: Path) -> str:
    """Return the page as text; clips are linked from the folder it will lie in."""
    style, script = _part("page.css"), "\n".join(_part(name) for name in _SCRIPTS)
    media = {"embedded": "blob:", "linked": "'self' file:", "none": "'none'"}[embedding.mode]
    policy = content_policy(script=script, style=style, media=media)
    return Template(_part("page.html")).substitute(
        policy=html.escape(policy),
        title=html.escape(f"Review: {deck.name}"),
        style=style,
        script=script,
        data=script_json(page_data(deck, embedding=embedding, folder=folder)),
        clips="\n".join(_embedded(deck)) if embedding.mode == "embedded" else "",
        plain=plain_table(deck),
    )


def page_data(deck: Deck, *, embedding: Embedding, folder: Path) -> dict[str, Any]:
    """Return what the script reads."""
    return {
        "name": deck.name,
        "key": deck.key,
        "strokes": [
            {"name": name, "text": stroke_text(name), "group": stroke_group(name), "key": STROKE_KEYS[name]}
            for name in STROKES
        ],
        "limbs": [[JOINT_INDEX[name] for name in limb] for limb in LIMBS],
        "groups": list(GROUPS),
        "rules": {
            code: {
                "family": rule.family,
                "votes": {symbol: sorted(INDEX[name] for name in names) for symbol, names in rule.votes.items()},
            }
            for code, rule in deck.rules.items()
        },
        "cards": to_plain(deck.cards),
        "totals": {
            "deliveries": deck.num_deliveries,
            "videos": deck.num_videos,
            "quarantined": deck.num_quarantined,
            "labels": [deck.labels.get(name, 0) for name in STROKES],
            "kept": [deck.kept.get(name, 0) for name in STROKES],
        },
        "lineage": {name: value for name, value in deck.lineage.items() if value},
        "clip": deck.clip and {name: getattr(deck.clip, name) for name in ("fps", "num_frames", "impact_frame")},
        "clips": {"mode": embedding.mode, "reason": embedding.reason, "base": _link_base(deck, folder)},
    }


def script_json(value: Mapping[str, Any]) -> str:
    r"""Return JSON that may stand inside a script element: no text in it can end the element or open a comment.

    Example:
        >>> print(script_json({"video": "</script>.mp4"}))
        {"video":"\u003c/script\u003e.mp4"}
    """
    text = json.dumps(value, allow_nan=False, separators=(",", ":"))  # ASCII only: line separators are escaped too
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def plain_table(deck: Deck) -> str:
    """Return the table that is shown where JavaScript is off."""
    cells = []
    for card in deck.cards[:_PLAIN_ROWS]:
        label = (stroke_text(card.label.label), f"{card.label.confidence:.2f}") if card.label else ("", "")
        kept = "kept" if card.is_kept else "not kept"
        cells.append((card.video, f"{card.impact_s:.2f} s", card.view, *label, kept))
    head = "".join(f'<th scope="col">{name}</th>' for name in ("video", "impact", "view", "label", "confidence", ""))
    body = "\n".join(f"<tr>{''.join(f'<td>{html.escape(cell)}</td>' for cell in row)}</tr>" for row in cells)
    rest = len(deck.cards) - len(cells)
    note = f"<p>{rest} more deliveries are in labels.parquet.</p>" if rest > 0 else ""
    return f"<table><thead><tr>{head}</tr></thead><tbody>\n{body}\n</tbody></table>{note}"


def _embedded(deck: Deck) -> list[str]:
    return [
        f'<script type="text/plain" data-clip="{html.escape(name)}">'
        f"{base64.b64encode(path.read_bytes()).decode()}</script>"
        for name, path in deck.clips.items()
    ]


def _link_base(deck: Deck, folder: Path) -> str:
    parents = {path.parent for path in deck.clips.values()}
    if not parents:
        return ""
    return quote(Path(os.path.relpath(parents.pop().resolve(), folder.resolve())).as_posix()) + "/"


def _part(name: str) -> str:
    return (resources.files("slowpaths.review") / "page" / name).read_text(encoding="utf-8")


def content_policy(*, script: str, style: str, media: str = "") -> str:
    """Return a content security policy that lets only this script and this style run, and media from one source."""
    script_hash, style_hash = (
        "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in (script, style)
    )
    sources = f"script-src '{script_hash}'; style-src '{style_hash}'; " + (f"media-src {media}; " if media else "")
    return f"default-src 'none'; {sources}img-src data:; base-uri 'none'; form-action 'none'"
