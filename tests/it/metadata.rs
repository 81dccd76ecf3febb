//! What a release says of itself to those who cite it and to programs: the digest of its data, `CITATION.cff`,
//! `datapackage.json`, and what the footers of its tables say.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use cikr::feature::release::data_digest;
use parquet::file::reader::{FileReader, SerializedFileReader};
use serde_json::Value;

use crate::program::{Folder, POINTS_LAYER};
use crate::upgrade::sign;

const ROWS: &str = "1,A,48001,5,-95,35\n2,B,01001,6,-85,36\n3,C,,7,-120,35\n,NO KEY,,,-95,35\n";

/// One layer, with a national file.
fn folder() -> Folder {
    let folder = Folder::new();
    folder.points(ROWS);
    folder.pipeline(&format!("{POINTS_LAYER}\n[output]\nnational = true\n"));
    folder
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// The digest of the data as each who tells it has it: all are one.
fn told_digest(folder: &Folder) -> String {
    let release = folder.latest();
    let latest = json(&folder.path().join("store/public/latest.json"));
    let digest = latest["data_sha256"].as_str().unwrap().to_owned();
    let id = latest["release"].as_str().unwrap();
    let record = json(&folder.path().join(format!("store/public/releases/{id}.json")));
    assert_eq!(record["data_sha256"], digest);

    let manifest = json(&release.join("manifest.json"));
    let files = manifest["files"].as_array().unwrap().iter();
    let files = files.map(|file| (file["path"].as_str().unwrap(), file["sha256"].as_str().unwrap()));
    assert_eq!(data_digest(files), digest);
    for file in [
        "README.md",
        "CITATION.cff",
        "datapackage.json",
        "catalog.json",
        "facilities/collection.json",
    ] {
        let text = fs::read_to_string(release.join(file)).unwrap();
        assert!(text.contains(&digest), "{file}");
    }
    let verified = folder.cikr(&["verify", "store"]).code(0).stdout;
    assert!(
        verified.ends_with(&format!("\ndata sha256: {digest}\n")),
        "{verified}"
    );
    let verified = folder
        .cikr(&["verify", "store", "--format", "json"])
        .code(0)
        .stdout;
    let verified: Value = serde_json::from_str(&verified).unwrap();
    assert_eq!(verified["data_sha256"], digest);
    digest
}

/// Without what a run has of its own.
fn package(release: &Path) -> Value {
    let mut package = json(&release.join("datapackage.json"));
    let told = package.as_object_mut().unwrap();
    for name in ["version", "created"] {
        assert!(told.remove(name).is_some(), "{name}");
    }
    // What differs from the release before, is another thing each night, and how old the rows are, too.
    let tables = package["resources"].as_array_mut().unwrap();
    tables.retain(|table| !table["name"].as_str().unwrap().starts_with("changes."));
    for table in tables {
        let name = table["name"].as_str().unwrap();
        if name.starts_with("quality.") || name.starts_with("scorecard.") {
            table.as_object_mut().unwrap().remove("hash");
        }
    }
    package
}

/// The lines of `CITATION.cff` but for those that name the run.
fn citation(release: &Path) -> Vec<String> {
    let text = fs::read_to_string(release.join("CITATION.cff")).unwrap();
    let lines = text.lines().map(str::to_owned);
    lines
        .filter(|line| !line.starts_with("version: ") && !line.starts_with("date-released: "))
        .collect()
}

#[test]
fn the_data_have_one_digest_on_quiet_nights_and_when_made_again() {
    let folder = folder();
    folder.run().code(0);
    let digest = told_digest(&folder);
    let first = folder.latest();
    for again in [
        &["run", "pipeline.toml"][..],
        &["run", "pipeline.toml", "--rebuild"],
    ] {
        folder.cikr(again).code(0);
        assert_eq!(told_digest(&folder), digest, "{again:?}");
        assert_eq!(citation(&folder.latest()), citation(&first), "{again:?}");
        assert_eq!(package(&folder.latest()), package(&first), "{again:?}");
    }
    folder.points(&ROWS.replace("1,A", "1,AA"));
    folder.run().code(0);
    assert_ne!(told_digest(&folder), digest, "a name is data");
}

#[test]
fn a_digest_that_is_not_that_of_the_data_is_told() {
    let folder = folder();
    folder.run().code(0);
    let digest = told_digest(&folder);
    let release = folder.latest();
    let store = folder.path().join("store");
    for file in ["CITATION.cff", "datapackage.json", "README.md"] {
        let path = release.join(file);
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, text.replace(&digest, &"0".repeat(64))).unwrap();
        // By its manifest every file is as it should be.
        sign(&store, &release);
        let told = folder.cikr(&["verify", "store"]).code(7).stdout;
        assert!(
            told.contains(&format!(
                "{file}: doesn't name the digest of the data, which is {digest}\n"
            )),
            "{told}"
        );
        fs::write(&path, text).unwrap();
        sign(&store, &release);
        folder.cikr(&["verify", "store"]).code(0);
    }
    let latest = store.join("public/latest.json");
    let mut told = json(&latest);
    told["data_sha256"] = "0".repeat(64).into();
    fs::write(&latest, told.to_string()).unwrap();
    let verified = folder.cikr(&["verify", "store"]).code(7).stdout;
    assert!(
        verified.contains(&format!(
            "latest.json: `data_sha256` is {}, by manifest.json {digest}",
            "0".repeat(64)
        )),
        "{verified}"
    );
}

