//! How a product of a release and its tables are described, for the data dictionary.
//!
//! LEAF. What stands where, the product says.

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
    /// Path within the release.
    pub path: &'static str,
    /// What a row is.
    pub what: &'static str,
    /// Names and meanings of its columns, in order.
    pub columns: &'static [(&'static str, &'static str)],
}
