"""Time networks against the stock pytorchvideo SlowFast, in one run: prediction and a training step.

SlowFast R50 as it comes from pytorchvideo, ours (kernels computed in two dimensions where they can be, channels last,
for prediction with folded batch norm) with the same weights, and networks of torchvision for scale. `--variants` adds
ours in bf16, `--compile` ours compiled, in fp32 and bf16; `to_ours` is their speed to ours in fp32, not compiled. All
take turns, so that they see the same machine. On a GPU ours is what suits CPUs: it says how rows compare, not what the
GPU could do. Reads and memory: scripts/bench/train_reads.py.
"""

from __future__ import annotations

import argparse
import copy
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import torch
from torch import Tensor, nn
from torchvision.models import video

from slowpaths.core.text import csv_table, markdown_table
from slowpaths.data.batch import pack_pathways
from slowpaths.models.compiled import Compile, begin_step, compile_network
from slowpaths.models.flat import flatten_kernels
from slowpaths.models.fold import fold_for_cpu
from slowpaths.models.heads import projection
from slowpaths.models.slowfast import TINY, build_slowfast
from slowpaths.store.tables import write_text

CLOCKS = {"wall": time.perf_counter, "processor": time.process_time}
NUM_CLASSES = 14
STOCK, OURS = "SlowFast, pytorchvideo", "SlowFast, slowpaths"


def stock_network(*, is_tiny: bool) -> nn.Module:
    """Return SlowFast as pytorchvideo builds it, with statistics of batch norm and logits as after training."""
    network = build_slowfast(num_classes=NUM_CLASSES, dropout=0.0, is_flat=False, **(TINY if is_tiny else {}))
    for module in network.modules():
        if isinstance(module, nn.BatchNorm3d):
            module.get_buffer("running_mean").uniform_(-0.1, 0.1)
            module.get_buffer("running_var").uniform_(0.9, 1.1)
    nn.init.normal_(projection(network).weight)
    return network


def others(*, num_frames: int, side: int) -> dict[str, nn.Module]:
    """Return networks of torchvision that take such clips: S3D and MViT only take theirs."""
    builders = {"R(2+1)D-18, torchvision": video.r2plus1d_18, "MC3-18, torchvision": video.mc3_18}
    if (num_frames, side) == (16, 224):
        builders |= {"S3D, torchvision": video.s3d, "MViT-v2-S, torchvision": video.mvit_v2_s}
    return {name: build(num_classes=NUM_CLASSES) for name, build in builders.items()}


def predicting(network: nn.Module, shown: list[Tensor], *, is_bf16: bool = False) -> Callable[[], Tensor]:
    """Return what predicts a batch; pytorchvideo writes into the list it is given."""

    def run() -> Tensor:
        begin_step()
        with torch.inference_mode(), torch.autocast(shown[0].device.type, torch.bfloat16, enabled=is_bf16):
            return network(list(shown)) if len(shown) > 1 else network(shown[0])

    network.eval()
    return run


def training(network: nn.Module, shown: list[Tensor], *, is_bf16: bool = False) -> Callable[[], Tensor]:
    """Return what takes a training step."""
    optimiser = torch.optim.SGD(network.parameters(), lr=1e-4, momentum=0.9)
    labels_B = torch.zeros(len(shown[0]), dtype=torch.int64, device=shown[0].device)

    def run() -> Tensor:
        optimiser.zero_grad(set_to_none=True)
        begin_step()
        with torch.autocast(shown[0].device.type, torch.bfloat16, enabled=is_bf16):
            logits_BC = network(list(shown)) if len(shown) > 1 else network(shown[0])
        loss = nn.functional.cross_entropy(logits_BC.float(), labels_B)
        loss.backward()
        optimiser.step()
        return loss.detach()

    network.train()
    return run


def variants(ours: nn.Module, folded: nn.Module, *, mode: Compile) -> dict[str, tuple[nn.Module, nn.Module, bool]]:
    """Return ours in bf16 and, unless `mode` is "eager", compiled: to train, to predict with, and whether in bf16."""
    found = {f"{OURS}, bf16": (copy.deepcopy(ours), copy.deepcopy(folded), True)}
    if mode != "eager":
        for name, is_bf16 in ((f"{OURS}, {mode}", False), (f"{OURS}, {mode}, bf16", True)):
            both = copy.deepcopy(ours), copy.deepcopy(folded)
            for network in both:
                compile_network(network, mode)
            found[name] = (*both, is_bf16)
    return found


