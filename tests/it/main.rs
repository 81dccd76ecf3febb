//! Drives the real program on real and planted input.
//!
//! One binary, so that GDAL, Polars and the crate are linked once. Every test runs `cikr` in a
//! folder of its own and looks at what a user would: stdout, stderr, exit code and files.

mod architecture;
mod bad_input;
mod cli;
mod demo;
mod draft;
mod laws;
mod packing;
mod program;
