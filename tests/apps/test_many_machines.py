"""Several runs share the videos of one mined folder: parts, an array of SLURM jobs, a Ray cluster."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.apps.refusal import refused
from tests.factories import bar_video

from slowpaths.cli import main
from slowpaths.core.ids import file_digest
from slowpaths.store.mined_folder import MinedFolder
from slowpaths.store.schema import FOOTAGE
from slowpaths.store.tables import write_poses
from slowpaths.store.world_folder import TruthFolder

pytestmark = pytest.mark.filterwarnings("ignore")  # other libraries' deprecations; the rooms test their own
SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "cluster.sh"
# Stands for the cluster: runs every job at once, with what `slowpaths` is given written down instead of done.
SBATCH = """#!/usr/bin/env bash
while [[ "$1" == --* && "$1" != --job ]]; do
  [[ "$1" == --array=1-* ]] && array="${1#--array=1-}"
  echo "$1" >> "$DESK/options"
  shift
done
for task in $(seq "${array:-1}"); do SLURM_ARRAY_TASK_ID=$task bash "$@" || exit 1; done
echo "7;cluster"
"""
SLOWPATHS = """#!/usr/bin/env bash
printf '%q ' "$@" >> "$DESK/commands"
echo >> "$DESK/commands"
exit "${CODE:-0}"
"""


@pytest.fixture(scope="module")
def footage(tmp_path_factory) -> Path:
    """Three videos in which nobody plays."""
    folder = tmp_path_factory.mktemp("foot age")
    for number, name in enumerate("abc"):
        bar_video(folder / f"{name}.mp4", num_frames=12 + number)
        write_poses(TruthFolder(folder / "truth").file(name, "poses"), [])
    return folder


def words(footage: Path, out: Path) -> list[str]:
    return [f"footage={footage}", f"out={out}", "pose=simulated"]


def tables(out: Path) -> dict[str, str]:
    return {path.name: file_digest(path) for path in (*out.glob("*.parquet"), out / "report.md", out / "ledger.jsonl")}


@pytest.fixture(scope="module")
def whole(footage, tmp_path_factory) -> dict[str, str]:
    out = tmp_path_factory.mktemp("whole") / "mined"
    assert main(["mine", *words(footage, out)]) == 0
    return tables(out)


@pytest.fixture
def desk(tmp_path, monkeypatch) -> Path:
    """A folder with the programs of a cluster, and what they are asked for."""
    for name, text in (("sbatch", SBATCH), ("slowpaths", SLOWPATHS)):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("DESK", str(tmp_path))
    return tmp_path


def test_parts_leave_videos_and_no_tables_and_the_whole_run_writes_them(footage, whole, tmp_path, capsys):
    out = tmp_path / "mined"
    for part, count in (("2/2", 1), ("1/2", 2)):
        assert main(["mine", *words(footage, out), f"part={part}"]) == 0
        shown = capsys.readouterr().out
        assert f"│ videos                │     {count} │" in shown and "the same command without part=" in shown
    assert list(out.glob("*.parquet")) == [] and len(list(out.glob("shards/*/*"))) == 3
    assert main(["mine", *words(footage, out)]) == 0
    assert tables(out) == whole


def test_a_part_beyond_the_videos_has_nothing_to_do(footage, tmp_path):
    assert main(["mine", *words(footage, tmp_path / "mined"), "part=9/9"]) == 0
    assert not MinedFolder(tmp_path / "mined").has(FOOTAGE)


@pytest.mark.parametrize("part", ["0/2", "3/2", "2", "a/b", "1/", "-1/2"])
def test_what_is_no_part_is_refused(footage, tmp_path, monkeypatch, capsys, part):
    monkeypatch.chdir(tmp_path)
    assert f"part={part} is no part of the videos: give 1/10" in refused(
        capsys, "mine", f"footage={footage}", f"part={part}"
    )


def test_an_array_of_jobs_mines_the_parts_and_one_job_the_tables(footage, whole, desk, tmp_path):
    out = tmp_path / "m i" / "mined"
    subprocess.run(["bash", str(SCRIPT), "2", *words(footage, out)], check=True, capture_output=True)
    commands = [shlex.split(line) for line in (desk / "commands").read_text().splitlines()]
    assert [command[-1] for command in commands] == ["part=1/2", "part=2/2", "pose=simulated"]
    for command in commands:
        assert main(command) == 0
    assert tables(out) == whole
    assert "--dependency=afterok:7" in (desk / "options").read_text().split()


@pytest.mark.parametrize(("code", "expected"), [("3", 0), ("1", 1), ("143", 1)])
def test_a_job_with_quarantined_files_is_done_and_any_other_has_failed(footage, desk, monkeypatch, code, expected):
    monkeypatch.setenv("CODE", code)
    done = subprocess.run(["bash", str(SCRIPT), "1", *words(footage, desk / "out")], capture_output=True)
    assert done.returncode == expected
    assert len((desk / "commands").read_text().splitlines()) == (2 if expected == 0 else 1)


@pytest.mark.slow
@pytest.mark.timeout(1500)
def test_a_cluster_of_two_machines_one_of_which_dies_gives_the_tables_of_one(footage, whole, tmp_path, monkeypatch):
    ray = pytest.importorskip("ray", reason="needs slowpaths[ray]")
    from ray.cluster_utils import Cluster

    from slowpaths.apps import _console

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    other = cluster.add_node(num_cpus=1)
    monkeypatch.setenv("RAY_ADDRESS", cluster.address)
    alive = []

    def kill(steps: _console.Steps, text: str = "") -> None:
        if not alive:
            alive.append(cluster.remove_node(other, allow_graceful=False))

    monkeypatch.setattr(_console.Steps, "__call__", kill)
    monkeypatch.chdir(footage)
    try:
        assert main(["mine", *words(Path(), tmp_path / "mined"), "engine=ray"]) == 0
        ray.init(address=cluster.address, log_to_driver=False)
        assert alive and wait_for(lambda: [node["Alive"] for node in ray.nodes()].count(True) == 1, most_s=120)
    finally:
        ray.shutdown()
        cluster.shutdown()
    others = tables(tmp_path / "mined").items() ^ whole.items()
    assert {name for name, _ in others} == {"ledger.jsonl"}  # says `footage=.`


def wait_for(is_so: Callable[[], bool], *, most_s: float) -> bool:
    """Return whether something comes true in time: a cluster hears of a dead machine only after a while."""
    end_s = time.monotonic() + most_s
    while not is_so() and time.monotonic() < end_s:
        time.sleep(0.5)
    return is_so()


def test_ray_that_is_not_there_is_one_sentence(footage, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "ray", None)
    assert main(["mine", *words(footage, tmp_path / "mined"), "engine=ray"]) == 2
    assert "engine=ray needs Ray: pip install 'slowpaths[ray]', on every machine" in capsys.readouterr().err
