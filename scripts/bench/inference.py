"""Time SlowFast on a CPU: the stock pytorchvideo module against the folded, flattened copy, in one run."""

from __future__ import annotations

import argparse
import statistics
import time

import torch
from torch import Tensor, nn

from slowpaths.data.batch import pack_pathways
from slowpaths.models.fold import fold_for_cpu
from slowpaths.models.heads import projection
from slowpaths.models.slowfast import TINY, build_slowfast

CLOCKS = {"wall": time.perf_counter, "processor": time.process_time}


def time_once(network: nn.Module, pathways: list[Tensor], *, clock: str) -> tuple[float, Tensor]:
    """Return the seconds of one forward pass and its logits."""
    start_s = CLOCKS[clock]()
    logits_BC = network(list(pathways))
    return CLOCKS[clock]() - start_s, logits_BC


def main() -> None:
    """Read the command line and print the ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--tiny", action="store_true", help="the small network on 16 x 96 x 96")
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--clock", choices=CLOCKS, default="wall", help="processor: on a machine that does other work")
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    num_frames, side, options = (16, 96, TINY) if arguments.tiny else (32, 224, {})
    stock = build_slowfast(num_classes=14, **options, is_flat=False).eval()
    for module in stock.modules():
        if isinstance(module, nn.BatchNorm3d):  # statistics of their own, as after training
            module.running_mean.uniform_(-0.1, 0.1)
            module.running_var.uniform_(0.9, 1.1)
    nn.init.normal_(projection(stock).weight)  # logits of some size
    folded = fold_for_cpu(stock)
    plain = list(pack_pathways(torch.randn(arguments.batch, 3, num_frames, side, side)))
    last = [clip.contiguous(memory_format=torch.channels_last_3d) for clip in plain]
    times_s: dict[str, list[float]] = {"stock": [], "folded": []}
    with torch.inference_mode():
        time_once(stock, plain, clock="wall"), time_once(folded, last, clock="wall")
        for _ in range(arguments.repeats):  # by turns, so that both see the same machine
            stock_s, expected = time_once(stock, plain, clock=arguments.clock)
            folded_s, found = time_once(folded, last, clock=arguments.clock)
            times_s["stock"].append(stock_s)
            times_s["folded"].append(folded_s)
    medians = {name: statistics.median(values) for name, values in times_s.items()}
    print(f"{num_frames} x {side} x {side}, batch {arguments.batch}, {arguments.threads} threads")
    for name, seconds in medians.items():
        print(f"{name:8s} {seconds * 1e3:9.1f} ms")
    print(f"ratio    {medians['stock'] / medians['folded']:9.2f}   (target 1.4)")
    largest, difference = expected.abs().max().item(), (expected - found).abs().max().item()
    print(f"logits up to {largest:.1f}; largest difference {difference:.2e}   (target 1e-4)")


if __name__ == "__main__":
    main()
