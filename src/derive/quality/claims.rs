//! `quality/claims.parquet`: what sources claim against what was computed, the worst first.
//!
//! Pure.

use super::assessed::Assessed;
use super::scan::Scan;
use crate::derive::column::{count_column, text_column};
use crate::derive::{DeriveError, Table};
use crate::feature::release::paths;
use crate::feature::{ClaimPair, Score};
use crate::plan::Plan;

const DEFINITION: &str = "rows of which no claimed state or county differs from the computed one, of all rows \
                          that claim one";

/// The table: one row per layer, kind and pair of codes.
///
/// # Errors
/// When its columns don't fit together.
pub(super) fn claims_table(assessed: &[Assessed<'_>]) -> Result<Table, DeriveError> {
    let pairs = disagreeing_pairs(assessed);
    Table::new(
        paths::QUALITY_CLAIMS,
        vec![
            ("layer", text_column(&pairs, |pair| Some(pair.layer.as_str()))),
            ("kind", text_column(&pairs, |pair| Some(pair.kind.code()))),
            ("claimed", text_column(&pairs, |pair| Some(&pair.claimed))),
            ("computed", text_column(&pairs, |pair| pair.computed.as_deref())),
            ("rows", count_column(&pairs, |pair| Some(pair.rows))),
            ("example", text_column(&pairs, |pair| Some(&pair.example))),
        ],
    )
}

/// Every pair that disagrees, most rows first; among equals by layer, kind and codes.
pub(super) fn disagreeing_pairs(assessed: &[Assessed<'_>]) -> Vec<ClaimPair> {
    let mut pairs: Vec<ClaimPair> = Vec::new();
    for of in assessed {
        let layer = &of.layer.plan.id;
        pairs.extend(
            of.scan
                .pairs
                .iter()
                .map(|((kind, claimed, computed), pair)| ClaimPair {
                    layer: layer.clone(),
                    kind: *kind,
                    claimed: claimed.clone(),
                    computed: computed.clone(),
                    rows: pair.rows,
                    example: pair.example.clone(),
                }),
        );
    }
    // Stable, so equals stay in the order of layers and codes.
    pairs.sort_by_key(|pair| std::cmp::Reverse(pair.rows));
    pairs
}

/// The accuracy of a layer, as far as its own claims tell.
pub(super) fn accuracy_score(plan: &Plan, scan: &Scan) -> Score {
    let (claimed, agreeing) = scan
        .cells
        .values()
        .fold((0, 0), |sum, cell| (sum.0 + cell.claimed, sum.1 + cell.agreeing));
    if claimed > 0 {
        return Score::from_counts(agreeing, claimed, DEFINITION);
    }
    let has_states_or_counties = plan
        .jurisdictions
        .iter()
        .any(|set| set.kind.is_state() || set.kind.is_county());
    let reason = match scan.rows {
        0 => "the layer has no row",
        _ if !has_states_or_counties => "no states or counties are joined",
        _ => "no row claims a state or county of the kind that is joined",
    };
    Score::without_evidence(reason, DEFINITION)
}
