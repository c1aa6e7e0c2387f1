"""The stages from Python, for notebooks: film or take footage, mine, look, correct, label again, evaluate, predict.

Every function works on the folders and tables of the command line, so both can be mixed; Hydra is not needed. Tables
are Arrow tables (`.to_pandas()` where pandas is installed); docs/tables.md describes their columns.

Legend: T frames, H, W pixels.
"""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, fields
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from slowpaths.core.errors import TableError, UsageError
from slowpaths.core.records import LabelledClip
from slowpaths.core.text import did_you_mean
from slowpaths.store.lock import sole_writer
from slowpaths.store.mined_folder import LabelSetCard, LabelSetFolder, MinedFolder
from slowpaths.store.schema import DELIVERIES, FOOTAGE, LABELS, POSES, SHOTS, VOTES

if TYPE_CHECKING:
    from slowpaths.evaluation.report import Report
    from slowpaths.mining.settings import MiningSettings
    from slowpaths.models.classifier import StrokeClassifier


class Mined:
    """Read a mined folder; what is asked for is read from disk, as it is then.

    Args:
        path: Folder that `mine` or `slowpaths mine` wrote.

    Raises:
        TableError: If it is no mined folder.
    """

    def __init__(self, path: str | Path) -> None:
        self.folder = MinedFolder(Path(path)).check()
        self.path = self.folder.path

    def footage(self) -> pa.Table:
        """Return one row a video, quarantined ones with their reason."""
        return self.folder.read(FOOTAGE)

    def shots(self) -> pa.Table:
        """Return one row a shot; times in seconds."""
        return self.folder.read(SHOTS)

    def deliveries(self) -> pa.Table:
        """Return one row a delivery, with its features in the columns `feature_<name>`."""
        return self.folder.read(DELIVERIES)

    def poses(self) -> pa.Table:
        """Return one row a frame of each striker: 17 joints as (x, y, confidence), pixels."""
        return self.folder.read(POSES)

    def votes(self, delivery_id: str | None = None, *, label_set: str | None = None) -> pa.Table:
        """Return one row a vote with its evidence, of one delivery or all; `label_set` as for `labels`."""
        votes = self._labelled(label_set).read(VOTES)
        return votes if delivery_id is None else votes.filter(pc.field("delivery_id") == delivery_id)

    def labels(self, label_set: str | None = None) -> pa.Table:
        """Return one row a delivery with the probability of each stroke, of the newest label set or by fingerprint."""
        return self._labelled(label_set).read(LABELS)

    def gold(self) -> dict[str, str]:
        """Return the strokes that a person said: delivery -> stroke, in the newest label set."""
        gold = self.labels().filter(pc.field("source") == "gold")
        return dict(zip(gold["delivery_id"].to_pylist(), gold["label"].to_pylist(), strict=True))

    def label_sets(self) -> list[LabelSetCard]:
        """Return how each label set was made, in order of fingerprint."""
        return [card for folder in self.folder.label_sets() if (card := folder.card()) is not None]

    def clips(self, delivery_ids: Collection[str] | None = None) -> Iterator[tuple[LabelledClip, np.ndarray]]:
        """Yield each clip with its label, decoded one at a time.

        Args:
            delivery_ids: Which deliveries, in this order; all, as in the deliveries table, where not given.

        Yields:
            The label, and the frames (T, H, W, 3), uint8, RGB, as filmed (left-handers are not mirrored).

        Raises:
            UsageError: If there is no such delivery.
            BrokenVideoError: If a clip is missing or damaged.
        """
        from slowpaths.data.clips import read_clips
        from slowpaths.video.open import open_video

        found = read_clips(self.path, needs_labels=self.folder.has(LABELS), delivery_ids=delivery_ids)
        records = {record.clip.delivery_id: record for record in found}
        for name in records if delivery_ids is None else delivery_ids:
            with open_video(records[name].path) as decoder:
                yield records[name].clip, decoder.frames(range(len(decoder)))

    def clip(self, delivery_id: str) -> np.ndarray:
        """Return the frames of one clip (T, H, W, 3), uint8, RGB; see `clips`."""
        return next(self.clips([delivery_id]))[1]

    def report(self) -> str:
        """Return the report of mining and labelling, Markdown."""
        if not self.folder.report_file.is_file():
            raise TableError(f"{self.folder.report_file} is missing: label the folder again")
        return self.folder.report_file.read_text()

    def counts(self) -> dict[str, int | str]:
        """Return how much of everything there is, the newest label set, and its most frequent labels."""
        states = Counter(self.footage()["status"].to_pylist())
        counts: dict[str, int | str] = {"videos": states.total(), "quarantined": states["quarantined"]}
        counts |= {"shots": self.shots().num_rows, "deliveries": self.deliveries().num_rows}
        if self.folder.has(LABELS):
            labels, newest = self.labels(), self.folder.dataset()
            common = Counter(labels["label"].to_pylist()).most_common(5)
            counts["votes"] = self.votes().num_rows if self.folder.has(VOTES) else 0
            counts["gold labels"] = len(self.gold())
            counts["labels kept for training"] = sum(labels["is_kept"].to_pylist())
            counts["label set"] = f"{newest.label_set} ({newest.label_model})" if newest.label_set else "none"
            counts["most frequent labels"] = ", ".join(f"{stroke} {count}" for stroke, count in common)
        return counts

    def __repr__(self) -> str:
        return "\n".join([f"Mined('{self.path}')", *(f"  {key}: {value}" for key, value in self.counts().items())])

    def _repr_html_(self) -> str:
        rows = (f"<tr><th>{escape(key)}</th><td>{escape(str(value))}</td></tr>" for key, value in self.counts().items())
        return f"<table><caption>{escape(str(self.path))}</caption>{''.join(rows)}</table>"

    def _labelled(self, label_set: str | None) -> LabelSetFolder:
        if label_set is None:
            return self.folder
        folders = {folder.path.name: folder for folder in self.folder.label_sets()}
        if label_set not in folders:
            raise UsageError(f"{self.path} has no label set '{label_set}'; it has {', '.join(folders) or 'none'}")
        return folders[label_set]


