//! A folder of pipeline, schemas and reference tables, and what `load` makes of it.

mod at_once;
mod include;
mod mistakes;
mod remote;
mod schemes;

use std::fs;
use std::path::Path;

use super::{CsvGeometry, Dialect, FieldKind, Format, GeometryKind, NaicsUse, Overrides, Plan, load};
use crate::config::{Diagnostic, render};
use crate::feature::Crs;

const PIPELINE: &str = r#"
id = "demo"
title = "Demonstration"
store = "../out/demo"

[limits]
record = "2 MiB"

[output]
zstd-level = 3

[[jurisdiction]]
id = "county"
kind = "county"
vintage = "2023"
source.geojson = { path = "../data/counties.geojson" }
code = "GEOID"
nearest-m = 5000
agency = "US Census Bureau"
licence = "public domain"

[[layer]]
id = "hospitals"
source.csv = { path = "../data/hospitals.csv", x = "X", y = "Y", crs = "EPSG:3857" }

[[layer]]
id = "clinics"
schema = "hospitals"
inventory = false
synthetic = true
agency = "none"
source.ogr = { path = "../data/absent.gdb.zip", layer = "Clinics" }
"#;

const SCHEMA: &str = r#"
title = "Hospitals"
description = "Hospitals of the nation"
agency = "Oak Ridge National Laboratory"
licence = "public domain"
key = ["id"]
geometry = "point"
crs = "OGC:CRS84"

[sector]
code = "HLPH"
also = ["EMSV"]
lifeline = "Health and Medical/Medical Care"

[[sector.rule]]
field = "owner_code"
equals = ["2"]
subsector = "Military"

[[field]]
name = "id"
from = ["ID"]
description = "Identifier"
pad = 5

[[field]]
name = "owner_code"
from = ["OWNER", "Owner"]
type = "integer"
description = "Owner"
null = [" -999 "]
[field.codes]
10 = "Private"
2 = "Military"

[[field]]
name = "is_open"
from = ["OPEN"]
type = "boolean"
description = "Whether it is open"
false = ["CLOSED"]

[[field]]
name = "source_date"
from = ["SOURCEDATE"]
type = "date"
formats = ["%Y/%m/%d %H:%M:%S", "epoch-ms"]
description = "Date of the record"
"#;

const TABLES: [(&str, &str); 12] = [
    (
        "states.csv",
        "state_fips,state_code,name,kind,source\n48,TX,Texas,state,Census\n22,LA,Louisiana,state,Census\n",
    ),
    (
        "regions-fema.csv",
        "region_code,region_name,state_code,source\nR06,Region 6,TX,FEMA\nR06,Region 6,LA,FEMA\n",
    ),
    (
        "sectors.csv",
        "sector_code,name,lead_agency,source\nHLPH,Healthcare and Public Health,HHS,NSM-22\nEMSV,Emergency Services,DHS,NSM-22\n",
    ),
    (
        "naics_rules.csv",
        "prefix,sector_code,subsector,also,source\n622,HLPH,Direct Patient Care,,Census\n6219,HLPH,,EMSV; HLPH,Census\n",
    ),
    (
        "lifelines.csv",
        "lifeline,component,source\nHealth and Medical,Medical Care,FEMA\n",
    ),
    (
        "sector_schemes.csv",
        "scheme,title,document,date,sectors,supporting_agencies,source\n2003,Strategy,The Strategy,2003-02-14,1,,seen\n",
    ),
    (
        "scheme_sectors.csv",
        "scheme,code,sector,part,also_called,lead_agency,supporting_agencies,councils,note,source\n2003,CARE,Health,Care,,HHS,,SCC;GCC,* Footnote,seen\n2003,HELP,Health,Help,,DHS,,,,seen\n",
    ),
    (
        "subsectors.csv",
        "sector_code,subsector,schemes,origin,source\nHLPH,Direct Patient Care,2003,plan,seen\nHLPH,Military,,own,ours\n",
    ),
    (
        "sector_crosswalk.csv",
        "scheme,sector_code,subsector,naics_prefix,cells,reason,judged,source\n2003,HLPH,,,CARE,,no,seen\n2003,HLPH,Military,,,2003 names no such sector,no,seen\n2003,HLPH,,6219,HELP;CARE,,yes,ours\n2003,EMSV,,,HELP,,no,seen\n",
    ),
    (
        "critical_functions.csv",
        "function_code,area,function,source\nMEDICAL_CARE,Manage,Provide Medical Care,CISA\n",
    ),
    (
        "function_rules.csv",
        "sector_code,subsector,naics_prefix,functions,reason,source\nHLPH,,,MEDICAL_CARE,,ours\nEMSV,,,,none fits,ours\n",
    ),
    (
        "lifeline_rules.csv",
        "sector_code,subsector,naics_prefix,lifelines,reason,source\nHLPH,,,Health and Medical/Medical Care,,ours\nEMSV,,,,none fits,ours\n",
    ),
];

/// What `load` returns.
type Loaded = Result<(Plan, Vec<Diagnostic>), Vec<Diagnostic>>;

/// Writes a project with some files replaced, and loads it.
fn load_with(files: &[(&str, &str)], overrides: &Overrides) -> (Loaded, String) {
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    for (name, text) in TABLES {
        put(&format!("schemas/reference/{name}"), text);
    }
    put("pipelines/demo.toml", PIPELINE);
    put("schemas/hospitals.toml", SCHEMA);
    put("data/hospitals.csv", "");
    put("data/counties.geojson", "");
    for (name, text) in files {
        put(name, text);
    }
    let loaded = load(&folder.path().join("pipelines/demo.toml"), overrides);
    (loaded, folder.path().display().to_string())
}

