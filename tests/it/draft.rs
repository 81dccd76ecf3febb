//! `cikr draft`: what it writes runs as it is, keeps what can be used, and asks for what nothing tells.

use std::fs;
use std::path::Path;

use cikr::feature::LayerReport;
use serde_json::Value;

use crate::program::{Ended, Folder, ROOT};

/// A draft of a file, saved in the test's folder.
pub(crate) struct Drafted {
    pub(crate) folder: Folder,
    pub(crate) facts: Value,
}

/// Drafts a file with the reference tables as shipped; `args` follow the file.
#[track_caller]
pub(crate) fn drafted_in(folder: Folder, file: &str, args: &[&str]) -> Drafted {
    let reference = format!("{ROOT}/schemas/reference");
    let mut all = vec![
        "draft",
        file,
        "--into",
        ".",
        "--reference",
        &reference,
        "--format",
        "json",
    ];
    if !args.contains(&"--agency") {
        all.extend(["--agency", "Test Agency", "--licence", "CC0-1.0"]);
    }
    all.extend(args);
    let facts = folder.cikr(&all).code(0).stdout;
    Drafted {
        facts: serde_json::from_str(&facts).unwrap(),
        folder,
    }
}

/// Drafts a small CSV file of this text.
#[track_caller]
pub(crate) fn drafted(text: impl AsRef<[u8]>) -> Drafted {
    let folder = Folder::new();
    folder.write("hospitals.csv", text);
    drafted_in(folder, "hospitals.csv", &[])
}

impl Drafted {
    fn id(&self) -> &str {
        self.facts["id"].as_str().unwrap()
    }

    pub(crate) fn schema(&self) -> String {
        self.read("schemas")
    }

    pub(crate) fn pipeline(&self) -> String {
        self.read("pipelines")
    }

    fn read(&self, kind: &str) -> String {
        fs::read_to_string(self.folder.path().join(format!("{kind}/{}.toml", self.id()))).unwrap()
    }

    fn key(&self) -> Vec<&str> {
        self.facts["key"]
            .as_array()
            .unwrap()
            .iter()
            .map(|name| name.as_str().unwrap())
            .collect()
    }

    /// Runs the pipeline exactly as it was drafted.
    pub(crate) fn run(&self) -> Ended {
        let pipeline = format!("pipelines/{}.toml", self.id());
        self.folder.cikr(&["run", &pipeline, "--format", "json"])
    }

    #[track_caller]
    fn arrived(&self) -> LayerReport {
        self.run().code(0).layer(self.id())
    }
}

#[track_caller]
pub(crate) fn says(text: &str, words: &[&str]) {
    for words in words {
        assert!(text.contains(words), "`{words}` is not in:\n{text}");
    }
}

/// File of sample-data, and the layer of the demo that has a schema by hand for it.
pub(crate) const SAMPLES: [(&str, &str); 10] = [
    ("airports.csv", "airports"),
    ("state_capitals.geojson", "state_capitals"),
    ("hospitals.csv", "hospitals"),
    ("substations.gdb.zip", "substations"),
    ("transmission_lines.zip", "transmission_lines"),
    ("service_territories.gpkg", "service_territories"),
    ("dams.csv", "dams"),
    ("natural_gas_pipelines.geojson", "natural_gas_pipelines"),
    ("cellular_towers.geojsonl", "cellular_towers"),
    ("local_law_enforcement", "local_law_enforcement"),
];

#[test]
fn every_format_runs_unedited_and_keeps_what_a_schema_by_hand_keeps() {
    let by_hand = fs::read(Path::new(ROOT).join("sample-data/defects.json")).unwrap();
    let by_hand: Value = serde_json::from_slice(&by_hand).unwrap();
    for (file, layer) in SAMPLES {
        let draft = drafted_in(Folder::new(), &format!("{ROOT}/sample-data/{file}"), &[]);
        assert_eq!(draft.facts["questions"], Value::Array(vec![]), "{file}");
        let arrived = draft.arrived();
        let expected = &by_hand[layer];
        assert_eq!(Some(arrived.rows_read), expected["rows"].as_u64(), "{file}");
        let wanted = expected["written"].as_u64().unwrap();
        assert!(arrived.rows_written * 100 >= wanted * 99, "{file}: {arrived:?}");
        assert!(
            arrived.fields_missing.is_empty(),
            "{file}: {:?}",
            arrived.fields_missing
        );
    }
}

