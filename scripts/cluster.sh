#!/usr/bin/env bash
# Mine footage with an array of SLURM jobs, one part of the videos each, and write the tables when all are done.
# usage: bash scripts/cluster.sh PARTS footage=DIR out=DIR [key=value ...]    (keys of `slowpaths mine`)
# Folders must be shared by all machines. Options of sbatch come from its variables: SBATCH_PARTITION, SBATCH_TIMELIMIT ...
# Run the same command again after a failure: what is mined stays mined.
set -euo pipefail
[[ "${1:-}" =~ ^[1-9][0-9]*$ || "${1:-}" == "--job" ]] || { sed -n '2,5p' "$0"; [[ "${1:-}" == "--help" ]]; exit; }
if [[ "$1" == "--job" ]]; then
  part=()
  [[ "$2" == "all" ]] || part=("part=$SLURM_ARRAY_TASK_ID/$2")
  slowpaths mine "${@:3}" "${part[@]}" || [[ $? == 3 ]] # some files were quarantined
else
  array=$(sbatch --parsable --requeue --job-name=slowpaths --array="1-$1" "$0" --job "$@")
  sbatch --requeue --job-name=slowpaths --dependency="afterok:${array%%;*}" --kill-on-invalid-dep=yes \
    "$0" --job all "${@:2}"
fi
