"""`python -m slowpaths` is the command `slowpaths`."""

from slowpaths.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