#[test]
fn tables_of_other_programs_run_unedited_too() {
    for (fixture, file, kind, written) in [
        (
            "parquet/duckdb_2.parquet",
            "hospitals.parquet",
            "source.parquet",
            4,
        ),
        (
            "parquet/sedona_2_0.parquet",
            "hospitals.parquet",
            "source.parquet",
            4,
        ),
        ("xlsx/xlsxwriter.xlsx", "hospitals.xlsx", "sheet = \"North\"", 3),
        ("fgb/utm14.fgb", "hospitals.fgb", "source.ogr", 3),
    ] {
        let folder = Folder::new();
        folder.write(
            file,
            fs::read(Path::new(ROOT).join("tests/fixtures").join(fixture)).unwrap(),
        );
        let draft = drafted_in(folder, file, &[]);
        says(&draft.pipeline(), &[kind]);
        assert_eq!(draft.arrived().rows_written, written, "{fixture}");
    }
}

#[test]
fn hospitals_are_drafted_with_key_sector_and_sentinels() {
    let draft = drafted_in(Folder::new(), &format!("{ROOT}/sample-data/hospitals.csv"), &[]);
    says(
        &draft.schema(),
        &[
            "key = [\"id\"]",
            "geometry = \"point\"",
            "code = \"HLPH\" # guessed\nsubsector = \"Direct Patient Care\"",
            "name = \"facility_type\"\nfrom = [\"TYPE\"]",
            "name = \"state_code_claimed\"\nfrom = [\"STATE\"]\ntype = \"state\"",
            "name = \"county_fips_claimed\"\nfrom = [\"COUNTYFIPS\"]\npad = 5\nnull = [\"NOT AVAILABLE\"]",
            "name = \"zip\"\nfrom = [\"ZIP\"]\npad = 5",
            "name = \"helipad\"\nfrom = [\"HELIPAD\"]\ntype = \"boolean\"",
            "name = \"beds\"\nfrom = [\"BEDS\"]\ntype = \"integer\"\nnull = [\"#N/A\", \"-999\"]",
            "such as `1.25539E+12`, would become null",
            "type = \"date\"\nformats = [\"%Y/%m/%d %H:%M:%S\"]",
        ],
    );
    says(
        &draft.pipeline(),
        &[
            "x = \"LONGITUDE\", y = \"LATITUDE\", crs = \"EPSG:4326\" } # crs inferred from the names",
            ": confirm\n",
            "X, Y hold the same places in EPSG:3857",
        ],
    );
    assert!(draft.arrived().fields["beds"].sentinel >= 53);
}

#[test]
fn dams_are_drafted_from_well_known_text() {
    let draft = drafted_in(Folder::new(), &format!("{ROOT}/sample-data/dams.csv"), &[]);
    says(&draft.pipeline(), &["wkt = \"WKT\", delimiter = \";\""]);
    let schema = draft.schema();
    says(
        &schema,
        &[
            "key = [\"nidid\"]",
            "code = \"DAMS\" # guessed",
            "name = \"name\"\nfrom = [\"DAM_NAME\"]",
            "name = \"source_agency_claimed\"\nfrom = [\"SOURCE_AGENCY\"]",
            "name = \"year_completed\"\nfrom = [\"YEAR_COMPLETED\"]\ntype = \"integer\"\nnull = [\"-999\"]",
            "\"%d-%b-%y\"",
        ],
    );
    assert!(!schema.contains("from = [\"WKT\"]"), "the geometry is no field");
}

#[test]
fn without_a_folder_the_schema_is_printed_with_the_lines_of_a_pipeline() {
    let folder = Folder::new();
    folder.pipeline("");
    let file = format!("{ROOT}/sample-data/transmission_lines.zip");
    let schema = folder.cikr(&["draft", &file, "--rows", "100"]).code(0).stdout;
    says(
        &schema,
        &[
            "Draft from the first 100 rows",
            "# [[layer]]\n# id = \"",
            "geometry = \"line\"",
            "code = \"ENER\"",
        ],
    );
    assert!(!schema.contains("EDIT crs"), "{schema}");
    let json = folder
        .cikr(&["draft", &file, "--rows", "100", "--format", "json"])
        .code(0)
        .stdout;
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        json["schema"].as_str().map(str::trim_end),
        Some(schema.trim_end())
    );
    assert!(!folder.path().join("pipelines").exists());
}

