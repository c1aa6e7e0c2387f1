"""Sweeps through the command line: cells in folders of their own, none lost, none run twice, one table."""

from __future__ import annotations

import re
import shlex
import time
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from omegaconf import DictConfig
from tests.data.mined import write_mined

from slowpaths.apps import _sweep, _tracking
from slowpaths.apps._launch import Outcome
from slowpaths.apps._sweep import cell_name, plan
from slowpaths.cli import main
from slowpaths.core.errors import TableError
from slowpaths.store.run_folder import RunFolder
from slowpaths.store.sweep_folder import Cell, SweepFolder

pytestmark = pytest.mark.filterwarnings("ignore")  # other libraries' deprecations; the rooms test their own
TRUTH = "video,start_s,end_s,impact_s,label,match_id\n" + "".join(
    f"v{n}.mp4,{t},{t + 1.28},{t + 0.8},{stroke},m{n}\n"
    for n in range(3)
    for t, stroke in ((1.0, "cut"), (11.0, "sweep"))
)


@pytest.fixture
def tables(tmp_path) -> Path:
    """Write a truth and two tables of predictions; `b.csv` is right half of the time."""
    (tmp_path / "truth.csv").write_text(TRUTH)
    (tmp_path / "a.csv").write_text(TRUTH)
    (tmp_path / "b.csv").write_text(TRUTH.replace("sweep", "cut"))
    return tmp_path


@pytest.fixture
def quick(monkeypatch) -> list[str]:
    """Let a cell do nothing but say how many characters it was given; return what was run."""
    run: list[str] = []

    def run_verb(verb: str, cfg: DictConfig) -> Outcome:
        text = Path(cfg.predictions).read_text()
        if "label," not in text:
            raise TableError(f"{cfg.predictions} has no labels: give others")
        run.append(cfg.out)
        return Outcome(metrics={"length": float(len(text))})

    monkeypatch.setattr(_tracking, "run_verb", run_verb)
    return run


def sweep(folder: Path, *more: str) -> int:
    words = [f"predictions={folder / 'a.csv'},{folder / 'b.csv'}", f"truth={folder / 'truth.csv'}"]
    return main(["evaluate", "-m", *words, "tolerance_s=0.4,0.5", f"out={folder / 'sweep'}", *more])


def states(folder: Path) -> dict[str, str]:
    table = pq.read_table(folder / "sweep" / "sweep.parquet")
    return dict(zip(table["cell"].to_pylist(), table["state"].to_pylist(), strict=True))


def test_each_cell_has_its_own_folder_and_a_row(tables, capsys):
    assert sweep(tables) == 0
    assert len(states(tables)) == 4
    assert set(states(tables).values()) == {"done"}
    for cell in SweepFolder(tables / "sweep").plan():
        assert (tables / "sweep" / cell.name / "report.json").exists()
    rows = pq.read_table(tables / "sweep" / "sweep.parquet").to_pylist()
    top1 = {row["override_predictions"].endswith("a.csv"): row["metric_top1"] for row in rows}
    assert top1 == {True: 1.0, False: 0.5}
    words = (tables / "sweep" / "sweep.md").read_text()
    assert words.count("| done |") == 4
    assert "sweep of 4 cells" in capsys.readouterr().out


def test_a_finished_cell_is_never_run_again_in_whatever_order_it_is_typed(tables, quick, capsys):
    assert sweep(tables) == 0
    words = ["tolerance_s=0.5,0.4,0.3", f"out={tables / 'sweep'}", f"truth={tables / 'truth.csv'}"]
    assert main(["evaluate", *words, f"predictions={tables / 'b.csv'},{tables / 'a.csv'}", "--multirun"]) == 0
    assert "4 done already" in capsys.readouterr().out
    assert len(quick) == len(set(quick)) == len(states(tables)) == 6


def test_changed_input_is_not_what_was_run(tables, quick, capsys):
    assert sweep(tables) == 0
    (tables / "b.csv").write_text(TRUTH)
    assert sweep(tables) == 0
    assert "2 done already" in capsys.readouterr().out
    assert len(quick) == len(states(tables)) == 6  # those of the old table stay


def test_a_cell_that_fails_stops_no_other_and_is_named(tables, quick, capsys):
    (tables / "a.csv").write_text("nothing")
    assert sweep(tables) == 1
    assert sorted(states(tables).values()) == ["done", "done", "failed", "failed"]
    table = pq.read_table(tables / "sweep" / "sweep.parquet").to_pylist()
    assert all("a.csv has no labels" in row["reason"] for row in table if row["state"] == "failed")
    assert "Traceback" not in capsys.readouterr().err
    (tables / "a.csv").write_text(TRUTH)
    assert sweep(tables) == 0
    assert len(quick) == 4


