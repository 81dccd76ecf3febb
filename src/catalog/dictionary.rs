//! The data dictionary: what every column of a collection means.
//!
//! Pure: plan in, column descriptions out.

use arrow_schema::{DataType, Field as ArrowField, Schema};

use crate::feature::{CORE_COLUMNS, CoreColumn, CoreType, TableDoc, unit_by_name};
use crate::plan::{Field, FieldKind, LayerSchema, Plan};

/// What a column means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnDoc {
    /// Column name.
    pub name: String,
    /// Type, in the words of Arrow: `string`, `int64`, `double`, `boolean`, `date32` …
    pub kind: String,
    /// Unit, such as `MW`.
    pub unit: Option<String>,
    /// Meaning.
    pub meaning: String,
    /// Codes that its values are, and their texts; a source may have others.
    pub codes: Vec<(String, String)>,
    /// Source fields it is read from, most trusted first; empty where it is computed.
    pub sources: Vec<String>,
}

impl ColumnDoc {
    /// A column that nothing describes any more.
    pub(super) fn undescribed(field: &ArrowField) -> Self {
        Self::new(
            field.name(),
            kind_name(field.data_type()),
            "not described by the present schema",
        )
    }

    fn new(name: &str, kind: &str, meaning: &str) -> Self {
        Self {
            name: name.to_owned(),
            kind: kind.to_owned(),
            unit: None,
            codes: Vec::new(),
            meaning: meaning.to_owned(),
            sources: Vec::new(),
        }
    }
}

/// What every column of a layer's tiles means, in file order; of the inventory's where `layer` is none. A column that the
/// dictionary doesn't know (of a layer carried from an earlier release) is listed too, without a meaning.
pub(super) fn columns_of(plan: &Plan, layer: Option<&LayerSchema>, columns: &Schema) -> Vec<ColumnDoc> {
    documented(&dictionary(plan, layer), columns)
}

/// The columns as the dictionary has them.
pub(super) fn documented(dictionary: &[ColumnDoc], columns: &Schema) -> Vec<ColumnDoc> {
    let mut found = Vec::with_capacity(columns.fields().len());
    for field in columns.fields() {
        let doc = dictionary.iter().find(|doc| doc.name == *field.name());
        found.push(doc.cloned().unwrap_or_else(|| ColumnDoc::undescribed(field)));
    }
    found
}

/// The columns of a table beside the tiles; `doc` is none for a table of an earlier version.
pub(super) fn table_columns(doc: Option<&TableDoc>, columns: &Schema) -> Vec<ColumnDoc> {
    let described = doc.map_or(&[][..], |doc| doc.columns);
    let mut found = Vec::with_capacity(columns.fields().len());
    for field in columns.fields() {
        let column = described.iter().find(|(name, _)| name == field.name());
        found.push(match column {
            Some((name, meaning)) => ColumnDoc {
                unit: unit_by_name(name).map(str::to_owned),
                ..ColumnDoc::new(name, kind_name(field.data_type()), meaning)
            },
            None => ColumnDoc::undescribed(field),
        });
    }
    found
}

/// Every column of a layer's tiles, in file order; of the inventory's where `schema` is none.
pub fn dictionary(plan: &Plan, schema: Option<&LayerSchema>) -> Vec<ColumnDoc> {
    // In the order in which `kernel::assemble` puts the columns of a tile: the tables of README and STAC are read beside
    // it.
    let fields = schema.map_or(&[][..], |schema| &schema.fields);
    let mut columns: Vec<ColumnDoc> = CORE_COLUMNS
        .iter()
        .map(|core| core_column(core, fields))
        .collect();
    for set in plan.jurisdictions.iter().filter(|set| !set.kind.is_core()) {
        let from = format!("{} ({})", set.agency, set.vintage);
        if let Some(column) = set.code_column() {
            let meaning = format!("computed {}: code of {from}", set.kind.title);
            columns.push(ColumnDoc::new(&column, "string", &meaning));
        }
        if let Some(column) = set.name_column() {
            let meaning = format!("name of the computed {}, as {from} has it", set.kind.title);
            columns.push(ColumnDoc::new(&column, "string", &meaning));
        }
    }
    columns.extend(fields.iter().flat_map(attribute_columns));
    columns.push(ColumnDoc::new(
        "geometry",
        "binary",
        "geometry as WKB, longitude and latitude, OGC:CRS84",
    ));
    let mut bbox = ColumnDoc::new(
        "bbox",
        "struct<xmin: float, ymin: float, xmax: float, ymax: float>",
        "box of the geometry, rounded outward to single precision",
    );
    bbox.unit = Some("degree".to_owned());
    columns.push(bbox);
    columns
}

/// A core column, with the source fields that fill it in this layer.
fn core_column(core: &CoreColumn, fields: &[Field]) -> ColumnDoc {
    let kind = match core.kind {
        CoreType::Text => "string",
        CoreType::TextList => "list<string>",
        CoreType::Boolean => "boolean",
        CoreType::Number => "double",
        CoreType::Date => "date32",
    };
    let mut doc = ColumnDoc::new(core.name, kind, core.meaning);
    // Units of core columns stand in their names.
    doc.unit = unit_by_name(core.name).map(str::to_owned);
    if let Some(field) = fields.iter().find(|field| field.name == core.name) {
        doc.sources.clone_from(&field.from);
        if !field.description.is_empty() {
            doc.meaning = format!("{}: {}", core.meaning, field.description);
        }
    }
    doc
}

/// The columns a field adds: its own unless it fills a core column, and that of its decoded text.
fn attribute_columns(field: &Field) -> Vec<ColumnDoc> {
    let own = (!is_core(&field.name)).then(|| ColumnDoc {
        name: field.name.clone(),
        kind: field_kind(&field.kind).to_owned(),
        unit: field.unit.clone(),
        codes: field.codes.clone(),
        meaning: field.description.clone(),
        sources: field.from.clone(),
    });
    let decoded = field
        .decoded
        .as_deref()
        .filter(|name| !is_core(name))
        .map(|name| ColumnDoc {
            sources: field.from.clone(),
            ..ColumnDoc::new(name, "string", &format!("text of the code in `{}`", field.name))
        });
    own.into_iter().chain(decoded).collect()
}

fn is_core(name: &str) -> bool {
    CORE_COLUMNS.iter().any(|core| core.name == name)
}

fn field_kind(kind: &FieldKind) -> &'static str {
    match kind {
        FieldKind::Text | FieldKind::State => "string",
        FieldKind::Integer => "int64",
        FieldKind::Number => "double",
        FieldKind::Boolean { .. } => "boolean",
        FieldKind::Date { .. } => "date32",
    }
}

fn kind_name(kind: &DataType) -> &'static str {
    match kind {
        DataType::Utf8 => "string",
        DataType::Int32 => "int32",
        DataType::Int64 => "int64",
        DataType::UInt32 => "uint32",
        DataType::UInt64 => "uint64",
        DataType::Float64 => "double",
        DataType::Boolean => "boolean",
        DataType::Date32 => "date32",
        DataType::Binary => "binary",
        // Codes stand for texts while they are in memory.
        DataType::Dictionary(_, values) => kind_name(values),
        DataType::List(_) => "list",
        DataType::Map(..) => "map",
        DataType::Struct(_) => "struct",
        _ => "other",
    }
}
