"""The cards beside checkpoints: what a model is, what it learnt from, and how far its numbers can be trusted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from slowpaths import __version__
from slowpaths.core.text import markdown_table
from slowpaths.models.ema import EmaModule
from slowpaths.store.run_folder import RunFolder
from slowpaths.store.tables import write_text

_LIMITS = {
    "train": (
        "It names what the rules behind its labels can name. Strokes, camera views and left-handers that were rare in "
        "its clips are named badly. Not for decisions about players without a person who looks at the clips. "
        "`slowpaths evaluate` with truth of your own footage says how good it is."
    ),
    "pretrain": (
        "It names no stroke: it is an initialisation for `slowpaths train init=`. What it is worth there is measured "
        "by `slowpaths evaluate` on the model that starts from it."
    ),
}


def write_cards(
    folder: RunFolder,
    module: EmaModule,
    *,
    kept: Path,
    measured: Mapping[str, Any],
    last: Mapping[str, float],
    **about: Any,
) -> None:
    """Write a card beside the checkpoint that is kept, that of the last epoch, and the weights of a pretraining.

    Args:
        folder: The run.
        module: The trained module.
        kept: The checkpoint that is kept.
        measured: Its numbers: `metrics`, `per_class` and `notes` of `model_card`.
        last: Metrics of the last epoch.
        about: What all have in common: the other arguments of `model_card`.
    """
    write_text(folder.model_card, model_card(module, checkpoint=kept.name, **measured, **about))
    if kept != folder.last_checkpoint:
        note = (
            f"**Kept.** A run goes on from it. What the run is worth is said of the epoch that is kept, `{kept.name}`."
        )
        card = model_card(module, checkpoint=folder.last_checkpoint.name, metrics=last, notes=[note], **about)
        write_text(folder.last_card, card)
    if folder.backbone.is_file():
        note = f"**Weights.** Those of `checkpoints/{kept.name}`, averaged, without their head, in half precision."
        own: dict[str, Any] = {**measured, "notes": [note, *measured.get("notes", ())]}
        write_text(folder.backbone_card, model_card(module, checkpoint=folder.backbone.name, **own, **about))


def model_card(
    module: EmaModule,
    *,
    verb: str,
    command: str,
    checkpoint: str,
    data: str,
    sources: Mapping[str, str],
    counts: Mapping[str, int],
    metrics: Mapping[str, float],
    warning: str,
    per_class: Sequence[Mapping[str, str]] = (),
    notes: Sequence[str] = (),
) -> str:
    """Return the card as Markdown.

    Args:
        module: The trained module.
        verb: "train" or "pretrain".
        command: The command that made the model.
        checkpoint: Name of the checkpoint the card is about.
        data: The mined folder.
        sources: Name of an input -> its digest or fingerprint.
        counts: Part of the split -> deliveries in it.
        metrics: Metrics of the epoch of the checkpoint, by name.
        warning: What the metrics are measured against, one sentence.
        per_class: Numbers of each stroke on held-out clips: `stroke` and what was measured.
        notes: Further paragraphs.
    """
    run, network = module.run, module.hparams["network"]
    arguments = ", ".join(f"{name} {value}" for name, value in sorted(network.items()) if name != "_target_")
    size = sum(parameter.numel() for parameter in module.network.parameters())
    shown = ", ".join(f"{name} {value}" for name, value in sorted(run.clip.items()))
    shares = ", ".join(f"{count} to {part}" for part, count in counts.items())
    rows = [
        ("network", f"`{network['_target_']}` ({arguments or 'its defaults'}), {size / 1e6:.2f} million parameters"),
        ("initialisation", f"`{run.initialisation}`" if run.initialisation else "none: random weights"),
        ("input", shown),
        ("clips", f"`{data}`: {shares}; whole matches stay on one side"),
        *((name, f"`{value}`") for name, value in sources.items()),
        ("configuration", f"`{run.configuration}`, seed {run.seed}"),
        ("made by", f"`{command}` with slowpaths {__version__}"),
    ]
    title = f"# Model card: `{checkpoint}` of `slowpaths {verb}`"
    parts = [title, markdown_table(["", ""], rows), f"**Metrics.** {warning}"]
    if metrics:
        numbers = [(name, f"{value:.4g}") for name, value in metrics.items()]
        parts.append(markdown_table(["metric", "value"], numbers))
    if per_class:
        parts += [
            "**Strokes of held-out matches.**",
            markdown_table(list(per_class[0]), [list(row.values()) for row in per_class]),
        ]
    return "\n\n".join([*parts, *notes, f"**Limits.** {_LIMITS[verb]}"]) + "\n"
