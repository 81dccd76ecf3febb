"""The JSON Schemas that the program prints take every file of the repository, and find planted mistakes."""

import copy
import json
import subprocess
import tomllib
from pathlib import Path

import pytest
from conftest import REPOSITORY, folder
from jsonschema import Draft202012Validator

FILES = {
    "layer": sorted(REPOSITORY.glob("schemas/*.toml")),
    "block": sorted(REPOSITORY.glob("schemas/include/*.toml")),
    "pipeline": sorted(REPOSITORY.glob("pipelines/*.toml")),
}

LAYER = """
title = "Clinics"
description = "Clinics with their kind"
agency = "County Health Department"
licence = "CC0-1.0"
key = ["clinic_id"]
geometry = "point"

[sector]
code = "HLPH"

[[sector.rule]]
field = "facility_type"
equals = ["AMBULANCE"]
also = ["EMSV"]

[[field]]
name = "clinic_id"
from = ["ID"]
description = "Licence number"

[[field]]
name = "opened"
from = ["OPENED"]
type = "date"
formats = ["%Y-%m-%d"]
description = "Opening date"
"""

BLOCK = """
description = "Shared"

[[field]]
name = "telephone"
from = ["TELEPHONE"]
"""

PIPELINE = """
id = "clinics"
title = "Clinics"
store = "../out/clinics"

[limits]
record = "2 MiB"

[[jurisdiction]]
id = "state"
kind = "state"
vintage = "2023"
source.ogr = { path = "states.zip" }
code = "GEOID"
agency = "US Census Bureau"
licence = "public domain"

[[layer]]
id = "clinics"
source.csv = { path = "clinics.csv", x = "X", y = "Y", crs = "EPSG:4326" }
"""

TEXTS = {"layer": LAYER, "block": BLOCK, "pipeline": PIPELINE}

# Kind of file, what to replace, by what, and where the validator must point.
MISTAKES = [
    ("layer", "geometry =", "geometri =", ""),
    ("layer", '"point"', '"points"', "geometry"),
    ("layer", '["clinic_id"]', "[]", "key"),
    ("layer", '["clinic_id"]', '"clinic_id"', "key"),
    ("layer", '"clinic_id"\nfrom', '"Clinic ID"\nfrom', "field.0.name"),
    ("layer", '"clinic_id"\nfrom', '"facility_id"\nfrom', "field.0.name"),
    ("layer", '"HLPH"', '"HLTH"', "sector.code"),
    ("layer", '["EMSV"]', '["EMS"]', "sector.rule.0.also.0"),
    ("layer", 'also = ["EMSV"]\n', "", "sector.rule.0"),
    ("layer", 'type = "date"', 'type = "dat"', "field.1.type"),
    ("layer", 'formats = ["%Y-%m-%d"]\n', "", "field.1"),
    ("layer", 'description = "Licence number"\n', "", "field.0"),
    ("layer", 'description = "Licence number"', "description = 5", "field.0.description"),
    ("layer", 'title = "Clinics"', 'title = "  "', "title"),
    ("layer", 'title = "Clinics"', 'title = "Clinics"\nmax-rejects = 5', "max-rejects"),
    ("layer", 'title = "Clinics"', 'title = "Clinics"\nstatus = "unknown"', "status"),
    ("layer", 'title = "Clinics"', 'title = "Clinics"\nhandling = "TLP:WHITE"', "handling"),
    ("layer", 'title = "Clinics"', 'title = "Clinics"\ninclude = "hifld"', "include"),
    ("layer", 'title = "Clinics"', 'title = "Clinics"\ncrs = "epsg:4326"', "crs"),
    ("layer", 'description = "Opening', 'pad = 100\ndescription = "Opening', "field.1.pad"),
    ("layer", 'description = "Opening', 'codes = {}\ndescription = "Opening', "field.1.codes"),
    ("layer", 'description = "Opening', 'codes = { 1 = 2 }\ndescription = "Opening', "field.1.codes.1"),
    ("block", 'description = "Shared"', 'include = ["other"]\ndescription = "Shared"', ""),
    ("block", 'name = "telephone"\n', "", "field.0"),
    ("block", "[[field]]", "[[fields]]", ""),
    ("block", 'from = ["TELEPHONE"]', 'from = "TELEPHONE"', "field.0.from"),
    ("pipeline", '"2 MiB"', '"2 mib"', "limits.record"),
    ("pipeline", '"2 MiB"', "5", "limits.record"),
    ("pipeline", "record", "records", "limits"),
    ("pipeline", 'kind = "state"', 'kind = "nation"', "jurisdiction.0.kind"),
    ("pipeline", '"2023"', "2023", "jurisdiction.0.vintage"),
    ("pipeline", "[[layer]]", "[[layers]]", ""),
    ("pipeline", "source.csv", "source.cvs", "layer.0.source"),
    ("pipeline", ', y = "Y"', "", "layer.0.source.csv"),
    ("pipeline", 'y = "Y"', 'y = "Y", wkt = "W"', "layer.0.source.csv"),
    ("pipeline", 'y = "Y"', 'y = "Y", delimiter = ";;"', "layer.0.source.csv.delimiter"),
    ("pipeline", "source.ogr = {", 'source.geojson = { path = "x" }\nsource.ogr = {', "jurisdiction.0.source"),
    ("pipeline", '"EPSG:4326"', '"4326"', "layer.0.source.csv.crs"),
    ("pipeline", 'id = "clinics"\ntitle', 'id = "my clinics"\ntitle', "id"),
    ("pipeline", 'id = "clinics"\nsource', 'id = "facilities"\nsource', "layer.0.id"),
]


