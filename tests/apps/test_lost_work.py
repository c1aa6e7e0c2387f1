"""No work is lost: runs that are killed, told to end or doubled, and disks that are full or must not be written."""

from __future__ import annotations

import errno
import multiprocessing
import os
import random
import re
import shutil
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from tests.batter import stroke_take, write_takes
from tests.data.mined import write_mined
from tests.evaluation.mined import TRUTH, TRUTH_COLUMNS, make_mined

from slowpaths.cli import main
from slowpaths.core.ids import file_digest
from slowpaths.store.lock import sole_writer

pytestmark = pytest.mark.filterwarnings("ignore")  # other libraries' deprecations; the rooms test their own
VOTES = ("label_model=majority", "teacher=none", "student.use=false")
SHIRTS = ((196, 52, 40), (36, 66, 190))
LOADED = ["torch", "cv2", "av", "slowpaths.apps.mine", "slowpaths.apps.label"]
NUM_KILLS = 20


@pytest.fixture(scope="module")
def footage(tmp_path_factory) -> Path:
    """Two videos of one stroke each, a second and a half long."""
    folder, times_s = tmp_path_factory.mktemp("footage"), np.arange(-0.6, 0.9, 0.04)
    for number, stroke in enumerate(("cover_drive", "sweep")):
        ball = stroke_take(stroke, times_s, size=(320, 180), shirts=SHIRTS, rng=np.random.default_rng(number))
        ball.impact_s = 0.6
        write_takes(folder / f"{stroke}.mp4", [ball], fps=25)
    return folder


def mine(footage: Path, out: Path) -> list[str]:
    return ["mine", f"footage={footage}", f"out={out}", "pose=simulated", "mining.clip_px=64", *VOTES]


def label(mined: Path) -> list[str]:
    return ["label", f"mined={mined}", "label_model=dawid_skene", *VOTES[1:]]


@pytest.fixture(scope="module")
def mined(footage, tmp_path_factory) -> Path:
    """The mined folder of a run that nothing happened to."""
    out = tmp_path_factory.mktemp("whole") / "mined"
    assert main(mine(footage, out)) == 0
    return out


def tree(folder: Path) -> dict[str, str]:
    """Return the digest of every file below a folder."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): file_digest(path) for path in files}


# --- killed and told to end ----------------------------------------------------------------------------------------


def run_and_end(words: list[str], out: Path, said: Path, at: int, number: int) -> None:
    """Run a verb in this process, and send this process a signal as it does something to `out` for the nth time."""
    seen = 0

    def watch(event: str, arguments: tuple) -> None:
        nonlocal seen
        if event in ("open", "os.rename", "os.remove", "os.mkdir", "os.rmdir"):
            seen += any(isinstance(item, (str, os.PathLike)) and str(out) in str(item) for item in arguments)
            if seen == at:
                os.kill(os.getpid(), number)

    with said.open("w") as stream:
        os.dup2(stream.fileno(), 2)
        os.dup2(stream.fileno(), 1)
        sys.addaudithook(watch)
        code = main(words)
        stream.write(f"\n{seen} times")
        stream.flush()
    os._exit(code)


class Ender:
    """Run verbs in processes of their own, which need not load libraries again."""

    def __init__(self, folder: Path) -> None:
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(LOADED)
        self._said = folder / "said.txt"

    def __call__(self, words: list[str], out: Path, *, at: int = -1, number: int = signal.SIGKILL) -> tuple[int, str]:
        process = self._context.Process(target=run_and_end, args=(words, out, self._said, at, number))
        process.start()
        process.join(280)
        return process.exitcode, self._said.read_text()


@pytest.fixture
def run(tmp_path) -> Ender:
    return Ender(tmp_path)


@pytest.fixture
def start(footage, mined, tmp_path):
    """Return a verb's words and folder as they are before it runs, each time another folder."""

    def prepare(verb: str, name: str) -> tuple[list[str], Path]:
        out = tmp_path / name / "mined"
        if verb == "label":
            shutil.copytree(mined, out)
        return (mine(footage, out) if verb == "mine" else label(out)), out

    return prepare


@pytest.mark.slow
@pytest.mark.timeout(3000)
@pytest.mark.parametrize("verb", ["mine", "label"])
def test_twenty_killed_runs_end_as_one_that_was_not(start, run, verb):
    """Each is killed as it touches its folder for the nth time; every file must be the same to the byte, none more."""
    words, out = start(verb, "whole")
    code, said = run(words, out)
    assert code == 0, said
    expected, times = tree(out), int(re.findall(r"(\d+) times", said)[0])
    assert times > NUM_KILLS
    for kill, at in enumerate(random.Random(0).sample(range(1, times + 1), NUM_KILLS)):
        words, out = start(verb, f"killed{kill}")
        number = signal.SIGTERM if kill % 4 == 3 else signal.SIGKILL
        code, said = run(words, out, at=at, number=number)
        assert code == (143 if number == signal.SIGTERM else -signal.SIGKILL), said
        code, said = run(words, out)
        assert code == 0, said
        assert tree(out) == expected, f"killed at touch {at}"


@pytest.mark.parametrize(("verb", "at"), [pytest.param("mine", 30, marks=pytest.mark.slow), ("label", 25)])
def test_a_run_that_is_told_to_end_says_so_and_the_same_command_goes_on(start, run, verb, at):
    words, out = start(verb, "whole")
    assert run(words, out)[0] == 0
    expected = tree(out)
    words, out = start(verb, "ended")
    code, said = run(words, out, at=at, number=signal.SIGTERM)
    assert code == 143
    said = said.rpartition("\n")[0]  # without the count of touches
    told = [line for line in said.splitlines() if line and not line.startswith(("mining ", "Loaded pretrained"))]
    assert told == [f"slowpaths {verb}: told to end; the same command goes on from here"]
    assert run(words, out)[0] == 0 and tree(out) == expected


