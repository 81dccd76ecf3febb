//! What a release is cited by, and how its tables and columns are described to programs.

use serde_json::{Value, json};

use super::fixture::{DATA_SHA256, arrow_schema, contents, plan, release, run_report, schema, tables, tile};
use super::json_of;
use crate::catalog::licence::{is_known_to_cff, is_spdx};
use crate::catalog::{Collection, column_notes, describe_release};
use crate::feature::{LayerQuality, LayerStatus, QualityReport, RunReport, Score, SourceDates};
use crate::plan::Plan;

/// A file of a release as text.
fn text_of(files: &[(std::path::PathBuf, Vec<u8>)], path: &str) -> String {
    let (_, bytes) = files.iter().find(|(found, _)| found.as_os_str() == path).unwrap();
    String::from_utf8(bytes.clone()).unwrap()
}

/// The dams of a release, with an inventory.
fn described(plan: &Plan, report: &RunReport) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let tiles = [tile("layers/dams", "data", Some("R06"), 2.0)];
    let collections = [
        Collection::inventory(plan, arrow_schema(), &tiles),
        Collection::of_layer(plan, &plan.layers[0], &report.layers[0], arrow_schema(), &tiles),
    ];
    describe_release(plan, report, &contents(&collections, &tables())).unwrap()
}

/// A report whose dams have source dates.
fn dated_report(oldest: &str, newest: &str) -> RunReport {
    let mut report = run_report(LayerStatus::Published);
    report.layers[0].landed_at = Some("2026-11-20T02:00:00Z".to_owned());
    let score = || Score::without_evidence("none", "");
    report.quality = Some(QualityReport {
        layers: vec![LayerQuality {
            id: report.layers[0].id.clone(),
            completeness: score(),
            currency: score(),
            accuracy: score(),
            filled: score(),
            verdicts: [].into(),
            unmet: vec![],
            worst_claims: vec![],
            nulls: vec![],
            suspected_duplicates: 0,
            dates: Some(SourceDates {
                dated: 2,
                future: 0,
                oldest: oldest.to_owned(),
                median: oldest.to_owned(),
                newest: newest.to_owned(),
                median_age_days: 1,
            }),
        }],
        ..QualityReport::default()
    });
    report
}

#[test]
fn every_description_names_the_digest_of_the_data() {
    let files = release(LayerStatus::Published);
    let readme = text_of(&files, "README.md");
    let sentence =
        format!("USACE. Demo. Release 2026-11-22, 2026-11-22. SHA-256 of the data: {DATA_SHA256}.");
    assert!(
        readme.contains(&format!("## How to cite\n\n> {sentence}\n")),
        "{readme}"
    );
    let expected = format!(
        "cff-version: 1.2.0\nmessage: \"Please cite the release and the digest of its data. README.md tells how to make the \
         digest again.\"\ntype: dataset\ntitle: \"Demo\"\nauthors:\n  - name: \"USACE\"\nversion: \"2026-11-22\"\n\
         date-released: \"2026-11-22\"\nidentifiers:\n  - type: other\n    value: \"sha256:{DATA_SHA256}\"\n    \
         description: \"SHA-256 of the data\"\n"
    );
    assert_eq!(text_of(&files, "CITATION.cff"), expected);
    assert_eq!(json_of(&files, "datapackage.json")["data_sha256"], DATA_SHA256);
    let dams = json_of(&files, "layers/dams/collection.json");
    assert_eq!(dams["cikr:data_sha256"], DATA_SHA256);
    assert_eq!(
        dams["sci:citation"],
        format!("USACE. Dams. In: Demo. Release 2026-11-22, 2026-11-22. SHA-256 of the data: {DATA_SHA256}.")
    );
}

#[test]
fn an_address_of_the_store_is_cited_and_names_the_host() {
    let mut plan = plan();
    plan.output.base_url = Some("https://data.example.org/cikr".to_owned());
    let files = described(&plan, &run_report(LayerStatus::Published));
    let url = "https://data.example.org/cikr/releases/2026-11-22/README.md";
    assert!(text_of(&files, "CITATION.cff").contains(&format!("\nurl: \"{url}\"\n")));
    assert!(text_of(&files, "README.md").contains(&format!("{DATA_SHA256}. {url}\n")));
    assert_eq!(json_of(&files, "datapackage.json")["homepage"], url);
    let dams = json_of(&files, "layers/dams/collection.json");
    let links = dams["links"].as_array().unwrap();
    assert!(
        links
            .iter()
            .any(|link| link["rel"] == "cite-as" && link["href"] == url)
    );
    let own = json!({"name": "Demo", "roles": ["processor", "host"], "url": "https://data.example.org/cikr"});
    assert_eq!(dams["providers"].as_array().unwrap().last(), Some(&own));
}

#[test]
fn what_is_made_up_has_no_agency_for_an_author() {
    let mut plan = plan();
    for layer in &mut plan.layers {
        let about = std::sync::Arc::make_mut(&mut layer.schema);
        about.synthetic = true;
        about.licence = "CC0-1.0".to_owned();
    }
    let citation = text_of(
        &described(&plan, &run_report(LayerStatus::Published)),
        "CITATION.cff",
    );
    assert!(citation.contains("authors:\n  - name: \"Demo\"\n"), "{citation}");
    assert!(citation.contains("\nlicense: \"CC0-1.0\"\n"), "{citation}");
}

