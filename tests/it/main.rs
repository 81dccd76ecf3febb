//! Drives the real program.

#![allow(clippy::disallowed_methods, reason = "tests prepare files of their own")]
