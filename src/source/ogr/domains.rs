//! Coded values of a GeoPackage or a file geodatabase: the names that a layer gives to its codes.
//!
//! As of ArcGIS services, the names become a column beside the codes'.

use std::collections::HashMap;

use gdal::Dataset;
use gdal::vector::LayerAccess;
use serde::Deserialize;

use super::geopackage;
use crate::source::batch::BatchBuilder;

/// Names by code.
pub(super) type Names = HashMap<String, String>;

/// Longest definition of a table or domain that is looked at, bytes.
const LONGEST: usize = 16 << 20;

/// A table as a file geodatabase defines it, as far as it is looked at.
#[derive(Deserialize)]
struct Table {
    #[serde(rename = "GPFieldInfoExs", default)]
    fields: Fields,
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

/// Ending of the column with the names of a field's codes.
const DECODED: &str = "_decoded";

/// A column of codes.
pub(super) struct Coded {
    names: Names,
    /// The column that their names go to.
    column: usize,
    /// Values that it has no name for.
    pub(super) unknown: u64,
}

impl Coded {
    /// The coded columns among `columns`, each of whose names become a further column.
    pub(super) fn beside(
        columns: &mut Vec<String>,
        mut domains: HashMap<String, Names>,
    ) -> Vec<Option<Self>> {
        let mut coded = Vec::new();
        for at in 0..columns.len() {
            let decoded = format!("{}{DECODED}", columns[at]);
            let names = domains.remove(&columns[at]).filter(|_| !columns.contains(&decoded));
            coded.push(names.map(|names| {
                columns.push(decoded);
                Self { names, column: columns.len() - 1, unknown: 0 }
            }));
        }
        coded
    }

    /// Puts the name of a code into its column.
    pub(super) fn put(&mut self, code: &str, batch: &mut BatchBuilder) {
        match self.names.get(code.trim()) {
            Some(name) => batch.text(self.column, name),
            None => self.unknown += 1,
        }
    }
}

/// Names of the codes of a layer's fields, by field.
pub(super) fn of(dataset: &Dataset, layer: &str, is_geopackage: bool) -> HashMap<String, Names> {
    if is_geopackage { geopackage::domains(dataset, layer) } else { of_geodatabase(dataset, layer) }
}

/// Those of a file geodatabase, whose tables and domains are rows of one table, defined in XML.
fn of_geodatabase(dataset: &Dataset, layer: &str) -> HashMap<String, Names> {
    let Ok(mut items) = dataset.layer_by_name("GDB_Items") else { return HashMap::new() };
    let place = |name: &str| items.defn().fields().position(|field| field.name() == name);
    let (Some(name), Some(definition)) = (place("Name"), place("Definition")) else { return HashMap::new() };
    let (mut fields, mut domains) = (Vec::new(), HashMap::new());
    for item in items.features() {
        let text = |at| item.field_as_string(at).ok().flatten();
        let Some(xml) = text(definition).filter(|xml| xml.len() <= LONGEST) else { continue };
        if let Ok(domain) = quick_xml::de::from_str::<Domain>(&xml) {
            let names = domain.coded_values.all.into_iter().map(|value| (value.code, value.name));
            domains.insert(domain.domain_name, names.collect::<Names>());
        } else if text(name).as_deref() == Some(layer) {
            fields =
                quick_xml::de::from_str(&xml).map_or_else(|_| Vec::new(), |table: Table| table.fields.all);
        }
    }
    let named = |field: TableField| Some((field.name, Names::clone(domains.get(&field.domain_name?)?)));
    fields.into_iter().filter_map(named).collect()
}
