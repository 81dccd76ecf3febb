//! Spec → plan.
