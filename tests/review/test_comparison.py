from __future__ import annotations

import math
from dataclasses import replace

import pytest

from slowpaths.core.errors import TableError
from slowpaths.review.comparison import Run, averages, comparison_markdown, read_runs
from slowpaths.review.comparison_page import comparison_page
from slowpaths.store.run_folder import RunFolder, RunState
from slowpaths.store.sweep_folder import Cell, SweepFolder


def run(name: str, *, seed: str, loss: str, f1: float, state: str = "done") -> Run:
    return Run(name=name, state=state, axes={"seed": seed, "loss": loss}, metrics={"f1": f1})


RUNS = [
    run("a", seed="0", loss="gce", f1=0.4),
    run("b", seed="1", loss="gce", f1=0.5),
    run("c", seed="2", loss="gce", f1=0.6),
    run("d", seed="0", loss="soft", f1=0.9),
    run("e", seed="1", loss="soft", f1=0.1, state="failed"),
]


def test_seeds_are_averaged_and_what_failed_is_left_out():
    gce, soft = averages(RUNS)
    assert (dict(gce.system), gce.num, gce.mean) == ({"loss": "gce"}, 3, pytest.approx(0.5))
    # t(.975, 2) = 4.302653, s = .1
    assert gce.high - gce.mean == pytest.approx(4.302653 * 0.1 / math.sqrt(3), abs=1e-6)
    assert (soft.num, soft.mean, soft.low, soft.high) == (1, 0.9, None, None)


def test_a_copy_of_a_run_is_no_second_seed():
    first, second = (replace(one, fingerprint=one.name) for one in RUNS[:2])
    (mean,) = averages([first, replace(first, name="copy of a"), second])
    assert (mean.num, mean.mean) == (2, pytest.approx(0.45))


def test_words_hold_every_run_and_the_means():
    words = comparison_markdown(RUNS, title="Five runs")
    assert words.count("\n| ") == 1 + 5 + 1 + 2
    assert "| gce | f1 | 3 | 0.500 | 0.252 | 0.748 |" in words


def test_a_run_is_read_with_its_curves_and_confusion(tmp_path):
    folder = RunFolder(tmp_path / "one")
    folder.write_state(
        RunState(verb="train", state="done", fingerprint="f", overrides={"seed": "0"}, metrics={"f1": 1.0})
    )
    folder.history.write_text("epoch,step,val/nll\n0,3,1.5\n1,6,0.5\n")
    folder.confusion.write_text("true,cut,sweep\ncut,3,1\nsweep,0,2\n")
    (one,) = read_runs([tmp_path / "one"])
    assert (one.curves, one.is_weak) == ({"val/nll": [1.5, 0.5]}, True)
    assert one.confusion == {"cut": {"cut": 3, "sweep": 1}, "sweep": {"cut": 0, "sweep": 2}}
    folder.figures.mkdir()
    (folder.figures / "confusion.csv").write_text("true,cut\ncut,7\n")
    (one,) = read_runs([tmp_path / "one"])
    assert (one.confusion, one.is_weak) == ({"cut": {"cut": 7}}, False)


def test_where_a_run_lies_sets_no_system_apart(tmp_path):
    """Runs of three seeds, each with an out= of its own, are one system."""
    for seed in "012":
        typed = {"seed": seed, "loss": "gce", "out": f"runs/{seed}"}
        state = RunState(verb="train", state="done", fingerprint=seed, overrides=typed, metrics={"f1": float(seed)})
        RunFolder(tmp_path / seed).write_state(state)
    (mean,) = averages(read_runs([tmp_path / seed for seed in "012"]))
    assert (dict(mean.system), mean.num, mean.mean) == ({"loss": "gce"}, 3, 1.0)


def test_a_sweep_gives_all_its_cells(tmp_path):
    cells = [Cell(name=f"seed-{n}", overrides=(), axes={"seed": str(n)}, fingerprint="f") for n in range(2)]
    SweepFolder(tmp_path).add(cells)
    RunFolder(tmp_path / "seed-1").write_state(
        RunState(verb="train", state="failed", fingerprint="f", reason="no clips")
    )
    assert [(one.name, one.state, one.reason) for one in read_runs([tmp_path])] == [
        ("seed-0", "waiting", ""),
        ("seed-1", "failed", "no clips"),
    ]


def sweep(path, loss: str, *, seeds: str = "01") -> None:
    """A sweep over seeds whose loss was fixed."""
    cells = [
        Cell(name=f"{loss}-{n}", overrides=(f"loss={loss}", f"seed={n}"), axes={"seed": n}, fingerprint=f"{loss}{n}")
        for n in seeds
    ]
    SweepFolder(path).add(cells)
    for cell in cells:
        state = RunState(verb="train", state="done", fingerprint=cell.fingerprint, metrics={"f1": float(loss == "gce")})
        RunFolder(path / cell.name).write_state(state)


def test_what_was_fixed_in_one_sweep_and_not_in_another_sets_their_runs_apart(tmp_path):
    sweep(tmp_path / "a", "gce")
    sweep(tmp_path / "b", "soft_ce")
    found = averages(read_runs([tmp_path / "a", tmp_path / "b"]))
    assert [(dict(one.system), one.num, one.mean) for one in found] == [
        ({"loss": "gce"}, 2, 1.0), ({"loss": "soft_ce"}, 2, 0.0)
    ]  # fmt: skip
    (alone,) = averages(read_runs([tmp_path / "a"]))
    assert dict(alone.system) == {} and alone.num == 2
    sweep(tmp_path / "a", "soft_ce")  # another command with the same out=
    assert [one.num for one in averages(read_runs([tmp_path / "a"]))] == [2, 2]
    assert SweepFolder(tmp_path / "a").table()["override_loss"].to_pylist() == ["gce", "gce", "soft_ce", "soft_ce"]


def test_a_run_that_is_named_twice_counts_once(tmp_path):
    sweep(tmp_path / "a", "gce", seeds="012")
    (mean,) = averages(read_runs([tmp_path / "a", tmp_path / "a" / "gce-0", tmp_path / "a"]))
    assert mean.num == 3


def test_a_folder_that_is_neither_is_named(tmp_path):
    with pytest.raises(TableError, match="neither a run nor a sweep"):
        read_runs([tmp_path])


def test_text_of_runs_is_escaped_on_the_page():
    hostile = Run(name="<script>alert(1)</script>", state="done", axes={"a<b": "</td>"}, metrics={"m": 0.5},
                  reason="<img>", curves={"<c>": [1.0, 2.0]}, confusion={"<t>": {"<n>": 1}})  # fmt: skip
    page = comparison_page([hostile], title="<title>")
    assert page.count("<script>") == 1  # our own
    for text in ("<img>", "<c>", "<t>", "<n>", "a<b", "<title><"):
        assert text not in page


def test_the_page_holds_runs_means_curves_and_confusion():
    page = comparison_page([*RUNS, Run(name="z", state="done", axes={}, metrics={}, curves={"loss": [3.0, 1.0, 2.0]},
                                      confusion={"cut": {"cut": 3, "sweep": 1}})], title="Runs")  # fmt: skip
    assert page.count('<td class="failed">') == 1
    assert 'aria-label="loss by epoch"' in page
    assert '<td class="q3">3</td><td class="q1">1</td>' in page
    assert "src=" not in page and "//" not in page.split("</script>")[0].split("<script>")[0]  # nothing is fetched
