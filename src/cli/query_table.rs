//! Rows as a table for people.
//!
//! Pure: rows in, text out.

use arrow_schema::Schema;

use crate::feature::{Cells, FacilityRows};

/// Columns of a table where nobody says which: what tells a facility from another.
pub(super) const TABLE_COLUMNS: [&str; 6] = [
    "facility_id",
    "name",
    "facility_type",
    "status",
    "state_code",
    "county_name",
];
/// Rows of a table where nobody says how many.
pub(super) const TABLE_ROWS: u64 = 100;
/// Characters of a cell; what is longer is cut.
const MOST_CHARACTERS: usize = 40;

/// A table in the making.
pub(super) struct Table {
    names: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(super) fn new(schema: &Schema) -> Self {
        Self {
            names: schema.fields().iter().map(|field| field.name().clone()).collect(),
            rows: vec![],
        }
    }

    pub(super) fn add(&mut self, rows: &FacilityRows) {
        let columns: Vec<Option<Cells<'_>>> = self
            .names
            .iter()
            .map(|name| Cells::of_array(rows.column(name)?.as_ref()))
            .collect();
        for row in 0..rows.num_rows() {
            let cells = columns
                .iter()
                .zip(&self.names)
                .map(|(column, name)| match column {
                    // A tenth of a metre is more than any facility's place is worth.
                    Some(Cells::Numbers(metres)) if name == "distance_m" => {
                        format!("{:.1}", metres.value(row))
                    }
                    Some(cells) => shortened(&cells.get(row).to_string()),
                    None => "…".to_owned(),
                });
            self.rows.push(cells.collect());
        }
    }

    /// The table, of at most so many rows, and whether there are more.
    pub(super) fn text(&self, most: u64) -> String {
        let shown = self.rows.len().min(usize::try_from(most).unwrap_or(usize::MAX));
        let lines: Vec<&Vec<String>> = [&self.names].into_iter().chain(&self.rows[..shown]).collect();
        let widths: Vec<usize> = (0..self.names.len())
            .map(|column| {
                lines
                    .iter()
                    .map(|line| line[column].chars().count())
                    .max()
                    .unwrap_or_default()
            })
            .collect();
        let mut text: Vec<String> = lines
            .iter()
            .map(|line| {
                let cells = line
                    .iter()
                    .zip(&widths)
                    .map(|(cell, width)| format!("{cell:<width$}"));
                cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
            })
            .collect();
        text.push(match (shown, self.rows.len()) {
            (_, 0) => "no row is as asked for".to_owned(),
            (shown, all) if shown < all => {
                format!("the first {shown} rows; --limit N shows more, and other formats all")
            }
            (1, _) => "1 row".to_owned(),
            (shown, _) => format!("{shown} rows"),
        });
        text.join("\n")
    }
}

fn shortened(text: &str) -> String {
    if text.chars().count() <= MOST_CHARACTERS {
        return text.to_owned();
    }
    let kept: String = text.chars().take(MOST_CHARACTERS - 1).collect();
    format!("{kept}…")
}
