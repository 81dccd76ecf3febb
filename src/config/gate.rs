//! `gate = { … }` of a layer as written.
//!
//! LEAF. No defaults: what is not written is `None`.

use super::table::Table;
use super::text::Spanned;

/// What the gate lets through, as written.
#[derive(Debug, Clone, Default)]
pub struct GateConfig {
    /// `shrink`, percent.
    pub shrink: Option<Spanned<f64>>,
    /// `grow`, percent.
    pub grow: Option<Spanned<f64>>,
    /// `rise`, points of percent.
    pub rise: Option<Spanned<f64>>,
    /// `null-geometry`, percent.
    pub null_geometry: Option<Spanned<f64>>,
    /// `duplicate-keys`, percent.
    pub duplicate_keys: Option<Spanned<f64>>,
    /// `states`.
    pub states: Option<Spanned<Vec<Spanned<String>>>>,
    /// `outside`, percent.
    pub outside: Option<Spanned<f64>>,
    /// `drift`.
    pub drift: Option<Spanned<bool>>,
    /// `extent`.
    pub extent: Option<Spanned<bool>>,
}

/// Reads the table.
pub(super) fn read_gate(table: &mut Table<'_>) -> GateConfig {
    GateConfig {
        shrink: table.optional_number("shrink"),
        grow: table.optional_number("grow"),
        rise: table.optional_number("rise"),
        null_geometry: table.optional_number("null-geometry"),
        duplicate_keys: table.optional_number("duplicate-keys"),
        states: table.optional_filled_texts("states"),
        outside: table.optional_number("outside"),
        drift: table.optional_flag("drift"),
        extent: table.optional_flag("extent"),
    }
}
