//! `schemas/reference/*.csv` → `Reference`.
//!
//! Checks codes against each other. A table that cannot be read is reported and left empty; what
//! would be looked up in it is then not checked, so that one cause gives one report.

use std::path::Path;

use super::check::{Check, text_or_empty};
use super::csv::{is_digits, is_naics_prefix, require_code, require_filled, split_codes};
use super::membership_tables::{self, KnownCodes};
use super::reference::{Lifeline, NaicsRule, Reference, Sector, State, sector_codes};
use super::scheme::Subsector;
use super::succession_table::read_county_successions;
use super::{governments, jurisdiction_kinds, region_tables, scheme_tables};
use crate::config::{CsvTable, Diagnostic};

/// Reads the reference tables of a folder, and the region table where there is one.
pub(super) fn load_tables(folder: &Path, regions: Option<&Path>, found: &mut Vec<Diagnostic>) -> Reference {
    // Each table after those whose codes it names.
    let states = read_states(folder, found);
    let regions = regions
        .map(|path| region_tables::read_regions(path, &states, found))
        .unwrap_or_default();
    let kinds = jurisdiction_kinds::read_kinds(folder, found);
    let county_successions = read_county_successions(folder, &states, found);
    let governments = governments::read_governments(folder, &kinds, found);
    let sectors = read_sectors(folder, found);
    let schemes = scheme_tables::read_schemes(folder, found);
    let subsectors = scheme_tables::read_subsectors(folder, &sectors, &schemes, found);
    let naics = read_naics_rules(folder, &sectors, &subsectors, found);
    let lifelines = read_lifelines(folder, found);
    let cells = scheme_tables::read_cells(folder, &schemes, found);
    let functions = scheme_tables::read_functions(folder, found);
    let known = KnownCodes {
        schemes: &schemes,
        cells: &cells,
        sectors: &sectors,
        subsectors: &subsectors,
        functions: &functions,
        lifelines: &lifelines,
    };
    let memberships = membership_tables::membership_rules(folder, &known, found);
    Reference {
        states,
        regions,
        kinds,
        county_successions,
        governments,
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

fn read_states(folder: &Path, found: &mut Vec<Diagnostic>) -> Vec<State> {
    let columns = ["state_fips", "state_code", "name", "kind", "source"];
    let Some(table) = CsvTable::read(&folder.join("states.csv"), columns, found) else {
        return Vec::new();
    };
    let mut check = Check { found };
    check.report_repeats_in_any_case("state", table.rows.iter().map(|[_, usps, ..]| usps));
    check.report_repeats_in_any_case("FIPS code", table.rows.iter().map(|[fips, ..]| fips));
    for row in &table.rows {
        require_filled(&mut check, row);
        require_code(&mut check, "a 2-digit FIPS code", &row[0], |c| {
            c.len() == 2 && is_digits(c)
        });
        require_code(&mut check, "a USPS code", &row[1], |c| {
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

fn read_sectors(folder: &Path, found: &mut Vec<Diagnostic>) -> Vec<Sector> {
    let columns = ["sector_code", "name", "lead_agency", "source"];
    let Some(table) = CsvTable::read(&folder.join("sectors.csv"), columns, found) else {
        return Vec::new();
    };
    let mut check = Check { found };
    check.report_repeats_in_any_case("sector", table.rows.iter().map(|[code, ..]| code));
    table.rows.iter().for_each(|row| require_filled(&mut check, row));
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

fn read_naics_rules(
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
    check.report_repeats_in_any_case("prefix", table.rows.iter().map(|[prefix, ..]| prefix));
    let mut rules = Vec::new();
    for [prefix, sector, subsector, also, source] in &table.rows {
        require_code(
            &mut check,
            "a NAICS prefix of 2 to 6 digits",
            prefix,
            is_naics_prefix,
        );
        check.require_among("a sector code of sectors.csv", sector, sector_codes(sectors));
        scheme_tables::check_subsector(&mut check, &sector.value, subsector, subsectors);
        require_filled(&mut check, [source]);
        let also = split_codes(also);
        for code in &also {
            check.require_among("a sector code of sectors.csv", code, sector_codes(sectors));
        }
        rules.push(NaicsRule {
            prefix: text_or_empty(Some(prefix)),
            sector: text_or_empty(Some(sector)),
            subsector: text_or_empty(Some(subsector)),
            also: also.into_iter().map(|code| code.value).collect(),
            source: text_or_empty(Some(source)),
        });
    }
    rules
}

fn read_lifelines(folder: &Path, found: &mut Vec<Diagnostic>) -> Vec<Lifeline> {
    let columns = ["lifeline", "component", "source"];
    let Some(table) = CsvTable::read(&folder.join("lifelines.csv"), columns, found) else {
        return Vec::new();
    };
    let mut check = Check { found };
    table.rows.iter().for_each(|row| require_filled(&mut check, row));
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
