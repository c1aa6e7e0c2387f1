from __future__ import annotations

import pickle
import tempfile
from pathlib import Path
from typing import Any

import pytest
import torch

from slowpaths.core.errors import MissingWeightsError, SlowpathsError, UsageError
from slowpaths.core.ids import file_digest
from slowpaths.models.checkpoint import read_checkpoint
from slowpaths.models.heads import projection
from slowpaths.models.initialisation import SHIPPED, WEIGHTS, load_backbone, load_initialisation, save_backbone
from slowpaths.models.slowfast import TINY, build_slowfast


def published(path: Path, *, num_classes: int = 400, **changes: Any) -> Path:
    """Write a file in the form of the pytorchvideo model zoo."""
    torch.manual_seed(3)
    state = build_slowfast(num_classes=num_classes, **TINY).state_dict()
    torch.save({"model_state": {**state, **changes}}, path)
    return path


def test_backbone_is_loaded_and_the_head_stays(tmp_path: Path) -> None:
    path = published(tmp_path / "k400.pyth")
    torch.manual_seed(4)
    network = build_slowfast(num_classes=14, **TINY)
    head = projection(network).weight.clone()
    report = load_backbone(network, path)
    expected = torch.load(path, weights_only=True)["model_state"]
    for name, tensor in network.state_dict().items():
        assert "proj" in name or torch.equal(tensor, expected[name])
    assert torch.equal(projection(network).weight, head)
    assert len(report.loaded) == len(expected) - 2
    assert report.missing == report.unexpected == ()
    assert report.mismatched[1] == "blocks.6.proj.bias: (400,) in the file, (14,) here"
    assert (
        str(report).splitlines()[0]
        == f"k400.pyth: {len(expected) - 2} tensors loaded, 0 missing, 0 unexpected, 2 of another shape"
    )


def test_what_the_file_has_more_is_reported(tmp_path: Path) -> None:
    path = published(tmp_path / "more.pyth", num_classes=14, **{"blocks.7.extra": torch.zeros(1)})
    report = load_backbone(build_slowfast(num_classes=14, **TINY), path)
    assert report.unexpected == ("blocks.7.extra",)
    assert report.mismatched == ()
    assert "unexpected: blocks.7.extra" in str(report)


def test_lightning_and_bare_states_are_understood(tmp_path: Path) -> None:
    state = build_slowfast(num_classes=14, **TINY).state_dict()
    for name, content in (
        ("bare", state),
        ("lightning", {"state_dict": {f"network.{key}": value for key, value in state.items()}}),
    ):
        torch.save(content, tmp_path / name)
        assert len(load_backbone(build_slowfast(num_classes=14, **TINY), tmp_path / name).loaded) == len(state)


def test_another_architecture_is_one_sentence(tmp_path: Path) -> None:
    path = published(tmp_path / "tiny.pyth")
    others = ({**TINY, "width": 32}, "is of another architecture"), ({**TINY, "depth": 50}, "lacks tensors of the")
    for options, what in others:
        network = build_slowfast(num_classes=14, **options)
        before = [tensor.clone() for tensor in network.state_dict().values()]
        with pytest.raises(UsageError, match=rf"tiny\.pyth {what} .* choose the model="):
            load_backbone(network, path)
        assert all(map(torch.equal, before, network.state_dict().values()))


@pytest.mark.parametrize("content", [[1], 5, {"a": 1}, {}])
@pytest.mark.parametrize("key", ["model_state", "state_dict"])
def test_a_file_without_tensors_is_one_sentence(tmp_path: Path, key: str, content: Any) -> None:
    torch.save({key: content}, tmp_path / "odd.pyth")
    with pytest.raises(MissingWeightsError, match=r"odd\.pyth holds no network"):
        load_backbone(build_slowfast(num_classes=14, **TINY), tmp_path / "odd.pyth")


@pytest.mark.parametrize("part", ["network", "ema"])
def test_weights_that_are_not_finite_are_the_fault_of_the_file(tmp_path: Path, part: str) -> None:
    network = build_slowfast(num_classes=14, **TINY)
    state = {f"{part}.{name}": tensor.clone() for name, tensor in network.state_dict().items()}
    name = next(iter(state))
    state[name].fill_(float("nan"))
    torch.save({"state_dict": state}, tmp_path / "nan.ckpt")
    with pytest.raises(SlowpathsError, match=r"nan\.ckpt holds numbers that are not finite .*: choose another file"):
        load_backbone(network, tmp_path / "nan.ckpt")