class Classifier:
    """Name strokes with a trained network.

    Args:
        network: What `models.prediction.load_classifier` returns.
    """

    def __init__(self, network: StrokeClassifier) -> None:
        self.network = network

    def predict(self, mined: Mined | str | Path, delivery_ids: Collection[str] | None = None, **shown: Any) -> pa.Table:
        """Return the predictions table, one row a delivery: the average over its test views.

        Args:
            mined: Mined folder with clips at the rate the network was trained on.
            delivery_ids: Which deliveries; all where not given.
            **shown: `batch_size` (8) and `num_test_views` (3), shifted views of each clip.

        Raises:
            SlowpathsError: If there is no such delivery, a clip cannot be read, or the rate is another.
        """
        from slowpaths.apps.footage import predict_mined
        from slowpaths.models.prediction import AVERAGE_VIEW
        from slowpaths.store.tables import predictions_table

        rows = predict_mined(self.network, _mined(mined).path, delivery_ids=delivery_ids, note=None, **shown)
        return predictions_table(row for row in rows if row.view_index == AVERAGE_VIEW)

    def __repr__(self) -> str:
        count = sum(weights.numel() for weights in self.network.evaluated.parameters())
        return f"Classifier of {count:,} weights on {self.network.device}, shown {dict(self.network.run.clip)}"


def open_mined(path: str | Path) -> Mined:
    """Open a mined folder; see `Mined`.

    Example:
        >>> open_mined("nowhere")
        Traceback (most recent call last):
        slowpaths.core.errors.TableError: nowhere is no mined folder (no deliveries.parquet): give the out= folder of \
`slowpaths mine`
    """
    return Mined(path)


def load_classifier(ckpt: str | Path, *, device: str = "cpu", allow_target: str | None = None) -> Classifier:
    """Load a checkpoint that `slowpaths train` wrote, without running code that it may hold.

    Args:
        ckpt: Checkpoint.
        device: cpu or cuda.
        allow_target: Import path of its network, where that is not one of ours: its code is run.

    Raises:
        MissingWeightsError: If the file is missing or cannot be loaded safely.
        UsageError: If it is no stroke classifier of this version.
    """
    from slowpaths.models.prediction import load_classifier as load_network

    return Classifier(load_network(ckpt, device=device, allowed={allow_target} if allow_target else set()))


