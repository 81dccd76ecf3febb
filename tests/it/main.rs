//! Drives the real program on real and planted input.
//!
//! One binary, so that GDAL, Polars and the crate are linked once. Every test runs `cikr` in a
//! folder of its own and looks at what a user would: stdout, stderr, exit code and files.

#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::panic,
    clippy::format_push_string,
    clippy::format_collect,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    clippy::case_sensitive_file_extension_comparisons,
    clippy::too_many_lines,
    reason = "tests prepare files of their own, and a failed expectation is a panic"
)]

mod architecture;
mod as_they_land;
mod bad_files;
mod bad_input;
mod boundaries;
mod chance;
mod changes;
mod claims;
mod cli;
mod client;
mod csv_defects;
mod deadlines;
mod defects;
mod deltas;
mod demo;
mod dimensions;
mod doubts;
mod downloads;
mod draft;
mod draft_asks;
mod echoes;
mod expected_counts;
mod export;
mod exports;
mod gate;
mod hostile;
mod hostile_server;
mod jurisdictions;
mod keeping;
mod kept_sets;
mod keys;
mod killed;
mod landing;
mod laws;
mod locate;
mod located_rows;
mod loopback;
mod loopback_truth;
mod map;
mod map_page;
mod metadata;
mod million;
mod national;
mod nights;
mod one_stream;
mod opened;
mod packing;
mod page;
mod parquet;
mod parts;
mod pipes;
mod products;
mod program;
mod pulling;
mod quality;
mod query;
mod ranges;
mod registry;
mod rot;
mod schemas;
mod schemes;
mod scorecard;
mod secrets;
mod serve;
mod since;
mod spreadsheets;
mod sync;
mod unchanged;
mod upgrade;
mod written;