fn plan(files: &[(&str, &str)], overrides: &Overrides) -> (Plan, String) {
    let (loaded, root) = load_with(files, overrides);
    match loaded {
        Ok((plan, warnings)) => (plan, render(&warnings, false).replace(&root, "[TMP]")),
        Err(found) => panic!("{}", render(&found, false)),
    }
}

#[test]
fn a_good_pipeline_gives_its_plan() {
    let (plan, warnings) = plan(&[], &Overrides::default());
    insta::assert_snapshot!(warnings, @r#"
    warning: there is no `[TMP]/data/absent.gdb.zip`
      --> [TMP]/pipelines/demo.toml:32:23
       |
    32 | source.ogr = { path = "../data/absent.gdb.zip", layer = "Clinics" }
       |                       ^^^^^^^^^^^^^^^^^^^^^^^^
    "#);
    assert_eq!(
        (plan.id.as_str(), plan.keep, plan.limits.record_bytes),
        ("demo", 3, 2 << 20)
    );
    assert_eq!(
        (
            plan.limits.batch_rows,
            plan.limits.archive_bytes,
            plan.limits.rows
        ),
        (16_384, 16 << 30, None)
    );
    assert_eq!(
        (
            plan.output.tile_rows,
            plan.output.group_rows,
            plan.output.page_rows
        ),
        (1_000_000, 20_480, 1_024)
    );
    assert_eq!(plan.output.zstd_level, 3);
    assert!(plan.store.ends_with("out/demo") && !plan.store.to_string_lossy().contains(".."));
    assert_eq!(plan.reference.regions.len(), 2);
    assert_eq!(plan.reference.naics[1].also, ["EMSV", "HLPH"]);

    let county = &plan.jurisdictions[0];
    assert_eq!((county.kind.id.as_str(), county.nearest_m), ("county", 5000.0));
    assert_eq!(
        (&county.source.format, &county.source.crs),
        (&Format::Geojson, &None)
    );

    let [hospitals, clinics] = plan.layers.as_slice() else {
        panic!("two layers")
    };
    assert!(hospitals.inventory && !clinics.inventory);
    assert!(clinics.schema.synthetic && clinics.schema.agency == "none");
    assert_eq!(clinics.schema.licence, hospitals.schema.licence);
    let geometry = CsvGeometry::of_columns("X", "Y");
    assert_eq!(
        hospitals.source.format,
        Format::Csv {
            dialect: Dialect::USUAL,
            geometry
        }
    );
    assert_eq!(hospitals.source.crs, Some(Crs::Code("EPSG:3857".to_owned())));
    assert_eq!(clinics.source.crs, None);
}

#[test]
fn a_good_schema_gives_its_layers_theirs() {
    let (plan, _) = plan(&[], &Overrides::default());
    let schema = &plan.layers[0].schema;
    assert_eq!(
        (schema.handling.as_str(), schema.max_rejects, schema.synthetic),
        ("TLP:CLEAR", 0.05, false)
    );
    assert_eq!(
        (schema.sector.naics, schema.sector.rules.len()),
        (NaicsUse::Refine, 1)
    );
    let [id, owner, open, date] = schema.fields.as_slice() else {
        panic!("four fields")
    };
    assert_eq!((id.required, id.pad, owner.required), (true, Some(5), false));
    assert_eq!(
        (owner.null.as_slice(), owner.decoded.as_deref()),
        (&["-999".to_owned()][..], Some("owner_name"))
    );
    let codes: Vec<&str> = owner.codes.iter().map(|(code, _)| code.as_str()).collect();
    assert_eq!(codes, ["10", "2"], "as written, not sorted");
    let FieldKind::Boolean { truth, falsity } = &open.kind else {
        panic!("boolean")
    };
    assert_eq!((truth.len(), falsity.as_slice()), (5, &["CLOSED".to_owned()][..]));
    assert!(matches!(&date.kind, FieldKind::Date { formats } if formats.len() == 2));
}

#[test]
fn a_layer_says_what_its_generic_schema_cannot() {
    let clinics = "id = \"clinics\"\ntitle = \"Clinics\"\ngeometry = \"polygon\"\n\
                   sector = { code = \"EMSV\", also = [\"HLPH\"] }";
    let pipeline = PIPELINE.replace("id = \"clinics\"", clinics);
    let (plan, _) = plan(&[("pipelines/demo.toml", &pipeline)], &Overrides::default());
    let [hospitals, clinics] = plan.layers.as_slice() else {
        panic!("two layers")
    };
    let (sector, schema) = (&clinics.schema.sector, &hospitals.schema);
    assert_eq!(
        (clinics.schema.title.as_str(), clinics.schema.geometry),
        ("Clinics", GeometryKind::Polygon)
    );
    assert_eq!(
        (sector.code.as_str(), sector.also.as_slice()),
        ("EMSV", &["HLPH".to_owned()][..])
    );
    assert_eq!(
        sector.lifeline, None,
        "of the schema's sector, only what refines the rows is left"
    );
    assert_eq!(sector.rules, schema.sector.rules);
    assert_eq!(
        (schema.title.as_str(), schema.sector.code.as_str()),
        ("Hospitals", "HLPH")
    );
}

#[test]
fn the_command_line_overrides() {
    let overrides = |layer: &str| Overrides {
        store: Some("elsewhere".into()),
        layers: vec![layer.to_owned()],
        rows: Some(10),
        ..Overrides::default()
    };
    let (plan, warnings) = plan(&[], &overrides("hospitals"));
    assert_eq!(
        (plan.layers.len(), plan.limits.rows, plan.store.as_path()),
        (1, Some(10), Path::new("elsewhere"))
    );
    assert_eq!(warnings, "", "a layer that is not asked for may be absent");
}