/// Places in degrees, and the same in Web Mercator.
const PLACES: [(&str, &str, &str, &str); 4] = [
    ("-106.937263", "34.152585", "-11904201.66", "4049308.91"),
    ("-99.270209", "34.1557", "-11050709.11", "4049727.94"),
    ("-95.000003", "30.592965", "-10575352.0", "3580000.0"),
    ("-89.831528", "41.25", "-10000000.0", "5049250.0"),
];

#[test]
fn metres_are_proven_by_degrees_and_the_fuller_pair_is_chosen() {
    let mut rows = String::from("ID,X,Y,LATITUDE,LONGITUDE\n");
    for (at, (lon, lat, x, y)) in PLACES.iter().take(3).enumerate() {
        rows += &format!("H{at},{x},{y},{lat},{lon}\n");
    }
    rows += "H3,-10000000.0,5049250.0,,\nH4,-10000100.0,5049350.0,-999,-999\n";
    let draft = drafted(&rows);
    assert_eq!(draft.facts["crs"], "EPSG:3857");
    says(
        &draft.pipeline(),
        &[
            "x = \"X\", y = \"Y\", crs = \"EPSG:3857\"",
            "inferred from X, Y, which say the same as LONGITUDE, LATITUDE in 3 of the",
            "LONGITUDE, LATITUDE hold the same places in EPSG:4326",
        ],
    );
    assert_eq!(draft.arrived().rows_written, 5);
}

#[test]
fn metres_alone_are_a_question_and_the_run_is_refused() {
    let mut rows = String::from("ID,X,Y\n");
    for (at, (_, _, x, y)) in PLACES.iter().enumerate() {
        rows += &format!("H{at},{x},{y}\n");
    }
    let draft = drafted(&rows);
    assert_eq!(draft.facts["crs"], Value::Null);
    says(&draft.pipeline(), &["EDIT crs: nothing tells", "crs = \"EDIT\""]);
    draft.run().code(3).says("`EDIT` is not a CRS");
    assert!(draft.facts["questions"][0].as_str().unwrap().contains("CRS"));
}

#[test]
fn small_whole_numbers_are_no_degrees() {
    let draft = drafted("ID,X,Y\nA1,12,40\nA2,15,41\nA3,17.5,43\n");
    assert_eq!(draft.facts["crs"], Value::Null);
    draft.run().code(3).says("`EDIT` is not a CRS");
}

