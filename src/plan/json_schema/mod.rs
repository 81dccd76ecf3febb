//! JSON Schemas (2020-12) of what people write, so that editors complete and check it.
//!
//! Which keys there are and of what kind, the readers in `config` tell; which words and numbers a key
//! takes stands in the constants that the plan checks by; `layer` and `pipeline` add what keys mean.
//! What only a whole project can show (that a name is declared, that a file is there) is `cikr check`'s.

mod layer;
mod pipeline;
mod servers;
#[cfg(test)]
mod tests;

use serde_json::{Map, Value, json};

use super::key::{Key, Keys};
use super::products::ProductName;
use super::reference::Reference;
use crate::config::{
    BlockConfig, KeyShape, Kind, PipelineConfig, SIZE_UNITS, SchemaConfig, Shape, TIME_UNITS,
};

/// A kind of file that people write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WrittenFile {
    /// `schemas/<id>.toml`.
    Layer,
    /// `schemas/include/<name>.toml`.
    Block,
    /// `pipelines/*.toml`.
    Pipeline,
}

/// The JSON Schema of a kind of file; codes are enumerated where the reference tables have them, and so are products.
///
/// ```
/// use cikr::plan::{Reference, WrittenFile, json_schema};
///
/// let schema = json_schema(WrittenFile::Layer, &Reference::default(), &[]);
/// assert_eq!(schema["properties"]["geometry"]["enum"][0], "point");
/// ```
pub fn json_schema(written: WrittenFile, reference: &Reference, products: &[ProductName]) -> Value {
    let (title, shape, keys) = match written {
        WrittenFile::Layer => (
            "Layer schema of cikr",
            SchemaConfig::shape(),
            layer::keys(reference),
        ),
        WrittenFile::Block => (
            "Block of fields of cikr",
            BlockConfig::shape(),
            layer::block_keys(),
        ),
        WrittenFile::Pipeline => (
            "Pipeline of cikr",
            PipelineConfig::shape(),
            pipeline::keys(reference, products),
        ),
    };
    let mut root = object_schema(&shape, "", &keys);
    root.insert(
        "$schema".to_owned(),
        json!("https://json-schema.org/draft/2020-12/schema"),
    );
    root.insert("title".to_owned(), json!(title));
    root.extend(keys.get("").cloned().unwrap_or_default().table);
    Value::Object(root)
}

/// An object that has the keys of a shape and no other.
fn object_schema(shape: &Shape, path: &str, keys: &Keys) -> Map<String, Value> {
    let properties: Map<String, Value> = shape
        .keys
        .iter()
        .map(|key| {
            (
                key.name.to_owned(),
                Value::Object(property_schema(key, &join_path(path, key.name), keys)),
            )
        })
        .collect();
    let required: Vec<&str> = shape
        .keys
        .iter()
        .filter(|key| key.is_required)
        .map(|key| key.name)
        .collect();
    let mut table = Map::new();
    table.insert("type".to_owned(), json!("object"));
    table.insert("properties".to_owned(), Value::Object(properties));
    // As the readers of `config` have it: a key that nobody asks for is a mistake.
    table.insert("additionalProperties".to_owned(), json!(false));
    if !required.is_empty() {
        table.insert("required".to_owned(), json!(required));
    }
    table
}

fn property_schema(key: &KeyShape, path: &str, keys: &Keys) -> Map<String, Value> {
    let said = documented_key(keys, path).cloned().unwrap_or_default();
    let mut value = match &key.kind {
        Kind::Text => text_schema(said.values),
        Kind::Texts { is_filled } => list_schema(text_schema(said.values), *is_filled, "string"),
        Kind::Integer => typed_schema("integer", said.values),
        Kind::TextOrInteger => text_or_integer(said.values),
        Kind::Number => typed_schema("number", said.values),
        Kind::Flag => typed_schema("boolean", said.values),
        Kind::Size => measured_schema(said.values, &SIZE_UNITS),
        Kind::Time => measured_schema(said.values, &TIME_UNITS),
        Kind::Pairs => pairs_schema(),
        Kind::Table(shape) => merged(object_schema(shape, path, keys), said.table),
        Kind::Tables(shape) => list_schema(
            merged(object_schema(shape, path, keys), said.table),
            key.is_required,
            "object",
        ),
    };
    value.extend(said.about);
    value
}