def film_world(out: str | Path, *, size: tuple[int, int] = (320, 180), seed: int = 0, **matches: Any) -> Path:
    """Film a small synthetic world, with its truth in `out/truth`; run again to resume.

    Args:
        out: New folder.
        size: Width and height of the picture, pixels.
        seed: Seed of everything in the world.
        **matches: Fields of `world.world_settings.PartSettings`: `num_matches`, `balls_per_match`, `strokes`, ...

    Raises:
        UsageError: If a setting is impossible, or the folder holds something else.
    """
    from slowpaths.world.build import build_world
    from slowpaths.world.world_settings import PartSettings, WorldSettings

    settings = WorldSettings(name="notebook", parts={"m": PartSettings(**matches)}, width=size[0], height=size[1])
    with sole_writer(Path(out)):
        build_world(settings=settings, out=Path(out), seed=seed)
    return Path(out)


def mine(
    footage: str | Path | Sequence[str | Path],
    out: str | Path,
    *,
    pose: str | Mapping[str, Any] = "auto",
    settings: MiningSettings | None = None,
    workers: int = 1,
    weights_dir: str | Path | None = None,
    **labelling: Any,
) -> Mined:
    """Find the deliveries of footage, cut their clips, vote and label; run again to resume.

    Args:
        footage: A folder, a file, several of them, or an archive of poses (.npz).
        out: Mined folder.
        pose: Who finds people: auto, compact, movenet, blazepose, rtmpose, keypoint_rcnn or simulated (synthetic
            footage only); or a mapping with `name` (or `_target_`) and options of that backend.
        settings: How strokes are found.
        workers: Videos mined at the same time. A script with more than one needs `if __name__ == "__main__":`.
        weights_dir: Folder with pose weights, looked into first.
        **labelling: As for `label`.

    Raises:
        SlowpathsError: If nothing can be mined so; broken videos are quarantined instead, see `Mined.footage`.
    """
    from slowpaths.apps.footage import label_collected, mine_footage
    from slowpaths.mining.settings import MiningSettings

    settings, backend = settings or MiningSettings(), {"name": pose} if isinstance(pose, str) else dict(pose)
    config = {"pose": backend, "mining": asdict(settings), **_labelling(**labelling)}
    out, shared = Path(out), {"weights_dir": weights_dir, "workers": workers}
    with sole_writer(out):
        label_collected(out, mine_footage(footage, out, pose=backend, settings=settings, **shared), config)
    return Mined(out)


def label(mined: Mined | str | Path, **labelling: Any) -> Mined:
    """Label a mined folder again from its features, in seconds; every label set is kept, the newest counts.

    Args:
        mined: Mined folder.
        **labelling: `gold`, all that a person says: delivery -> stroke or "no_stroke", or a file with delivery_id,
            label; it replaces all that was said before, moved impacts too, which is kept where this is not given
            ("none" forgets it). `corrections` adds to it: such a mapping, or a file as the review page gives one.
            `label_model`: hierarchical, majority, dawid_skene or naive_bayes, or a mapping with `name` (or `_target_`)
            and its settings. `rules`: `include`, `exclude`, `paths`. `votes`: whether they count. `teacher`: shipped,
            none or a file. `student`: fields of `models.student_settings.StudentSettings`. `selection`: fields of
            `labelling.select.Selection`. `company`: other mined folders to learn from. `seed`.

    Raises:
        UsageError: If a model, rule, setting, or a delivery or stroke of `gold` is unknown.
        TableError: If it is no mined folder, holds no delivery, or the gold file cannot be used.
    """
    from slowpaths.apps.mined import relabel

    mined = _mined(mined)
    with sole_writer(mined.path):
        relabel(mined.path, _labelling(**labelling))
    return mined