/// Every Parquet file of a release, but lists of items, which STAC describes.
fn tables(release: &Path) -> Vec<PathBuf> {
    let manifest = json(&release.join("manifest.json"));
    let files = manifest["files"].as_array().unwrap().iter();
    let paths = files.map(|file| file["path"].as_str().unwrap());
    let tables = paths.filter(|path| path.ends_with(".parquet") && !path.ends_with("/items.parquet"));
    tables.map(PathBuf::from).collect()
}

#[test]
fn the_footer_of_every_table_says_what_its_columns_mean() {
    let folder = folder();
    folder.run().code(0);
    folder.cikr(&["run", "pipeline.toml", "--rebuild"]).code(0);
    let release = folder.latest();
    let tables = tables(&release);
    let places: BTreeSet<&str> = tables
        .iter()
        .map(|path| path.iter().next().unwrap().to_str().unwrap())
        .collect();
    assert_eq!(
        places.into_iter().collect::<Vec<_>>(),
        [
            "changes",
            "facilities",
            "jurisdictions",
            "layers",
            "links",
            "quality",
            "reference",
            "rejects",
            "scorecard"
        ]
    );
    for table in tables {
        let file = SerializedFileReader::new(fs::File::open(release.join(&table)).unwrap()).unwrap();
        let footer = file.metadata().file_metadata();
        let entries = footer.key_value_metadata().unwrap();
        let notes: Vec<&str> = entries
            .iter()
            .filter(|entry| entry.key == "columns")
            .map(|entry| entry.value.as_deref().unwrap())
            .collect();
        assert_eq!(notes.len(), 1, "{}", table.display());
        let notes: serde_json::Map<String, Value> = serde_json::from_str(notes[0]).unwrap();
        let names: BTreeSet<&str> = footer
            .schema_descr()
            .root_schema()
            .get_fields()
            .iter()
            .map(|field| field.name())
            .collect();
        let described: BTreeSet<&str> = notes.keys().map(String::as_str).collect();
        assert_eq!(described, names, "{}", table.display());
        for (column, note) in &notes {
            let meaning = note["description"].as_str().unwrap();
            assert!(
                !meaning.is_empty() || table.starts_with("layers"),
                "{}: {column}",
                table.display()
            );
        }
    }
}
