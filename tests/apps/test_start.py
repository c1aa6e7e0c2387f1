"""What can be known before work starts is one sentence, exit code 2, and leaves nothing; of a sweep too."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from tests.apps.refusal import refused
from tests.data.mined import write_mined

from slowpaths.cli import main
from slowpaths.store.mined_folder import MinedFolder
from slowpaths.store.run_folder import RunFolder, RunState
from slowpaths.store.tables import read_labels, write_labels

pytestmark = pytest.mark.filterwarnings("ignore")  # other libraries' deprecations; the rooms test their own
SMALL = (
    "model=slowfast_tiny", "trainer=cpu", "data.num_workers=0", "data.num_frames=8", "data.frame_stride=2",
    "data.crop_px=32",
    "data.read_px=null", "data.num_test_views=1", "optim.warmup_epochs=0", "trainer.max_epochs=1",
    "data.fractions=[.5,.25,.25]",
)  # fmt: skip
NEEDS_TRAINER = """
from slowpaths.models.pretrain.features import FeatureRegression


class Objective(FeatureRegression):
    def training_step(self, batch, batch_idx):
        assert self.trainer.max_epochs
        return super().training_step(batch, batch_idx)
"""


@pytest.fixture(scope="module")
def mined(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_mined(tmp_path_factory.mktemp("start") / "mined", num_matches=4, clips_a_match=2, size=32)


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("trainer.strategy=foo", "trainer.strategy=foo is unknown"),
        ("trainer.strategy=fsdp_cpu_offload", "the trainer cannot start"),
        (
            "trainer.strategy=fsdp trainer.precision=16-mixed",
            "trainer.precision=16-mixed does not go with trainer.strategy=fsdp: give bf16",
        ),
        ("optim.warmup_epochs=5", "optim.warmup_epochs=5 does not end within trainer.max_epochs=1"),
        ("optim.warmup_epochs=0.6 data.batch_size=64", "the warm-up of 1 steps does not end within the run of 1"),
        ("optim.optimiser._target_=torch.nn.Linear", "optim.optimiser._target_=torch.nn.Linear cannot be called so"),
        ("data.alpha=2", "data.alpha=2 is not what the network takes, model.alpha=4"),
        ("data.crop_px=100000", "data.crop_px=100000 is too large: give at most 2160"),
        ("data.num_frames=100", "100 frames at stride 2"),
        ("data.num_frames=9 model.fusion_kernel=2", "a clip of the set does not go through the network and its loss"),
        ("data.backend=foo", "data.backend=foo is unknown"),
        ("model._target_=no.Such", "model._target_=no.Such cannot be imported"),
        ("callbacks=[5]", "callbacks[0]._target_ is missing"),
        ("init=nonesuch", "there are no weights 'nonesuch'"),
        ("init_sha256=0123abcd init=null", "init_sha256= confirms a file and init= names none"),
        ("out=/dev/null", "out=/dev/null cannot be a folder (/dev/null is a file)"),
        ("out=/dev/null/run", "out=/dev/null/run cannot be a folder (/dev/null is a file)"),
        ("mined=nonesuch", "mined=nonesuch does not exist: give the out= folder of `slowpaths mine`"),
        ("mined=.", "mined=. is no mined folder"),
    ],
)
@pytest.mark.parametrize("verb", ["train", "pretrain"])
def test_a_run_that_cannot_start_leaves_no_folder(mined, capsys, verb, words, sentence):
    assert sentence in refused(capsys, verb, f"mined={mined}", *SMALL, "out=run", *words.split())


@pytest.fixture(scope="module")
def odd(mined: Path) -> Path:
    """Return a folder with labels that are no numbers, labels of other deliveries, and clips of other strokes."""
    labels, folder = read_labels(mined / "labels.parquet"), mined.parent
    write_labels(folder / "nan.parquet", [replace(clip, probs=np.full(14, np.nan)) for clip in labels])
    write_labels(folder / "other.parquet", [replace(clip, delivery_id=f"x{clip.delivery_id}") for clip in labels])
    shutil.copytree(mined, folder / "strokes")
    described = MinedFolder(folder / "strokes").dataset_file
    described.write_text(json.dumps({**json.loads(described.read_text()), "strokes": ["drive", "cut"]}))
    (folder / "a.ckpt").touch()
    return folder


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("train labels={odd}/nan.parquet", "nan.parquet says of v0-d000 what is no label"),
        ("train labels={odd}/other.parquet", "other.parquet labels none of the 8 deliveries of"),
        ("train mined={odd}/strokes", "was mined with another taxonomy of strokes: mine its footage again"),
        ("pretrain mined={odd}/strokes", "was mined with another taxonomy of strokes: mine its footage again"),
        ("explain mined={odd}/strokes ckpt={odd}/a.ckpt", "was mined with another taxonomy of strokes"),
        ("audit mined={odd}/strokes", "was mined with another taxonomy of strokes"),
    ],
)
def test_labels_and_strokes_of_something_else_are_named(mined, odd, capsys, words, sentence):
    verb, *words = words.format(odd=odd).split()
    small = SMALL if verb in ("train", "pretrain") else ()
    assert sentence in refused(capsys, verb, f"mined={mined}", *small, "out=run", *words)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("loss=gce loss.function.q=5", "loss.function.q=5.0 is out of range"),
        ("loss.function._target_=torch.nn.functional.relu", "a clip of the set does not go through"),
        ("data.cache_mib=1e308", "data.cache_mib=1e+308 is too large: give at most"),
        ("data.weight_power=1e308", "data.weight_power=1e+308 is too large: give at most 100"),
        ("data.num_test_views=40", "moved by up to 39, do not fit into clips"),
        ("labels=foo.csv", "labels=foo.csv does not exist"),
        ("labels={mined}/dataset.json", "dataset.json is no table of labels: give the labels.parquet"),
        ("labels={mined}/deliveries.parquet", "holds the table 'deliveries', not 'labels'"),
    ],
)
def test_training_knows_its_labels_loss_and_views_before_it_starts(mined, capsys, words, sentence):
    words = words.format(mined=mined).split()
    assert sentence in refused(capsys, "train", f"mined={mined}", *SMALL, "out=run", *words)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("mined=nonesuch", "mined=nonesuch does not exist"),
        ("labels=absent.parquet", "labels=absent.parquet does not exist"),
        ("init=absent.ckpt", "there are no weights 'absent.ckpt'"),
        ("trainer.strategy=foo", "trainer.strategy=foo is unknown"),
        ("data.alpha=2", "data.alpha=2 is not what the network takes"),
        ("out=/dev/null", "out=/dev/null cannot be a folder"),
    ],
)
def test_of_a_sweep_no_cell_is_started(mined, capsys, words, sentence):
    assert sentence in refused(capsys, "train", "-m", f"mined={mined}", *SMALL, "out=sweep", "seed=0,1", words)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_device_that_is_not_there_is_named(mined, capsys):
    words = ("train", f"mined={mined}", *SMALL, "out=run", "trainer.accelerator=gpu")
    assert "trainer.accelerator=gpu is not there" in refused(capsys, *words)
    words = ("predict", f"ckpt={mined}/dataset.json", f"footage={mined}", "device=cuda")
    assert "device=cuda is not there: torch sees 0 GPUs" in refused(capsys, *words)


def test_wandb_without_a_key_leaves_nothing(mined, capsys, monkeypatch):
    import wandb

    def refuse() -> None:
        raise wandb.errors.UsageError("No API key\nconfigured.")

    monkeypatch.setattr(wandb, "login", refuse)
    monkeypatch.setenv("WANDB_MODE", "online")
    sentence = refused(capsys, "train", f"mined={mined}", *SMALL, "out=run", "logger=wandb")
    assert "W&B cannot start online (No API key configured.): run `wandb login`" in sentence


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("mine footage={mined} out=/dev/null", "out=/dev/null cannot be a folder"),
        ("mine footage={mined} pose.device=xyz", "pose.device=xyz is unknown: give cpu, or cuda"),
        ("mine footage={mined} gold=foo.csv", "gold=foo.csv does not exist"),
        ("mine footage={mined} rules.include=[foo]", "unknown rule 'foo'"),
        ("mine footage={mined} rules.paths=[no.py]", "rules.paths: no.py cannot be read"),
        ("mine footage={mined} label_model.temperature=0", "temperature is auto or a positive number, not 0"),
        ("mine footage={mined} teacher=absent.npz", "teacher=absent.npz cannot be read as weights of a teacher"),
        ("mine footage={mined} pose=compact pose.num_threads=-1", "pose.num_threads=-1 is no number:"),
        ("mine footage={mined} pose=compact pose.score_min=2", "pose.score_min=2 is no score"),
        ("evaluate mined={mined} truth={mined} logger={{a:1}}", "logger.a._target_ is missing: give the import path"),
        ("train mined={mined} out=run +logger.a.b=1", "logger.a._target_ is missing: give the import path"),
        ("review mined={mined} embed_limit_mb=-1", "embed_limit_mb=-1 is no size"),
        ("mine footage={mined} mining.backend=foo", "mining.backend=foo is unknown"),
        ("mine footage={mined} mining.view_weights=no.npz", "mining.view_weights=no.npz cannot be read"),
        ("mine footage={mined} mining.moment_weights=no.npz", "mining.moment_weights=no.npz cannot be read"),
        ("mine footage={mined} mining.timing_weights=no.npz", "mining.timing_weights=no.npz cannot be read"),
        ("mine footage={mined} mining.bat_weights=no.npz", "mining.bat_weights=no.npz cannot be read"),
        ("mine -m footage=absent seed=0,1", "footage=absent does not exist"),
        ("world out=/dev/null/w world=tiny", "out=/dev/null/w cannot be a folder"),
        ("label mined={mined} gold=foo.csv", "gold=foo.csv does not exist"),
        ("predict ckpt={mined}/dataset.json footage={mined} device=xyz", "device=xyz is unknown: give cpu, or cuda"),
        ("predict ckpt=absent footage={mined}", "ckpt=absent does not exist"),
        ("evaluate mined={mined} truth=absent.csv", "truth=absent.csv does not exist"),
        ("review mined={mined} out=/dev/null/page.html", "out=/dev/null cannot be a folder"),
        ("compare runs=absent", "runs=absent does not exist"),
        ("demo recipe=foo out=d", "unknown recipe 'foo'; choose one of demo"),
        ("demo out=/dev/null", "out=/dev/null cannot be a folder"),
    ],
)
def test_every_verb_looks_at_its_inputs_and_its_folder_first(mined, capsys, words, sentence):
    assert sentence in refused(capsys, *words.format(mined=mined).split())


def test_gold_is_looked_into_before_hours_of_mining(mined, tmp_path, capsys):
    (tmp_path / "gold.csv").write_text("delivery,stroke\n")
    sentence = refused(capsys, "mine", f"footage={mined}", f"gold={tmp_path / 'gold.csv'}", code=1)
    assert "gold.csv" in sentence and "delivery_id" in sentence


def test_a_folder_of_another_verb_is_not_overwritten(mined, tmp_path, capsys):
    state = RunState(verb="train", state="done", fingerprint="f", metrics={"f1": 0.5})
    run = RunFolder(tmp_path / "run")
    run.write_state(state)
    truth, labels = tmp_path / "truth.csv", mined / "labels.parquet"
    truth.write_text("video,start_s,end_s,label\na.mp4,0,1,cut\n")
    words = ["evaluate", f"predictions={labels}", f"truth={truth}"]
    assert "holds a run of `slowpaths train`, which would be overwritten" in refused(capsys, *words, f"out={run.path}")
    assert run.state() == state and [file.name for file in run.path.iterdir()] == ["run.json"]
    assert "is a mined folder, whose report would be overwritten" in refused(capsys, *words, f"out={mined}")
    assert "holds a run of `slowpaths train`" in refused(capsys, "mine", f"footage={truth}", f"out={run.path}")


def test_lists_of_paths_from_home_need_no_quotes(capsys):
    for typed in ("[~/nobody,~/none]", "~/nobody,~/none"):
        assert f"{Path.home() / 'nobody'} does not exist" in refused(capsys, "compare", f"runs={typed}", "out=o")
    assert "is a file: give out= folders" in refused(capsys, "compare", f"runs={__file__}", "out=o")


def test_a_run_that_starts_has_its_folder_its_log_and_its_loggers(mined):
    assert main(["train", f"mined={mined}", *SMALL, "out=run"]) == 0
    run = RunFolder(Path("run"))
    assert run.configuration_file.exists() and run.log_file.exists() and run.state().state == "done"
    (metrics,) = Path("run/csv").glob("*/metrics.csv")
    assert "train/step_loss" in metrics.read_text()
    assert "crop_px" in (metrics.parent / "hparams.yaml").read_text()


def test_an_objective_of_ones_own_that_asks_for_the_trainer_is_not_refused(mined, tmp_path, monkeypatch):
    (tmp_path / "asks_for_trainer.py").write_text(NEEDS_TRAINER)
    monkeypatch.syspath_prepend(tmp_path)
    words = ("objective._target_=asks_for_trainer.Objective", "out=run")
    assert main(["pretrain", f"mined={mined}", *SMALL, *words]) == 0
