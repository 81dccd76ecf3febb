"""The pipelines that the program is timed on: `write` puts one, and links to its files, into a folder."""

import os
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
NAME = "bench.toml"

# What a pipeline says so that the tiles of its layers are all that a run makes: here, and nowhere else.
TILES_ONLY_OUTPUT = "products = []"
TILES_ONLY_LAYER = ""

HEAD = """\
id = "bench"
title = "Bench"
store = "store"
schemas = "{here}/schemas"
reference = "{repository}/schemas/reference"

[output]
zstd-level = 3
national = {national}
{deltas}
{output}
"""

BOUNDARIES = """
[[jurisdiction]]
id = "{kind}"
kind = "{kind}"
vintage = "2017"
source.parquet = {{ path = "{file}", geometry = "geometry" }}
code = "GEOID"
name = "NAME"
agency = "US Census Bureau"
licence = "public domain; packaged as us-atlas, ISC"
"""

LAYER = """
[[layer]]
id = "{id}"
schema = "{schema}"
source.parquet = {{ path = "{id}.parquet", geometry = "geometry" }}
{layer}
"""


@dataclass
class Work:
    """What a pipeline is to do: layers of one schema by their files, as tiles only or with every product."""

    schema: str
    layers: list[Path]
    boundaries: tuple[Path, Path]
    tiles_only: bool = False
    national: bool = False
    deltas: bool = False


def write(folder: Path, work: Work) -> None:
    """Makes the folder with the pipeline and what it reads; the store will be in it."""
    folder.mkdir()
    only_output, only_layer = (TILES_ONLY_OUTPUT, TILES_ONLY_LAYER) if work.tiles_only else ("", "")
    national = "true" if work.national else "false"
    deltas = "deltas = true" if work.deltas else ""
    text = HEAD.format(here=REPOSITORY / "tests/bench", repository=REPOSITORY, national=national, deltas=deltas, output=only_output)
    for kind, file in zip(["state", "county"], work.boundaries, strict=True):
        text += BOUNDARIES.format(kind=kind, file=file)
    for name, file in named(work).items():
        text += LAYER.format(id=name, schema=work.schema, layer=only_layer)
        os.link(file, folder / f"{name}.parquet")
    (folder / NAME).write_text(text)


def replace(folder: Path, work: Work) -> None:
    """Puts the files of another night where the pipeline looks for them."""
    for name, file in named(work).items():
        source = folder / f"{name}.parquet"
        source.unlink()
        os.link(file, source)


def named(work: Work) -> dict[str, Path]:
    if len(work.layers) == 1:
        return {work.schema: work.layers[0]}
    return {f"{work.schema}_{number:02}": file for number, file in enumerate(work.layers)}
