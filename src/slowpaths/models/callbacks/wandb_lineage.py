"""Artifacts of W&B: what a run has read and written. Lineage lives in our ledger, and W&B gets a copy."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from lightning.pytorch.loggers import Logger

from slowpaths.core.ids import file_digest
from slowpaths.models.callbacks.loggers import wandb_runs
from slowpaths.store.ledger import LEDGER_NAME, Entry, read_ledger

_LARGEST_TABLE_BYTES = 64 << 20  # poses of long footage are larger: W&B is told where they lie


def log_ledger(loggers: Iterable[Logger], *, folder: Path, used: Collection[str] | None = None) -> None:
    """Mirror the ledger of a folder to W&B: of each entry one artifact a kind of file, with the files that it wrote.

    Artifacts are typed dataset, labels, model, predictions or report, and carry the verb as an alias; those of a label
    set are named by its fingerprint, so that two sets never share one. Models go in whatever their size; of another
    file above 64 MiB the artifact says where it lies. A file that another entry has written over since is left out: an
    artifact never holds what its entry did not write. What is left out, clips too, stands in its metadata.

    Args:
        loggers: Loggers of the run.
        folder: The folder.
        used: Digests of what the run has read, where the folder is not its own: artifacts that hold one of them are
            inputs of the run, others are left out.
    """
    for run in wandb_runs(loggers):
        import wandb

        for entry in read_ledger(folder):
            kinds: dict[str, list[str]] = {}
            for output in _unchanged(folder, entry):
                kinds.setdefault(_artifact_type(output), []).append(output)
            sent = {output for outputs in kinds.values() for output in outputs}
            left_out = [output for output in entry.outputs if output not in sent]
            for kind, outputs in kinds.items():
                if used is not None and not {entry.outputs[output] for output in outputs} & {*used}:
                    continue
                label_set = entry.rules if kind == "labels" else ""
                name, aliases = f"{kind}-{label_set or entry.entry_id}", [entry.stage, *filter(None, [label_set])]
                artifact = wandb.Artifact(name, type=kind, metadata={**asdict(entry), "left_out": left_out})
                artifact.add_file(str(folder / LEDGER_NAME))
                for output in outputs:
                    _add(artifact, folder / output, name=output, is_whole=kind == "model")
                _send(run, artifact, aliases=["latest", *aliases], is_input=used is not None)


def log_inputs(loggers: Iterable[Logger], files: Mapping[str, Path]) -> None:
    """Mark files as used by a run: as the artifact of the ledger that names them, otherwise as one of their own.

    Args:
        loggers: Loggers of the run.
        files: What each is -> the file; "predictions" are of that type, others are datasets.
    """
    for run in wandb_runs(loggers):
        import wandb

        for role, path in files.items():
            digest, folders = file_digest(path), path.resolve().parents[:3]  # a label set lies two folders deep
            makers = (each for each in folders if any(digest in one.outputs.values() for one in read_ledger(each)))
            if maker := next(makers, None):
                log_ledger(loggers, folder=maker, used=[digest])
                continue
            kind = "predictions" if role == "predictions" else "dataset"
            artifact = wandb.Artifact(f"{role}-{digest[:12]}", type=kind, metadata={"sha256": digest})
            _add(artifact, path, name=path.name, is_whole=False)
            _send(run, artifact, aliases=["latest"], is_input=True)


def _unchanged(folder: Path, entry: Entry) -> list[str]:
    """Return the files of an entry that are as it wrote them, without films."""
    found = [(folder / output, output, digest) for output, digest in entry.outputs.items()]
    return [
        output
        for path, output, digest in found
        if path.suffix != ".mp4" and path.is_file() and file_digest(path) == digest
    ]


def _add(artifact: Any, path: Path, *, name: str, is_whole: bool) -> None:
    """Add a file, or where it lies, if it is large and need not be there whole."""
    if is_whole or path.stat().st_size <= _LARGEST_TABLE_BYTES:
        artifact.add_file(str(path), name=name)
    else:
        artifact.add_reference(path.resolve().as_uri(), name=name)


def _send(run: Any, artifact: Any, *, aliases: list[str], is_input: bool) -> None:
    if not is_input:
        run.log_artifact(artifact, aliases=aliases)
    elif run.offline:  # `use_artifact` refuses to; this is what it does with an artifact that no run has logged
        run._log_artifact(artifact, aliases=aliases, is_user_created=True, use_after_commit=True)
    else:
        run.use_artifact(artifact, aliases=aliases)


def _artifact_type(output: str) -> str:
    """Return what kind of thing a file is that a stage wrote.

    Example:
        >>> [_artifact_type(name) for name in ("label_sets/1a/votes.parquet", "checkpoints/best.ckpt", "shots.parquet")]
        ['labels', 'model', 'dataset']
    """
    path = Path(output)
    if path.parts[0] == "label_sets" or path.stem in ("labels", "votes"):
        return "labels"
    if path.parts[0] == "checkpoints" or path.suffix in (".ckpt", ".safetensors") or path.name.endswith("CARD.md"):
        return "model"
    if path.stem == "predictions" or path.stem == "events":
        return "predictions"
    return "report" if path.stem in ("report", "features") else "dataset"