def test_a_typo_is_named_before_any_cell_starts(tables, quick, capsys):
    assert sweep(tables, "tolerence_s=3") == 2
    assert "did you mean 'tolerance_s'?" in capsys.readouterr().err
    assert not quick
    assert not (tables / "sweep").exists()


def test_only_the_first_of_several_processes_keeps_a_run_and_none_but_it_starts_a_sweep(
    tables, quick, monkeypatch, capsys
):
    words = [f"predictions={tables / 'a.csv'}", f"truth={tables / 'truth.csv'}", f"out={tables / 'run'}"]
    (tables / "run").mkdir()
    monkeypatch.setenv("LOCAL_RANK", "1")
    assert main(["evaluate", *words]) == 0
    assert quick == [str(tables / "run")] and not list((tables / "run").iterdir())
    assert sweep(tables) == 2
    assert "LOCAL_RANK is set" in capsys.readouterr().err and not (tables / "sweep").exists()
    monkeypatch.setenv("LOCAL_RANK", "0")
    assert main(["evaluate", *words]) == 0
    assert RunFolder(tables / "run").state().state == "done"


def test_out_may_be_a_pattern(tables, monkeypatch):
    monkeypatch.chdir(tables)
    path, cells = plan("evaluate", ["predictions=a.csv", "truth=truth.csv", "split=all,test", "out=runs/x/${split}"])
    assert (path, [cell.name for cell in cells]) == (Path("runs/x"), ["split-all", "split-test"])


def test_names_are_short_stable_and_safe():
    assert cell_name({"seed": "0", "loss": "gce"}) == cell_name({"loss": "gce", "seed": "0"}) == "loss-gce_seed-0"
    assert cell_name({"data.lr": "1", "optim.lr": "2"}) == "data.lr-1_optim.lr-2"
    assert cell_name({"mined": "runs/x/a b"}) == "mined-a-b"
    long = cell_name({f"key{n}": "value" for n in range(40)})
    assert len(long) <= 80
    assert long != cell_name({f"key{n}": "other" for n in range(40)})


def test_a_name_that_is_taken_by_another_configuration_gets_a_suffix(tables, quick):
    assert sweep(tables) == 0
    assert sweep(tables, "truth_taxonomy=slowpaths", "split=all") == 0
    names = list(states(tables))
    assert len(names) == len(set(names)) == 8


@pytest.mark.parametrize("name", ["Lord's, day 1", "été (2)", "a=b"])
def test_the_folder_of_a_sweep_may_be_called_anything(tables, quick, name):
    out = tables / name
    words = [f"predictions={tables / 'a.csv'}", f"truth={tables / 'truth.csv'}", "tolerance_s=0.4,0.5"]
    assert main(["evaluate", "-m", *words, f'out="{out}"']) == 0
    assert SweepFolder(out).table()["state"].to_pylist() == ["done"] * 2
    assert sorted(quick) == [str(out / f"tolerance-s-{value}") for value in ("0.4", "0.5")]


def test_a_sweep_may_be_moved(tables, quick):
    assert sweep(tables) == 0
    (tables / "sweep").rename(tables / "moved")
    assert SweepFolder(tables / "moved").table()["state"].to_pylist() == ["done"] * 4
    (tables / "moved").rename(tables / "sweep")
    assert sweep(tables) == 0 and len(quick) == 4


def test_the_same_value_twice_is_one_cell(tables, quick):
    assert sweep(tables, "split=all,all") == 0
    assert len(quick) == len(states(tables)) == 4


def test_todays_overrides_count_for_a_cell_that_is_not_done(tmp_path):
    folder = SweepFolder(tmp_path)
    cell = Cell(name="seed-0", overrides=("seed=0",), axes={"seed": "0"}, fingerprint="f")
    folder.add([cell])
    (again,) = _sweep._as_known([replace(cell, name="other", overrides=("seed=0", "weights_dir=w"))], folder)
    assert (again.name, again.overrides) == ("seed-0", ("seed=0", "weights_dir=w"))
    folder.add([again])
    assert folder.plan() == [again]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["hydra/launcher=nothing"], "hydra/launcher/nothing"),
        (["tolerance_s=range(0,0)"], "this sweep has no cells"),
        (["out=one,other"], "out= names the one folder of a sweep"),
    ],
)
def test_what_cannot_be_launched_leaves_nothing(tables, quick, capsys, words, sentence):
    assert sweep(tables, *words) == 2
    error = capsys.readouterr().err
    assert sentence in error and error.count("\n") == 1
    assert not (tables / "sweep").exists()


