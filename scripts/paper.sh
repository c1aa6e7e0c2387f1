#!/usr/bin/env bash
# Recompute the committed result tables that the paper takes its numbers from, with the third-party data in ../shared
# (or the folder given): many hours on two cores. Stop it and run it again: steps that are done are left out, and the
# one that was stopped goes on. Remove runs/paper to begin anew.
# usage: bash scripts/paper.sh [--list] [SHARED]     --list prints the steps, and which are done
set -euo pipefail
[[ "${1:-}" == "--help" ]] && { sed -n '2,5p' "$0"; exit 0; }
is_listed=0
[[ "${1:-}" == "--list" ]] && { is_listed=1; shift; }
shared=${1:-../shared}
(( is_listed )) || [[ -d "$shared/poses" ]] || { echo "paper: $shared is not there: give the folder that holds poses/ and footage/" >&2; exit 1; }

step() {  # NAME COMMAND...: run a step that is not done yet
  local mark="runs/paper/$1"
  if (( is_listed )); then
    printf '%s\t%s\t%s\n' "$1" "$([[ -e "$mark" ]] && echo done || echo open)" "${*:2}"
  elif [[ ! -e "$mark" ]]; then
    echo "paper: $1"
    "${@:2}"
    mkdir -p runs/paper && touch "$mark"
  fi
}
mine() { slowpaths mine "$@" || [[ $? == 3 ]]; }  # some of the footage is quarantined
into() { "${@:2}" > "$1.new" && mv "$1.new" "$1"; }  # FILE COMMAND...: write what it prints, whole or not at all

archive="$shared/poses/cricshot10_poses_dev.npz"
mined=runs/pose_sequences
results=experiments/pose_sequences/results
judge() {  # NAME OVERRIDES...: label, and compare with the truth
  slowpaths label mined="$mined" "${@:2}"
  slowpaths evaluate mined="$mined" truth="$archive" truth_taxonomy=cricshot10 out="$mined/evaluation/$1"
}
votes=(teacher=none student.use=false)
step sequences mine footage="$archive" out="$mined"
for model in majority naive_bayes dawid_skene; do step "sequences_$model" judge "$model" label_model="$model" "${votes[@]}"; done
step sequences_votes_alone judge votes_alone label_model=hierarchical label_model.features=false "${votes[@]}"
step sequences_hierarchical judge hierarchical label_model=hierarchical "${votes[@]}"
step sequences_table into "$results/label_models.csv" python scripts/collect_measures.py "$mined"/evaluation/{hierarchical,votes_alone,dawid_skene,naive_bayes,majority}
step sequences_rules cp "$mined"/evaluation/hierarchical/figures/{per_class,rule_families,rules}.csv "$results/"

# What finding strokes is calibrated to, each half of the clips for the other; then the clips mined that way.
calibration=runs/calibration real=runs/real_clips
for seed in 11 12; do step "world_$seed" slowpaths world world=demo seed=$seed out="$calibration/worlds/d$seed"; done
step world_13 slowpaths world world=study seed=13 out="$calibration/worlds/c13" \
  world.parts.c.num_matches=6 world.parts.c.balls_per_match=12 '~world.parts.hc'
step views into experiments/real_clips/results/calibrated_views.txt \
  python -m scripts.calibration.views --shared "$shared" --worlds "$calibration"/worlds/{d11,d12,c13} --out "$calibration/views"
step moments into experiments/real_clips/results/calibrated_moments.txt \
  python -m scripts.calibration.moments --shared "$shared" --worlds "$calibration/worlds/d11" --out "$calibration/moments"
step timing into experiments/real_clips/results/calibrated_timing.txt \
  python -m scripts.calibration.timing --shared "$shared" --worlds "$calibration/worlds/d11" --out "$calibration/timing"
step bats into experiments/real_clips/results/calibrated_bats.txt \
  python -m scripts.calibration.bats --shared "$shared" --out "$calibration/bats"
step claims into experiments/real_clips/results/calibrated_claims.txt \
  python -m scripts.calibration.claims --shared "$shared" --calibration "$calibration"
step real_clips python -m scripts.real_clips --shared "$shared" --out "$real/crossed" --crossed "$calibration"
step real_clips_tables cp "$real"/crossed/{measures,loss_counts,uncertainty,reliability}.csv experiments/real_clips/results/
step operating_points python -m scripts.real_clips --shared "$shared" --out "$real/least" --crossed "$calibration" --least 0.02 --no-sheets
step operating_points_table cp "$real/least/operating_points.csv" experiments/real_clips/results/
# Naming was set on no clip: what votes, teacher and student are worth, strokes found by the shipped files.
step naming python -m scripts.naming --shared "$shared" --out runs/naming --results experiments/naming/results

# Learning, and what accuracy tells of usefulness.
step pretraining python -m scripts.compare_initialisations --seeds 23 24 25 26
step real_training python -m scripts.real_training --shared "$shared" --out runs/real_training --seeds 0
step supervision python -m scripts.supervision --shared "$shared" --out runs/supervision
step gap_real python -m scripts.gap_real --shared "$shared" --out runs/gap_real
step gap python -m scripts.gap_study --out runs/gap_study
step tau python -m scripts.tau_intervals
step label_free python -m scripts.label_models label_free --seeds 6
step label_free_real python -m scripts.label_models real --shared "$shared"
step vote_worlds python scripts/vote_worlds.py
step waterfall python -m scripts.waterfall --out runs/waterfall --pose compact --seed 101 --balls 16
step waterfall_tables cp runs/waterfall/{waterfall,without}.csv experiments/mining_waterfall/results/
step tables python -m scripts.paper_tables
step figures slowpaths figures
