//! The rules that place sectors in every scheme: tables → rows, and the check that every sector has a place or a reason.

use std::path::Path;
use std::sync::Arc;

use super::check::Check;
use super::csv::{Cell, is_naics_prefix, require_code, require_filled, split_codes};
use super::membership::{FUNCTIONS, LIFELINES};
use super::reference::{Lifeline, Sector, sector_codes};
use super::scheme::{CriticalFunction, MembershipRule, Scheme, SchemeCell, Subsector};
use super::scheme_tables::check_subsector;
use crate::config::{CsvTable, Diagnostic, TextFile};

/// What rules refer to.
pub(super) struct KnownCodes<'a> {
    pub(super) schemes: &'a [Scheme],
    pub(super) cells: &'a [SchemeCell],
    pub(super) sectors: &'a [Sector],
    pub(super) subsectors: &'a [Subsector],
    pub(super) functions: &'a [CriticalFunction],
    pub(super) lifelines: &'a [Lifeline],
}

/// Rules of the crosswalk, of functions and of lifelines.
pub(super) fn membership_rules(
    folder: &Path,
    known: &KnownCodes<'_>,
    found: &mut Vec<Diagnostic>,
) -> Vec<MembershipRule> {
    let mut rules = crosswalk_rules(folder, known, found);
    let functions: Vec<String> = known
        .functions
        .iter()
        .map(|function| function.code.clone())
        .collect();
    rules.extend(judged_rules(
        folder,
        ("function_rules.csv", "functions"),
        (FUNCTIONS, &functions),
        known,
        found,
    ));
    let lifelines: Vec<String> = known.lifelines.iter().map(Lifeline::code).collect();
    rules.extend(judged_rules(
        folder,
        ("lifeline_rules.csv", "lifelines"),
        (LIFELINES, &lifelines),
        known,
        found,
    ));
    rules
}

fn crosswalk_rules(
    folder: &Path,
    known: &KnownCodes<'_>,
    found: &mut Vec<Diagnostic>,
) -> Vec<MembershipRule> {
    let columns = [
        "scheme",
        "sector_code",
        "subsector",
        "naics_prefix",
        "cells",
        "reason",
        "judged",
        "source",
    ];
    let Some(table) = CsvTable::read(&folder.join("sector_crosswalk.csv"), columns, found) else {
        return Vec::new();
    };
    let mut check = Check { found };
    let mut rules = Vec::new();
    for [scheme, sector, subsector, prefix, cells, reason, judged, source] in &table.rows {
        check.require_among(
            "a scheme of sector_schemes.csv",
            scheme,
            known.schemes.iter().map(|s| s.id.as_str()),
        );
        check.require_among("a word for yes or no", judged, ["yes", "no"]);
        let of_scheme = known.cells.iter().filter(|cell| cell.scheme == scheme.value);
        let codes: Vec<&str> = of_scheme.map(|cell| cell.code.as_str()).collect();
        let what = format!("a cell of scheme `{}` in scheme_sectors.csv", scheme.value);
        let written = RuleCells {
            key: [sector, subsector, prefix],
            targets: cells,
            reason,
            source,
        };
        let base = (scheme.value.as_str(), judged.value == "yes");
        push_rule(&mut check, &written, base, (&what, &codes), known, &mut rules);
    }
    // Every scheme, as the table of a release has a row for each facility and scheme: a place in it, or the
    // reason why there is none.
    for scheme in known.schemes {
        report_unplaced_sectors(&mut check, &table.file, (&scheme.id, "cells"), known, &rules);
    }
    // The other way round as well: a cell that no rule leads to would hold no facility in any release.
    for cell in known.cells {
        let is_reached = rules
            .iter()
            .any(|rule| rule.scheme == cell.scheme && rule.targets.contains(&cell.code));
        if !is_reached {
            check.file_error(
                &table.file,
                format!(
                    "no sector leads to cell `{}` of scheme `{}`",
                    cell.code, cell.scheme
                ),
            );
        }
    }
    rules
}