@pytest.mark.parametrize("missing", ["a.csv", "truth.csv"])
def test_an_input_that_is_missing_is_named_before_any_cell_starts(tables, quick, capsys, missing):
    (tables / missing).unlink()
    assert sweep(tables) == 2
    error = capsys.readouterr().err
    assert f"{missing} does not exist" in error and error.count("\n") == 1
    assert not quick and not (tables / "sweep").exists()


def test_what_a_killed_start_took_counts(tables, monkeypatch):
    """The first start is killed after three seconds and the second ends after two: five, whatever was on disk."""
    clock = {"now": 0.0}
    monkeypatch.setattr(_tracking.time, "monotonic", lambda: clock["now"])
    cell = tables / "run"
    words = [f"predictions={tables / 'a.csv'}", f"truth={tables / 'truth.csv'}", f"out={cell}"]

    def killed(verb: str, cfg: DictConfig) -> Outcome:
        cell.mkdir()
        clock["now"] += 3
        deadline = time.time() + 20
        while time.time() < deadline and not ((state := RunFolder(cell).state()) and state.seconds == 3):
            time.sleep(0.01)
        raise SystemExit  # as a kill does, it skips all that follows

    def whole(verb: str, cfg: DictConfig) -> Outcome:
        clock["now"] += 2
        return Outcome()

    monkeypatch.setattr(_tracking, "HEARTBEAT_S", 0.01)
    monkeypatch.setattr(_tracking, "run_verb", killed)
    with pytest.raises(SystemExit):
        main(["evaluate", *words])
    assert (RunFolder(cell).state().state, RunFolder(cell).state().seconds) == ("running", 3)
    monkeypatch.setattr(_tracking, "run_verb", whole)
    assert main(["evaluate", *words]) == 0
    assert (RunFolder(cell).state().state, RunFolder(cell).state().seconds) == ("done", 5)


@pytest.mark.parametrize("launcher", ["joblib", "submitit_local"])
def test_other_launchers_give_the_same_table(tables, launcher):
    assert sweep(tables) == 0
    alone = pq.read_table(tables / "sweep" / "sweep.parquet").drop_columns(["seconds"])
    (tables / "sweep").rename(tables / "alone")
    assert sweep(tables, f"hydra/launcher={launcher}") == 0
    table = pq.read_table(tables / "sweep" / "sweep.parquet").drop_columns(["seconds"])
    assert table.equals(alone)


@pytest.mark.timeout(600)
def test_the_sweep_of_the_readme_runs_as_it_is_printed(tmp_path):
    """The very words of the README with the paths replaced, on small clips; a second call repeats nothing."""
    readme = (Path(__file__).parents[2] / "README.md").read_text().replace("\\\n", " ")
    train, compare = (
        shlex.split(re.search(rf"^slowpaths {start}.*$", readme, flags=re.M)[0])[1:]
        for start in ("train -m .*loss=", "compare ")
    )
    mined = write_mined(tmp_path / "mined", num_matches=3, clips_a_match=4, size=32)
    small = ["data.crop_px=32", "data.read_px=32", "trainer.max_epochs=2", "model.width=8", "data.num_workers=0"]
    train = [word.replace("runs/mine", str(mined)).replace("runs/sweep", str(tmp_path / "sweep")) for word in train]
    assert main([*train, *small]) == 0
    table = pq.read_table(tmp_path / "sweep" / "sweep.parquet")
    assert table["state"].to_pylist() == ["done"] * 6
    assert set(table["override_loss"].to_pylist()) == {"soft_ce", "gce"}
    folders = {SweepFolder(tmp_path / "sweep").run(cell).path.name for cell in SweepFolder(tmp_path / "sweep").plan()}
    assert "loss-gce_seed-0" in folders  # as the README says
    done = {path: path.stat().st_mtime_ns for path in tmp_path.glob("sweep/*/run.json")}
    assert main([*train, *small]) == 0
    assert {path: path.stat().st_mtime_ns for path in done} == done
    assert main([word.replace("runs/", f"{tmp_path}/") for word in compare]) == 0
    assert (tmp_path / "compare" / "compare.md").read_text().count("done") >= 6
