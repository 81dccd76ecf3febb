//! How many rows a run of the draft would reject, and why.
//!
//! Pure. A ceiling is written only where most rows arrive: a release of what is left of a file
//! that was misread looks like a success and is none.

use super::key::Key;
use super::survey::Survey;
use super::toml_text::quoted_start;

/// Share of rejects that a schema allows where it says nothing, in percent.
const USUAL: u64 = 5;

/// Highest share that a draft writes, in percent.
const HIGHEST: u64 = 50;

/// Rows that would be rejected for one reason.
struct RejectCause {
    rows: u64,
    why: String,
}

/// Rows that a run would reject: as counted, else at most so many.
pub(super) fn rejected_rows(survey: &Survey, key: Option<&Key>) -> u64 {
    if let Some(rejected) = &survey.rejected {
        return rejected.rows;
    }
    let lost: u64 = reject_causes(survey, key).iter().map(|cause| cause.rows).sum();
    lost.min(all_records(survey))
}

/// The ceiling where the file is known to need one above the usual; where most would go, and where
/// somebody can mend the file, the reason why.
pub(super) fn max_rejects_lines(survey: &Survey, key: Option<&Key>) -> (Vec<String>, Option<String>) {
    let lost = rejected_rows(survey, key);
    let all = all_records(survey);
    // What is close to the usual ceiling counts where not all was counted, for a run may find a few more.
    let air = if is_counted(survey) { 100 } else { 125 };
    if lost * air <= all * USUAL {
        return (Vec::new(), None);
    }
    // No ceiling is proposed then: a release of what is left of a misread file would look like a success.
    if let Some(why) = too_many(survey, key) {
        return (
            vec![format!("# EDIT: {why}."), "# max-rejects = 0.05".to_owned()],
            Some(why),
        );
    }
    let is_comma = survey.has_coordinates
        && survey
            .first_nowhere
            .as_ref()
            .is_some_and(|first| first.has_decimal_comma);
    let why = is_comma.then(|| {
        format!(
            "{} of {all} rows would be rejected: {}",
            survey.nowhere,
            no_position_reason(survey)
        )
    });
    let about = if is_counted(survey) { "" } else { "about " };
    let told = format!(
        "# EDIT: {about}{lost} of {all} rows will be rejects; by default more than {USUAL} % fail the layer."
    );
    (
        vec![
            told,
            format!("max-rejects = {}", rejects_share(survey, lost, all)),
        ],
        why,
    )
}

/// Whether a run's rejects are known to the row.
fn is_counted(survey: &Survey) -> bool {
    survey.rejected.is_some() && !survey.is_partial
}

/// The run's own share of rejects, rounded up to a thousandth; a tenth more where not all was counted.
fn rejects_share(survey: &Survey, lost: u64, all: u64) -> String {
    // Never below what was found: the first run of the draft would fail on its own ceiling.
    let thousandths = if is_counted(survey) {
        (lost * 1000).div_ceil(all)
    } else {
        (lost * 1100).div_ceil(all).next_multiple_of(10).min(HIGHEST * 10)
    };
    let share = format!("0.{thousandths:03}");
    share.trim_end_matches('0').to_owned()
}

/// Why so many rows would be rejects that no ceiling can be proposed.
fn too_many(survey: &Survey, key: Option<&Key>) -> Option<String> {
    let lost = rejected_rows(survey, key);
    let all = all_records(survey);
    if lost * 100 <= all * HIGHEST {
        return None;
    }
    let main = reject_causes(survey, key)
        .into_iter()
        .max_by_key(|cause| cause.rows)?;
    Some(format!("{lost} of {all} rows would be rejected: {}", main.why))
}

fn all_records(survey: &Survey) -> u64 {
    survey.rows + survey.broken
}

fn reject_causes(survey: &Survey, key: Option<&Key>) -> Vec<RejectCause> {
    let others = survey
        .shapes
        .families()
        .iter()
        .skip(1)
        .map(|(_, count)| count)
        .sum();
    // Without columns of coordinates nobody knows who is nowhere.
    let nowhere = if survey.has_coordinates { survey.nowhere } else { 0 };
    let beyond = survey.rejected.as_ref().map_or(0, |rejected| rejected.beyond);
    vec![
        RejectCause {
            rows: beyond,
            why: beyond_reason(survey).unwrap_or_default(),
        },
        RejectCause {
            rows: nowhere,
            why: no_position_reason(survey),
        },
        RejectCause {
            rows: survey.broken,
            why: "their records can't be parsed".to_owned(),
        },
        RejectCause {
            rows: others,
            why: "a layer holds one family of geometries".to_owned(),
        },
        RejectCause {
            rows: key.map_or(0, |key| key.lost),
            why: key.map(|key| key_reason(survey, key)).unwrap_or_default(),
        },
    ]
}

/// The first row without a position, and decimal commas where that is what they are.
pub(super) fn no_position_reason(survey: &Survey) -> String {
    let Some(first) = &survey.first_nowhere else {
        return "they have no usable position".to_owned();
    };
    let mut why = format!(
        "they have no usable position, first row {}: {}",
        first.row, first.values
    );
    if first.has_decimal_comma {
        why += "; these are decimal commas, and coordinates are read with decimal points alone, so write the file again with those";
    }
    why
}

/// The first row that lies where no longitude and latitude do.
pub(super) fn beyond_reason(survey: &Survey) -> Option<String> {
    let (row, place) = survey.rejected.as_ref()?.first_beyond.as_ref()?;
    Some(format!("they lie beyond ±180 and ±90, first row {row}: {place}"))
}

fn key_reason(survey: &Survey, key: &Key) -> String {
    let names: Vec<String> = key
        .columns
        .iter()
        .map(|at| quoted_start(&survey.columns[*at].name))
        .collect();
    let names = names.join(", ");
    let first = key
        .columns
        .first()
        .and_then(|at| survey.columns[*at].repeated.as_deref());
    match first {
        Some(value) => format!(
            "they repeat an earlier key {names}, first {}",
            quoted_start(value)
        ),
        None => format!("they have no key {names}, or repeat an earlier one"),
    }
}