/// Text that is not blank, unless something stricter is said.
fn text_schema(values: Map<String, Value>) -> Map<String, Value> {
    let mut text = typed_schema("string", values);
    if !["enum", "pattern"]
        .iter()
        .any(|stricter| text.contains_key(*stricter))
    {
        text.insert("pattern".to_owned(), json!("[^ ]"));
    }
    text
}

fn list_schema(mut items: Map<String, Value>, is_filled: bool, kind: &str) -> Map<String, Value> {
    // A blank text may be a value, such as one that stands for null.
    if kind == "string" && items.get("pattern") == Some(&json!("[^ ]")) {
        items.remove("pattern");
    }
    let mut list = Map::new();
    list.insert("type".to_owned(), json!("array"));
    list.insert("items".to_owned(), Value::Object(items));
    if is_filled {
        list.insert("minItems".to_owned(), json!(1));
    }
    list
}

fn text_or_integer(values: Map<String, Value>) -> Map<String, Value> {
    let mut either = Map::new();
    either.insert(
        "anyOf".to_owned(),
        json!([typed_schema("integer", Map::new()), text_schema(values)]),
    );
    either
}

/// A number in the smallest unit, or text such as `16 MiB`.
fn measured_schema(values: Map<String, Value>, units: &[(&'static str, u64)]) -> Map<String, Value> {
    let units: Vec<&str> = units.iter().map(|(unit, _)| *unit).collect();
    // As `config::parse_size` reads it: blanks around it, and some or none before the unit.
    let words = json!({"type": "string", "pattern": format!("^\\s*[0-9]+\\s*({})\\s*$", units.join("|"))});
    let mut size = Map::new();
    size.insert(
        "anyOf".to_owned(),
        json!([typed_schema("integer", values), words]),
    );
    size
}

fn pairs_schema() -> Map<String, Value> {
    let mut pairs = typed_schema("object", Map::new());
    pairs.insert("minProperties".to_owned(), json!(1));
    pairs.insert(
        "additionalProperties".to_owned(),
        json!({"type": "string", "pattern": "\\S"}),
    );
    pairs
}

fn typed_schema(kind: &str, values: Map<String, Value>) -> Map<String, Value> {
    let mut all = Map::new();
    all.insert("type".to_owned(), json!(kind));
    merged(all, values)
}

fn merged(mut base: Map<String, Value>, more: Map<String, Value>) -> Map<String, Value> {
    base.extend(more);
    base
}

fn join_path(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}.{name}")
    }
}

/// What is said of a key: under its path, or, for a source, under `source`; what every
/// kind of source has is said once, under `source.*`. A file is the same behind HTTP.
fn documented_key<'k>(keys: &'k Keys, path: &str) -> Option<&'k Key> {
    // The most special place first: what is said of one kind of source goes before what holds of all.
    let mut places = vec![path.to_owned()];
    if let Some(at) = path.find("source") {
        places.push(path[at..].to_owned());
        let parts: Vec<&str> = path[at..].split('.').collect();
        if let ["source", "http", kind, rest @ ..] = parts.as_slice() {
            places.push([&["source", kind], rest].concat().join("."));
            if let [key] = rest {
                places.push(format!("source.*.{key}"));
            }
        }
        if let ["source", _kind, rest @ ..] = parts.as_slice() {
            places.push([&["source", "*"], rest].concat().join("."));
        }
    }
    places.iter().find_map(|place| keys.get(place))
}
