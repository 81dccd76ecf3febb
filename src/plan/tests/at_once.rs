//! One pipeline and one schema full of mistakes, and the whole text people see.

use super::{Overrides, load_with};
use crate::config::render;

const BAD_PIPELINE: &str = r#"
id = "Demo"
title = Demonstration
store = "../out/demo"
kep = 3

[limits]
record = "2 mib"

[output]
zstd-level = 30

[[jurisdiction]]
id = "county"
kind = "conty"
vintage = 2023
source.geojson = { path = "../data/counties.geojson" }
code = "GEOID"
agency = "US Census Bureau"

[[layer]]
id = "hospitals"
source.csv = { path = "../data/hospitals.csv", x = "X", wkt = "WKT", crs = "epsg:3857" }

[[layer]]
id = "clinics"
schema = "hospital"
source.ogr = { path = "../data/hospitals.csv" }

[[layer]]
id = "hospitals"
source.csvv = { path = "../data/hospitals.csv" }
"#;

const BAD_SCHEMA: &str = r#"
title = "Hospitals"
description = "Hospitals of the nation"
agency = "Oak Ridge National Laboratory"
licence = "public domain"
key = ["idd"]
geometry = "points"
handling = "TLP:WHITE"

[sector]
code = "HLTH"
lifeline = "Health and Medical/Medical Car"

[[sector.rule]]
field = "ownr"
equals = ["MILITARY"]

[[field]]
name = "id"
from = ["ID"]
description = "Identifier"
pad = "5"

[[field]]
name = "county_fips"
from = ["COUNTYFIPS", "ID"]
type = "int"
description = "County"

[[field]]
name = "source_date"
from = ["SOURCEDATE"]
type = "date"
description = "Date"
decoded = "x"
"#;

