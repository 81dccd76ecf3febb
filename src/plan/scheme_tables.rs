//! The sector schemes' tables → rows: schemes, their cells, subsectors, functions.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use chrono::NaiveDate;

use super::check::{Check, text_or_empty};
use super::csv::{Cell, require_code, require_filled, split_codes};
use super::membership::{FUNCTIONS, LIFELINES};
use super::reference::{Sector, sector_codes};
use super::scheme::{CriticalFunction, Scheme, SchemeCell, Subsector};
use crate::config::{CsvTable, Diagnostic, TextFile};

/// Areas of the National Critical Functions.
const AREAS: [&str; 4] = ["Connect", "Distribute", "Manage", "Supply"];

pub(super) fn read_schemes(folder: &Path, found: &mut Vec<Diagnostic>) -> Vec<Scheme> {
    let columns = [
        "scheme",
        "title",
        "document",
        "date",
        "sectors",
        "supporting_agencies",
        "source",
    ];
    let Some(table) = CsvTable::read(&folder.join("sector_schemes.csv"), columns, found) else {
        return Vec::new();
    };
    let mut check = Check { found };
    check.report_repeats_in_any_case("scheme", table.rows.iter().map(|[id, ..]| id));
    let mut schemes = Vec::new();
    for [id, title, document, date, sectors, supporting, source] in &table.rows {
        require_filled(&mut check, [id, title, document, date, sectors, source]);
        require_code(
            &mut check,
            "a scheme id: it stands for functions or lifelines",
            id,
            |id| ![FUNCTIONS, LIFELINES].contains(&id),
        );
        require_code(&mut check, "a date (YYYY-MM-DD)", date, |d| {
            d.parse::<NaiveDate>().is_ok()
        });
        require_code(&mut check, "a number of sectors", sectors, |n| {
            n.parse::<usize>().is_ok()
        });
        schemes.push(Scheme {
            id: id.value.clone(),
            title: title.value.clone(),
            document: document.value.clone(),
            date: date.value.clone(),
            sectors: sectors.value.parse().unwrap_or_default(),
            supporting_agencies: supporting.value.clone(),
            source: source.value.clone(),
        });
    }
    schemes
}

pub(super) fn read_cells(folder: &Path, schemes: &[Scheme], found: &mut Vec<Diagnostic>) -> Vec<SchemeCell> {
    let columns = [
        "scheme",
        "code",
        "sector",
        "part",
        "also_called",
        "lead_agency",
        "supporting_agencies",
        "councils",
        "note",
        "source",
    ];
    let Some(table) = CsvTable::read(&folder.join("scheme_sectors.csv"), columns, found) else {
        return Vec::new();
    };
    let mut check = Check { found };
    let mut cells: Vec<SchemeCell> = Vec::new();
    for row in &table.rows {
        let cell = scheme_cell(&mut check, row, schemes, &cells);
        cells.push(cell);
    }
    split_sectors(&mut check, &table.rows, &cells);
    add_up(&mut check, &table.file, schemes, &cells);
    cells
}

/// A cell as its row has it; `above` are those of the rows before.
fn scheme_cell(
    check: &mut Check<'_>,
    row: &[Cell; 10],
    schemes: &[Scheme],
    above: &[SchemeCell],
) -> SchemeCell {
    let [
        scheme,
        id,
        sector,
        part,
        also_called,
        lead,
        supporting,
        councils,
        note,
        source,
    ] = row;
    require_filled(check, [scheme, id, sector, lead, source]);
    check.require_among(
        "a scheme of sector_schemes.csv",
        scheme,
        schemes.iter().map(|s| s.id.as_str()),
    );
    require_code(
        check,
        "a code (upper-case letters, digits and `_`)",
        id,
        is_cell_code,
    );
    if above
        .iter()
        .any(|cell| cell.scheme == scheme.value && cell.code == id.value)
    {
        let message = format!(
            "cell `{}` of scheme `{}` is written twice",
            id.value, scheme.value
        );
        check.error(&id.span, message);
    }
    let councils = split_codes(councils);
    for council in &councils {
        check.require_among("a kind of council", council, ["SCC", "GCC"]);
    }
    SchemeCell {
        scheme: scheme.value.clone(),
        code: id.value.clone(),
        sector: sector.value.clone(),
        part: part.value.clone(),
        also_called: also_called.value.clone(),
        lead_agency: lead.value.clone(),
        supporting_agencies: supporting.value.clone(),
        councils: councils.into_iter().map(|council| council.value).collect(),
        note: note.value.clone(),
        source: source.value.clone(),
    }
}

