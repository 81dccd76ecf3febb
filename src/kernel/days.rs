//! Which days are believed, as days from 1970-01-01.
//!
//! Pure.

/// Days from 1970-01-01 to 1899-12-30: day zero of OLE, DBF and spreadsheets.
pub(super) const DAY_ZERO: i32 = -25_569;
/// Days from 1970-01-01 to 1700-01-01. Nothing that still stands was dated earlier by those who
/// write these files; what reads as earlier is a year of two digits, or a slip.
pub(super) const EARLIEST: i32 = -98_615;
/// Days from 1970-01-01 to 2100-12-31.
pub(super) const LATEST: i32 = 47_846;

/// The first day count without the spreadsheets' 29 February 1900, which never was.
pub(super) const FIRST_SERIAL: i32 = 61;

/// Whether a day may stand in a tile.
pub(super) fn is_believed(days: i32) -> bool {
    (EARLIEST..=LATEST).contains(&days) && days != DAY_ZERO
}
