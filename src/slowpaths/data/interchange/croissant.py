"""Croissant 1.0 metadata (JSON-LD): the tables of a mined folder with their columns, and its clips.

Source: https://docs.mlcommons.org/croissant/docs/croissant-spec.html. The file belongs into the mined folder.
"""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from slowpaths.core.ids import file_digest
from slowpaths.data.interchange.dataset import Exported
from slowpaths.store.mined_folder import MinedFolder
from slowpaths.store.schema import TABLES
from slowpaths.store.tables import write_json

LOSES = "a description of the columns that are lists: joints, boxes and cameras"
_TERMS = (
    "citeAs", "column", "extract", "field", "fileObject", "fileSet", "format", "includes", "key", "recordSet",
    "references", "source", "transform",
)  # fmt: skip
_TYPES = {pa.string(): "sc:Text", pa.float64(): "sc:Float", pa.int64(): "sc:Integer", pa.bool_(): "sc:Boolean"}


def write(exported: Exported, out: Path) -> list[Path]:
    """Write `croissant.json`."""
    folder = MinedFolder(exported.folder)
    files, records = [], []
    for name, spec in TABLES.items():
        if not folder.has(spec):
            continue
        path = folder.file(spec)
        files.append(
            {
                "@type": "cr:FileObject",
                "@id": path.name,
                "name": path.name,
                "contentUrl": path.name,
                "encodingFormat": "application/x-parquet",
                "sha256": file_digest(path),
            }
        )
        fields = [
            {
                "@type": "cr:Field",
                "@id": f"{name}/{column.name}",
                "name": column.name,
                "dataType": _TYPES[column.type],
                "source": {"fileObject": {"@id": path.name}, "extract": {"column": column.name}},
            }
            for column in pq.read_schema(path)
            if column.type in _TYPES
        ]
        records.append({"@type": "cr:RecordSet", "@id": name, "name": name, "field": fields})
    if exported.files:
        clips = {"@type": "cr:FileSet", "@id": "clips", "name": "clips", "includes": f"{folder.clips.name}/*.mp4"}
        files.append({**clips, "encodingFormat": "video/mp4"})
    write_json(
        out / "croissant.json",
        {
            "@context": _context(),
            "@type": "sc:Dataset",
            "name": "slowpaths_mined",
            "description": f"Cricket strokes with weak labels, label set {exported.label_set}.",
            "conformsTo": "http://mlcommons.org/croissant/1.0",
            "distribution": files,
            "recordSet": records,
        },
    )
    return [out / "croissant.json"]


def _context() -> dict[str, object]:
    terms: dict[str, object] = {term: f"cr:{term}" for term in _TERMS}
    terms |= {"conformsTo": "dct:conformsTo", "data": {"@id": "cr:data", "@type": "@json"}}
    terms |= {"dataType": {"@id": "cr:dataType", "@type": "@vocab"}}
    spaces = {"sc": "https://schema.org/", "cr": "http://mlcommons.org/croissant/", "dct": "http://purl.org/dc/terms/"}
    return {"@language": "en", "@vocab": "https://schema.org/", **spaces, **terms}
