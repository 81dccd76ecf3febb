//! Kernels: pure functions from columns to columns.
//!
//! Whatever engine runs, it calls these and only these, so a tile is the same wherever it was made.
//! May use: arrow, geo, polars, rayon's current pool. Must not use: files, network, clock,
//! environment, pools of their own.

pub mod again;
pub mod assemble;
pub mod attributes;
pub mod boxes;
pub mod claims;
pub mod cluster;
mod codes;
pub mod columns;
pub mod core;
mod dates;
mod days;
pub mod distance;
mod error;
mod fields;
pub mod flags;
mod frame;
pub mod geometry;
pub mod jurisdiction;
pub mod keys;
pub mod locate;
mod mangled;
pub mod map;
pub mod normalise;
pub mod pack;
mod parse;
pub mod profile;
pub mod publish;
mod quote;
mod repair;
pub mod sector;
mod sentinels;
pub mod shapes;
mod states;
pub mod tally;

#[cfg(test)]
mod tests;

use arrow_array::DictionaryArray;
use arrow_array::types::Int32Type;

pub use error::KernelError;

/// A text column of few distinct values: a number per row.
pub type CodedArray = DictionaryArray<Int32Type>;
