"""The command line: `slowpaths <verb> [hydra overrides]`. Dispatch only; each verb lives in its own app."""

from __future__ import annotations

import difflib
import sys

from slowpaths import __version__

VERBS: dict[str, str] = {
    "demo": "the whole road on synthetic footage        [out=runs/demo]",
    "doctor": "is everything here that is needed?",
    "world": "synthetic footage with exact truth         world=tiny out=DIR",
    "mine": "footage -> deliveries, clips, weak labels  footage=DIR out=DIR",
    "label": "apply the rules and the label model again  mined=DIR",
    "review": "a page with every clip and its votes       mined=DIR",
    "pretrain": "teach SlowFast without labels              mined=DIR out=DIR",
    "train": "fit SlowFast on the labels                 mined=DIR out=DIR",
    "predict": "raw footage -> tagged strokes              ckpt=FILE footage=DIR",
    "explain": "where a network looks, as videos           ckpt=FILE mined=DIR",
    "export": "a network for other runtimes               ckpt=FILE to=onnx",
    "evaluate": "accuracy and usefulness against truth      predictions=FILE truth=FILE",
    "gap": "what accuracy tells of usefulness          runs=DIR,DIR truth=FILE",
    "audit": "what leakage between clips is worth        mined=DIR truth=FILE",
    "compare": "runs and sweeps side by side, on one page  runs=DIR,DIR",
    "figures": "draw the experiments' figures again        experiments=DIR",
}


def usage() -> str:
    """Return the help text."""
    width = max(len(verb) for verb in VERBS)
    lines = [
        "slowpaths: cricket-stroke recognition from footage that has no labels",
        "",
        "usage: slowpaths <verb> [-m] [key=value ...]",
        "       `slowpaths <verb> --help` lists its keys, `--cfg job` shows the configuration,",
        "       `-m` runs a sweep over all values of key=value,value",
        "",
        *[f"  {verb:<{width}}  {text}" for verb, text in VERBS.items()],
        "",
        'completion: eval "$(slowpaths -sc install=bash)"',
        "exit codes: 0 done, 1 error, 2 wrong usage, 3 done with some input quarantined",
    ]
    return "\n".join(lines)


def main(argv: list[str] | None = None) -> int:
    """Run one verb.

    Args:
        argv: Arguments without the program's name; the process's own where not given.

    Returns:
        The exit code.
    """
    arguments = sys.argv[1:] if argv is None else argv
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        sys.stdout.write(usage() + "\n")
        return 0 if arguments else 2
    if arguments[0] in ("--version", "version"):
        sys.stdout.write(f"slowpaths {__version__}\n")
        return 0
    verb, *overrides = arguments
    if "-sc" in arguments or "--shell-completion" in arguments:
        from slowpaths.apps._launch import answer_shell

        return answer_shell(arguments, list(VERBS))
    if verb not in VERBS:
        near = difflib.get_close_matches(verb, VERBS, n=1)
        hint = f"did you mean '{near[0]}'?" if near else f"the verbs are {', '.join(VERBS)}"
        sys.stderr.write(f"slowpaths: unknown verb '{verb}'; {hint}\n")
        return 2
    from slowpaths.apps._launch import launch

    return launch(verb, overrides)


if __name__ == "__main__":
    raise SystemExit(main())
