//! `gate = { … }` of a layer → what the gate lets through.

use serde::Serialize;

use super::check::{Bounds, Check, plain_texts};
use super::reference::State;
use crate::config::{GateConfig, Spanned};

/// Percent of rows that may be missing against last good.
pub(super) const SHRINK: Bounds<f64> = Bounds {
    key: "shrink",
    range: 0.0..=100.0,
    default: 10.0,
};
/// Percent of rows that may be more than last good's.
pub(super) const GROW: Bounds<f64> = Bounds {
    key: "grow",
    range: 0.0..=1_000_000.0,
    default: 50.0,
};
/// Points of percent by which a share of useless rows may rise.
pub(super) const RISE: Bounds<f64> = Bounds {
    key: "rise",
    range: 0.0..=100.0,
    default: 5.0,
};
/// Percent of rows that may have no geometry; the schema's `max-rejects` by default.
pub(super) const NULL_GEOMETRY: Bounds<f64> = Bounds {
    key: "null-geometry",
    range: 0.0..=100.0,
    default: 5.0,
};
/// Percent of rows that may repeat a key; the schema's `max-rejects` by default.
pub(super) const DUPLICATE_KEYS: Bounds<f64> = Bounds {
    key: "duplicate-keys",
    range: 0.0..=100.0,
    default: 5.0,
};
/// Percent of rows that may lie in other states than declared.
pub(super) const OUTSIDE: Bounds<f64> = Bounds {
    key: "outside",
    range: 0.0..=100.0,
    default: 1.0,
};

/// What the gate lets through of a layer.
///
/// ```
/// let gate = cikr::plan::GatePlan::default();
/// assert_eq!((gate.shrink, gate.grow), (10.0, 50.0));
/// assert!(gate.drift && gate.states.is_empty());
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GatePlan {
    /// Percent of rows that may be missing against last good.
    pub shrink: f64,
    /// Percent of rows that may be more than last good's.
    pub grow: f64,
    /// Points of percent by which a share of useless rows may rise over last good's.
    pub rise: f64,
    /// Percent of rows that may have no geometry; none for the schema's `max-rejects`.
    pub null_geometry: Option<f64>,
    /// Percent of rows that may repeat another's key; none for the schema's `max-rejects`.
    pub duplicate_keys: Option<f64>,
    /// USPS codes of the states that the layer has rows in; empty where nobody has said.
    pub states: Vec<String>,
    /// Percent of rows that may lie in other states than these.
    pub outside: f64,
    /// Whether schema drift that touches a field holds the layer back, rather than warn.
    pub drift: bool,
    /// Whether rows in other places hold the layer back, rather than warn.
    pub extent: bool,
}

impl Default for GatePlan {
    fn default() -> Self {
        Self {
            shrink: SHRINK.default,
            grow: GROW.default,
            rise: RISE.default,
            null_geometry: None,
            duplicate_keys: None,
            states: vec![],
            outside: OUTSIDE.default,
            drift: true,
            extent: true,
        }
    }
}

/// The gate as written, with every default applied.
pub(super) fn resolve(
    check: &mut Check<'_>,
    written: Option<&Spanned<GateConfig>>,
    known: &[State],
) -> GatePlan {
    let Some(Spanned { value: config, .. }) = written else {
        return GatePlan::default();
    };
    if let Some(states) = &config.states {
        for state in &states.value {
            let known = known.iter().map(|state| state.usps.as_str());
            check.require_among("the USPS code of a state or territory", state, known);
        }
    }
    // Where nobody says in which states a layer lies, none of its rows is outside.
    if let Some(outside) = config.outside.as_ref().filter(|_| config.states.is_none()) {
        check.error(&outside.span, "`outside` says nothing without `states`");
    }
    GatePlan {
        shrink: check.in_range_or_default(config.shrink.as_ref(), &SHRINK),
        grow: check.in_range_or_default(config.grow.as_ref(), &GROW),
        rise: check.in_range_or_default(config.rise.as_ref(), &RISE),
        null_geometry: within_if_written(check, config.null_geometry.as_ref(), &NULL_GEOMETRY),
        duplicate_keys: within_if_written(check, config.duplicate_keys.as_ref(), &DUPLICATE_KEYS),
        states: config
            .states
            .as_ref()
            .map(|states| plain_texts(&states.value))
            .unwrap_or_default(),
        outside: check.in_range_or_default(config.outside.as_ref(), &OUTSIDE),
        drift: config.drift.as_ref().is_none_or(|drift| drift.value),
        extent: config.extent.as_ref().is_none_or(|extent| extent.value),
    }
}

/// A share in a range; none where it isn't written, for then the schema's `max-rejects` stands for it.
fn within_if_written(
    check: &mut Check<'_>,
    written: Option<&Spanned<f64>>,
    bounds: &Bounds<f64>,
) -> Option<f64> {
    written.map(|_| check.in_range_or_default(written, bounds))
}
