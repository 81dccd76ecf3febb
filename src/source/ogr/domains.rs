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

/// Coded values of a layer.
#[derive(Default)]
pub(super) struct Domains {
    /// Names by field.
    pub(super) fields: HashMap<String, Names>,
    /// Where fields have other names in rows of other subtypes.
    pub(super) subtypes: Option<Subtypes>,
}

/// Kinds of rows, told apart by the code in one field.
#[derive(Default)]
pub(super) struct Subtypes {
    /// The field.
    pub(super) field: String,
    /// Names of the kinds by their codes.
    names: Names,
    /// By code of the kind and field, names.
    fields: HashMap<(String, String), Names>,
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

/// Ending of the column with the names of a field's codes.
const DECODED: &str = "_decoded";

/// A column of codes.
pub(super) struct Coded {
    names: Names,
    /// By code of the row's subtype, where it has names of its own.
    by_subtype: HashMap<String, Names>,
    /// The column that their names go to.
    column: usize,
    /// Values that it has no name for.
    pub(super) unknown: u64,
}

impl Coded {
    /// The coded columns among `columns`, each of whose names become a further column.
    pub(super) fn beside(columns: &mut Vec<String>, domains: Domains) -> Vec<Option<Self>> {
        let Domains { mut fields, subtypes } = domains;
        let subtypes = subtypes.unwrap_or_default();
        let mut coded = Vec::new();
        for at in 0..columns.len() {
            let field = &columns[at];
            let own = subtypes.fields.iter().filter(|((_, of), _)| of == field);
            let by_subtype: HashMap<String, Names> = own
                .map(|((code, _), names)| (code.clone(), names.clone()))
                .collect();
            let names = fields
                .remove(field)
                .or_else(|| (*field == subtypes.field).then(|| subtypes.names.clone()));
            let decoded = format!("{field}{DECODED}");
            if names.is_none() && by_subtype.is_empty() || columns.contains(&decoded) {
                coded.push(None);
                continue;
            }
            columns.push(decoded);
            let (names, column) = (names.unwrap_or_default(), columns.len() - 1);
            coded.push(Some(Self {
                names,
                by_subtype,
                column,
                unknown: 0,
            }));
        }
        coded
    }

    /// Puts the name of a code into its column; `subtype` is the code of the row's kind, where rows have kinds.
    pub(super) fn put(&mut self, code: &str, subtype: Option<&str>, batch: &mut BatchBuilder) {
        let own = subtype.and_then(|subtype| self.by_subtype.get(subtype.trim()));
        match own.unwrap_or(&self.names).get(code.trim()) {
            Some(name) => batch.text(self.column, name),
            None => self.unknown += 1,
        }
    }
}

/// Coded values of a layer.
pub(super) fn of(dataset: &Dataset, layer: &str, is_geopackage: bool) -> Domains {
    if is_geopackage {
        return Domains {
            fields: geopackage::domains(dataset, layer),
            subtypes: None,
        };
    }
    of_geodatabase(dataset, layer).unwrap_or_default()
}

/// Those of a file geodatabase, whose tables and domains are rows of one table, defined in XML.
fn of_geodatabase(dataset: &Dataset, layer: &str) -> Option<Domains> {
    let mut items = dataset.layer_by_name("GDB_Items").ok()?;
    let place = |name: &str| items.defn().fields().position(|field| field.name() == name);
    let (name, definition) = (place("Name")?, place("Definition")?);
    let (mut table, mut domains) = (Table::default(), HashMap::new());
    for item in items.features() {
        let text = |at| item.field_as_string(at).ok().flatten();
        let Some(xml) = text(definition).filter(|xml| xml.len() <= LONGEST) else {
            continue;
        };
        if let Ok(domain) = quick_xml::de::from_str::<Domain>(&xml) {
            let names = domain
                .coded_values
                .all
                .into_iter()
                .map(|value| (value.code, value.name));
            domains.insert(domain.domain_name, names.collect::<Names>());
        } else if text(name).as_deref() == Some(layer) {
            table = quick_xml::de::from_str(&xml).unwrap_or_default();
        }
    }
    let named = |field: TableField| Some((field.name, Names::clone(domains.get(&field.domain_name?)?)));
    let fields = table.fields.all.into_iter().filter_map(named).collect();
    let mut subtypes = table.subtype_field.map(|field| Subtypes {
        field,
        ..Subtypes::default()
    });
    for subtype in table.subtypes.all {
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
    Some(Domains { fields, subtypes })
}
