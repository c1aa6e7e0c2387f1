"""Write the head of a trained network alone, in half precision: what `init=slowfast_tiny_strokes` adds to a backbone.

usage: python -m scripts.save_head CHECKPOINT FILE.safetensors
"""

from __future__ import annotations

import argparse
from pathlib import Path

from safetensors.torch import save_file

import slowpaths
from slowpaths.core.ids import file_digest
from slowpaths.models.heads import head_prefix


def main() -> None:
    """Read a checkpoint of `slowpaths train` and write its head."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("file", type=Path)
    asked = parser.parse_args()
    network = slowpaths.load_classifier(asked.checkpoint).network.evaluated
    prefix = head_prefix(network)
    tensors = {name: value.half() for name, value in network.state_dict().items() if name.startswith(prefix)}
    save_file(tensors, asked.file)
    print(f"wrote {asked.file}, sha256 {file_digest(asked.file)}: {', '.join(tensors)}")


if __name__ == "__main__":
    main()
