"""Let pages of docs/ show what lies in experiments/: links that work in the repository work on the site too.

mkdocs calls the functions (`hooks:` in mkdocs.yml).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]


def on_files(files: Any, config: Any) -> Any:
    """Add the figures of experiments/ to the files of the site."""
    from mkdocs.structure.files import File

    for path in sorted((ROOT / "experiments").glob("*/figures/*.png")):
        files.append(File.generated(config, path.relative_to(ROOT).as_posix(), abs_src_path=str(path)))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Any) -> str:
    """Point links into experiments/ at the files of the site."""
    return markdown.replace("](../experiments/", "](experiments/")
