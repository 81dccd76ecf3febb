//! `reference/*.parquet`: the tables this run used, the way from scheme to scheme, the jurisdictions by name.

use std::path::Path;
use std::sync::Arc;

use arrow_array::{ArrayRef, StringArray};

use super::Context;
use super::jurisdictions::Joined;
use super::tables::table;
use super::tile::write_table;
use crate::error::Error;
use crate::plan::{FUNCTIONS, LIFELINES, MembershipRule, Reference};

/// A table of text as it is published; an empty cell is null.
struct Texts {
    name: &'static str,
    header: &'static [&'static str],
    rows: Vec<Vec<String>>,
}

/// Writes every reference table.
///
/// # Errors
/// When a table can't be written.
pub(super) fn write(context: &Context<'_>, joined: &Joined) -> Result<(), Error> {
    let reference = &context.plan.reference;
    let tables = [places(reference), schemes(reference), memberships(reference)];
    for table in tables.iter().flatten().chain([&jurisdictions(context, joined)]) {
        write_texts(context, table)?;
    }
    Ok(())
}

fn write_texts(context: &Context<'_>, texts: &Texts) -> Result<(), Error> {
    let path = Path::new("reference").join(format!("{}.parquet", texts.name));
    let cell = |row: &Vec<String>, at: usize| Some(row[at].clone()).filter(|text| !text.is_empty());
    let column = |at: usize| -> ArrayRef {
        Arc::new(
            texts
                .rows
                .iter()
                .map(|row| cell(row, at))
                .collect::<StringArray>(),
        )
    };
    let columns = texts
        .header
        .iter()
        .enumerate()
        .map(|(at, name)| (*name, column(at)))
        .collect();
    let written = table(columns, &path).and_then(|table| write_table(context, &path, &table));
    written.map(drop).map_err(Error::from)
}

fn texts<'r, T: 'r>(
    name: &'static str,
    header: &'static [&'static str],
    rows: impl IntoIterator<Item = &'r T>,
    row: impl Fn(&T) -> Vec<String>,
) -> Texts {
    Texts {
        name,
        header,
        rows: rows.into_iter().map(row).collect(),
    }
}

/// States, regions, NAICS rules.
fn places(reference: &Reference) -> Vec<Texts> {
    vec![
        texts(
            "states",
            &["state_fips", "state_code", "name", "kind", "source"],
            &reference.states,
            |s| {
                vec![
                    s.fips.clone(),
                    s.usps.clone(),
                    s.name.clone(),
                    s.kind.clone(),
                    s.source.clone(),
                ]
            },
        ),
        texts(
            "regions",
            &["region_code", "region_name", "state_code", "source"],
            &reference.regions,
            |r| vec![r.code.clone(), r.name.clone(), r.state.clone(), r.source.clone()],
        ),
        texts(
            "naics_rules",
            &["prefix", "sector_code", "subsector", "also", "source"],
            &reference.naics,
            |n| {
                let also = n.also.join(";");
                vec![
                    n.prefix.clone(),
                    n.sector.clone(),
                    n.subsector.clone(),
                    also,
                    n.source.clone(),
                ]
            },
        ),
    ]
}

/// Sectors of today and of the dated schemes, subsectors, functions, lifelines.
fn schemes(reference: &Reference) -> Vec<Texts> {
    vec![
        texts(
            "sectors",
            &["sector_code", "name", "lead_agency", "source"],
            &reference.sectors,
            |s| {
                vec![
                    s.code.clone(),
                    s.name.clone(),
                    s.lead_agency.clone(),
                    s.source.clone(),
                ]
            },
        ),
        texts(
            "sector_schemes",
            &[
                "scheme",
                "title",
                "document",
                "date",
                "sectors",
                "supporting_agencies",
                "source",
            ],
            &reference.schemes,
            |s| {
                let (id, title, document) = (s.id.clone(), s.title.clone(), s.document.clone());
                let (date, sectors) = (s.date.clone(), s.sectors.to_string());
                vec![
                    id,
                    title,
                    document,
                    date,
                    sectors,
                    s.supporting_agencies.clone(),
                    s.source.clone(),
                ]
            },
        ),
        scheme_sectors(reference),
        texts(
            "subsectors",
            &["sector_code", "subsector", "schemes", "origin", "source"],
            &reference.subsectors,
            |s| {
                let origin = if s.is_own { "own" } else { "plan" }.to_owned();
                vec![
                    s.sector.clone(),
                    s.name.clone(),
                    s.schemes.join(";"),
                    origin,
                    s.source.clone(),
                ]
            },
        ),
        texts(
            "critical_functions",
            &["function_code", "area", "function", "source"],
            &reference.functions,
            |f| vec![f.code.clone(), f.area.clone(), f.name.clone(), f.source.clone()],
        ),
        texts(
            "lifelines",
            &["lifeline", "component", "source"],
            &reference.lifelines,
            |l| vec![l.lifeline.clone(), l.component.clone(), l.source.clone()],
        ),
    ]
}

