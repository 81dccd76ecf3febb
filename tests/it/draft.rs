//! `cikr draft`: what it prints is accepted by `check`, and a run with it keeps what can be used.

use std::fs;

use cikr::feature::LayerReport;

use crate::program::{Folder, ROOT};

/// Drafts a file of sample-data, saves the schema, and makes a pipeline of the suggested lines.
fn drafted(folder: &Folder, file: &str, id: &str, crs: &str) -> String {
    folder.pipeline("");
    let schema = folder.cikr(&["draft", &format!("{ROOT}/sample-data/{file}")]).code(0).stdout;
    folder.write(&format!("schemas/{id}.toml"), &schema);
    let head = schema
        .lines()
        .take_while(|line| line.starts_with('#'))
        .map(|line| line.trim_start_matches(['#', ' ']));
    let table: Vec<&str> =
        head.skip_while(|line| *line != "[[layer]]").take_while(|line| !line.is_empty()).collect();
    let layer = table.join("\n");
    assert!(layer.contains("crs = \"EDIT\""), "the CRS must be asked for:\n{layer}");
    folder.pipeline(&layer);
    folder.cikr(&["check", "pipeline.toml"]).code(3).says("`EDIT` is not a CRS");
    folder.pipeline(&layer.replace("EDIT", crs));
    folder.cikr(&["check", "pipeline.toml"]).code(0);
    schema
}

/// Rows kept, and rejects that are not defects of the row itself.
fn ran(folder: &Folder, id: &str) -> LayerReport {
    let layer = folder.run().code(0).layer(id);
    assert!(layer.rows_written * 100 >= layer.rows_read * 98, "{layer:?}");
    assert!(layer.fields_missing.is_empty(), "{:?}", layer.fields_missing);
    layer
}

#[track_caller]
fn says(schema: &str, words: &[&str]) {
    for words in words {
        assert!(schema.contains(words), "`{words}` is not in:\n{schema}");
    }
}

#[test]
fn hospitals_are_drafted_with_key_sector_and_sentinels() {
    let folder = Folder::new();
    let schema = drafted(&folder, "hospitals.csv", "hospitals", "EPSG:4326");
    says(
        &schema,
        &[
            "x = \"LONGITUDE\", y = \"LATITUDE\"",
            "looks like EPSG:3857",
            "key = [\"id\"]",
            "geometry = \"point\"",
            "code = \"HLPH\"\nsubsector = \"Direct Patient Care\"",
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
    let layer = ran(&folder, "hospitals");
    assert!(layer.fields["beds"].sentinel >= 53, "{:?}", layer.fields);
}

#[test]
fn dams_are_drafted_from_well_known_text() {
    let folder = Folder::new();
    let schema = drafted(&folder, "dams.csv", "dams", "EPSG:4269");
    says(
        &schema,
        &[
            "wkt = \"WKT\", delimiter = \";\"",
            "key = [\"nidid\"]",
            "EDIT: a placeholder",
            "name = \"name\"\nfrom = [\"DAM_NAME\"]",
            "name = \"source_agency_claimed\"\nfrom = [\"SOURCE_AGENCY\"]",
            "name = \"year_completed\"\nfrom = [\"YEAR_COMPLETED\"]\ntype = \"integer\"\nnull = [\"-999\"]",
            "\"%d-%b-%y\"",
        ],
    );
    assert!(!schema.contains("from = [\"WKT\"]"), "the geometry is no field");
    ran(&folder, "dams");
}

#[test]
fn a_file_with_its_own_crs_needs_no_decision_to_run() {
    let folder = Folder::new();
    folder.pipeline("");
    let file = format!("{ROOT}/sample-data/transmission_lines.zip");
    let schema = folder.cikr(&["draft", &file, "--rows", "100"]).code(0).stdout;
    says(&schema, &["Draft from the first 100 rows", "geometry = \"line\"", "code = \"ENER\""]);
    assert!(!schema.contains("EDIT crs"), "{schema}");
    let json = folder.cikr(&["draft", &file, "--rows", "100", "--format", "json"]).code(0).stdout;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["schema"].as_str().map(str::trim_end), Some(schema.trim_end()));
}

#[test]
fn odd_columns_make_a_schema_all_the_same() {
    let folder = Folder::new();
    folder.pipeline("").write(
        "odd.csv",
        "\"a \"\"b\"\"\",Region,geometry,ID,id,,\u{7f}\\n,NAME\n1,x,y,1,2,3,4,\"line\nbreak\"\n2,x,y,5,2,3,4,Ä\n",
    );
    let schema = folder.cikr(&["draft", "odd.csv"]).code(0).stdout;
    folder.write("schemas/odd.toml", &schema).pipeline(
        "[[layer]]\nid = \"odd\"\nsource.csv = { path = \"odd.csv\", wkt = \"geometry\", crs = \"EPSG:4326\" }\n",
    );
    folder.cikr(&["check", "pipeline.toml"]).code(0);
    says(&schema, &["region_claimed", "id_2"]);
}

#[test]
fn what_cannot_be_drafted_is_named() {
    let folder = Folder::new();
    folder.cikr(&["draft", "none.csv"]).code(4).says("cannot describe none.csv");
    folder.write("page.csv", "<!DOCTYPE html><html></html>");
    folder.cikr(&["draft", "page.csv"]).code(4).says("an HTML page");
    folder.write("a.csv", "ID,X,Y\n1,2,3\n");
    folder.cikr(&["draft", "a.csv", "--layer", "b"]).code(4).says("has no layer `b`").says("`a`");
    folder.write("tables/states.csv", "wrong\n");
    folder.cikr(&["draft", "a.csv", "--reference", "tables"]).code(3);
    // Nothing but the file is needed.
    let schema = folder.cikr(&["draft", "a.csv"]).code(0).stdout;
    says(
        &schema,
        &["source.csv = { path = \"a.csv\", x = \"X\", y = \"Y\", crs = \"EDIT\" }", "code = \"GOVF\""],
    );
    assert!(fs::read_dir(folder.path()).unwrap().all(|entry| entry.unwrap().file_name() != "schemas"));
}
