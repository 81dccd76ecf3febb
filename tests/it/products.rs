//! The products of a release: each documented column by column, chosen by the pipeline, seen while tiles are written.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use cikr::derive::PRODUCTS;
use cikr::derive::product::Scope;
use cikr::feature::RunReport;

use crate::program::{Folder, POINTS_LAYER, rows};

const ROWS: &str = "1,A,48001,5,-95,35\n2,B,01001,6,-85,36\n3,C,,7,-120,35\n";

fn names(report: &RunReport) -> Vec<&str> {
    report
        .products
        .as_ref()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect()
}

/// Parquet files of a folder of the release, as paths within it; none where it isn't there.
fn files(release: &Path, folder: &str) -> Vec<String> {
    let entries = fs::read_dir(release.join(folder))
        .into_iter()
        .flatten()
        .map(Result::unwrap);
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut files: Vec<String> = names
        .filter(|name| name.ends_with(".parquet"))
        .map(|name| format!("{folder}/{name}"))
        .collect();
    files.sort();
    files
}

#[test]
fn every_table_is_a_product_s_and_documented_column_by_column() {
    let folder = Folder::new();
    folder.points(ROWS).run().code(0);
    folder.points(&ROWS.replace("48001,5", "48001,8")).run().code(0);
    let release = folder.latest();
    let readme = fs::read_to_string(release.join("README.md")).unwrap();
    let mut documented = BTreeSet::new();
    for table in PRODUCTS.iter().flat_map(|product| product.describe().doc.tables) {
        let path = table.path.replace("<layer>", "points").replace("<set>", "county");
        let schema = cikr::geoparquet::read_footer(&release.join(&path))
            .unwrap()
            .schema;
        let names: Vec<&str> = schema
            .fields()
            .iter()
            .map(|field| field.name().as_str())
            .collect();
        let told: Vec<&str> = table.columns.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, told, "{path}");
        assert!(
            readme.contains(&format!("`{}`, each row is", table.path)),
            "{path}"
        );
        assert!(
            told.iter().all(|name| readme.contains(&format!("| `{name}` |"))),
            "{path}"
        );
        documented.insert(path);
    }
    // A set has a table like another's: those of the counties stand for all.
    let found: BTreeSet<String> = ["quality", "links", "changes", "jurisdictions", "scorecard"]
        .iter()
        .flat_map(|of| files(&release, of))
        .filter(|file| file != "jurisdictions/state.parquet")
        .collect();
    assert_eq!(found, documented);
}

#[test]
fn every_product_says_what_it_is() {
    let names: BTreeSet<&str> = PRODUCTS
        .iter()
        .map(|product| product.describe().doc.name)
        .collect();
    assert_eq!(names.len(), PRODUCTS.len(), "a name stands for one product");
    let ours = fs::read_to_string(Path::new(crate::program::ROOT).join("README.md")).unwrap();
    for product in PRODUCTS {
        let about = product.describe();
        assert!(
            ours.contains(&format!("| `{}` |", about.doc.name)),
            "README.md says nothing of {}",
            about.doc.name
        );
        assert!(
            about.scope != Scope::Tile || !about.reads.is_empty(),
            "{} sees tiles",
            about.doc.name
        );
    }
}

#[test]
fn a_pipeline_chooses_its_products() {
    let folder = Folder::new();
    folder.points(ROWS);
    let with = |products: &str| {
        folder.pipeline(&format!("{POINTS_LAYER}\n[output]\n{products}\n"));
        let report = folder.run().code(0).report();
        folder.cikr(&["verify", "store"]).code(0);
        report
    };
    let bare = with("products = []");
    assert!(names(&bare).is_empty() && bare.quality.is_none() && bare.inventory_rows == 0);
    let release = folder.latest();
    for absent in ["facilities", "links", "changes", "jurisdictions", "scorecard"] {
        assert!(!release.join(absent).exists(), "{absent}");
    }
    assert!(files(&release, "quality").is_empty() && release.join("report.html").exists());
    let readme = fs::read_to_string(release.join("README.md")).unwrap();
    assert!(
        !readme.contains("| `facilities/") && !readme.contains("| `links/"),
        "{readme}"
    );
    assert!(
        folder
            .cikr(&["run", "pipeline.toml"])
            .code(0)
            .stdout
            .contains("layers/points/data")
    );

    // Choosing others makes no layer again: a switch is no part of what tiles follow from.
    let default = with("");
    assert_eq!(
        names(&default),
        [
            "changes",
            "inventory",
            "quality",
            "registry",
            "scorecard",
            "sectors"
        ]
    );
    assert!(default.layers[0].unchanged_since().is_some() && default.inventory_rows == 3);
    assert_eq!(default.layers[0].changes.as_ref().unwrap().unchanged, 3);
    assert_eq!(
        rows(&folder.latest().join("facilities"))
            .iter()
            .map(arrow_array::RecordBatch::num_rows)
            .sum::<usize>(),
        3
    );
    let national = with("national = true");
    assert!(national.layers[0].unchanged_since().is_some() && national.layers[0].national_bytes.is_some());
    let again = with("products = [\"national\", \"sectors\"]");
    assert_eq!(names(&again), ["national", "sectors"]);
    assert_eq!(again.layers[0].national_bytes, national.layers[0].national_bytes);
    let less = with("products = [\"sectors\"]");
    assert_eq!(
        (names(&less), less.layers[0].national_bytes),
        (vec!["sectors"], None)
    );
    assert!(!folder.latest().join("layers/points/national.parquet").exists());
}

#[test]
fn a_product_that_there_is_not_is_told_with_the_one_that_may_be_meant() {
    let folder = Folder::new();
    folder.points(ROWS).pipeline(&format!(
        "{POINTS_LAYER}\n[output]\nproducts = [\"qualty\", \"changes\"]\n"
    ));
    folder
        .run()
        .code(3)
        .says("`qualty` is not a product")
        .says("did you mean `quality`");
    let schema = folder.cikr(&["schema", "pipeline"]).code(0).stdout;
    let schema: serde_json::Value = serde_json::from_str(&schema).unwrap();
    let listed = &schema["properties"]["output"]["properties"]["products"]["items"]["enum"];
    let known: Vec<&str> = PRODUCTS
        .iter()
        .map(|product| product.describe().doc.name)
        // It is asked for by a key of its own, which says which.
        .filter(|name| *name != "formats")
        .collect();
    assert_eq!(*listed, serde_json::json!(known));
}
