#!/usr/bin/env bash
# The whole road on footage made on the spot: film, mine, label, train, evaluate. Offline, on a CPU.
# usage: bash scripts/demo.sh [OUT]
set -euo pipefail
[[ "${1:-}" == "--help" ]] && { sed -n '2,3p' "$0"; exit 0; }
out=${1:-runs/demo}

echo "== filming stick batters into $out/footage"
python -m tests.batter "$out/footage"
echo "== mining"
slowpaths mine footage="$out/footage" out="$out/mined" pose=simulated workers=2
echo "== labelling again, with majority vote, to compare"
slowpaths label mined="$out/mined" label_model=majority
slowpaths label mined="$out/mined"
echo "== training"
slowpaths train mined="$out/mined" experiment=tiny_cpu out="$out/model"
echo "== evaluating"
slowpaths evaluate predictions="$out/model/predictions.parquet" mined="$out/mined" truth="$out/footage/truth.csv" out="$out/evaluation"