#[test]
fn only_an_spdx_identifier_is_a_licence() {
    for words in [
        "public domain",
        "MIT OR Apache-2.0",
        "cc0-1.0",
        "LicenseRef-own",
        "CC0-1.0, see the portal",
        "",
    ] {
        assert!(!is_spdx(words), "{words}");
    }
    assert!(is_spdx("CC-PDM-1.0") && !is_known_to_cff("CC-PDM-1.0") && is_known_to_cff("CC0-1.0"));
}

#[test]
fn a_collection_is_of_the_time_of_its_data_and_made_at_that_of_the_run() {
    let (begin, end) = ("2019-03-01T00:00:00Z", "2024-05-31T00:00:00Z");
    let files = described(&plan(), &dated_report("2019-03-01", "2024-05-31"));
    for collection in ["layers/dams", "facilities"] {
        let found = json_of(&files, &format!("{collection}/collection.json"));
        assert_eq!(
            found["extent"]["temporal"]["interval"],
            json!([[begin, end]]),
            "{collection}"
        );
        assert_eq!(found["created"], "2026-11-22T03:00:00Z");
    }
    let item = &json_of(&files, "layers/dams/stac/dams-R06-000.json")["properties"];
    assert_eq!(
        [
            &item["datetime"],
            &item["start_datetime"],
            &item["end_datetime"],
            &item["created"]
        ],
        [end, begin, end, "2026-11-22T03:00:00Z"]
    );

    let interval = |report: &RunReport| -> Value {
        let found = json_of(&described(&plan(), report), "layers/dams/collection.json");
        found["extent"]["temporal"]["interval"][0].clone()
    };
    // A date after the run tells nothing: the rows are no newer than what was landed.
    let landed = "2026-11-20T02:00:00Z";
    assert_eq!(
        interval(&dated_report("2019-03-01", "2027-01-01")),
        json!([begin, landed])
    );
    assert_eq!(
        interval(&dated_report("2027-01-01", "2027-01-01")),
        json!([null, landed])
    );
    let undated = RunReport {
        quality: None,
        ..dated_report("2019-03-01", "2024-05-31")
    };
    assert_eq!(interval(&undated), json!([null, landed]));
    assert_eq!(
        interval(&run_report(LayerStatus::Published)),
        json!([null, "2026-11-22T03:00:00Z"])
    );
}

#[test]
fn the_package_has_every_table_and_column() {
    let package = json_of(&release(LayerStatus::Published), "datapackage.json");
    let resources = package["resources"].as_array().unwrap();
    let names: Vec<&str> = resources
        .iter()
        .map(|found| found["name"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        [
            "layers.dams",
            "layers.dams.crossing",
            "things.dams",
            "links.sector_membership"
        ],
        "an inventory without tiles is no table"
    );
    let dams = &resources[0];
    assert_eq!(
        dams["path"],
        json!([
            "layers/dams/data/region=R06/part-000.parquet",
            "layers/dams/data/region=unassigned/part-000.parquet"
        ]),
        "what crosses a border is a table of its own"
    );
    let crossing = &resources[1];
    assert_eq!(
        crossing["path"],
        "layers/dams/crossing/region=R06/part-000.parquet"
    );
    assert!(
        crossing["schema"]["primaryKey"].is_null(),
        "a dam stands in it once for each further region"
    );
    assert_eq!(
        dams["licenses"],
        json!([{"path": "README.md", "title": "public domain"}])
    );
    assert_eq!(
        dams["sources"],
        json!([{"title": "USACE", "path": "https://nid.sec.usace.army.mil"}])
    );
    assert_eq!(dams["schema"]["primaryKey"], json!(["facility_id"]));
    let key = json!({"fields": ["sector_class"], "reference": {"resource": "links.sector_membership", "fields": ["sector_class"]}});
    assert_eq!(
        dams["schema"]["foreignKeys"],
        json!([key]),
        "sectors aren't there"
    );
    let field = |name: &str| {
        let fields = dams["schema"]["fields"].as_array().unwrap();
        fields.iter().find(|field| field["name"] == name).unwrap().clone()
    };
    assert_eq!(field("hazard_code")["codes"], json!({"H": "High"}));
    assert_eq!(
        (&field("height_m")["unit"], &field("height_m")["description"]),
        (&json!("m"), &json!("what DAM_HEIGHT says"))
    );
    let thing = json!({"name": "thing", "type": "integer", "arrow_type": "uint64", "description": "what it is", "missingValues": ["nan"]});
    assert_eq!(resources[2]["schema"]["fields"], json!([thing]));
    assert_eq!(resources[2]["hash"], format!("sha256:{}", "cd".repeat(32)));
}

#[test]
fn a_footer_tells_of_the_columns_that_are_there_in_their_order() {
    let all = arrow_schema();
    let at = |name: &str| all.index_of(name).unwrap();
    let some = all.project(&[at("height_m"), at("name")]).unwrap();
    let (key, notes) = column_notes::of_tiles(&plan(), Some(&schema()), &some);
    assert_eq!(key, "columns");
    assert_eq!(
        notes,
        r#"{"height_m":{"description":"what DAM_HEIGHT says","unit":"m"},"name":{"description":"name as the source gives it: what DAM_NAME says"}}"#
    );
}
