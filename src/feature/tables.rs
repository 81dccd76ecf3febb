//! How a product of a release and its tables are described, for the data dictionary.
//!
//! LEAF. What stands where, the product says.

use std::path::Path;

/// A product and where it stands.
#[derive(Debug, Clone, Copy)]
pub struct ProductDoc {
    /// Its name.
    pub name: &'static str,
    /// Paths within the release, and what stands there.
    pub places: &'static [(&'static str, &'static str)],
    /// Its tables; the columns of its collections are told with them.
    pub tables: &'static [TableDoc],
}

/// A table of a release and what its columns mean.
#[derive(Debug, Clone, Copy)]
pub struct TableDoc {
    /// Path within the release; `<layer>`, and other words so marked, stand for ids.
    pub path: &'static str,
    /// What a row is.
    pub what: &'static str,
    /// Names and meanings of its columns, in order.
    pub columns: &'static [(&'static str, &'static str)],
}

impl TableDoc {
    /// Whether a file of a release is this table.
    ///
    /// ```
    /// use cikr::feature::TableDoc;
    ///
    /// let changes = TableDoc { path: "changes/<layer>.parquet", what: "a change", columns: &[] };
    /// assert!(changes.is_at("changes/dams.parquet".as_ref()));
    /// assert!(!changes.is_at("changes/of/dams.parquet".as_ref()));
    /// ```
    pub fn is_at(&self, path: &Path) -> bool {
        path.to_str().is_some_and(|path| fits_pattern(self.path, path))
    }

    /// The columns' names, in order.
    pub fn column_names(&self) -> impl Iterator<Item = &'static str> {
        self.columns.iter().map(|(name, _)| *name)
    }
}

/// Whether a path is a pattern's, in which words in angle brackets stand for ids, which have neither slashes nor points.
fn fits_pattern(pattern: &str, path: &str) -> bool {
    let Some((before, marked)) = pattern.split_once('<') else {
        return pattern == path;
    };
    let (Some(rest), Some((_, after))) = (path.strip_prefix(before), marked.split_once('>')) else {
        return false;
    };
    let id = rest.split(['/', '.']).next().unwrap_or_default();
    !id.is_empty() && fits_pattern(after, &rest[id.len()..])
}

/// Unit of a column, where its name says it.
///
/// ```
/// use cikr::feature::unit_by_name;
///
/// assert_eq!(unit_by_name("distance_m"), Some("m"));
/// assert_eq!(unit_by_name("landed_age_days"), Some("days"));
/// assert_eq!(unit_by_name("name"), None);
/// ```
pub fn unit_by_name(column: &str) -> Option<&'static str> {
    [("_m", "m"), ("_days", "days")]
        .into_iter()
        .find_map(|(end, unit)| column.ends_with(end).then_some(unit))
}