def evaluate(
    predictions: Any, truth: Any, *, mined: Mined | str | Path | None = None, out: str | Path | None = None, **how: Any
) -> Report:
    """Compare predictions or labels with truth, for accuracy and for usefulness.

    Tables are files (CSV, Parquet), Arrow tables, data frames or mappings of columns.

    Args:
        predictions: Predictions or labels, anybody's; or a `Mined`: its mining and its labels are measured.
        truth: Truth with video, impact_s, label and more (docs/evaluation.md), or a list of such tables; or the folder
            of a synthetic world.
        mined: Where the predictions were made: adds the measures of mining.
        out: Folder for report and figures; nothing is written where not given.
        **how: Files of more truth (`shots_truth`, `poses_truth`), and fields of `evaluation.report.EvaluationSettings`
            (`truth_taxonomy`, `is_complete`, `split`, `split_of`, `model_id`, `tolerance_s`).

    Returns:
        The report: `report["top1"].value`, `report.table()` and `report.tables`.

    Raises:
        SlowpathsError: If a table or setting cannot be used; the sentence says line and column.
    """
    from slowpaths.evaluation.report import EvaluationSettings
    from slowpaths.evaluation.report import evaluate as evaluate_tables
    from slowpaths.evaluation.world_truth import world_truth

    if isinstance(predictions, Mined):
        predictions, mined = None, mined or predictions
    given: dict[str, Any] = {"shots_truth": None, "poses_truth": None, "is_complete": None}
    given |= _settings(how, [*given, *(item.name for item in fields(EvaluationSettings))], of="evaluate")
    truths = [_table(one) for one in truth] if isinstance(truth, (list, tuple)) else _table(truth)
    given |= {"truth": truths, "mined": None if mined is None else _mined(mined).path}
    if isinstance(truth, (str, Path)) and Path(truth).is_dir():
        given |= world_truth(given)
    if given["poses_truth"] is not None:
        given["poses_truth"] = Path(given["poses_truth"])
    given |= {"is_complete": bool(given["is_complete"]), "out": None if out is None else Path(out)}
    return evaluate_tables(None if predictions is None else _table(predictions), **given)


def _settings(given: Mapping[str, Any], known: Sequence[str], *, of: str) -> dict[str, Any]:
    """Return settings whose names are all known; one that is not is refused, with the nearest."""
    for name in given:
        if name not in known:
            raise UsageError(f"{of} has no setting '{name}': {did_you_mean(name, known, otherwise=', '.join(known))}")
    return dict(given)


def _mined(mined: Mined | str | Path) -> Mined:
    return mined if isinstance(mined, Mined) else Mined(mined)


def _table(source: Any) -> str | Path | pa.Table:
    """Return a path or an Arrow table.

    Example:
        >>> _table({"video": ["a.mp4"], "impact_s": [1.5]}).shape
        (1, 2)
    """
    if isinstance(source, (str, Path, pa.Table)):
        return source
    try:
        return pa.table(source)
    except (TypeError, ValueError) as error:
        raise UsageError(f"a {type(source).__name__} is no table: give a file, a data frame or columns") from error


def _said(by_person: str | Path | Mapping[str, str] | None) -> str | dict[str, str] | None:
    """Return what a person says as a plain value."""
    if by_person is None or isinstance(by_person, Mapping):
        return None if by_person is None else dict(by_person)
    return str(by_person)


def _labelling(
    *,
    gold: Any = None,
    corrections: str | Path | Mapping[str, str] | None = None,
    label_model: Any = "hierarchical",
    rules: Any = None,
    votes: bool = True,
    teacher: str | Path | None = "shipped",
    student: Mapping[str, Any] | None = None,
    selection: Any = None,
    company: str | Path | Sequence[str | Path] = (),
    seed: int = 0,
    **unknown: Any,
) -> dict[str, Any]:
    """Return the arguments of `label` as plain values, as label sets keep them."""
    from slowpaths.labelling.select import Selection
    from slowpaths.labelling.teacher import NOBODY
    from slowpaths.models.student_settings import StudentSettings

    _settings(unknown, [*inspect.signature(_labelling).parameters][:-1], of="label")
    if not isinstance(seed, int):
        raise UsageError(f"seed={seed!r} is no whole number: give one")
    taught = [item.name for item in fields(StudentSettings)]
    return {
        "gold": _said(gold),
        "corrections": _said(corrections),
        "label_model": label_model if isinstance(label_model, str) else dict(label_model),
        "rules": {name: [given] if isinstance(given, str) else given for name, given in (rules or {}).items()},
        "votes": votes,
        "teacher": NOBODY if teacher is None else str(teacher),
        "student": asdict(StudentSettings(**_settings(student or {}, taught, of="student"))),
        "company": [str(path) for path in ([company] if isinstance(company, (str, Path)) else company)],
        "selection": asdict(selection) if isinstance(selection, Selection) else dict(selection or {}),
        "seed": seed,
    }