fn is_cell_code(code: &str) -> bool {
    code.bytes()
        .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
}

/// A sector of several cells says which part each is.
fn split_sectors(check: &mut Check<'_>, rows: &[[Cell; 10]], cells: &[SchemeCell]) {
    for (row, cell) in rows.iter().zip(cells) {
        // The strategy of 2003 gives meat and poultry one lead agency and all other food another: one sector,
        // two cells.
        let parts = cells
            .iter()
            .filter(|other| other.scheme == cell.scheme && other.sector == cell.sector);
        if parts.count() > 1 && cell.part.is_empty() {
            let message = format!(
                "`{}` stands twice, but this row doesn't say which part it is",
                cell.sector
            );
            check.error(&row[2].span, message);
        }
    }
}

/// A scheme has as many sectors as its document counts.
fn add_up(check: &mut Check<'_>, file: &Arc<TextFile>, schemes: &[Scheme], cells: &[SchemeCell]) {
    for scheme in schemes {
        let sectors: BTreeSet<&str> = cells
            .iter()
            .filter(|cell| cell.scheme == scheme.id)
            .map(|cell| cell.sector.as_str())
            .collect();
        // Counted by name, since a sector that is split among agencies stands in several rows.
        if sectors.len() != scheme.sectors {
            let message = format!(
                "scheme `{}` has {} sectors here, {} in sector_schemes.csv",
                scheme.id,
                sectors.len(),
                scheme.sectors
            );
            check.file_error(file, message);
        }
    }
}

pub(super) fn read_subsectors(
    folder: &Path,
    sectors: &[Sector],
    schemes: &[Scheme],
    found: &mut Vec<Diagnostic>,
) -> Vec<Subsector> {
    let columns = ["sector_code", "subsector", "schemes", "origin", "source"];
    let Some(table) = CsvTable::read(&folder.join("subsectors.csv"), columns, found) else {
        return Vec::new();
    };
    let mut check = Check { found };
    let mut subsectors: Vec<Subsector> = Vec::new();
    for [sector, name, named_by, origin, source] in &table.rows {
        require_filled(&mut check, [sector, name, origin, source]);
        check.require_among("a sector code of sectors.csv", sector, sector_codes(sectors));
        check.require_among("an origin", origin, ["plan", "own"]);
        let named_by = split_codes(named_by);
        for scheme in &named_by {
            check.require_among(
                "a scheme of sector_schemes.csv",
                scheme,
                schemes.iter().map(|s| s.id.as_str()),
            );
        }
        let is_repeated = subsectors
            .iter()
            .any(|other| other.sector == sector.value && other.name == name.value);
        if is_repeated {
            check.error(&name.span, format!("subsector `{}` is written twice", name.value));
        }
        subsectors.push(Subsector {
            sector: text_or_empty(Some(sector)),
            name: text_or_empty(Some(name)),
            schemes: named_by.into_iter().map(|scheme| scheme.value).collect(),
            is_own: origin.value == "own",
            source: text_or_empty(Some(source)),
        });
    }
    subsectors
}

/// Reports a subsector that isn't listed for its sector.
pub(super) fn check_subsector(
    check: &mut Check<'_>,
    sector: &str,
    subsector: &Cell,
    subsectors: &[Subsector],
) {
    let known = subsectors
        .iter()
        .filter(|known| known.sector == sector)
        .map(|known| known.name.as_str());
    if !subsector.value.is_empty() {
        check.require_among(
            &format!("a subsector of `{sector}` in subsectors.csv"),
            subsector,
            known,
        );
    }
}

pub(super) fn read_functions(folder: &Path, found: &mut Vec<Diagnostic>) -> Vec<CriticalFunction> {
    let columns = ["function_code", "area", "function", "source"];
    let Some(table) = CsvTable::read(&folder.join("critical_functions.csv"), columns, found) else {
        return Vec::new();
    };
    let mut check = Check { found };
    check.report_repeats_in_any_case("function code", table.rows.iter().map(|[code, ..]| code));
    check.report_repeats_in_any_case("function", table.rows.iter().map(|[_, _, name, _]| name));
    for row in &table.rows {
        require_filled(&mut check, row);
        check.require_among("an area", &row[1], AREAS);
    }
    let mut functions = Vec::new();
    for [code, area, name, source] in table.rows {
        functions.push(CriticalFunction {
            code: code.value,
            area: area.value,
            name: name.value,
            source: source.value,
        });
    }
    functions
}