#[test]
fn geojson_in_metres_is_believed_only_where_its_columns_prove_it() {
    let feature = |at: usize, columns: &str| {
        let (.., x, y) = PLACES[at];
        format!(
            r#"{{"type":"Feature","properties":{{"ID":"H{at}"{columns}}},"geometry":{{"type":"Point","coordinates":[{x},{y}]}}}}"#
        )
    };
    let collection = |features: Vec<String>| {
        format!(
            r#"{{"type":"FeatureCollection","features":[{}]}}"#,
            features.join(",")
        )
    };
    let silent = Folder::new();
    silent.write(
        "hospitals.geojson",
        collection((0..3).map(|at| feature(at, "")).collect()),
    );
    let silent = drafted_in(silent, "hospitals.geojson", &[]);
    silent.run().code(3).says("`EDIT` is not a CRS");

    let degrees = |at: usize| format!(r#","LAT":{},"LON":{}"#, PLACES[at].1, PLACES[at].0);
    let proven = Folder::new();
    proven.write(
        "hospitals.geojson",
        collection((0..3).map(|at| feature(at, &degrees(at))).collect()),
    );
    let proven = drafted_in(proven, "hospitals.geojson", &[]);
    assert_eq!(proven.facts["crs"], "EPSG:3857");
    assert_eq!(proven.arrived().rows_written, 3);
}

#[test]
fn a_shapefile_without_its_projection_is_asked_about() {
    let folder = Folder::new();
    for part in ["shp", "shx", "dbf", "cpg"] {
        let name = format!("local_law_enforcement/Local_Law_Enforcement.{part}");
        folder.write(
            &name,
            fs::read(Path::new(ROOT).join("sample-data").join(&name)).unwrap(),
        );
    }
    let draft = drafted_in(folder, "local_law_enforcement", &[]);
    says(
        &draft.pipeline(),
        &[
            "path = \"../local_law_enforcement/Local_Law_Enforcement.shp\"",
            "EDIT crs",
        ],
    );
    draft.run().code(3).says("`EDIT` is not a CRS");
}

#[test]
fn a_key_of_several_columns_is_found_and_runs() {
    let mut rows = String::from("OBJECTID,FUEL,Plant_Code,Generator_ID,LON,LAT\n");
    for row in 0..60 {
        rows += &format!(
            "{row},GAS,{},G{},-95.1234,35.5{row:03}1\n",
            100 + row / 3 * 7,
            row % 3
        );
    }
    let draft = drafted(rows);
    assert_eq!(draft.key(), ["plant_code", "generator_id"]);
    says(
        &draft.schema(),
        &["no column is unique alone, these together are"],
    );
    assert_eq!(draft.arrived().rows_written, 60);
}

#[test]
fn where_nothing_is_unique_the_draft_says_what_will_be_lost_and_runs() {
    let mut rows = String::from("TOWN,KIND,LON,LAT\n");
    for row in 0..40 {
        rows += &format!("T{},K{},-95.1234,35.5{row:03}1\n", row % 25, row % 2);
    }
    let draft = drafted(rows.replace(",K1", ",K0"));
    assert_eq!(draft.key(), ["town"]);
    says(
        &draft.schema(),
        &[
            "loses the fewest: 15 of 40 rows will be rejects",
            "max-rejects = 0.375",
        ],
    );
    assert_eq!(draft.facts["rejects"], 15);
    let arrived = draft.arrived();
    assert_eq!((arrived.rows_read, arrived.rows_written), (40, 25));
}

#[test]
fn types_sentinels_dates_and_units_are_read_from_the_values() {
    let mut rows = String::from(
        "GlobalID,STATUS,Install_MW,HEIGHT_FT,OPENED,CLOSE_DATE,CHECKED,LEVEL_,LONGITUDE,LATITUDE,COUNTYFIPS,NAME,name\n",
    );
    for row in 0..30 {
        let (mw, height) = if row == 7 { ("TBD", "-999") } else { ("1.5", "12") };
        let longitude = if row == 3 { "-99" } else { "-98.1234" };
        let level = if row % 5 == 0 { "-2" } else { "1" };
        rows += &format!(
            "{{{row:04}}},N/A,{mw},{height},{}/{}/09,1454544000000,01-JUL-1{},{level},{longitude},35.5{row:03}1,6037,n {row},m\n",
            row % 12 + 1,
            row % 28 + 1,
            row % 10,
        );
    }
    let draft = drafted(rows);
    assert_eq!(draft.key(), ["global_id"]);
    says(
        &draft.schema(),
        &[
            "name = \"status\"\nfrom = [\"STATUS\"]\nnull = [\"N/A\"]",
            "name = \"install_mw\"\nfrom = [\"Install_MW\"]\ntype = \"number\"\nunit = \"MW\"\nnull = [\"TBD\"]",
            "name = \"height_ft\"\nfrom = [\"HEIGHT_FT\"]\ntype = \"integer\"\nunit = \"ft\"\nnull = [\"-999\"]",
            "type = \"date\"\nformats = [\"%m/%d/%y\"]",
            "type = \"date\"\nformats = [\"epoch-ms\"]",
            "type = \"date\"\nformats = [\"%d-%b-%y\"]",
            "EDIT: -1, -2 or -3 occur 6 times and nothing else below 0",
            "name = \"county_fips_claimed\"\nfrom = [\"COUNTYFIPS\"]\npad = 5",
            "from = [\"NAME\"]",
            "from = [\"name\"]",
        ],
    );
    let arrived = draft.arrived();
    assert_eq!(arrived.rows_written, 30, "a longitude of -99 is a longitude");
    assert_eq!(arrived.fields["install_mw"].sentinel, 1);
    assert!(
        !arrived.fields.contains_key("level"),
        "a survey's -2 stays until somebody decides"
    );
}

#[test]
fn dates_that_a_spreadsheet_rounded_are_flagged() {
    let mut rows = String::from("ID,SOURCEDATE,LON,LAT\n");
    for row in 0..20 {
        rows += &format!("A{row},1.25539E+12,-95.1234,35.5{row:03}1\n");
    }
    let draft = drafted(rows);
    says(
        &draft.schema(),
        &["EDIT: 20 values such as `1.25539E+12` were rounded by a spreadsheet"],
    );
    assert_eq!(draft.arrived().rows_written, 20);
}

#[test]
fn other_encodings_and_separators_are_read() {
    let mut tabs = b"ID\tNAME\tLAT\tLON\n".to_vec();
    for row in 0..20 {
        tabs.extend(b"A");
        tabs.extend(row.to_string().bytes());
        // An en dash of Windows-1252.
        tabs.extend(b"\tCAF\xC9 \x96 ONE\t35.54321\t-95.12345\n");
    }
    let draft = drafted(tabs);
    says(&draft.pipeline(), &["delimiter = \"\\u0009\""]);
    says(&draft.schema(), &["CAFÉ – ONE"]);
    assert_eq!(draft.arrived().rows_written, 20);
}

#[test]
fn well_known_text_is_found_by_its_values() {
    let mut rows = String::from("ID,WHERE\n");
    for row in 0..20 {
        let west = -95.1234 - f64::from(row) / 100.0;
        rows += &format!(
            "A{row},\"POLYGON (({west} 35.1234, -95.0123 35.1234, -95.0123 35.2345, {west} 35.1234))\"\n"
        );
    }
    let draft = drafted(rows);
    says(&draft.pipeline(), &["wkt = \"WHERE\", crs = \"EPSG:4326\""]);
    says(&draft.schema(), &["geometry = \"polygon\""]);
    assert_eq!(draft.arrived().rows_written, 20);
}

#[test]
fn a_sector_that_nothing_tells_is_asked_for() {
    let folder = Folder::new();
    folder.write(
        "things.csv",
        "ID,LON,LAT\nA1,-95.1234,35.5432\nA2,-94.4321,35.1234\n",
    );
    let draft = drafted_in(folder, "things.csv", &[]);
    says(
        &draft.schema(),
        &["code = \"EDIT\"", "#     HLPH  Healthcare and Public Health"],
    );
    draft.run().code(3).says("`EDIT` is not a sector code");
    let answered = draft.schema().replace("code = \"EDIT\"", "code = \"GOVF\"");
    draft.folder.write("schemas/things.toml", answered);
    assert_eq!(draft.arrived().rows_written, 2);
}

#[test]
fn odd_columns_make_a_schema_all_the_same() {
    let draft = drafted(
        "\"a \"\"b\"\"\",Region,geometry,ID,id,,\u{7f}\\n,NAME,2nd,LON,LAT\n1,x,y,A1,2,3,4,\"line\nbreak\",5,-95.1234,35.5432\n2,x,y,A5,2,3,4,Ä,5,-95.1235,35.5433\n",
    );
    says(
        &draft.schema(),
        &["region_claimed", "geometry_claimed", "id_2", "n_2nd"],
    );
    assert_eq!(draft.arrived().rows_written, 2);
}

#[test]
fn what_cannot_be_drafted_is_named() {
    let folder = Folder::new();
    folder
        .cikr(&["draft", "none.csv"])
        .code(4)
        .says("cannot describe none.csv");
    folder.write("page.csv", "<!DOCTYPE html><html></html>");
    folder.cikr(&["draft", "page.csv"]).code(4).says("an HTML page");
    folder.write("a.csv", "ID,X,Y\n1,2,3\n");
    folder
        .cikr(&["draft", "a.csv", "--source-layer", "b"])
        .code(4)
        .says("has no layer `b`")
        .says("`a`");
    folder.write("tables/states.csv", "wrong\n");
    folder.cikr(&["draft", "a.csv", "--reference", "tables"]).code(3);
    folder.cikr(&["draft", "a.csv", "--force"]).code(2);
    // Nothing but the file is needed.
    let schema = folder.cikr(&["draft", "a.csv"]).code(0).stdout;
    says(
        &schema,
        &[
            "source.csv = { path = \"../a.csv\", x = \"X\", y = \"Y\", crs = \"EDIT\" }",
            "code = \"EDIT\"",
            "#     HLPH  Healthcare",
        ],
    );
    assert!(
        fs::read_dir(folder.path())
            .unwrap()
            .all(|entry| entry.unwrap().file_name() != "schemas")
    );
}
