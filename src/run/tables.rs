//! Tables beside the tiles: rejects per layer, and the reference tables as used.

use std::path::Path;
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, StringArray, UInt64Array};
use arrow_schema::{Field, Schema};

use super::Context;
use super::jurisdictions::Joined;
use super::layer::{flags_path, rejects_path};
use super::tile::{TileError, write_table};
use crate::error::Error;
use crate::feature::{Flag, Flags, Reject};

/// Writes `rejects/<layer>.parquet`, with no rows where nothing was rejected.
pub(super) fn write_rejects(context: &Context<'_>, layer: &str, rejects: &[Reject]) -> Result<(), TileError> {
    let path = rejects_path(layer);
    let text = |value: fn(&Reject) -> String| -> ArrayRef {
        Arc::new(StringArray::from_iter_values(rejects.iter().map(value)))
    };
    let rows: ArrayRef =
        Arc::new(UInt64Array::from_iter_values(rejects.iter().map(|reject| reject.origin.row)));
    let columns = vec![
        ("source", text(|reject| reject.origin.source.to_string())),
        ("row", rows),
        ("field", text(|reject| reject.field.clone())),
        ("value", text(|reject| reject.value.clone())),
        ("reason", text(|reject| reject.reason.code().to_owned())),
    ];
    write_table(context, &path, &table(columns, &path)?)
}

/// Writes `quality/flags/<layer>.parquet`, with no rows where nothing was flagged.
pub(super) fn write_flags(context: &Context<'_>, layer: &str, flags: &mut Flags) -> Result<(), TileError> {
    let path = flags_path(layer);
    let flags = flags.sorted();
    let text = |value: fn(&Flag) -> &str| -> ArrayRef {
        Arc::new(StringArray::from_iter_values(flags.iter().map(value)))
    };
    let rows: ArrayRef = Arc::new(UInt64Array::from_iter_values(flags.iter().map(|flag| flag.origin.row)));
    let columns = vec![
        ("facility_id", text(|flag| &flag.facility_id)),
        ("source", text(|flag| &flag.origin.source)),
        ("row", rows),
        ("field", text(|flag| &flag.field)),
        ("value", text(|flag| &flag.value)),
        ("flag", text(|flag| flag.code.code())),
        ("detail", text(|flag| &flag.detail)),
    ];
    write_table(context, &path, &table(columns, &path)?)
}

fn table(columns: Vec<(&str, ArrayRef)>, path: &Path) -> Result<RecordBatch, TileError> {
    let fields: Vec<Field> =
        columns.iter().map(|(name, array)| Field::new(*name, array.data_type().clone(), true)).collect();
    let arrays = columns.into_iter().map(|(_, array)| array).collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)
        .map_err(|source| TileError::Table { path: path.to_owned(), source })
}

/// Rows of text, written as a table; an empty cell is null.
fn write_text(context: &Context<'_>, name: &str, header: &[&str], rows: &[Vec<String>]) -> Result<(), Error> {
    let path = Path::new("reference").join(format!("{name}.parquet"));
    let cell = |row: &Vec<String>, at: usize| Some(row[at].clone()).filter(|text| !text.is_empty());
    let column =
        |at: usize| -> ArrayRef { Arc::new(rows.iter().map(|row| cell(row, at)).collect::<StringArray>()) };
    let columns = header.iter().enumerate().map(|(at, name)| (*name, column(at))).collect();
    let written = table(columns, &path).and_then(|table| write_table(context, &path, &table));
    written.map_err(Error::from)
}

/// Writes `reference/*.parquet`: the tables this run used, and the joined jurisdictions by name.
pub(super) fn write_reference(context: &Context<'_>, joined: &Joined) -> Result<(), Error> {
    let reference = &context.plan.reference;
    let rows: Vec<_> = reference
        .sectors
        .iter()
        .map(|s| vec![s.code.clone(), s.name.clone(), s.lead_agency.clone(), s.source.clone()])
        .collect();
    write_text(context, "sectors", &["sector_code", "name", "lead_agency", "source"], &rows)?;
    let rows: Vec<_> = reference
        .states
        .iter()
        .map(|s| vec![s.fips.clone(), s.usps.clone(), s.name.clone(), s.kind.clone(), s.source.clone()])
        .collect();
    write_text(context, "states", &["state_fips", "state_code", "name", "kind", "source"], &rows)?;
    let rows: Vec<_> = reference
        .regions
        .iter()
        .map(|r| vec![r.code.clone(), r.name.clone(), r.state.clone(), r.source.clone()])
        .collect();
    write_text(context, "regions", &["region_code", "region_name", "state_code", "source"], &rows)?;
    let rows: Vec<_> = reference
        .naics
        .iter()
        .map(|n| {
            vec![n.prefix.clone(), n.sector.clone(), n.subsector.clone(), n.also.join(";"), n.source.clone()]
        })
        .collect();
    write_text(context, "naics_rules", &["prefix", "sector_code", "subsector", "also", "source"], &rows)?;
    let rows: Vec<_> = reference
        .lifelines
        .iter()
        .map(|l| vec![l.lifeline.clone(), l.component.clone(), l.source.clone()])
        .collect();
    write_text(context, "lifelines", &["lifeline", "component", "source"], &rows)?;
    write_jurisdictions(context, joined)
}

fn write_jurisdictions(context: &Context<'_>, joined: &Joined) -> Result<(), Error> {
    let sets = context.plan.jurisdictions.iter().zip(&joined.names);
    let rows: Vec<Vec<String>> = sets
        .flat_map(|(set, names)| {
            names.iter().map(|boundary| {
                let name = boundary.name.clone().unwrap_or_default();
                vec![set.id.clone(), boundary.code.clone(), name, set.vintage.clone(), set.agency.clone()]
            })
        })
        .collect();
    write_text(context, "jurisdictions", &["set", "code", "name", "vintage", "source"], &rows)
}

#[cfg(test)]
mod tests {
    use arrow_schema::DataType;

    use super::*;

    #[test]
    fn an_empty_table_keeps_its_types() {
        let rows: ArrayRef = Arc::new(UInt64Array::from_iter_values(std::iter::empty()));
        let table = table(vec![("row", rows)], Path::new("rejects/x.parquet")).unwrap();
        assert_eq!((table.num_rows(), table.schema().field(0).data_type()), (0, &DataType::UInt64));
    }
}