# --- two runs on one folder ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", ["mine", "label"])
def test_a_second_run_on_a_folder_is_refused_and_changes_nothing(footage, mined, capsys, verb):
    words, before = mine(footage, mined) if verb == "mine" else label(mined), tree(mined)
    with sole_writer(mined):
        assert main(words) == 1
    said = capsys.readouterr().err
    assert said == (
        f"slowpaths {verb}: another run is writing {mined.resolve()}: wait until it ends, or choose another out=\n"
    )
    assert tree(mined) == before


def test_a_folder_that_must_not_be_written_is_named_before_any_work(mined, tmp_path, capsys, monkeypatch):
    def read_only(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr("slowpaths.apps._start.tempfile.TemporaryDirectory", read_only)
    for words, key in ((mine(tmp_path, tmp_path / "out"), "out"), (label(mined), "mined")):
        assert main(words) == 2
        said = capsys.readouterr().err
        assert said.startswith(f"slowpaths {words[0]}: {key}=") and len(said.splitlines()) == 1
        assert "cannot be written (Read-only file system): c" in said
    assert list(tmp_path.iterdir()) == []


# --- a full disk ---------------------------------------------------------------------------------------------------


class Disk:
    """A disk with room for everything but the file of one name."""

    def __init__(self) -> None:
        self.full_for, self.wrote = "", []
        self._sync = os.fsync

    def fsync(self, descriptor: int) -> None:
        name = Path(f"/proc/self/fd/{descriptor}").readlink().name  # .<name>.<random>.part
        name = name[1:].rsplit(".", 2)[0]
        self.wrote.append(name)
        if name == self.full_for:
            raise OSError(errno.ENOSPC, "No space left on device")
        self._sync(descriptor)


@pytest.fixture
def disk(monkeypatch) -> Iterator[Disk]:
    disk = Disk()
    monkeypatch.setattr(os, "fsync", disk.fsync)
    yield disk


def check_full_disk(disk: Disk, words: list[str], out: Path, capsys, *, rounds: int = 1, same: bool = True) -> None:
    """Let the disk be full for each file that a verb writes, one after the other; afterwards there is room again."""
    reference, first = out.parent / "reference" / out.name, out.parent / "first"
    if out.exists():
        shutil.copytree(out, reference)
        shutil.copytree(out, first)
    assert main([word.replace(str(out), str(reference)) for word in words]) == 0
    names, refused = [*dict.fromkeys(disk.wrote)], []
    for name in names * rounds:
        disk.full_for, before = name, tree(out)
        disk.wrote.clear()
        capsys.readouterr()
        code, said = main(words), capsys.readouterr().err.splitlines()
        if code == 0:  # nothing was left to write there: begin anew
            assert name not in disk.wrote
            shutil.rmtree(out)
            if first.exists():
                shutil.copytree(first, out)
            continue
        assert code == 1, name
        faults = [line for line in said if line.startswith("slowpaths ")]
        assert len(faults) == 1 and "no space left while writing" in faults[0] and name in faults[0], said
        assert not any("Traceback" in line for line in said)
        now = tree(out)
        assert not [path for path in now if path.endswith(".part")]
        changed = [path for path in before if now.get(path) != before[path] and not path.endswith("run.log")]
        assert name not in [Path(path).name for path in changed]
        refused.append(name)
    assert len({*refused}) > 5
    disk.full_for = ""
    assert main(words) == 0
    if same:
        assert tree(out) == tree(reference)


def test_label_on_a_full_disk(mined, disk, tmp_path, capsys):
    shutil.copytree(mined, tmp_path / "mined")
    check_full_disk(disk, label(tmp_path / "mined"), tmp_path / "mined", capsys)


@pytest.mark.slow
def test_mine_on_a_full_disk(footage, disk, tmp_path, capsys):
    words, out = mine(footage, tmp_path / "mined"), tmp_path / "mined"
    check_full_disk(disk, words, out, capsys, rounds=2)  # a video's tables first, then those of all, named the same


@pytest.mark.slow
def test_evaluate_on_a_full_disk(disk, tmp_path, capsys):
    make_mined(tmp_path / "mined")
    (tmp_path / "truth.csv").write_text("\n".join([TRUTH_COLUMNS, *TRUTH]) + "\n")
    out = tmp_path / "report"
    words = [
        "evaluate",
        f"mined={tmp_path / 'mined'}",
        f"truth={tmp_path / 'truth.csv'}",
        f"out={out}",
        "truth_taxonomy=cricshot10",
    ]
    check_full_disk(disk, words, out, capsys, same=False)  # the state of the run counts seconds


@pytest.mark.slow
def test_train_on_a_full_disk(disk, tmp_path, capsys):
    mined = write_mined(tmp_path / "mined", num_matches=3, clips_a_match=2, size=32)
    small = ("model=slowfast_tiny", "model.width=8", "trainer=cpu", "trainer.max_epochs=1", "data.crop_px=32",
             "data.read_px=32", "data.num_workers=0", "optim.warmup_epochs=0", "data.num_test_views=1",
             "data.fractions=[0.34,0.33,0.33]")  # fmt: skip
    out = tmp_path / "model"
    check_full_disk(disk, ["train", f"mined={mined}", f"out={out}", *small], out, capsys, same=False)
