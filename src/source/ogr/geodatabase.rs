//! Coded values of a file geodatabase, by the definitions of its tables and domains.

use std::collections::HashMap;

use gdal::Dataset;
use gdal::vector::{Layer, LayerAccess};
use serde::Deserialize;

use super::domains::{CodeNames, Domains, Subtypes};

/// Longest definition of a table or domain that is looked at, bytes.
const LONGEST: usize = 16 << 20;

/// Coded values of a layer; none where the dataset is no file geodatabase, or says nothing of any.
pub(super) fn coded_domains(dataset: &Dataset, layer: &str) -> Domains {
    read_items(dataset, layer).unwrap_or_default()
}

/// What `GDB_Items` says of a layer: tables and domains are rows of that one table, each defined in XML.
fn read_items(dataset: &Dataset, layer: &str) -> Option<Domains> {
    let mut items = dataset.layer_by_name("GDB_Items").ok()?;
    let name = field_position(&items, "Name")?;
    let definition = field_position(&items, "Definition")?;
    let mut table = Table::default();
    let mut domains: HashMap<String, CodeNames> = HashMap::new();
    for item in items.features() {
        let xml = item.field_as_string(definition).ok().flatten();
        let Some(xml) = xml.filter(|xml| xml.len() <= LONGEST) else {
            continue;
        };
        // Every kind of item is in that table, so what an item is shows only in which of the two it can be read as.
        if let Ok(domain) = quick_xml::de::from_str::<Domain>(&xml) {
            let values = domain.coded_values.all.into_iter();
            let names = values.map(|value| (value.code, value.name));
            domains.insert(domain.domain_name, names.collect());
        } else if item.field_as_string(name).ok().flatten().as_deref() == Some(layer) {
            table = quick_xml::de::from_str(&xml).unwrap_or_default();
        }
    }
    Some(table.resolve(&domains))
}

fn field_position(layer: &Layer<'_>, name: &str) -> Option<usize> {
    layer.defn().fields().position(|field| field.name() == name)
}

impl Table {
    /// The names of the codes of its fields, which name their domains alone.
    fn resolve(self, domains: &HashMap<String, CodeNames>) -> Domains {
        let mut fields = HashMap::new();
        for field in self.fields.all {
            if let Some(names) = field.domain_name.and_then(|domain| domains.get(&domain)) {
                fields.insert(field.name, names.clone());
            }
        }
        let mut subtypes = self.subtype_field.map(|field| Subtypes {
            field,
            ..Subtypes::default()
        });
        for subtype in self.subtypes.all {
            let Some(subtypes) = &mut subtypes else { break };
            subtypes.names.insert(subtype.code.clone(), subtype.name);
            for field in subtype.fields.all {
                if let Some(names) = field.domain_name.and_then(|domain| domains.get(&domain)) {
                    subtypes
                        .fields
                        .insert((subtype.code.clone(), field.field_name), names.clone());
                }
            }
        }
        Domains { fields, subtypes }
    }
}

/// A table as a file geodatabase defines it, as far as it is looked at.
#[derive(Default, Deserialize)]
struct Table {
    #[serde(rename = "GPFieldInfoExs", default)]
    fields: Fields,
    #[serde(rename = "SubtypeFieldName")]
    subtype_field: Option<String>,
    #[serde(rename = "Subtypes", default)]
    subtypes: SubtypeList,
}

#[derive(Default, Deserialize)]
struct SubtypeList {
    #[serde(rename = "Subtype", default)]
    all: Vec<Subtype>,
}

#[derive(Deserialize)]
struct Subtype {
    #[serde(rename = "SubtypeName")]
    name: String,
    #[serde(rename = "SubtypeCode")]
    code: String,
    #[serde(rename = "FieldInfos", default)]
    fields: SubtypeFields,
}

#[derive(Default, Deserialize)]
struct SubtypeFields {
    #[serde(rename = "SubtypeFieldInfo", default)]
    all: Vec<SubtypeField>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SubtypeField {
    field_name: String,
    domain_name: Option<String>,
}

#[derive(Default, Deserialize)]
struct Fields {
    #[serde(rename = "GPFieldInfoEx", default)]
    all: Vec<TableField>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct TableField {
    name: String,
    domain_name: Option<String>,
}

/// A domain as a file geodatabase defines it; one of a range has no coded values.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Domain {
    domain_name: String,
    coded_values: CodedValues,
}

#[derive(Deserialize)]
struct CodedValues {
    #[serde(rename = "CodedValue", default)]
    all: Vec<CodedValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CodedValue {
    name: String,
    code: String,
}