MARK = Path(tempfile.gettempdir()) / "slowpaths-test-code-ran"


class Bomb:
    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (MARK,))


@pytest.mark.parametrize("content", ["empty", "text", "truncated", "pickle", "list", "numbers"])
def test_files_that_are_no_checkpoint_are_refused(
    tmp_path: Path, content: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "bad.pyth"
    if content == "truncated":
        path.write_bytes(published(tmp_path / "whole.pyth").read_bytes()[:5000])
    elif content == "pickle":
        path.write_bytes(pickle.dumps(Bomb(), protocol=2))
    elif content in ("list", "numbers"):
        torch.save([1, 2] if content == "list" else {"model_state": {"a": 1}}, path)
    else:
        path.write_bytes(b"" if content == "empty" else b"<html>not found</html>")
    with pytest.raises(MissingWeightsError, match=r"bad\.pyth (is not a checkpoint|holds no network)"):
        load_backbone(build_slowfast(num_classes=14, **TINY), path)
    assert not MARK.exists()


def test_a_missing_checkpoint_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingWeightsError, match=r"gone\.ckpt does not exist"):
        read_checkpoint(tmp_path / "gone.ckpt")


def test_pretrained_weights_are_looked_up_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    network = build_slowfast(num_classes=14, **TINY)
    with pytest.raises(
        UsageError, match=r"no weights 'resnet': .* one of slowfast_tiny_features, slowfast_tiny_strokes, slowfast_r50"
    ):
        load_initialisation(network, "resnet")
    with pytest.raises(MissingWeightsError, match=r"SLOWFAST_8x8_R50\.pyth.*weights_dir="):
        load_initialisation(network, "slowfast_r50_k400")
    path = published(tmp_path / WEIGHTS["slowfast_r50_k400"].filename)
    digest = file_digest(path)
    with pytest.raises(MissingWeightsError, match=rf"sha256 {digest}, .* confirm it with init_sha256={digest[:16]}$"):
        load_initialisation(network, "slowfast_r50_k400", weights_dir=tmp_path)
    found = load_initialisation(network, "slowfast_r50_k400", weights_dir=tmp_path, sha256=digest[:16].upper())
    assert found.source == "SLOWFAST_8x8_R50.pyth"
    assert load_initialisation(network, str(path)).loaded == found.loaded


@pytest.mark.parametrize("name", ["slowfast_r50_k400", "slowfast_tiny_features", "file"])
def test_a_file_of_another_digest_is_refused(tmp_path: Path, name: str) -> None:
    path = published(tmp_path / WEIGHTS["slowfast_r50_k400"].filename)
    network = build_slowfast(num_classes=14, **TINY)
    with pytest.raises(MissingWeightsError, match=r"has the sha256 \w{64}, not init_sha256=00000000: .* get it anew"):
        load_initialisation(network, name.replace("file", str(path)), weights_dir=tmp_path, sha256="00000000")


def pyslowfast(state: dict[str, Any]) -> dict[str, Any]:
    """Return a state under the names of PySlowFast, layer by layer from what its modules are called."""
    renamed = {}
    for name, value in state.items():
        parts = name.split(".")
        layer = {"conv": "conv", "norm": "bn", "conv_fast_to_slow": "conv_f2s"}.get(parts[-2], parts[-2])
        stage = f"s{int(parts[1]) + 1}"
        if "proj" in parts:
            new = "head.projection"
        elif "multipathway_fusion" in parts:
            new = f"{stage}_fuse.{layer}"
        elif "res_blocks" not in parts:
            new = f"{stage}.pathway{parts[3]}_stem.{layer}"
        else:
            inner = {"branch1_conv": "branch1", "branch1_norm": "branch1_bn"} | {
                f"{kind}_{letter}": f"branch2.{letter}{suffix}"
                for letter in "abc" for kind, suffix in (("conv", ""), ("norm", "_bn"))
            }  # fmt: skip
            new = f"{stage}.pathway{parts[3]}_res{parts[5]}.{inner[parts[-2]]}"
        renamed[f"{new}.{parts[-1]}"] = value
    return renamed