def take_turns(tasks: dict[str, Callable[[], Tensor]], *, repeats: int, clock: str) -> dict[str, float]:
    """Return the median seconds of each task."""
    times_s: dict[str, list[float]] = {name: [] for name in tasks}
    for turn in range(repeats + 1):
        for name, task in tasks.items():
            start_s = CLOCKS[clock]()
            task().cpu()  # waits for a GPU
            if turn:  # the first one warms up
                times_s[name].append(CLOCKS[clock]() - start_s)
    return {name: statistics.median(values) for name, values in times_s.items()}


def main() -> None:
    """Read the command line, and print and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--tiny", action="store_true", help="the small SlowFast")
    parser.add_argument("--quick", action="store_true", help="prediction of SlowFast alone")
    parser.add_argument("--variants", action="store_true", help="ours in bf16 too")
    parser.add_argument("--compile", choices=get_args(Compile), default="eager", help="and compiled (takes minutes)")
    parser.add_argument("--frames", type=int, default=16)
    parser.add_argument("--side", type=int, default=112)
    parser.add_argument("--batch", type=int, default=2)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--clock", choices=CLOCKS, default="wall", help="processor: on a machine that does other work")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--out", type=Path, help="CSV file")
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    torch.manual_seed(0)
    clip = torch.randn(asked.batch, 3, asked.frames, asked.side, asked.side, device=asked.device)
    plain = list(pack_pathways(clip))
    last = [one.contiguous(memory_format=torch.channels_last_3d) for one in plain]
    stock = stock_network(is_tiny=asked.tiny).to(asked.device)
    ours, folded = copy.deepcopy(stock), fold_for_cpu(stock)
    flatten_kernels(ours)
    strange = {} if asked.quick else others(num_frames=asked.frames, side=asked.side)
    torchvision = {name: network.to(asked.device) for name, network in strange.items()}
    more = variants(ours, folded, mode=asked.compile) if asked.variants or asked.compile != "eager" else {}
    expected, found = predicting(stock, plain)(), predicting(folded, last)()
    asks = {name: predicting(network, [clip]) for name, network in torchvision.items()}
    asks = {STOCK: predicting(stock, plain), OURS: predicting(folded, last), **asks}
    asks |= {name: predicting(one, last, is_bf16=is_bf16) for name, (_, one, is_bf16) in more.items()}
    ask_s = take_turns(asks, repeats=asked.repeats, clock=asked.clock)
    steps = {name: training(network, [clip]) for name, network in torchvision.items()}
    steps = {STOCK: training(stock, plain), OURS: training(ours, last), **steps}
    steps |= {name: training(one, last, is_bf16=is_bf16) for name, (one, _, is_bf16) in more.items()}
    step_s = {} if asked.quick else take_turns(steps, repeats=asked.repeats, clock=asked.clock)
    weights = {STOCK: stock, OURS: ours, **torchvision, **{name: one for name, (one, _, _) in more.items()}}
    rows = [
        {
            "network": name,
            "parameters_m": round(sum(each.numel() for each in weights[name].parameters()) / 1e6, 2),
            "clips_a_second": round(asked.batch / ask_s[name], 3),
            "to_stock": round(ask_s[STOCK] / ask_s[name], 2),
            "to_ours": round(ask_s[OURS] / ask_s[name], 2),
            "trained_clips_a_second": round(asked.batch / step_s[name], 3) if step_s else None,
            "training_to_stock": round(step_s[STOCK] / step_s[name], 2) if step_s else None,
            "training_to_ours": round(step_s[OURS] / step_s[name], 2) if step_s else None,
        }
        for name in weights
    ]
    print(f"{asked.frames} x {asked.side} x {asked.side}, batch {asked.batch}, {asked.threads} threads, {asked.clock}")
    print(markdown_table(list(rows[0]), [list(row.values()) for row in rows]))
    largest, difference = expected.abs().max().item(), (expected - found).abs().max().item()
    print(f"logits up to {largest:.1f}; largest difference of ours {difference:.2e}   (target 1e-4)")
    if asked.out:
        write_text(asked.out, csv_table(rows))


if __name__ == "__main__":
    main()