fn judged_rules(
    folder: &Path,
    (file, column): (&str, &'static str),
    (scheme, targets): (&str, &[String]),
    known: &KnownCodes<'_>,
    found: &mut Vec<Diagnostic>,
) -> Vec<MembershipRule> {
    let columns = [
        "sector_code",
        "subsector",
        "naics_prefix",
        column,
        "reason",
        "source",
    ];
    let Some(table) = CsvTable::read(&folder.join(file), columns, found) else {
        return Vec::new();
    };
    let mut check = Check { found };
    let what = format!("one of the {column}");
    let targets: Vec<&str> = targets.iter().map(String::as_str).collect();
    let mut rules = Vec::new();
    for [sector, subsector, prefix, cells, reason, source] in &table.rows {
        let written = RuleCells {
            key: [sector, subsector, prefix],
            targets: cells,
            reason,
            source,
        };
        push_rule(
            &mut check,
            &written,
            // Functions and lifelines are placed by judgement alone; only the crosswalk says of each row whether
            // a document does.
            (scheme, true),
            (&what, &targets),
            known,
            &mut rules,
        );
    }
    report_unplaced_sectors(&mut check, &table.file, (scheme, column), known, &rules);
    rules
}

/// A rule as written; the key is sector, subsector, NAICS prefix.
struct RuleCells<'a> {
    key: [&'a Cell; 3],
    targets: &'a Cell,
    reason: &'a Cell,
    source: &'a Cell,
}

fn push_rule(
    check: &mut Check<'_>,
    written: &RuleCells<'_>,
    (scheme, is_judged): (&str, bool),
    (what, codes): (&str, &[&str]),
    known: &KnownCodes<'_>,
    rules: &mut Vec<MembershipRule>,
) {
    let [sector, subsector, prefix] = written.key;
    require_filled(check, [sector, written.source]);
    check.require_among(
        "a sector code of sectors.csv",
        sector,
        sector_codes(known.sectors),
    );
    check_subsector(check, &sector.value, subsector, known.subsectors);
    require_code(check, "a NAICS prefix of 2 to 6 digits", prefix, is_naics_prefix);
    let targets = split_codes(written.targets);
    for target in &targets {
        check.require_among(what, target, codes.iter().copied());
    }
    // A place or a reason, never both: a reader of the release must know which of them holds.
    match (targets.is_empty(), written.reason.value.is_empty()) {
        (true, true) => {
            check.error(
                &written.targets.span,
                format!("the row names neither {what} nor a reason"),
            );
        }
        (false, false) => {
            check.error(
                &written.reason.span,
                "a reason stands only where the row leads nowhere",
            );
        }
        _ => {}
    }
    let rule = MembershipRule {
        scheme: scheme.to_owned(),
        sector: sector.value.clone(),
        subsector: subsector.value.clone(),
        prefix: prefix.value.clone(),
        targets: targets.into_iter().map(|target| target.value).collect(),
        reason: written.reason.value.clone(),
        is_judged,
        source: written.source.value.clone(),
    };
    if rules.iter().any(|other| other.has_same_key(&rule)) {
        check.error(
            &sector.span,
            "a row for this sector, subsector and NAICS prefix stands above",
        );
    }
    rules.push(rule);
}

impl MembershipRule {
    /// Whether both decide for the same facilities, so that nothing tells which of them counts.
    fn has_same_key(&self, other: &Self) -> bool {
        self.scheme == other.scheme
            && self.sector == other.sector
            && self.subsector == other.subsector
            && self.prefix == other.prefix
    }
}

/// Every sector has a row without subsector and prefix, so that every facility has a place or a reason.
fn report_unplaced_sectors(
    check: &mut Check<'_>,
    file: &Arc<TextFile>,
    (scheme, column): (&str, &str),
    known: &KnownCodes<'_>,
    rules: &[MembershipRule],
) {
    for sector in sector_codes(known.sectors) {
        let mut of_sector = rules
            .iter()
            .filter(|rule| rule.scheme == scheme && rule.sector == sector);
        if !of_sector.any(|rule| rule.subsector.is_empty() && rule.prefix.is_empty()) {
            let message = format!("sector `{sector}` has no place in `{scheme}`");
            let help = "add a row with this sector alone, and its {column} or a reason";
            check.file_error(file, message).help = Some(help.replace("{column}", column));
        }
    }
}
