//! `cikr expected`.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::output::Output;
use super::store::{StoreAt, release_folder};
use crate::error::{Error, exit};
use crate::feature::{LayerReport, RunReport};
use crate::plan::{ALL_STATES, EXPECTED_COLUMNS};
use crate::verify;

/// Print what a release holds per layer and state as a file of expected counts, to be reviewed.
#[derive(Debug, Args)]
pub(super) struct Expected {
    /// Folder of a release, a store (its latest release), or a release id with --store
    release: PathBuf,
    #[command(flatten)]
    store: StoreAt,
    /// How far a count may be from the release's, as a share of it
    #[arg(long, value_name = "SHARE", default_value_t = 0.1, value_parser = parse_share)]
    tolerance: f64,
}

/// A row of the file.
#[derive(Debug, Serialize)]
struct ExpectedRow<'a> {
    layer: &'a str,
    state_code: &'a str,
    low: u64,
    high: u64,
    source: String,
    /// Left empty: only a person can fill it in.
    reviewed: Option<&'a str>,
}

fn parse_share(text: &str) -> Result<f64, String> {
    let share: f64 = text
        .parse()
        .map_err(|_no_number| "write a share such as 0.1".to_owned())?;
    if (0.0..=1.0).contains(&share) {
        Ok(share)
    } else {
        Err("a share is from 0 to 1".to_owned())
    }
}

impl Expected {
    pub(super) fn run(&self, out: &mut Output<'_>) -> Result<u8, Error> {
        let report = verify::read_report(&release_folder(&self.release, &self.store)?)?;
        let present = report.layers.iter().filter(|layer| !layer.is_absent());
        let rows: Vec<ExpectedRow<'_>> = present
            .flat_map(|layer| self.rows_of_layer(layer, &report))
            .collect();
        out.print(&rows, || csv_text(&rows))?;
        Ok(exit::OK)
    }

    fn rows_of_layer<'a>(&self, layer: &'a LayerReport, report: &RunReport) -> Vec<ExpectedRow<'a>> {
        let total = std::iter::once((ALL_STATES, layer.rows_written));
        let states = layer
            .rows_by_state
            .iter()
            .map(|(state, rows)| (state.as_str(), *rows));
        let mut expected = Vec::new();
        for (state_code, rows) in total.chain(states) {
            let (low, high) = bounds_around(rows, self.tolerance);
            expected.push(ExpectedRow {
                layer: layer.id.as_str(),
                state_code,
                low,
                high,
                // Every count has a source; whoever reviews it may know a better one.
                source: format!("release {}: {rows}", report.release),
                reviewed: None,
            });
        }
        expected
    }
}

/// The bounds around a count; where there are rows, at least one stays expected.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "rows, far below 2^53"
)]
fn bounds_around(rows: u64, tolerance: f64) -> (u64, u64) {
    // A billionth less: 10 % of 100 is 10, whatever the last bit says.
    let away = (rows as f64 * tolerance - 1e-9).ceil() as u64;
    (rows.saturating_sub(away).max(rows.min(1)), rows + away)
}

fn csv_text(rows: &[ExpectedRow<'_>]) -> String {
    let mut text = format!("{}\n", EXPECTED_COLUMNS.join(","));
    for row in rows {
        let ExpectedRow {
            layer,
            state_code,
            low,
            high,
            source,
            reviewed,
        } = row;
        let reviewed = reviewed.unwrap_or_default();
        let _ = writeln!(text, "{layer},{state_code},{low},{high},{source},{reviewed}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_lie_the_tolerance_away() {
        let of = |tolerance, rows| bounds_around(rows, tolerance);
        assert_eq!(
            (of(0.1, 100), of(0.1, 10), of(0.1, 7)),
            ((90, 110), (9, 11), (6, 8))
        );
        assert_eq!(
            (of(0.1, 1), of(0.0, 5), of(0.1, 0), of(1.0, 3)),
            ((1, 2), (5, 5), (0, 0), (1, 6))
        );
    }
}
