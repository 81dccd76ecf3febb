//! Kernels: pure functions from columns and geometries to columns.
//!
//! Every engine calls these and only these, so a tile is the same wherever it was made.
//! May use: `plan`, `feature`. Must not touch files, network, clock or environment, create a thread
//! pool, or hold a lock across rayon.

pub mod geometry;
pub mod jurisdiction;
pub mod pack;
