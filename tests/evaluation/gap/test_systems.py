"""Which predictions a study finds, and what it makes of those that it cannot use."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.evaluation.gap.systems import at_random, predictions, write_systems, write_truth

from slowpaths.core.errors import TableError
from slowpaths.evaluation.gap.measured import common_calls, measure_systems, read_systems
from slowpaths.evaluation.gap.systems import Source, find_systems, prepared
from slowpaths.evaluation.truth_table import read_truth
from slowpaths.store.run_folder import RunFolder, RunState
from slowpaths.store.sweep_folder import Cell, SweepFolder


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, np.ndarray]:
    folder = tmp_path_factory.mktemp("systems")
    truth, true_N, batter_N = write_truth(folder, num_matches=4, batters=2, balls=12)
    systems = {"good": at_random(0.9), "fair": at_random(0.6)}
    return write_systems(folder / "runs", truth, true_N, batter_N, systems, seeds=2), truth, true_N


def test_a_folder_of_tables_is_a_population(world: tuple[Path, Path, np.ndarray]) -> None:
    found = find_systems([world[0]])
    assert [(item.system, item.seed) for item in found] == [(n, s) for n in ("fair", "good") for s in "01"]


def test_an_index_says_what_sets_systems_apart(world: tuple[Path, Path, np.ndarray], tmp_path: Path) -> None:
    table = pq.read_table(world[0] / "good-seed0.parquet")
    pq.write_table(table, tmp_path / "a.parquet")
    (tmp_path / "systems.csv").write_text("file,system,seed,supervision\na,great,7,supervised\n")
    assert find_systems([tmp_path]) == [
        Source(path=tmp_path / "a.parquet", system="great", seed="7", groups={"supervision": "supervised"})
    ]
    (tmp_path / "systems.csv").write_text("file\na.parquet\n")
    assert [source.path.name for source in find_systems([tmp_path])] == ["a.parquet"]
    (tmp_path / "systems.csv").write_text("file\nb.csv\n")
    with pytest.raises(TableError, match=r"there is no table 'b\.csv' beside it \(it is one of a\)"):
        find_systems([tmp_path])


def test_models_of_one_table_are_systems(world: tuple[Path, Path, np.ndarray], tmp_path: Path) -> None:
    table = pq.read_table(world[0] / "good-seed0.parquet")
    names = pa.array(["x", "y"] * (len(table) // 2))
    pq.write_table(table.append_column("model_id", names), tmp_path / "voices.parquet")
    assert [(item.system, item.model_id) for item in find_systems([tmp_path])] == [("voices x", "x"), ("voices y", "y")]


def test_sweeps_and_runs_are_systems_with_their_axes(tmp_path: Path) -> None:
    sweep = SweepFolder(tmp_path / "sweep")
    axes = {"loss": "gce", "seed": "3"}
    sweep.add([Cell(name="loss=gce,seed=3", overrides=("loss=gce", "seed=3"), axes=axes, fingerprint="f")])
    RunFolder(tmp_path / "run").write_state(
        RunState(verb="train", state="done", fingerprint="g", overrides={"mined": "m"})
    )
    first, second = find_systems([sweep.path, tmp_path / "run"])
    assert (first.system, first.seed, dict(first.groups)) == ("loss=gce", "3", {"loss": "gce"})
    assert first.path == sweep.path / "loss=gce,seed=3" / "predictions.parquet"
    assert (second.system, second.seed) == ("run", "0")


def test_who_learnt_from_one_set_of_pseudo_labels_shares_its_errors_and_supervised_systems_share_none() -> None:
    def witness(system: str, seed: str, **groups: str) -> str:
        return Source(path=Path(), system=system, seed=seed, groups=groups).witness

    votes = [witness(name, seed, labels="votes", supervision="pseudo-labels") for name in "ab" for seed in "01"]
    truth = [witness(name, seed, labels="truth", supervision="supervised") for name in "ab" for seed in "01"]
    assert len(set(votes)) == 1 and len(set(truth)) == 4
    assert witness("a", "0") == witness("a", "1") != witness("b", "0")


def test_a_folder_without_predictions_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="holds no predictions"):
        find_systems([tmp_path])


def test_what_cannot_be_used_is_left_out_with_its_reason(world: tuple[Path, Path, np.ndarray], tmp_path: Path) -> None:
    """Probabilities that do not sum to 1, a NaN, another split, a copy, nothing of this truth, a missing file."""
    runs, truth, true_N = world
    good = pq.read_table(runs / "good-seed0.parquet")
    at = good.column_names.index("prob_leave")
    for name, value in (("sum", 7.0), ("hole", float("nan"))):
        column = pa.array([value, *good["prob_leave"].to_pylist()[1:]])
        pq.write_table(good.set_column(at, "prob_leave", column), tmp_path / f"{name}.parquet")
    pq.write_table(good, tmp_path / "copy.parquet")
    pq.write_table(predictions(truth, true_N).slice(0, 40), tmp_path / "part.parquet")
    pq.write_table(good.set_column(0, "video", pa.array(["z.mp4"] * len(good))), tmp_path / "other.parquet")
    (tmp_path / "systems.csv").write_text("file\nsum\nhole\ncopy\npart\nother\n")
    sources = [*find_systems([runs, tmp_path]), Source(path=tmp_path / "gone.parquet", system="gone")]
    kept, left_out = read_systems(sources, read_truth(truth))
    assert [item.source.system for item in kept] == ["fair", "fair", "good", "good"]
    reasons = {str(row["system"]).split()[0]: str(row["reason"]) for row in left_out}
    assert set(reasons) == {"sum", "hole", "copy", "part", "other", "gone"}
    assert "sums to" in reasons["sum"]
    assert "empty or negative" in reasons["hole"]
    assert reasons["copy"] == "its predictions are those of good seed 0"
    assert "other deliveries" in reasons["part"]
    assert "lies near a true delivery" in reasons["other"]


def test_halves_are_disjoint_matches_and_the_same_for_all(world: tuple[Path, Path, np.ndarray]) -> None:
    runs, truth, true_N = world
    kept, _ = read_systems(find_systems([runs]), read_truth(truth))
    rows = measure_systems(kept, truth_id="t", split="auto")
    num = {half: {row["num"] for row in rows if row["half"] == half} for half in ("A", "B", "all")}
    assert num == {"A": {48}, "B": {48}, "all": {96}}
    called_KN, same_N, group_N, match_N = common_calls(kept)
    assert called_KN.shape == (4, 96)
    assert sorted(same_N) == sorted(true_N)
    by_hand = {row["system"] + row["seed"]: row["accuracy_top1"] for row in rows if row["half"] == "all"}
    assert (called_KN == same_N).mean(axis=1).tolist() == pytest.approx(list(by_hand.values()))
    assert set(group_N) == {"b0", "b1", "b2", "b3"}
    assert set(match_N) == {"m0", "m1", "m2", "m3"}


def test_one_match_has_no_halves(tmp_path: Path) -> None:
    truth, true_N, _ = write_truth(tmp_path, num_matches=1, batters=2, balls=12)
    pq.write_table(predictions(truth, true_N), tmp_path / "a.parquet")
    kept, _ = read_systems([Source(path=tmp_path / "a.parquet", system="a")], read_truth(truth))
    assert [row["half"] for row in measure_systems(kept, truth_id="t", split="auto")] == ["all"]


def test_tables_of_measures_are_told_from_predictions(world: tuple[Path, Path, np.ndarray], tmp_path: Path) -> None:
    pq.write_table(pa.table({"system": ["a"], "seed": ["0"], "half": ["A"]}), tmp_path / "measures.parquet")
    assert prepared([world[0]]) is None
    table = prepared([tmp_path, tmp_path / "measures.parquet"])
    assert table is not None and len(table) == 2
    with pytest.raises(TableError, match="cannot be mixed"):
        prepared([tmp_path, world[0]])


def test_systems_of_two_sweeps_are_named_by_what_was_fixed_in_each(tmp_path):
    for loss in ("gce", "soft_ce"):
        SweepFolder(tmp_path / loss).add(
            Cell(
                name=f"seed-{n}", overrides=(f"loss={loss}", "model=tiny", f"seed={n}"), axes={"seed": n}, fingerprint=n
            )
            for n in "01"
        )
    found = find_systems([tmp_path / "gce", tmp_path / "soft_ce"])
    assert [(one.system, one.seed) for one in found] == [
        ("loss=gce", "0"), ("loss=gce", "1"), ("loss=soft_ce", "0"), ("loss=soft_ce", "1")
    ]  # fmt: skip
    assert [dict(one.groups) for one in found[::2]] == [{"loss": "gce"}, {"loss": "soft_ce"}]
    assert {one.system for one in find_systems([tmp_path / "gce"])} == {"seed-0", "seed-1"}


def test_what_was_fixed_comes_in_one_order(tmp_path: Path) -> None:
    """The groups become columns of the table of measures, in this order."""
    keys = ("optim", "loss", "trainer", "init", "model", "data.batch_size", "ema")
    for sweep in ("one", "other"):
        words = tuple(f"{key}={sweep}" for key in keys)
        SweepFolder(tmp_path / sweep).add([Cell(name="seed-0", overrides=words, axes={"seed": "0"}, fingerprint=sweep)])
    for found in find_systems([tmp_path / "one", tmp_path / "other"]):
        assert list(found.groups) == sorted(keys)
