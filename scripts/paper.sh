#!/usr/bin/env bash
# Recompute the committed result tables of experiments/ from the third-party data in ../shared (or the folder given).
# usage: bash scripts/paper.sh [SHARED]
set -euo pipefail
[[ "${1:-}" == "--help" ]] && { sed -n '2,3p' "$0"; exit 0; }
shared=${1:-../shared}
[[ -d "$shared/poses" ]] || { echo "paper: $shared is not there: give the folder that holds poses/ and footage/" >&2; exit 1; }

archive="$shared/poses/cricshot10_poses_dev.npz"
mined=runs/pose_sequences
results=experiments/pose_sequences/results
slowpaths mine footage="$archive" out="$mined" || [[ $? == 3 ]]
judge() {  # NAME OVERRIDES...: label, and compare with the truth
  slowpaths label mined="$mined" "${@:2}"
  slowpaths evaluate mined="$mined" truth="$archive" truth_taxonomy=cricshot10 out="$mined/evaluation/$1"
}
votes=(teacher=none student.use=false)
for model in majority naive_bayes dawid_skene; do judge "$model" label_model="$model" "${votes[@]}"; done
judge votes_alone label_model=hierarchical label_model.features=false "${votes[@]}"
judge hierarchical label_model=hierarchical "${votes[@]}"
python scripts/collect_measures.py "$mined"/evaluation/{hierarchical,votes_alone,dawid_skene,naive_bayes,majority} > "$results/label_models.csv"
cp "$mined"/evaluation/hierarchical/figures/{per_class,rule_families,rules}.csv "$results/"

# What finding strokes is calibrated to, each half of the clips for the other; then the clips mined that way.
calibration=runs/calibration real=runs/real_clips
for seed in 11 12; do slowpaths world world=demo seed=$seed out="$calibration/worlds/d$seed"; done
python -m scripts.calibration.views --shared "$shared" --worlds "$calibration"/worlds/{d11,d12} --out "$calibration/views" \
  > experiments/real_clips/results/calibrated_views.txt
python -m scripts.calibration.moments --shared "$shared" --worlds "$calibration/worlds/d11" --out "$calibration/moments" \
  > experiments/real_clips/results/calibrated_moments.txt
python scripts/real_clips.py --shared "$shared" --out "$real/crossed" --crossed "$calibration"
cp "$real"/crossed/{measures,loss_counts}.csv experiments/real_clips/results/
# Naming was set on no clip: what votes, teacher and student are worth, strokes found by the shipped files.
python scripts/naming.py --shared "$shared" --out runs/naming --results experiments/naming/results
