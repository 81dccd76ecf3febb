//! Projects with mistakes, and what is said about each.

use std::path::Path;

use super::{Overrides, PIPELINE, SCHEMA, load, load_with};
use crate::config::{findings, render};

/// The mistakes, one line each: `file:line:column: message (help)`.
pub(super) fn mistakes(files: &[(&str, &str)], overrides: &Overrides) -> String {
    let (loaded, root) = load_with(files, overrides);
    let lines: Vec<String> = findings(&loaded.err().unwrap_or_default())
        .into_iter()
        .map(|f| {
            let place = |n: Option<usize>| n.map(|n| format!(":{n}")).unwrap_or_default();
            let help = f.help.map(|help| format!(" ({help})")).unwrap_or_default();
            format!(
                "{}{}{}: {}{help}",
                f.file,
                place(f.line),
                place(f.column),
                f.message
            )
        })
        .collect();
    lines.join("\n").replace(&format!("{root}/"), "")
}

#[test]
fn a_syntax_error_hides_nothing_but_its_line() {
    let pipeline = PIPELINE
        .replace("id = \"demo\"", "id = demo")
        .replace("code = \"GEOID\"", "cod = \"GEOID\"");
    insta::assert_snapshot!(mistakes(&[("pipelines/demo.toml", &pipeline)], &Overrides::default()), @r#"
    pipelines/demo.toml:2:6: string values must be quoted, expected literal string
    pipelines/demo.toml:12:1: `[[jurisdiction]]` has no `code`
    pipelines/demo.toml:17:1: `[[jurisdiction]]` has no key `cod` (did you mean `code`?)
    pipelines/demo.toml:32:23: there is no `data/absent.gdb.zip`
    "#);
}

#[test]
fn a_crs_is_never_guessed() {
    let pipeline = PIPELINE.replace(
        "ogr = { path = \"../data/absent.gdb.zip\", layer = \"Clinics\"",
        "geojsonl = { path = \"../data/hospitals.csv\"",
    );
    let schema = SCHEMA.replace("OGC:CRS84", "EPSG:3857");
    let files = [
        ("pipelines/demo.toml", pipeline.as_str()),
        ("schemas/hospitals.toml", &schema),
    ];
    let (plan, _) = load_with(&files, &Overrides::default()).0.unwrap();
    assert_eq!(
        plan.layers[1].source.crs, None,
        "the file is asked first, the schema last"
    );

    let pipeline = PIPELINE.replace(", crs = \"EPSG:3857\"", "");
    let schema = SCHEMA.replace("crs = \"OGC:CRS84\"\n", "");
    assert_eq!(
        mistakes(&[("pipelines/demo.toml", &pipeline)], &Overrides::default()),
        "",
        "the schema declares it"
    );
    let files = [
        ("pipelines/demo.toml", pipeline.as_str()),
        ("schemas/hospitals.toml", &schema),
    ];
    insta::assert_snapshot!(mistakes(&files, &Overrides::default()), @r#"
    pipelines/demo.toml:24:14: nothing says in which CRS the coordinates are (declare it by `crs = "…"` in the source or the schema; a CRS is never guessed)
    pipelines/demo.toml:32:23: there is no `data/absent.gdb.zip`
    "#);
}

#[test]
fn reference_tables_are_checked() {
    let regions = "region_code,region_name,state_code,source\nR06,Region 6,TX,FEMA\n7,Region 7,TX,FEMA\nR06,Region six,LO,\n";
    let naics = "prefix,sector_code,subsector,also,source\n6,HLPX,Care,,Census\n622,HLPH,Care,EMSV;EMSX,Census\n622,HLPH\n";
    let files = [
        ("schemas/reference/regions-fema.csv", regions),
        ("schemas/reference/naics_rules.csv", naics),
        ("schemas/reference/lifelines.csv", "lifeline,part,source\nA,B,C\n"),
    ];
    insta::assert_snapshot!(mistakes(&files, &Overrides::default()), @r#"
    pipelines/demo.toml:32:23: there is no `data/absent.gdb.zip`
    schemas/reference/regions-fema.csv:3:1: `7` is not a region code (a letter, then letters and digits)
    schemas/reference/regions-fema.csv:3:12: state `TX` is written twice
    schemas/reference/regions-fema.csv:4:5: region `R06` is also called `Region 6`
    schemas/reference/regions-fema.csv:4:16: `LO` is not a state code of states.csv (did you mean `LA`?)
    schemas/reference/regions-fema.csv:4:19: the cell is empty
    schemas/reference/naics_rules.csv:2:1: `6` is not a NAICS prefix of 2 to 6 digits
    schemas/reference/naics_rules.csv:2:3: `HLPX` is not a sector code of sectors.csv (did you mean `HLPH`?)
    schemas/reference/naics_rules.csv:3:10: `Care` is not a subsector of `HLPH` in subsectors.csv (known: `Direct Patient Care`, `Military`)
    schemas/reference/naics_rules.csv:3:20: `EMSX` is not a sector code of sectors.csv (did you mean `EMSV`?)
    schemas/reference/naics_rules.csv:4:1: the row has 2 cells, the header 5
    schemas/reference/lifelines.csv:1:1: the header lacks the column `component`
    schemas/reference/lifelines.csv:1:10: `schemas/reference/lifelines.csv` has no column `part` (known: `lifeline`, `component`, `source`)
    "#);
}

#[test]
fn columns_do_not_collide() {
    let pipeline = PIPELINE.replace(
        "id = \"county\"\nkind = \"county\"",
        "id = \"owner\"\nkind = \"other\"",
    );
    let field = |name: &str, from: &str, more: &str| {
        format!("\n[[field]]\nname = \"{name}\"\nfrom = [\"{from}\"]\ndescription = \"d\"\n{more}\n")
    };
    let schema = [
        SCHEMA.to_owned(),
        field("owner_name", "OWNERNAME", ""),
        field("id", "id", ""),
        field("ID", "ident", ""),
        field("geometry", "g", ""),
        field(
            "status",
            "STATUS",
            "type = \"integer\"\ncodes = { 1 = \"a\", 01 = \"b\", x = \" \" }",
        ),
        field(
            "status_type",
            "ST",
            "codes = { A = \"a\" }\ndecoded = \"facility_type\"\nformats = []",
        ),
        field(
            "opened",
            "OPENED",
            "type = \"date\"\nformats = [\"%Q\", \"%Y\"]\npad = 3",
        ),
        field("is_shut", "SHUT", "type = \"boolean\"\ntrue = [\"Y\", \"no\"]"),
    ];
    let files = [
        ("pipelines/demo.toml", pipeline.as_str()),
        ("schemas/hospitals.toml", &schema.concat()),
    ];
    insta::assert_snapshot!(mistakes(&files, &Overrides::default()), @r#"
    pipelines/demo.toml:13:6: `owner` would fill `owner_code`, which is a column of schema `hospitals`
    pipelines/demo.toml:13:6: `owner` would fill `owner_name`, which is a column of schema `hospitals`
    pipelines/demo.toml:32:23: there is no `data/absent.gdb.zip`
    schemas/hospitals.toml:27:8: the decoded column `owner_name` of `owner_code` is also the field `owner_name` (name it by `decoded = "…"`)
    schemas/hospitals.toml:57:8: field `id` is written twice
    schemas/hospitals.toml:63:8: field `ID` differs from `id` only in case
    schemas/hospitals.toml:63:8: `ID` cannot be a field name (use lower-case letters, digits and `_`, starting with a letter)
    schemas/hospitals.toml:69:8: `geometry` is a column that is computed or reserved (fields that fill a core column: name, facility_type, status, naics_code, state_code_claimed, county_fips_claimed, source_date)
    schemas/hospitals.toml:75:8: the core column `status` is of type text
    schemas/hospitals.toml:79:20: code `1` is written twice
    schemas/hospitals.toml:79:30: code `x` is not an integer
    schemas/hospitals.toml:79:34: code `x` has no meaning
    schemas/hospitals.toml:86:11: the decoded column `facility_type` of `status_type` is also a core column (name it by `decoded = "…"`)
    schemas/hospitals.toml:87:11: `formats` is empty
    schemas/hospitals.toml:87:11: `formats` is for fields of type date
    schemas/hospitals.toml:94:12: `%Q` is not a date pattern of strftime
    schemas/hospitals.toml:94:18: `%Y` does not give year, month and day
    schemas/hospitals.toml:95:7: `pad` is for fields of type text
    schemas/hospitals.toml:102:14: `NO` means both true and false
    "#);
}

#[test]
fn what_is_not_there_is_said() {
    let wrong = |from: &str, to: &str| {
        mistakes(
            &[("pipelines/demo.toml", &PIPELINE.replace(from, to))],
            &Overrides::default(),
        )
    };
    let overrides = Overrides {
        layers: vec!["hospital".to_owned()],
        ..Overrides::default()
    };
    insta::assert_snapshot!(mistakes(&[], &overrides), @"pipelines/demo.toml: `--layer hospital` is no layer of this pipeline (did you mean `hospitals`?)");
    insta::assert_snapshot!(wrong("store", "regions = \"fma\"\nstore"), @r#"
    pipelines/demo.toml:4:11: there is no region table `schemas/reference/regions-fma.csv` (did you mean `fema`?)
    pipelines/demo.toml:33:23: there is no `data/absent.gdb.zip`
    "#);
    insta::assert_snapshot!(wrong("store", "reference = \"../reference\"\nstore"), @r#"
    pipelines/demo.toml:4:13: there is no reference folder `reference`
    pipelines/demo.toml:33:23: there is no `data/absent.gdb.zip`
    "#);
    insta::assert_snapshot!(wrong("id = \"hospitals\"", "id = \"facilities\"\nschema = \"../hospitals\""), @r#"
    pipelines/demo.toml:23:6: `facilities` is the inventory of all layers; choose another id
    pipelines/demo.toml:24:10: `../hospitals` cannot be a schema id (use lower-case letters, digits and `_`, starting with a letter)
    pipelines/demo.toml:33:23: there is no `data/absent.gdb.zip`
    "#);
    let found = load(Path::new("no/such.toml"), &Overrides::default())
        .err()
        .unwrap();
    insta::assert_snapshot!(render(&found, false), @r#"
    error: cannot read `no/such.toml`: no such file
    --> no/such.toml
    "#);
}

#[test]
fn sources_of_tables_say_where_the_geometry_is() {
    let source = |written: &str| {
        let was = "source.ogr = { path = \"../data/absent.gdb.zip\", layer = \"Clinics\" }";
        assert!(PIPELINE.contains(was), "{PIPELINE}");
        let pipeline = PIPELINE.replace(was, &format!("source.{written}"));
        mistakes(&[("pipelines/demo.toml", &pipeline)], &Overrides::default())
    };
    let path = "path = \"../data/hospitals.csv\"";
    assert_eq!(source(&format!("parquet = {{ {path} }}")), "");
    assert_eq!(
        source(&format!(
            "xlsx = {{ {path}, sheet = \"A\", header-row = 3, wkt = \"W\" }}"
        )),
        ""
    );
    let wrong = [
        format!("parquet = {{ {path}, geometri = \"shape\" }}"),
        format!("xlsx = {{ {path}, x = \"X\", wkt = \"W\" }}"),
        format!("xlsx = {{ {path}, x = \"X\", y = \"Y\", header-row = 0 }}"),
        format!("xlsx = {{ {path}, sheet = 2, x = \"X\", y = \"Y\" }}"),
        format!("xlsx = {{ {path} }}"),
    ];
    let said: Vec<String> = wrong.iter().map(|written| source(written)).collect();
    insta::assert_snapshot!(said.join("\n"), @r#"
    pipelines/demo.toml:32:52: `parquet` has no key `geometri` (did you mean `geometry`?)
    pipelines/demo.toml:32:64: the geometry is either in `x` and `y` or in `wkt`, not both
    pipelines/demo.toml:32:80: `header-row` is 0, outside 1 to 1048576
    pipelines/demo.toml:32:57: `sheet` is a whole number, not text (put it in quotes)
    pipelines/demo.toml:32:15: nothing says where the geometry is (name its columns: `x` and `y`, or `wkt`)
    "#);
}