def test_a_checkpoint_of_pyslowfast_is_converted(tmp_path: Path) -> None:
    options = {**TINY, "depth": 50, "width": 8}  # blocks beyond the first
    torch.manual_seed(3)
    state = build_slowfast(num_classes=400, **options).state_dict()
    renamed = pyslowfast(state)
    for name in ("s1.pathway1_stem.bn.running_var", "s1_fuse.conv_f2s.weight", "s3.pathway0_res1.branch2.b_bn.bias",
                 "s2.pathway1_res0.branch1.weight", "head.projection.bias"):  # fmt: skip
        assert name in renamed
    torch.save({"epoch": 196, "model_state": renamed, "cfg": "MODEL: ..."}, tmp_path / "SLOWFAST_8x8_R50.pkl")
    network = build_slowfast(num_classes=14, **options)
    report = load_backbone(network, tmp_path / "SLOWFAST_8x8_R50.pkl")
    assert report.missing == report.unexpected == () and len(report.mismatched) == 2
    for name in report.loaded:
        assert torch.equal(network.state_dict()[name], state[name]), name
    del renamed["s4.pathway0_res2.branch2.c.weight"]
    torch.save({"model_state": renamed}, tmp_path / "less.pyth")
    with pytest.raises(
        UsageError, match=r"lacks tensors of the network \(1 of .*blocks\.3\..*\.res_blocks\.2\.branch2\.conv_c"
    ):
        load_backbone(build_slowfast(num_classes=14, **options), tmp_path / "less.pyth")


HEAD = ("blocks.6.proj.weight", "blocks.6.proj.bias")


@pytest.mark.parametrize(("name", "missing"), [("slowfast_tiny_features", HEAD), ("slowfast_tiny_strokes", ())])
def test_shipped_weights_are_those_of_their_digest_and_fit_the_tiny_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, missing: tuple[str, ...]
) -> None:
    files = SHIPPED[name]
    assert load_initialisation(build_slowfast(num_classes=14, **TINY), name).missing == missing
    for place, (path, digest) in enumerate(files):
        assert (path.parent / "CARD.md").is_file()
        damaged = tmp_path / path.name
        damaged.write_bytes(path.read_bytes()[:-1] + b"x")
        monkeypatch.setitem(SHIPPED, name, (*files[:place], (damaged, digest), *files[place + 1 :]))
        with pytest.raises(MissingWeightsError, match=f"{path.name} is missing or damaged: install slowpaths again"):
            load_initialisation(build_slowfast(num_classes=14, **TINY), name)


def test_a_shipped_head_is_left_out_where_a_network_names_other_classes() -> None:
    network = build_slowfast(num_classes=5, **TINY)
    head = projection(network).weight.clone()
    assert len(load_initialisation(network, "slowfast_tiny_strokes").mismatched) == 2
    assert torch.equal(projection(network).weight, head)


@pytest.mark.parametrize("name", ["ema", "average"])  # of format 2 and 1
def test_the_ema_is_taken_where_there_is_one(tmp_path: Path, name: str) -> None:
    plain, average = (build_slowfast(num_classes=14, **TINY).state_dict() for _ in range(2))
    state = {f"{part}.{key}": v for part, own in (("network", plain), (name, average)) for key, v in own.items()}
    torch.save({"state_dict": {**state, "log_prior_C": torch.zeros(14)}}, tmp_path / "last.ckpt")
    network = build_slowfast(num_classes=14, **TINY)
    load_backbone(network, tmp_path / "last.ckpt")
    assert all(torch.equal(value, average[key]) for key, value in network.state_dict().items())


def test_a_backbone_is_saved_without_its_head_in_half_precision(tmp_path: Path) -> None:
    path = tmp_path / "backbone.safetensors"
    save_backbone(path, published(tmp_path / "whole.pyth"))
    network = build_slowfast(num_classes=14, **TINY)
    head = projection(network).weight.clone()
    report = load_backbone(network, path)
    assert report.missing == ("blocks.6.proj.weight", "blocks.6.proj.bias")
    assert torch.equal(projection(network).weight, head)
    assert path.stat().st_size < 0.55 * (tmp_path / "whole.pyth").stat().st_size
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(MissingWeightsError, match="is not a safetensors file"):
        load_backbone(network, path)
