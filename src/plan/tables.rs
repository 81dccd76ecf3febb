//! `schemas/reference/*.csv` → `Reference`.
//!
//! Checks codes against each other. A table that cannot be read is reported and left empty; what
//! would be looked up in it is then not checked, so that one cause gives one report.

use std::path::Path;

use super::check::{Check, text};
use super::csv::{code, filled, is_digits, is_naics_prefix, split};
use super::membership_tables::{self, Known};
use super::reference::{Lifeline, NaicsRule, Reference, Region, Sector, State, sector_codes};
use super::scheme::Subsector;
use super::scheme_tables;
use crate::feature::RegionId;
use crate::spec::{CsvTable, Diagnostic};

/// Reads the reference tables of a folder, and the region table where there is one.
pub(super) fn load(folder: &Path, regions: Option<&Path>, found: &mut Vec<Diagnostic>) -> Reference {
    let states = states(folder, found);
    let regions = regions
        .map(|path| self::regions(path, &states, found))
        .unwrap_or_default();
    let sectors = sectors(folder, found);
    let schemes = scheme_tables::schemes(folder, found);
    let subsectors = scheme_tables::subsectors(folder, &sectors, &schemes, found);
    let naics = naics(folder, &sectors, &subsectors, found);
    let lifelines = lifelines(folder, found);
    let cells = scheme_tables::cells(folder, &schemes, found);
    let functions = scheme_tables::functions(folder, found);
    let known = Known {
        schemes: &schemes,
        cells: &cells,
        sectors: &sectors,
        subsectors: &subsectors,
        functions: &functions,
        lifelines: &lifelines,
    };
    let memberships = membership_tables::memberships(folder, &known, found);
    Reference {
        states,
        regions,
        sectors,
        naics,
        lifelines,
        schemes,
        cells,
        subsectors,
        functions,
        memberships,
    }
}

fn states(folder: &Path, found: &mut Vec<Diagnostic>) -> Vec<State> {
    let columns = ["state_fips", "state_code", "name", "kind", "source"];
    let Some(table) = CsvTable::read(&folder.join("states.csv"), columns, found) else {
        return Vec::new();
    };
    let mut check = Check { found };
    check.unique("state", table.rows.iter().map(|[_, usps, ..]| usps));
    check.unique("FIPS code", table.rows.iter().map(|[fips, ..]| fips));
    for row in &table.rows {
        filled(&mut check, row);
        code(&mut check, "a 2-digit FIPS code", &row[0], |c| {
            c.len() == 2 && is_digits(c)
        });
        code(&mut check, "a USPS code", &row[1], |c| {
            c.len() == 2 && c.bytes().all(|b| b.is_ascii_uppercase())
        });
    }
    let mut states = Vec::new();
    for [fips, usps, name, kind, source] in table.rows {
        states.push(State {
            fips: fips.value,
            usps: usps.value,
            name: name.value,
            kind: kind.value,
            source: source.value,
        });
    }
    states
}

fn regions(path: &Path, states: &[State], found: &mut Vec<Diagnostic>) -> Vec<Region> {
    let columns = ["region_code", "region_name", "state_code", "source"];
    let Some(table) = CsvTable::read(path, columns, found) else {
        return Vec::new();
    };
    let mut check = Check { found };
    check.unique("state", table.rows.iter().map(|[_, _, state, _]| state));
    for row in &table.rows {
        filled(&mut check, row);
        check.among(
            "a state code of states.csv",
            &row[2],
            states.iter().map(|state| state.usps.as_str()),
        );
        code(
            &mut check,
            "a region code (a letter, then letters and digits)",
            &row[0],
            is_region_code,
        );
        if let Some([_, name, ..]) = table.rows.iter().find(|other| other[0].value == row[0].value)
            && name.value != row[1].value
        {
            let message = format!("region `{}` is also called `{}`", row[0].value, name.value);
            check.error(&row[1].span, message);
        }
    }
    let mut regions = Vec::new();
    for [code, name, state, source] in table.rows {
        regions.push(Region {
            code: code.value,
            name: name.value,
            state: state.value,
            source: source.value,
        });
    }
    regions
}

fn is_region_code(text: &str) -> bool {
    // The code stands in a path as `region=<code>`; digits alone would be read as a number.
    text.starts_with(char::is_alphabetic)
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'))
        && text != RegionId::UNASSIGNED
}

fn sectors(folder: &Path, found: &mut Vec<Diagnostic>) -> Vec<Sector> {
    let columns = ["sector_code", "name", "lead_agency", "source"];
    let Some(table) = CsvTable::read(&folder.join("sectors.csv"), columns, found) else {
        return Vec::new();
    };
    let mut check = Check { found };
    check.unique("sector", table.rows.iter().map(|[code, ..]| code));
    table.rows.iter().for_each(|row| filled(&mut check, row));
    let mut sectors = Vec::new();
    for [code, name, lead_agency, source] in table.rows {
        sectors.push(Sector {
            code: code.value,
            name: name.value,
            lead_agency: lead_agency.value,
            source: source.value,
        });
    }
    sectors
}

fn naics(
    folder: &Path,
    sectors: &[Sector],
    subsectors: &[Subsector],
    found: &mut Vec<Diagnostic>,
) -> Vec<NaicsRule> {
    let columns = ["prefix", "sector_code", "subsector", "also", "source"];
    let Some(table) = CsvTable::read(&folder.join("naics_rules.csv"), columns, found) else {
        return Vec::new();
    };
    let mut check = Check { found };
    check.unique("prefix", table.rows.iter().map(|[prefix, ..]| prefix));
    let mut rules = Vec::new();
    for [prefix, sector, subsector, also, source] in &table.rows {
        code(
            &mut check,
            "a NAICS prefix of 2 to 6 digits",
            prefix,
            is_naics_prefix,
        );
        check.among("a sector code of sectors.csv", sector, sector_codes(sectors));
        scheme_tables::listed(&mut check, &sector.value, subsector, subsectors);
        filled(&mut check, [source]);
        let also = split(also);
        for code in &also {
            check.among("a sector code of sectors.csv", code, sector_codes(sectors));
        }
        rules.push(NaicsRule {
            prefix: text(Some(prefix)),
            sector: text(Some(sector)),
            subsector: text(Some(subsector)),
            also: also.into_iter().map(|code| code.value).collect(),
            source: text(Some(source)),
        });
    }
    rules
}

fn lifelines(folder: &Path, found: &mut Vec<Diagnostic>) -> Vec<Lifeline> {
    let columns = ["lifeline", "component", "source"];
    let Some(table) = CsvTable::read(&folder.join("lifelines.csv"), columns, found) else {
        return Vec::new();
    };
    let mut check = Check { found };
    table.rows.iter().for_each(|row| filled(&mut check, row));
    let mut lifelines = Vec::new();
    for [lifeline, component, source] in table.rows {
        lifelines.push(Lifeline {
            lifeline: lifeline.value,
            component: component.value,
            source: source.value,
        });
    }
    lifelines
}