@pytest.fixture(scope="session")
def validators() -> dict[str, Draft202012Validator]:
    """A validator per kind of file, from what the program prints in the repository."""
    program = folder("CIKR_BIN")

    def printed(kind: str) -> dict:
        shown = subprocess.run([program, "schema", kind], cwd=REPOSITORY, capture_output=True, text=True)
        assert shown.returncode == 0, shown.stderr
        return json.loads(shown.stdout)

    return {kind: Draft202012Validator(printed(kind)) for kind in FILES}


def places(validator: Draft202012Validator, document: dict) -> list[str]:
    """Where a validator finds mistakes, as dotted paths."""
    return [".".join(map(str, error.absolute_path)) for error in validator.iter_errors(document)]


@pytest.mark.parametrize("kind", FILES)
def test_what_is_printed_is_a_json_schema(kind: str, validators: dict):
    Draft202012Validator.check_schema(validators[kind].schema)


@pytest.mark.parametrize(
    ("kind", "path"), [pytest.param(kind, path, id=path.stem) for kind in FILES for path in FILES[kind]]
)
def test_every_file_of_the_repository_fits(kind: str, path: Path, validators: dict):
    errors = list(validators[kind].iter_errors(tomllib.loads(path.read_text())))
    assert not errors, [f"{error.json_path}: {error.message}" for error in errors]


@pytest.mark.parametrize("kind", TEXTS)
def test_a_small_file_fits(kind: str, validators: dict):
    assert places(validators[kind], tomllib.loads(TEXTS[kind])) == []


@pytest.mark.parametrize(("kind", "old", "new", "place"), MISTAKES)
def test_planted_mistakes_are_found(kind: str, old: str, new: str, place: str, validators: dict):
    text = TEXTS[kind]
    assert text.count(old) == 1, f"{old} is not there once"
    found = places(validators[kind], tomllib.loads(text.replace(old, new)))
    assert place in found, found


def test_a_schema_with_blocks_may_leave_keys_to_them(validators: dict):
    document = tomllib.loads(LAYER)
    document["field"].append({"name": "telephone", "null": ["NONE"]})
    assert places(validators["layer"], document) == ["field.2", "field.2"]
    included = copy.deepcopy(document) | {"include": ["hifld"], "omit": ["fax"]}
    assert places(validators["layer"], included) == []
