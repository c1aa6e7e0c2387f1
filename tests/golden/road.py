"""The whole road on the tiny world, through the command line, and the tables that come of it.

Only files that a user sees are read, with other libraries than ours, so that the package can be laid out anew.
Left out is what may vary while every result stays the same: paths, the version, digests of tables and fingerprints of
configurations and rule sources.

`make_tables` walks the road in a process of its own, because sums depend on the number of threads and on the vector
instructions of the processor, and both are chosen before the numeric libraries are loaded.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from itertools import groupby
from pathlib import Path
from typing import Any

import av
import numpy as np
import pyarrow.parquet as pq

from slowpaths.cli import main
from tests.golden.tables import Table, Tolerance, flat, summary, table, values

HERE = Path(__file__).parent
EXPECTED = HERE / "expected"
Tables = dict[str, Table]

_CONFIGS = HERE.parents[1] / "configs"
_SMALL = (
    "data.crop_px=48",
    "data.read_px=48",
    "data.num_frames=16",
    "data.frame_stride=2",
    "data.batch_size=2",
    "optim.warmup_epochs=0",
    "trainer.max_epochs=20",
    "trainer.max_steps=20",
)
_FINGERPRINTS = ("source", "votes_fingerprint", "model_id")
_ONE_THREAD = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OPENCV_FOR_THREADS_NUM")
_AVX2 = {
    "ATEN_CPU_CAPABILITY": "avx2",
    "MKL_CBWR": "COMPATIBLE",
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "OPENBLAS_CORETYPE": "Haswell",
    "OPENCV_IPP": "disabled",
    # What a processor lacks is no error here: one with AVX-512 rounds sines, and so pictures, in another way.
    "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR",
    "OPENCV_CPU_DISABLE": "AVX512-SKX,AVX512-ICL",
}
_HASHED_FOLDER = re.compile(r"(?<=/)[0-9a-f]{12}(?=/)")


def tolerance(name: str) -> Tolerance:
    """Return the tolerance of a table, `STAGE/NAME`.

    Under `make_tables` every table is the same to the last digit whatever the number of cores. What is allowed leaves
    room for the last digits of float32 where arithmetic is put in another order.
    """
    stage = name.split("/")[0]
    if stage == "world":
        return Tolerance()  # numpy and OpenCV only
    if stage in ("pretrain", "train", "predict", "evaluate_predictions"):
        return Tolerance(relative=1e-4, absolute=1e-6)  # twenty steps of float32 training multiply its last digits
    return Tolerance(relative=1e-6, absolute=1e-8)  # measured on the poses of a float32 network


def make_tables(out: Path) -> None:
    """Walk the road and write each table as `out/STAGE/NAME.csv`.

    Raises:
        RuntimeError: If a stage failed; the message ends with what it printed last.
    """
    environment = {**os.environ, **dict.fromkeys(_ONE_THREAD, "1"), **_AVX2}
    command = [sys.executable, "-m", __spec__.name, str(out)]
    done = subprocess.run(
        command, cwd=HERE.parents[1], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if done.returncode:
        raise RuntimeError(f"the road ended with code {done.returncode}:\n{done.stdout[-4000:]}")


def _walk(out: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="golden-") as folder:
        for stage, run in _stages().items():
            for name, found in run(Path(folder)).items():
                path = out / stage / f"{name}.csv"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(found.text())


def _stages() -> dict[str, Callable[[Path], Tables]]:
    models = sorted(path.stem for path in (_CONFIGS / "label_model").glob("*.yaml"))
    models.sort(key=lambda model: model == "hierarchical")  # last, because training reads its labels
    return {
        "world": _world,
        "mine": _mine,
        **{f"label_{model}": lambda folder, model=model: _label(folder, model) for model in models},
        "pretrain": _pretrain,
        "train": _train,
        "predict": _predict,
        "evaluate_mined": _evaluate_mined,
        "evaluate_predictions": _evaluate_predictions,
    }


def _run(*arguments: str) -> None:
    code = main(list(arguments))
    assert code == 0, f"slowpaths {' '.join(arguments)} ended with code {code}"


def _world(folder: Path) -> Tables:
    out = folder / "world"
    _run("world", "world=tiny", "seed=7", "workers=1", f"out={out}")
    truth = out / "truth"
    return {
        "files": _files(out),
        "videos": table([_picture(path) for path in sorted(out.glob("*.mp4"))]),
        "truth": table(_csv(truth / "truth.csv"), name=["video", "start_s"]),
        "balls": table(_parquet(truth / "balls.parquet"), name=["video", "impact_s"]),
        "shots": table(_parquet(truth / "shots.parquet"), name=["shot_id"]),
        "batters": table(_parquet(truth / "batters.parquet")),
        "frames": _summaries(sorted(truth.glob("*.frames.parquet")), by=["shot_id"]),
        "joints": _summaries(sorted(truth.glob("*.joints.parquet")), by=["shot_id"]),
        "poses": _summaries(sorted(truth.glob("*.poses.parquet")), by=["shot_id"]),
    }


def _mine(folder: Path) -> Tables:
    out = folder / "mined"
    _run("mine", f"footage={folder / 'world'}", f"out={out}", "pose=compact")
    about = json.loads((out / "dataset.json").read_text())
    return {
        "files": _files(out),
        "footage": table(_parquet(out / "footage.parquet")),
        "shots": table(_parquet(out / "shots.parquet"), name=["shot_id"]),
        "deliveries": table(_parquet(out / "deliveries.parquet")),
        "poses": _summaries([out / "poses.parquet"], by=["shot_id", "track_id"]),
        "votes": table(_parquet(out / "votes.parquet"), name=["delivery_id", "rule"]),
        "clips": table([_picture(path) for path in sorted((out / "clips").glob("*.mp4"))], without=["sha256"]),
        "dataset": values({name: value for name, value in flat(about).items() if not name.endswith("_set")}),
        **_labels(out),
    }


def _label(folder: Path, model: str) -> Tables:
    out = folder / "mined"
    _run("label", f"mined={out}", f"label_model={model}")
    return _labels(out, below="## Labels")


def _labels(out: Path, below: str = "# ") -> Tables:
    return {
        "labels": table(_parquet(out / "labels.parquet"), without=_FINGERPRINTS),
        "report": _markdown(out / "report.md", below=below),
    }


def _pretrain(folder: Path) -> Tables:
    out = folder / "pretrain"
    _run(
        "pretrain",
        f"mined={folder / 'mined'}",
        f"out={out}",
        "experiment=pretrain_tiny",
        *_SMALL,
        "data.fractions=[0.5,0.5,0.0]",
    )
    return {
        "files": _files(out),
        "history": table(_csv(out / "history.csv")),
        "features": table(_csv(out / "features.csv")),
    }


def _train(folder: Path) -> Tables:
    out = folder / "train"
    _run(
        "train",
        f"mined={folder / 'mined'}",
        f"out={out}",
        "experiment=tiny_cpu",
        *_SMALL,
        "data.fractions=[0.4,0.3,0.3]",
    )
    return {
        "files": _files(out),
        "history": table(_csv(out / "history.csv")),
        "predictions": _predictions(out),
    }


def _predict(folder: Path) -> Tables:
    out = folder / "events"
    checkpoint, video = folder / "train" / "checkpoints" / "best.ckpt", folder / "world" / "n01.mp4"
    _run("predict", f"ckpt={checkpoint}", f"footage={video}", f"out={out}", "pose=compact")
    lines = (out / "events.edl").read_text().splitlines()
    return {
        "files": _files(out),
        "events": values(flat(json.loads((out / "events.json").read_text()))),
        "events_csv": table(_csv(out / "events.csv"), name=["video", "impact_s"]),
        "events_edl": values({f"line {number}": line for number, line in enumerate(lines, start=1)}),
        "predictions": _predictions(out),
    }


def _predictions(out: Path) -> Table:
    rows = _parquet(out / "predictions.parquet")
    return table(rows, name=["delivery_id", "view_index"], without=_FINGERPRINTS)


def _evaluate_mined(folder: Path) -> Tables:
    return _evaluate(folder, "evaluate_mined", f"mined={folder / 'mined'}")


def _evaluate_predictions(folder: Path) -> Tables:
    predictions = folder / "train" / "predictions.parquet"
    return _evaluate(folder, "evaluate_predictions", f"predictions={predictions}", "split=all")


def _evaluate(folder: Path, name: str, *arguments: str) -> Tables:
    out = folder / name
    _run("evaluate", *arguments, f"truth={folder / 'world'}", f"out={out}")
    report = json.loads((out / "report.json").read_text())
    kept = {key: value for key, value in report.items() if key not in ("version", "command", "inputs")}
    figures = {
        f"{path.stem}/{number}/{column}": value
        for path in sorted((out / "figures").glob("*.csv"))
        for number, row in enumerate(_csv(path), start=1)
        for column, value in row.items()
    }
    return {"files": _files(out), "report": values(flat(kept)), "figures": values(figures)}


def _files(folder: Path) -> Table:
    """Return the names of the files that a stage wrote; folders named by a fingerprint are all called `#`."""
    names = {_HASHED_FOLDER.sub("#", f"/{path.relative_to(folder)}") for path in folder.rglob("*") if path.is_file()}
    return table([{"file": name[1:]} for name in sorted(names)])


def _csv(path: Path) -> list[dict[str, Any]]:
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


def _parquet(path: Path) -> list[dict[str, Any]]:
    return pq.read_table(path).to_pylist()


def _markdown(path: Path, *, below: str) -> Table:
    """Return the tables of a report below a heading, by heading, row and column."""
    found: dict[str, str] = {}
    heading, header, count = "", [], 0
    lines = path.read_text().splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith(below))
    for line in lines[start:]:
        if line.startswith("#"):
            heading, header, count = line.lstrip("# "), [], 0
        elif not line.startswith("|"):
            header = []
        elif not header:
            header = _columns(line)
        elif not line.startswith("| ---"):
            count += 1
            first, *rest = _columns(line)
            found |= {
                f"{heading}/{count} {first}/{column}": value for column, value in zip(header[1:], rest, strict=True)
            }
    return values(found)


def _columns(line: str) -> list[str]:
    return [part.strip() for part in line.strip().strip("|").split("|")]


def _summaries(paths: list[Path], *, by: list[str]) -> Table:
    """Return one row of statistics a group for tables with a row a frame.

    Lists are taken apart: up to four numbers are components of their own, 51 are x, y and a third one of 17 joints.
    """
    rows = [row for path in paths for row in _parquet(path)]
    records = []
    for key, members in groupby(rows, key=lambda row: [row[name] for name in by]):
        group = list(members)
        record: dict[str, Any] = {**dict(zip(by, key, strict=True)), "rows": len(group)}
        for column in (column for column in group[0] if column not in by):
            cells = [row[column] for row in group]
            if isinstance(cells[0], str):
                record[column] = " ".join(sorted(set(cells)))
                continue
            parts = np.array(cells, dtype=np.float64).reshape(len(group), -1)
            parts = parts.reshape(-1, parts.shape[1] if parts.shape[1] <= 4 else 3)
            for number, part in enumerate(parts.T):
                stem = column if parts.shape[1] == 1 else f"{column}_{number}"
                record |= {f"{stem}_{name}": value for name, value in summary(part).items()}
        records.append(record)
    return table(records, name=by)


def _picture(path: Path) -> dict[str, Any]:
    """Return what a video shows, in statistics of its grey values (0 .. 255) and its sound."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        greys = [frame.to_ndarray(format="gray") for frame in container.decode(stream)]
        found = summary(np.stack([grey.mean(axis=1) for grey in greys]).ravel())
        return {
            "video": path.name,
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            "frames": len(greys),
            "size": f"{stream.width}x{stream.height}",
            "fps": str(stream.average_rate),
            "sounds": len(container.streams.audio),
            **{f"grey_{name}": value for name, value in found.items() if name != "finite"},
        }


if __name__ == "__main__":
    _walk(Path(sys.argv[1]))
