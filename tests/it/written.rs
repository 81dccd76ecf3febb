//! What people write, in the hands of the program: blocks, the status of a schema, JSON Schemas of the files.

use std::fs;

use serde_json::Value;

use crate::program::{Folder, POINTS_LAYER, by_id};

const BLOCK: &str = r#"
description = "Columns of every layer of the kind"

[[field]]
name = "city"
from = ["CITY"]
null = ["NOT AVAILABLE"]
description = "City of the address"

[[field]]
name = "telephone"
from = ["TELEPHONE"]
description = "Telephone number"
"#;

/// A layer of two points whose schema includes a block.
fn with_block(top: &str, block: &str) -> Folder {
    let folder = Folder::new();
    folder
        .schema("points", "point", top)
        .write("schemas/include/hifld.toml", block);
    folder.write(
        "points.csv",
        "ID,NAME,CITY,TELEPHONE,LON,LAT\n1,A,Waco,555,-95,35\n2,B,NOT AVAILABLE,556,-85,35\n",
    );
    folder.pipeline(POINTS_LAYER);
    folder
}

#[test]
fn fields_of_a_block_come_first_and_are_normalised_as_their_own() {
    let folder = with_block("include = [\"hifld\"]\nomit = [\"telephone\"]", BLOCK);
    folder.run().code(0);
    let layer = folder.latest().join("layers/points");
    let cities: Vec<Option<String>> = by_id(&layer, "city").into_values().collect();
    assert_eq!(cities, [Some("Waco".to_owned()), None]);
    let collection = fs::read_to_string(layer.join("collection.json")).unwrap();
    let [city, beds] = ["\"city\"", "\"beds\""].map(|name| collection.find(name).unwrap());
    assert!(city < beds && !collection.contains("telephone"));
}

#[test]
fn a_mistake_in_a_block_is_told_of_the_block() {
    let folder = with_block("include = [\"hifld\"]", &BLOCK.replace("null = ", "nul = "));
    folder
        .cikr(&["check", "pipeline.toml"])
        .code(3)
        .says("schemas/include/hifld.toml:7:1")
        .says("`null`");
    let folder = with_block("include = [\"hilfd\"]", BLOCK);
    folder
        .cikr(&["check", "pipeline.toml"])
        .code(3)
        .says("schemas/points.toml:9:12")
        .says("`hifld`");
}

#[test]
fn an_unverified_schema_says_so_wherever_its_layer_is_listed() {
    let marked = "unverified schema";
    for (status, times) in [("unverified", 1), ("verified", 0)] {
        let folder = with_block(&format!("status = \"{status}\""), BLOCK);
        let before = folder.cikr(&["layers", "pipeline.toml"]).code(0);
        assert_eq!(before.stdout.matches(marked).count(), times, "{}", before.stdout);
        let checked = folder.cikr(&["check", "pipeline.toml"]).code(0);
        assert_eq!(checked.stderr, "", "it is no mistake");
        let summary = folder.cikr(&["run", "pipeline.toml", "-q"]).code(0).stdout;
        let line = summary.lines().find(|line| line.starts_with("points ")).unwrap();
        assert_eq!(line.matches(marked).count(), times, "{line}");
        let release = folder.latest();
        let readme = fs::read_to_string(release.join("README.md")).unwrap();
        let line = readme
            .lines()
            .find(|line| line.starts_with("| `points` |"))
            .unwrap();
        assert_eq!(line.matches(marked).count(), times, "{line}");
        let text = fs::read_to_string(release.join("layers/points/collection.json")).unwrap();
        let collection: Value = serde_json::from_str(&text).unwrap();
        let keywords = collection["keywords"].as_array().unwrap();
        assert_eq!(keywords.contains(&Value::from(marked)), times == 1);
        assert_eq!(collection["cikr:unverified"], times == 1);
        assert_eq!(
            collection["description"].as_str().unwrap().contains("unverified"),
            times == 1
        );
    }
}

#[test]
fn a_json_schema_is_printed_with_the_codes_of_the_tables() {
    let folder = with_block("", BLOCK);
    let printed = |args: &[&str]| -> Value {
        let ended = folder.cikr(&[&["schema"], args].concat()).code(0);
        serde_json::from_str(&ended.stdout).unwrap()
    };
    let codes = |schema: &Value| schema["properties"]["sector"]["properties"]["code"]["enum"].clone();
    let layer = printed(&["layer"]);
    assert_eq!(layer["$schema"], "https://json-schema.org/draft/2020-12/schema");
    assert!(codes(&layer).as_array().unwrap().contains(&Value::from("HLPH")));
    assert_eq!(printed(&["layer", "--format", "json"]), layer);
    let tables = folder.path().join("schemas/reference");
    fs::rename(&tables, folder.path().join("tables")).unwrap();
    assert_eq!(codes(&printed(&["layer"])), Value::Null, "no tables, no codes");
    assert_eq!(printed(&["layer", "--reference", "tables"]), layer);
    for kind in ["block", "pipeline"] {
        assert!(
            printed(&[kind])["properties"]["description"].is_object(),
            "{kind}"
        );
    }
    folder.write("tables/sectors.csv", "code\nHLPH\n");
    folder
        .cikr(&["schema", "layer", "--reference", "tables"])
        .code(3)
        .says("tables/sectors.csv:1:1");
    folder.cikr(&["schema", "layers"]).code(2).says("layer");
}
