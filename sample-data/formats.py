"""Writes the formats of the sample data: nothing in the bytes depends on the day or the folder."""

import csv
import io
import json
import zipfile
from datetime import date
from pathlib import Path

import numpy as np
import pyogrio
import shapely

HERE = Path(__file__).resolve().parent


def write_text(path, text, bom=False):
    (HERE / path).write_bytes((b"\xef\xbb\xbf" if bom else b"") + text.encode("utf-8"))


def column(values):
    """A numpy column and its null mask, for pyogrio."""
    mask = np.array([v is None for v in values])
    kinds = {type(v) for v in values if v is not None}
    if kinds == {int}:
        return np.array([0 if v is None else v for v in values], dtype="int32"), mask
    if kinds == {float}:
        return np.array([np.nan if v is None else v for v in values]), mask
    if kinds == {date}:
        return np.array(values, dtype="datetime64[D]"), None
    return np.array(values, dtype=object), None


def write_ogr(path, driver, layer, rows, geometry_type, crs, **options):
    """Writes rows (their fields in order, `_shape` the geometry) with GDAL; `date` becomes the driver's date type."""
    fields = [k for k in rows[0] if not k.startswith("_")]
    columns = [column([r[k] for r in rows]) for k in fields]
    if driver == "OpenFileGDB":  # has date with time only
        columns = [(c.astype("datetime64[ms]") if c.dtype.kind == "M" else c, m) for c, m in columns]
    geometry = np.array([None if r["_shape"] is None else shapely.to_wkb(r["_shape"]) for r in rows], dtype=object)
    pyogrio.raw.write(
        path,
        geometry,
        [c for c, _ in columns],
        fields,
        field_mask=[m for _, m in columns],
        layer=layer,
        driver=driver,
        geometry_type=geometry_type,
        crs=crs,
        **options,
    )


def write_zip(path, folder):
    with zipfile.ZipFile(HERE / path, "w") as archive:
        for file in sorted(p for p in folder.rglob("*") if p.is_file()):
            entry = zipfile.ZipInfo(str(file.relative_to(folder)), (1980, 1, 1, 0, 0, 0))
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, file.read_bytes(), zipfile.ZIP_DEFLATED, 9)


def write_csv(path, rows, raw_lines, rng, bom=False, delimiter=",", newline="\n"):
    """A CSV of the rows, with `raw_lines` (broken records) put between them."""
    fields = [k for k in rows[0] if not k.startswith("_")]
    lines = []
    for values in [fields] + [["" if r[k] is None else r[k] for k in fields] for r in rows]:
        out = io.StringIO()
        csv.writer(out, delimiter=delimiter, lineterminator="").writerow(values)
        lines.append(out.getvalue())
    for line in raw_lines:
        lines.insert(rng.randrange(20, len(lines)), line)
    write_text(path, newline.join(lines) + newline, bom)


def feature(row, geometry):
    return json.dumps(
        {
            "type": "Feature",
            "properties": {k: v for k, v in row.items() if not k.startswith("_")},
            "geometry": geometry,
        },
        ensure_ascii=False,
    )
