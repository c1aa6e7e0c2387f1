"""The verbs after training, through the command line: videos of where a network looks, and files for other runtimes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from tests.data.mined import write_mined
from tests.models.training import classifier, loader, trainer

from slowpaths.cli import main
from slowpaths.models.heads import projection
from slowpaths.store.run_folder import RunFolder
from slowpaths.video.open import open_video

pytestmark = pytest.mark.filterwarnings("ignore")  # other libraries' deprecations; the rooms test their own
SHOWN = {"fps": 25.0, "num_frames": 8, "frame_stride": 4, "alpha": 4, "crop_px": 32, "read_px": None}


def save(path: Path, **options) -> Path:
    run = trainer(max_steps=1)
    model = classifier(clip=SHOWN, **options)
    torch.nn.init.normal_(projection(model.network).weight)
    run.fit(model, loader(4))
    run.save_checkpoint(path)
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("after")
    save(folder / "best.ckpt")
    save(folder / "plain.ckpt", network={"_target_": "tests.apps.test_explain_export.Plain"})
    write_mined(folder / "mined", num_matches=2, clips_a_match=2, size=64, left_handers=frozenset({1}))
    return folder


class Plain(torch.nn.Module):
    """A network that is none of SlowFast's, and takes what the small one takes."""

    def __init__(self, *, num_classes: int, **unused) -> None:
        super().__init__()
        self.head = torch.nn.Linear(3, num_classes)

    def forward(self, pathways):
        return self.head(pathways[0].mean(dim=(2, 3, 4)))


def test_a_video_a_clip_is_written_and_named(folder, tmp_path, capsys):
    words = ["explain", f"ckpt={folder / 'best.ckpt'}", f"mined={folder / 'mined'}", f"out={tmp_path}"]
    assert main([*words, "num=2"]) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["v0-d000.mp4", "v1-d001.mp4"]
    with open_video(tmp_path / "v0-d000.mp4") as decoder:
        assert len(decoder) == 8
        frames = decoder.frames(range(8))
    assert frames.shape[1:] == (348, 1320, 3)
    pictures = frames[:, 28:, :320].astype(int), frames[:, 28:, 320:640].astype(int)
    assert any((one - one.mean(axis=(1, 2), keepdims=True)).std() > 5 for one in pictures)
    assert "2 times slower" not in capsys.readouterr().out
    assert main([*words, "clip=v0-d001", "stroke=sweep"]) == 0
    assert "v0-d001" in capsys.readouterr().out and (tmp_path / "v0-d001.mp4").is_file()


def test_torch_export_is_written_with_how_to_feed_it(folder, tmp_path, capsys):
    words = ["export", f"ckpt={folder / 'plain.ckpt'}", f"out={tmp_path}", "repeats=1"]
    assert main(words) == 1  # a network of somebody else
    assert "allow_target=tests.apps.test_explain_export.Plain" in capsys.readouterr().err
    assert main([*words, "allow_target=tests.apps.test_explain_export.Plain"]) == 0
    printed = capsys.readouterr().out
    assert "largest difference of a logit" in printed and "one clip, exported" in printed
    about = json.loads(RunFolder(tmp_path).export_card.read_text())
    loaded = torch.export.load(RunFolder(tmp_path).exported(".pt2")).module()
    logits = loaded(*(torch.zeros(each["shape"]) for each in about["inputs"]))
    assert logits.shape == (1, len(about["strokes"])) and about["largest_difference"] <= 1e-4


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("explain", "mined={mined}", "ckpt={best}", "clip=v9-d000"), 2, "holds no delivery 'v9-d000'"),
        (("explain", "mined={mined}", "ckpt={best}", "stroke=swep"), 2, "did you mean 'sweep'?"),
        (("explain", "mined={mined}", "ckpt={best}", "num=0"), 2, "num=0 explains nothing"),
        (("explain", "mined={mined}", "ckpt={plain}", "allow_target={target}"), 2, "no slow and fast pathway"),
        (("explain", "mined={out}", "ckpt={best}"), 2, "slowpaths mine"),
        (("explain", "mined={mined}", "ckpt={nan}"), 1, "not finite"),
        (("export", "ckpt={nan}"), 1, "not finite"),
        (("export", "ckpt={other}"), 2, "other strokes"),
        (("export", "ckpt={backbone}"), 2, "not a stroke classifier"),
        (("export", "ckpt={best}", "to=tflite"), 2, "to=tflite"),
        (("export", "ckpt={best}", "repeats=0"), 2, "repeats=0 measures nothing"),
    ],
)
def test_bad_input_is_one_sentence_and_writes_nothing(folder, tmp_path, capsys, words, code, sentence):
    content = torch.load(folder / "best.ckpt", weights_only=True)
    names = {"mined": folder / "mined", "best": folder / "best.ckpt", "plain": folder / "plain.ckpt", "out": tmp_path}
    names |= {name: tmp_path / f"{name}.ckpt" for name in ("nan", "other", "backbone")}
    names |= {"target": "tests.apps.test_explain_export.Plain"}
    torch.save({"state_dict": content["state_dict"]}, names["backbone"])
    torch.save({**content, "slowpaths": {**content["slowpaths"], "strokes": ["cut"]}}, names["other"])
    broken = {name: tensor * float("nan") for name, tensor in content["state_dict"].items()}
    torch.save({**content, "state_dict": broken}, names["nan"])
    assert main([*(word.format(**names) for word in words), f"out={tmp_path / 'made'}"]) == code
    (error,) = capsys.readouterr().err.strip().splitlines()
    assert sentence in error
    assert not (tmp_path / "made").exists()


def test_a_clip_that_is_missing_is_named(folder, tmp_path, capsys):
    mined = write_mined(tmp_path / "mined", num_matches=1, clips_a_match=1, size=64)
    (mined / "clips" / "v0-d000.mp4").unlink()
    assert main(["explain", f"ckpt={folder / 'best.ckpt'}", f"mined={mined}", f"out={tmp_path / 'made'}"]) == 1
    assert "v0-d000.mp4 is missing" in capsys.readouterr().err