fn scheme_sectors(reference: &Reference) -> Texts {
    let header = &[
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
    texts("scheme_sectors", header, &reference.cells, |cell| {
        vec![
            cell.scheme.clone(),
            cell.code.clone(),
            cell.sector.clone(),
            cell.part.clone(),
            cell.also_called.clone(),
            cell.lead_agency.clone(),
            cell.supporting_agencies.clone(),
            cell.councils.join(";"),
            cell.note.clone(),
            cell.source.clone(),
        ]
    })
}

/// Rules from today's sectors, and what follows from them between the schemes.
fn memberships(reference: &Reference) -> Vec<Texts> {
    let rules = |wanted: &dyn Fn(&str) -> bool| -> Vec<&MembershipRule> {
        reference
            .memberships
            .iter()
            .filter(|rule| wanted(&rule.scheme))
            .collect()
    };
    let row = |rule: &MembershipRule| {
        let [sector, subsector] = [rule.sector.clone(), rule.subsector.clone()];
        let [prefix, reason] = [rule.prefix.clone(), rule.reason.clone()];
        vec![
            sector,
            subsector,
            prefix,
            rule.targets.join(";"),
            reason,
            rule.source.clone(),
        ]
    };
    let dated = |rule: &MembershipRule| {
        let mut cells = row(rule);
        cells.insert(0, rule.scheme.clone());
        cells.insert(6, yes_or_no(rule.is_judged));
        cells
    };
    let crosswalk = rules(&|scheme| ![FUNCTIONS, LIFELINES].contains(&scheme));
    let (functions, lifelines) = (
        rules(&|scheme| scheme == FUNCTIONS),
        rules(&|scheme| scheme == LIFELINES),
    );
    vec![
        texts(
            "sector_crosswalk",
            &[
                "scheme",
                "sector_code",
                "subsector",
                "naics_prefix",
                "cells",
                "reason",
                "judged",
                "source",
            ],
            crosswalk,
            dated,
        ),
        texts(
            "function_rules",
            &[
                "sector_code",
                "subsector",
                "naics_prefix",
                "functions",
                "reason",
                "source",
            ],
            functions,
            row,
        ),
        texts(
            "lifeline_rules",
            &[
                "sector_code",
                "subsector",
                "naics_prefix",
                "lifelines",
                "reason",
                "source",
            ],
            lifelines,
            row,
        ),
        scheme_crosswalk(reference),
    ]
}

fn scheme_crosswalk(reference: &Reference) -> Texts {
    let header = &[
        "from_scheme",
        "from_code",
        "to_scheme",
        "to_code",
        "is_only",
        "sector_codes",
        "reason",
    ];
    texts("scheme_crosswalk", header, &reference.passages(), |passage| {
        vec![
            passage.from_scheme.clone(),
            passage.from_code.clone(),
            passage.to_scheme.clone(),
            passage.to_code.clone().unwrap_or_default(),
            yes_or_no(passage.is_only),
            passage.through.join(";"),
            passage.reason.clone(),
        ]
    })
}

fn yes_or_no(is_so: bool) -> String {
    if is_so { "yes" } else { "no" }.to_owned()
}

fn jurisdictions(context: &Context<'_>, joined: &Joined) -> Texts {
    let sets = context.plan.jurisdictions.iter().zip(&joined.names);
    let rows = sets.flat_map(|(set, names)| {
        names.iter().map(|boundary| {
            let name = boundary.name.clone().unwrap_or_default();
            vec![
                set.id.clone(),
                boundary.code.clone(),
                name,
                set.vintage.clone(),
                set.agency.clone(),
            ]
        })
    });
    let header = &["set", "code", "name", "vintage", "source"];
    Texts {
        name: "jurisdictions",
        header,
        rows: rows.collect(),
    }
}