#[test]
#[expect(clippy::too_many_lines, reason = "one snapshot of all of them")]
fn every_mistake_is_reported_at_once() {
    let files = [
        ("pipelines/demo.toml", BAD_PIPELINE),
        ("schemas/hospitals.toml", BAD_SCHEMA),
    ];
    let (loaded, root) = load_with(&files, &Overrides::default());
    let text = render(&loaded.err().unwrap(), false).replace(&root, "[TMP]");
    insta::assert_snapshot!(text, @r#"
    error: `Demo` cannot be a pipeline id
     --> [TMP]/pipelines/demo.toml:2:6
      |
    2 | id = "Demo"
      |      ^^^^^^
      |
      = help: use lower-case letters, digits and `_`, starting with a letter

    error: string values must be quoted, expected literal string
     --> [TMP]/pipelines/demo.toml:3:9
      |
    3 | title = Demonstration
      |         ^^^^^^^^^^^^^

    error: the pipeline has no key `kep`
     --> [TMP]/pipelines/demo.toml:5:1
      |
    5 | kep = 3
      | ^^^ did you mean `keep`?

    error: `record` is text, not a size such as `16 MiB`
     --> [TMP]/pipelines/demo.toml:8:10
      |
    8 | record = "2 mib"
      |          ^^^^^^^

    error: `zstd-level` is 30, outside 1 to 22
      --> [TMP]/pipelines/demo.toml:11:14
       |
    11 | zstd-level = 30
       |              ^^

    error: `[[jurisdiction]]` has no `licence`
      --> [TMP]/pipelines/demo.toml:13:1
       |
    13 | [[jurisdiction]]
       | ^^^^^^^^^^^^^^^^

    error: `conty` is not a kind of jurisdiction
      --> [TMP]/pipelines/demo.toml:15:8
       |
    15 | kind = "conty"
       |        ^^^^^^^ did you mean `county`?

    error: `vintage` is a whole number, not text
      --> [TMP]/pipelines/demo.toml:16:11
       |
    16 | vintage = 2023
       |           ^^^^
       |
       = help: put it in quotes

    error: the geometry is either in `x` and `y` or in `wkt`, not both
      --> [TMP]/pipelines/demo.toml:23:63
       |
    23 | source.csv = { path = "../data/hospitals.csv", x = "X", wkt = "WKT", crs = "epsg:3857" }
       |                                                               ^^^^^

    error: `epsg:3857` is not a CRS
      --> [TMP]/pipelines/demo.toml:23:76
       |
    23 | source.csv = { path = "../data/hospitals.csv", x = "X", wkt = "WKT", crs = "epsg:3857" }
       |                                                                            ^^^^^^^^^^^ did you mean `EPSG:3857`?
       |
       = help: write `OGC:CRS84`, `EPSG:<code>` or `ESRI:<code>`

    error: there is no schema `[TMP]/schemas/hospital.toml`
      --> [TMP]/pipelines/demo.toml:27:10
       |
    27 | schema = "hospital"
       |          ^^^^^^^^^^ did you mean `hospitals`?

    error: layer `hospitals` is written twice
      --> [TMP]/pipelines/demo.toml:31:6
       |
    31 | id = "hospitals"
       |      ^^^^^^^^^^^

    error: no kind of source is given
      --> [TMP]/pipelines/demo.toml:32:1
       |
    32 | source.csvv = { path = "../data/hospitals.csv" }
       | ^^^^^^
       |
       = help: a source is one of `source.arcgis`, `source.csv`, `source.geojson`, `source.geojsonl`, `source.http`, `source.ogr`, `source.parquet`, `source.xlsx`

    error: `source` has no key `csvv`
      --> [TMP]/pipelines/demo.toml:32:8
       |
    32 | source.csvv = { path = "../data/hospitals.csv" }
       |        ^^^^ did you mean `csv`?

    error: `idd` is not a field of this schema
     --> [TMP]/schemas/hospitals.toml:6:8
      |
    6 | key = ["idd"]
      |        ^^^^^ did you mean `id`?

    error: `points` is not a geometry
     --> [TMP]/schemas/hospitals.toml:7:12
      |
    7 | geometry = "points"
      |            ^^^^^^^^ did you mean `point`?

    error: `TLP:WHITE` is not a marking of the Traffic Light Protocol 2.0
     --> [TMP]/schemas/hospitals.toml:8:12
      |
    8 | handling = "TLP:WHITE"
      |            ^^^^^^^^^^^ known: `TLP:CLEAR`, `TLP:GREEN`, `TLP:AMBER`, `TLP:AMBER+STRICT`, `TLP:RED`

    error: `HLTH` is not a sector code of sectors.csv
      --> [TMP]/schemas/hospitals.toml:11:8
       |
    11 | code = "HLTH"
       |        ^^^^^^ did you mean `HLPH`?

    error: `Health and Medical/Medical Car` is not a lifeline of lifelines.csv
      --> [TMP]/schemas/hospitals.toml:12:12
       |
    12 | lifeline = "Health and Medical/Medical Car"
       |            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ did you mean `Health and Medical/Medical Care`?

    error: the rule changes nothing
      --> [TMP]/schemas/hospitals.toml:14:1
       |
    14 | [[sector.rule]]
       | ^^^^^^^^^^^^^^^
       |
       = help: give it a `code`, `subsector`, `also` or `lifeline`

    error: `ownr` is not a field of this schema
      --> [TMP]/schemas/hospitals.toml:15:9
       |
    15 | field = "ownr"
       |         ^^^^^^ known: `id`, `county_fips`, `source_date`

    error: `pad` is text, not a whole number
      --> [TMP]/schemas/hospitals.toml:22:7
       |
    22 | pad = "5"
       |       ^^^

    error: `county_fips` is a column that is computed or reserved
      --> [TMP]/schemas/hospitals.toml:25:8
       |
    25 | name = "county_fips"
       |        ^^^^^^^^^^^^^
       |
       = help: fields that fill a core column: name, facility_type, status, naics_code, state_code_claimed, county_fips_claimed, source_date

    warning: `ID` is a source of `id` and of `county_fips`
      --> [TMP]/schemas/hospitals.toml:26:23
       |
    26 | from = ["COUNTYFIPS", "ID"]
       |                       ^^^^

    error: `int` is not a type
      --> [TMP]/schemas/hospitals.toml:27:8
       |
    27 | type = "int"
       |        ^^^^^ known: `text`, `integer`, `number`, `boolean`, `date`, `state`

    error: a date has no `formats`
      --> [TMP]/schemas/hospitals.toml:33:8
       |
    33 | type = "date"
       |        ^^^^^^
       |
       = help: add `formats = ["usual"]`, or patterns such as `%Y-%m-%d`, `epoch-ms`, `excel-serial`

    error: `decoded` is for fields with `codes`
      --> [TMP]/schemas/hospitals.toml:35:11
       |
    35 | decoded = "x"
       |           ^^^
    "#);
}
