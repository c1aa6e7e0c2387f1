"""What `mine`, `predict` and the Python API share: from footage to deliveries, and on to predictions. No Hydra."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, get_args

from slowpaths.apps._console import NOTE_EVERY_S, cores, progress
from slowpaths.apps.mined import review_mined, write_labels
from slowpaths.core.errors import UsageError
from slowpaths.core.ids import fingerprint
from slowpaths.core.records import Prediction
from slowpaths.data.pose_archive import read_pose_archive
from slowpaths.labelling.pipeline import LabelSet
from slowpaths.mining.collect import Collected, collect
from slowpaths.mining.oracle import OracleSource
from slowpaths.mining.sequences import collect_sequences
from slowpaths.mining.settings import EngineName, MiningSettings
from slowpaths.pose.pose_weights import WEIGHTS
from slowpaths.review.events import replays_among
from slowpaths.store.mined_folder import MinedFolder
from slowpaths.store.run_folder import RunFolder
from slowpaths.store.schema import DELIVERIES, PREDICTIONS
from slowpaths.store.tables import join_tables, read_table, said_of, write_predictions
from slowpaths.video.probe import find_footage

if TYPE_CHECKING:
    from torch import nn

    from slowpaths.data.module import ClipDataModule
    from slowpaths.models.classifier import StrokeClassifier
    from slowpaths.models.compiled import Compile

T = TypeVar("T")
_OF_A_CLIP = ("num_frames", "frame_stride", "crop_px")


def mine_footage(
    footage: str | Path | Sequence[str | Path],
    out: Path,
    *,
    pose: Mapping[str, Any],
    settings: MiningSettings,
    weights_dir: str | Path | None = None,
    workers: Any = 1,
    engine: EngineName = "local",
    part: tuple[int, int] | None = None,
    oracle: OracleSource | None = None,
) -> Collected:
    """Find the deliveries of footage, or of an archive of poses.

    Args:
        footage: A folder, a file, several of them, or an archive of poses (.npz).
        out: Mined folder.
        pose: Arguments of `pose.estimate.build_pose`.
        settings: How strokes are found.
        weights_dir: Folder with weights, looked into first; one beside the footage where not given.
        workers: Processes, or "auto".
        engine: Who mines; see `mining.engines`.
        part: As for `mining.collect.collect`.
        oracle: Which stages get true results.

    Raises:
        SlowpathsError: As `mining.collect.collect`, and if an archive cannot be read or holds no sequence.
    """
    if isinstance(footage, (str, Path)) and str(footage).endswith(".npz"):
        if part is not None:
            raise UsageError("an archive of poses is mined in one go: leave part= out")
        if not (sequences := read_pose_archive(Path(footage))):
            raise UsageError(f"{footage} holds no sequence: set footage= to an archive of one or more")
        return collect_sequences(sequences, out=out, settings=settings)
    root, paths = find_footage(footage)
    pose = {**pose, "weights_dir": weights_dir or _weights_beside(root)}
    with progress("mining", len(paths)) as step:
        who: dict[str, Any] = {"workers": cores(workers), "engine": engine, "part": part}
        told = {"step": step, "note": step.note}
        collected = collect(paths, root=root, out=out, pose=pose, settings=settings, oracle=oracle, **who, **told)
    if part is None:
        MinedFolder(out).describe(clip=settings.clip_spec if settings.write_clips else None)
    return collected


def label_collected(out: Path, collected: Collected, config: Mapping[str, Any]) -> LabelSet | None:
    """Label what mining has just found, and write its review page.

    Args:
        out: Mined folder.
        collected: What mining found.
        config: As for `apps.mined.write_labels`.
    """
    inputs = {video.path: video.digest for video in collected.videos}
    counts = {"videos": len(collected.videos), "quarantined": collected.num_quarantined}
    labels = write_labels(out, stage="mine", config=config, inputs=inputs, counts=counts)
    review_mined(out)
    return labels


def clips_shown_to(
    classifier: StrokeClassifier,
    mined: Path,
    *,
    batch_size: int,
    num_test_views: int,
    delivery_ids: Collection[str] | None,
) -> ClipDataModule:
    """Return the clips of a mined folder as a classifier saw clips in training; arguments as for `predict_mined`."""
    views = {"batch_size": batch_size, "num_test_views": num_test_views}
    data = clips_to_be(classifier, mined, delivery_ids=delivery_ids, **views)
    data.setup()
    return data


def clips_to_be(
    classifier: StrokeClassifier,
    mined: Path,
    *,
    batch_size: int,
    num_test_views: int,
    delivery_ids: Collection[str] | None = None,
) -> ClipDataModule:
    """Return the same before anything is read, of a folder that may not be there; arguments as for `predict_mined`.

    Raises:
        UsageError: If the classifier does not say what a clip looks like.
    """
    from slowpaths.data.batch import InputKind
    from slowpaths.data.module import ClipDataModule
    from slowpaths.data.settings import ClipSettings

    shown = dict(classifier.run.clip)
    fps, kind = shown.pop("fps", None), shown.pop("input_kind", "pathways")
    try:
        settings = ClipSettings(batch_size=batch_size, num_test_views=num_test_views, num_workers=0, **shown)
    except TypeError as error:
        raise UsageError(f"the checkpoint does not say what a clip looks like ({error}): train again") from error
    if kind != "skeleton" and (missing := [name for name in _OF_A_CLIP if name not in shown]):
        raise UsageError(f"the checkpoint does not say what a clip looks like (no {missing[0]}): train again")
    if kind not in (kinds := get_args(InputKind)):
        raise UsageError(f"the network of the checkpoint takes {kind}: give ckpt= of one that takes {', '.join(kinds)}")
    how: dict[str, Any] = {"input_kind": kind, "told": progress, "fps": fps, "delivery_ids": delivery_ids}
    return ClipDataModule(mined=mined, settings=settings, targets="none", **how)


def predict_mined(
    classifier: StrokeClassifier,
    mined: Path,
    *,
    batch_size: int = 8,
    num_test_views: int = 3,
    delivery_ids: Collection[str] | None = None,
    note: Callable[[str], None] | None = None,
    network: nn.Module | None = None,
) -> list[Prediction]:
    """Predict the clips of a mined folder, shown as the classifier saw clips in training.

    Args:
        classifier: The classifier.
        mined: Mined folder.
        batch_size: Clips a batch.
        num_test_views: Views of each clip, averaged; see `data.settings.ClipSettings`.
        delivery_ids: Which deliveries; all where None.
        note: Told how far it is, where somebody else shows progress.
        network: As for `models.prediction.predict`.
    """
    from slowpaths.models.prediction import predict

    views = {"batch_size": batch_size, "num_test_views": num_test_views}
    data = clips_shown_to(classifier, mined, delivery_ids=delivery_ids, **views)
    loader = data.predict_dataloader()
    if note is not None:
        numbers = iter(range(1, len(loader) + 1))
        batches = told(loader, lambda: note(f"{next(numbers) / len(loader):.0%} of its strokes"))
        return predict(classifier, batches, clips=data.clips(), network=network)
    with progress("naming strokes", len(loader), every_s=NOTE_EVERY_S) as step:
        return predict(classifier, told(loader, step), clips=data.clips(), network=network)


def predict_videos(
    classifier: StrokeClassifier, folder: RunFolder, *, num_test_views: int = 3, compile: Compile = "eager", **how: Any
) -> int:
    """Predict what a run has mined, and write its predictions table; a killed run goes on after its last whole video.

    Args:
        classifier: The classifier.
        folder: Folder of the run.
        num_test_views: As for `predict_mined`.
        compile: As for `models.prediction.ready_network`.
        **how: More of its arguments.

    Returns:
        How many videos had been predicted before.
    """
    from slowpaths.models.prediction import model_id, ready_network

    mined = MinedFolder(folder.mined)
    deliveries = mined.read(DELIVERIES)
    ids: dict[str, list[str]] = {}
    for video, name in zip(deliveries["video_id"].to_pylist(), deliveries["delivery_id"].to_pylist(), strict=True):
        ids.setdefault(video, []).append(name)
    how_mined = sorted(path.name for path in mined.shards.glob("*"))
    shards = folder.prediction_shards / fingerprint([model_id(classifier), num_test_views, how_mined])
    files = [shards / f"{video}.parquet" for video in ids]
    num_resumed, network = 0, ready_network(classifier, compile=compile)
    with progress("naming strokes", len(ids)) as step:
        for file, (video, own) in zip(files, ids.items(), strict=True):
            known = set(read_table(file, PREDICTIONS)["delivery_id"].to_pylist()) if file.is_file() else set()
            if is_known := known == set(own):
                num_resumed += 1
            else:
                note = lambda text, video=video: step.note(f"{video}: {text}")  # noqa: E731
                shown: dict[str, Any] = {"num_test_views": num_test_views, "network": network, **how}
                found = predict_mined(classifier, mined.path, delivery_ids=own, note=note, **shown)
                replays = replays_among(found, mined.shots(video=video))
                write_predictions(file, [replace(row, is_replay=row.delivery_id in replays) for row in found])
            step(f"{video}: {len(own)} strokes{', named already' if is_known else ''}")
    join_tables(folder.predictions, files, PREDICTIONS, said=said_of(classifier.assumed_prior))
    return num_resumed


def told(batches: Iterable[T], step: Callable[[], None]) -> Iterator[T]:
    """Give batches, and tell after each."""
    for batch in batches:
        yield batch
        step()


def _weights_beside(root: Path) -> Path | None:
    """Return a folder `models` beside the footage or up to two folders above it that holds weights we know."""
    if os.environ.get("SLOWPATHS_WEIGHTS"):
        return None
    names = {spec.filename for spec in WEIGHTS.values()}
    folders = [folder / "models" for folder in (root.resolve(), *root.resolve().parents[:2])]
    return next((folder for folder in folders if any((folder / name).is_file() for name in names)), None)
