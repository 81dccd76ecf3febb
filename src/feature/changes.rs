//! What differs between a layer's rows and those of the release before: part of `report.json`.
//!
//! LEAF. Counted by `derive`, told by `catalog` and `report`; `changes/<layer>.parquet` has the values.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What differs between a layer's rows and those of the release before, by `facility_id`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayerChanges {
    /// Release compared with: the one `latest` named when the run began.
    pub against: String,
    /// Facilities that the release before has not.
    pub added: u64,
    /// Facilities that only the release before has.
    pub removed: u64,
    /// Facilities of both of which the source gives another value or geometry.
    pub changed: u64,
    /// Facilities of both of which only what is computed here differs, such as the county.
    pub recomputed: u64,
    /// Facilities of both that are the same in every compared column.
    pub unchanged: u64,
    /// Facilities that differ in a column, by column; those told in `every_row` are not among them.
    pub fields: BTreeMap<String, u64>,
    /// Columns in which every facility of both went from the same value to the same other one.
    pub every_row: Vec<ColumnChange>,
    /// Columns of the tiles that the release before has not.
    pub columns_added: Vec<String>,
    /// Columns of the tiles that only the release before has.
    pub columns_dropped: Vec<String>,
    /// Columns of both whose type differs: their values are not compared.
    pub columns_retyped: Vec<ColumnChange>,
    /// Whether the plan reads the layer in another way than the release before: changes may follow from that.
    pub is_read_otherwise: bool,
    /// Whether the key is a number that sources give out anew: the same facility may stand as removed and as added.
    pub is_key_unstable: bool,
}

/// A column, before and after.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnChange {
    /// Its name.
    pub field: String,
    /// Value or type in the release before; none for null.
    pub old: Option<String>,
    /// Value or type in this one; none for null.
    pub new: Option<String>,
}

impl LayerChanges {
    /// Whether there is anything to tell.
    pub fn is_some(&self) -> bool {
        // What is unchanged is nothing to tell, and neither is a schema that was changed without any effect.
        self.added + self.removed + self.changed + self.recomputed > 0
            || !self.every_row.is_empty()
            || !(self.columns_added.is_empty()
                && self.columns_dropped.is_empty()
                && self.columns_retyped.is_empty())
    }

    /// Rows of `changes/<layer>.parquet`.
    pub fn rows(&self) -> u64 {
        self.added + self.removed + self.fields.values().sum::<u64>() + self.every_row.len() as u64
    }

    /// The counts in words, without those that are zero: `3 added, 1 removed, 20 changed, 7572 unchanged`.
    ///
    /// ```
    /// use cikr::feature::LayerChanges;
    ///
    /// let changes = LayerChanges { added: 3, unchanged: 7_572, ..LayerChanges::default() };
    /// assert_eq!(changes.counts_in_words(), "3 added, 7572 unchanged");
    /// ```
    pub fn counts_in_words(&self) -> String {
        let counts = [
            (self.added, "added"),
            (self.removed, "removed"),
            (self.changed, "changed"),
            (self.recomputed, "recomputed"),
            (self.unchanged, "unchanged"),
        ];
        let told = counts.iter().filter(|(count, _)| *count > 0);
        told.map(|(count, what)| format!("{count} {what}"))
            .collect::<Vec<_>>()
            .join(", ")
    }

    /// What is true of the layer as a whole, a sentence each.
    ///
    /// ```
    /// use cikr::feature::LayerChanges;
    ///
    /// let changes = LayerChanges {
    ///     columns_added: vec!["owner".to_owned(), "use".to_owned()],
    ///     ..LayerChanges::default()
    /// };
    /// assert_eq!(changes.remarks(), ["new columns: owner, use"]);
    /// ```
    pub fn remarks(&self) -> Vec<String> {
        let mut remarks = Vec::new();
        for column in &self.every_row {
            remarks.push(format!("{}: {} in every row", column.field, column.old_to_new()));
        }
        remarks.extend(list_columns("new columns:", &self.columns_added));
        remarks.extend(list_columns("columns gone:", &self.columns_dropped));
        for column in &self.columns_retyped {
            remarks.push(format!("{}: type {}", column.field, column.old_to_new()));
        }
        // A warning is worth its line only where there is something that it may explain.
        remarks.extend(
            (self.is_read_otherwise && self.is_some())
                .then(|| "the schema was changed between the two: changes may follow from that".to_owned()),
        );
        remarks.extend((self.is_key_unstable && self.added + self.removed > 0).then(|| {
            "the key is a number that sources give out anew: the same facility may be removed and added"
                .to_owned()
        }));
        remarks
    }
}

impl ColumnChange {
    fn old_to_new(&self) -> String {
        let [old, new] = [&self.old, &self.new].map(|value| value.as_deref().unwrap_or("null"));
        format!("{old} → {new}")
    }
}

/// Columns by their names, where there are any.
fn list_columns(what: &str, names: &[String]) -> Option<String> {
    (!names.is_empty()).then(|| format!("{what} {}", names.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_leave_out_what_is_not_there() {
        let changes = LayerChanges {
            added: 3,
            unchanged: 9,
            ..LayerChanges::default()
        };
        assert_eq!(changes.counts_in_words(), "3 added, 9 unchanged");
        assert!(changes.is_some() && changes.remarks().is_empty());
        assert!(
            !LayerChanges {
                unchanged: 9,
                is_read_otherwise: true,
                ..LayerChanges::default()
            }
            .is_some()
        );
    }

    #[test]
    fn remarks_tell_what_is_true_of_all_rows() {
        let period = ColumnChange {
            field: "period".to_owned(),
            old: None,
            new: Some("202311".to_owned()),
        };
        let changes = LayerChanges {
            removed: 1,
            every_row: vec![period],
            columns_added: vec!["a".to_owned(), "b".to_owned()],
            is_key_unstable: true,
            ..LayerChanges::default()
        };
        let remarks = changes.remarks();
        assert_eq!(
            remarks[..2],
            ["period: null → 202311 in every row", "new columns: a, b"]
        );
        assert!(remarks[2].starts_with("the key is a number"), "{remarks:?}");
        assert_eq!(changes.rows(), 2);
    }
}
