//! Which columns of rows are attributes of features, at which zooms, and their values as the bytes that a tile has.
//!
//! A value is put into its bytes once, when its row is met, and copied from there into every tile that the row is in.

use std::io::Write as _;

use arrow_array::RecordBatch;
use arrow_schema::Schema;

use super::protobuf::{push_field, push_prefixed, push_varint, zigzag64};
use super::pyramid::DEEPEST;
use crate::feature::{Cell, CellKind, Cells, LIST_SEPARATOR};

/// What a map shows, filters and searches by at all zooms, where rows have it; all other columns are there at the deepest
/// zoom alone.
pub const AT_ALL_ZOOMS: [&str; 12] = [
    "facility_id",
    "name",
    "layer",
    "sector_code",
    "lifeline",
    "state_code",
    "county_fips",
    "region_code",
    "status",
    "is_state_mismatch",
    "is_county_mismatch",
    "location_method",
];

/// An attribute of features.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MapColumn {
    /// Name of the column, and key of the attribute.
    pub name: String,
    /// Of which kind its values are.
    pub kind: CellKind,
}

impl MapColumn {
    /// Type as the metadata of an archive calls it (TileJSON 3.0, `vector_layers`).
    pub fn type_name(&self) -> &'static str {
        match self.kind {
            CellKind::Text | CellKind::Texts | CellKind::Day => "String",
            CellKind::Integer | CellKind::Number => "Number",
            CellKind::Boolean => "Boolean",
        }
    }
}

/// The attributes of a layer's features.
///
/// ```
/// use arrow_schema::{DataType, Field, Schema};
/// use cikr::vector_tiles::MapColumns;
///
/// let field = |name: &str, kind: DataType| Field::new(name, kind, true);
/// let schema = Schema::new(vec![
///     field("beds", DataType::Int64),
///     field("facility_id", DataType::Utf8),
///     field("geometry", DataType::Binary),
/// ]);
/// let columns = MapColumns::of_schema(&schema, &[]);
/// assert_eq!(columns.names_at(5).collect::<Vec<_>>(), ["facility_id"]);
/// assert_eq!(columns.names_at(14).collect::<Vec<_>>(), ["facility_id", "beds"]);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MapColumns {
    /// Those of all zooms first.
    columns: Vec<MapColumn>,
    /// How many those are.
    at_all_zooms: usize,
}

impl MapColumns {
    /// Of rows with these columns: those of [`AT_ALL_ZOOMS`] and the `chosen` ones at all zooms, the others at the deepest.
    pub fn of_schema(schema: &Schema, chosen: &[String]) -> Self {
        let fields = schema
            .fields()
            .iter()
            .filter(|field| !field.name().starts_with("__"));
        let columns = fields.filter_map(|field| {
            let kind = CellKind::of_type(field.data_type())?;
            let name = field.name().clone();
            Some(MapColumn { name, kind })
        });
        let is_at_all_zooms = |column: &MapColumn| {
            AT_ALL_ZOOMS.contains(&column.name.as_str()) || chosen.contains(&column.name)
        };
        let (mut everywhere, deepest): (Vec<_>, Vec<_>) = columns.partition(is_at_all_zooms);
        let at_all_zooms = everywhere.len();
        everywhere.extend(deepest);
        Self {
            columns: everywhere,
            at_all_zooms,
        }
    }

    /// All of them, those of all zooms first.
    pub fn all(&self) -> &[MapColumn] {
        &self.columns
    }

    /// Names of those that a tile of a zoom has.
    pub fn names_at(&self, zoom: u8) -> impl Iterator<Item = &str> {
        let count = if zoom < DEEPEST {
            self.at_all_zooms
        } else {
            self.columns.len()
        };
        self.columns[..count].iter().map(|column| column.name.as_str())
    }

    /// Place of a column among them.
    pub(super) fn place_of(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }
}

/// The attributes of rows, as bytes: for each that isn't null its key (a number of [`MapColumns::all`]), and its value as a
/// tile has it (the message `Value` of Mapbox Vector Tile 2.1), with its length.
pub(super) struct RowAttributes<'a> {
    /// Columns that the rows have; none for those they lack.
    cells: Vec<Option<Cells<'a>>>,
    at_all_zooms: usize,
    value: Vec<u8>,
}

impl<'a> RowAttributes<'a> {
    pub(super) fn of_rows(columns: &MapColumns, rows: &'a RecordBatch) -> Self {
        let cells = columns
            .all()
            .iter()
            .map(|column| Cells::of_array(rows.column_by_name(&column.name)?.as_ref()))
            .collect();
        Self {
            cells,
            at_all_zooms: columns.at_all_zooms,
            value: vec![],
        }
    }

    /// Adds those of a row that are there at all zooms.
    pub(super) fn push_everywhere(&mut self, row: usize, out: &mut Vec<u8>) {
        self.push_range(0..self.at_all_zooms, row, out);
    }

    /// Adds those of a row that are there at the deepest zoom alone.
    pub(super) fn push_deepest(&mut self, row: usize, out: &mut Vec<u8>) {
        self.push_range(self.at_all_zooms..self.cells.len(), row, out);
    }

    fn push_range(&mut self, columns: std::ops::Range<usize>, row: usize, out: &mut Vec<u8>) {
        for key in columns {
            let Some(cells) = &self.cells[key] else { continue };
            self.value.clear();
            push_value(&cells.get(row), &mut self.value);
            if !self.value.is_empty() {
                push_varint(out, key as u64);
                push_prefixed(out, &self.value);
            }
        }
    }
}

/// Tags of the message `Value`: field and wire type.
const STRING: u8 = 1 << 3 | 2;
const DOUBLE: u8 = 3 << 3 | 1;
const UNSIGNED: u8 = 5 << 3;
const SIGNED: u8 = 6 << 3;
const BOOLEAN: u8 = 7 << 3;

/// A value as a tile has it; nothing of a null.
fn push_value(cell: &Cell<'_>, out: &mut Vec<u8>) {
    match cell {
        Cell::Null => {}
        Cell::Text(text) => push_field(out, STRING, text.as_bytes()),
        Cell::Texts(texts) => push_field(out, STRING, texts.join(LIST_SEPARATOR).as_bytes()),
        Cell::Day(_) => {
            // As text of a length that isn't known before: a day is ten signs, but for years of five digits.
            let mut day = Vec::with_capacity(10);
            let _ = write!(day, "{cell}");
            push_field(out, STRING, &day);
        }
        Cell::Number(number) => {
            out.push(DOUBLE);
            out.extend_from_slice(&number.to_le_bytes());
        }
        Cell::Integer(number) => {
            if let Ok(number) = u64::try_from(*number) {
                out.push(UNSIGNED);
                push_varint(out, number);
            } else {
                out.push(SIGNED);
                push_varint(out, zigzag64(*number));
            }
        }
        Cell::Boolean(is_so) => out.extend([BOOLEAN, u8::from(*is_so)]),
    }
}
