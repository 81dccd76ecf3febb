//! The JSON Schemas against the readers and the plan, both ways.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;

use super::*;
use crate::config::Diagnostic;

const ALL: [WrittenFile; 3] = [WrittenFile::Layer, WrittenFile::Block, WrittenFile::Pipeline];

fn parts(written: WrittenFile) -> (Shape, Keys) {
    match written {
        WrittenFile::Layer => (SchemaConfig::shape(), layer::keys(&Reference::default())),
        WrittenFile::Block => (BlockConfig::shape(), layer::block_keys()),
        WrittenFile::Pipeline => (
            PipelineConfig::shape(),
            pipeline::keys(&Reference::default(), &[]),
        ),
    }
}

/// Asserts that a table of the JSON Schema has the keys of the reader's, and no others.
fn compare(shape: &Shape, schema: &Value, path: &str) {
    let properties = schema["properties"]
        .as_object()
        .unwrap_or_else(|| panic!("{path} has properties"));
    let asked: BTreeSet<&str> = shape.keys.iter().map(|key| key.name).collect();
    let listed: BTreeSet<&str> = properties.keys().map(String::as_str).collect();
    assert_eq!(asked, listed, "the keys of `{path}`");
    assert_eq!(schema["additionalProperties"], false, "{path}");
    let needed: BTreeSet<&str> = shape
        .keys
        .iter()
        .filter(|key| key.is_required)
        .map(|key| key.name)
        .collect();
    let required: BTreeSet<&str> = schema["required"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    assert_eq!(needed, required, "the required keys of `{path}`");
    for key in &shape.keys {
        let (path, property) = (join_path(path, key.name), &properties[key.name]);
        let description = property["description"].as_str().unwrap_or_default();
        assert!(
            description.ends_with(['.', ')']),
            "`{path}` is not described: {description}"
        );
        let kind = property["type"].as_str();
        match &key.kind {
            Kind::Text => assert_eq!(kind, Some("string"), "{path}"),
            Kind::Texts { .. } => {
                assert_eq!(
                    (kind, &property["items"]["type"]),
                    (Some("array"), &json!("string")),
                    "{path}"
                );
            }
            Kind::Integer => assert_eq!(kind, Some("integer"), "{path}"),
            Kind::Number => assert_eq!(kind, Some("number"), "{path}"),
            Kind::Flag => assert_eq!(kind, Some("boolean"), "{path}"),
            Kind::Size | Kind::Time | Kind::TextOrInteger => assert!(property["anyOf"].is_array(), "{path}"),
            Kind::Pairs => assert_eq!(kind, Some("object"), "{path}"),
            Kind::Table(shape) => compare(shape, property, &path),
            Kind::Tables(shape) => compare(shape, &property["items"], &path),
        }
    }
}

#[test]
fn the_keys_are_those_the_readers_ask_for() {
    for written in ALL {
        compare(
            &parts(written).0,
            &json_schema(written, &Reference::default(), &[]),
            "",
        );
    }
}

/// Paths of every key of a shape.
fn paths(shape: &Shape, path: &str, found: &mut Vec<String>) {
    for key in &shape.keys {
        let path = join_path(path, key.name);
        if let Kind::Table(shape) | Kind::Tables(shape) = &key.kind {
            paths(shape, &path, found);
        }
        found.push(path);
    }
}

#[test]
fn nothing_is_said_of_a_key_that_is_not_there() {
    for written in ALL {
        let (shape, keys) = parts(written);
        let mut there = vec![String::new()];
        paths(&shape, "", &mut there);
        for told in keys.keys() {
            let alone: Keys = [(told.clone(), keys[told].clone())].into();
            assert!(
                there.iter().any(|path| documented_key(&alone, path).is_some()),
                "{written:?}: `{told}`"
            );
        }
    }
}

/// A value that the JSON Schema takes, from its examples, defaults and words.
fn sample(schema: &Value, kind_of_source: &str) -> Value {
    let words = schema.get("enum").and_then(|words| words.get(0));
    let example = schema.get("examples").and_then(|examples| examples.get(0));
    if let Some(value) = example.or(schema.get("default")).or(words) {
        return value.clone();
    }
    match schema["type"].as_str() {
        Some("object") => {
            let properties = schema["properties"].as_object().unwrap().iter();
            let is_source = schema["maxProperties"] == 1;
            // Of what excludes each other the first is written.
            let sets = schema["oneOf"].as_array().map(Vec::as_slice).unwrap_or_default();
            let required = |set: &Value, name: &str| {
                set["required"]
                    .as_array()
                    .is_some_and(|keys| keys.iter().any(|key| key == name))
            };
            let is_other = |name: &str| {
                sets.iter().any(|set| required(set, name))
                    && !sets.iter().take(1).any(|set| required(set, name))
            };
            let wanted = properties
                .filter(|(name, _)| !is_source || *name == kind_of_source)
                .filter(|(name, _)| !is_other(name));
            wanted
                .map(|(name, property)| (name.clone(), sample(property, kind_of_source)))
                .collect()
        }
        Some("array") => json!([sample(&schema["items"], kind_of_source)]),
        _ => panic!("no example, default or words in {schema:#}"),
    }
}

/// JSON as TOML: tables are written inline.
fn toml(value: &Value) -> String {
    match value {
        Value::Object(table) => {
            let pairs: Vec<String> = table
                .iter()
                .map(|(key, value)| format!("{key} = {}", toml(value)))
                .collect();
            format!("{{ {} }}", pairs.join(", "))
        }
        Value::Array(list) => format!("[{}]", list.iter().map(toml).collect::<Vec<_>>().join(", ")),
        value => value.to_string(),
    }
}

fn read(written: WrittenFile, value: &Value) -> Vec<Diagnostic> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("written.toml");
    let lines = value
        .as_object()
        .unwrap()
        .iter()
        .map(|(key, value)| format!("{key} = {}\n", toml(value)));
    fs::write(&path, lines.collect::<String>()).unwrap();
    let mut found = Vec::new();
    let is_read = match written {
        WrittenFile::Layer => SchemaConfig::read(&path, &mut found).is_some(),
        WrittenFile::Block => BlockConfig::read(&path, &mut found).is_some(),
        WrittenFile::Pipeline => PipelineConfig::read(&path, &mut found).is_some(),
    };
    assert!(is_read);
    found
}

#[test]
fn a_file_with_every_key_is_read_without_a_mistake() {
    let pipeline = json_schema(WrittenFile::Pipeline, &Reference::default(), &[]);
    let kinds = pipeline["properties"]["layer"]["items"]["properties"]["source"]["properties"].clone();
    for kind in kinds.as_object().unwrap().keys() {
        for written in ALL {
            let whole = sample(&json_schema(written, &Reference::default(), &[]), kind);
            let found = read(written, &whole);
            assert!(found.is_empty(), "{}", crate::config::render(&found, false));
        }
    }
}

#[test]
fn codes_are_enumerated_where_the_tables_are_there() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/reference");
    let reference = super::super::reference_tables(&folder).unwrap();
    let sector = &json_schema(WrittenFile::Layer, &reference, &[])["properties"]["sector"]["properties"];
    let codes = sector["code"]["enum"].as_array().unwrap();
    assert_eq!(codes.len(), reference.sectors.len());
    assert_eq!(
        sector["code"]["x-taplo"]["docs"]["enumValues"]
            .as_array()
            .unwrap()
            .len(),
        codes.len()
    );
    assert_eq!(&sector["also"]["items"]["enum"], &json!(codes));
    assert!(
        sector["lifeline"]["enum"]
            .as_array()
            .unwrap()
            .contains(&json!("Health and Medical/Medical Care"))
    );
    let bare = &json_schema(WrittenFile::Layer, &Reference::default(), &[])["properties"]["sector"]["properties"]
        ["code"];
    assert_eq!(bare["enum"], Value::Null);
}
