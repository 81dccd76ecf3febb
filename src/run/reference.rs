//! `reference/*.parquet`: the tables this run used, the way from scheme to scheme, the jurisdictions by name.

use std::path::Path;
use std::sync::Arc;

use arrow_array::{ArrayRef, StringArray};

use super::context::Context;
use super::jurisdictions::JoinedSets;
use super::reference_docs as docs;
use super::tables::named_columns;
use super::tile::write_table;
use crate::error::Error;
use crate::feature::TableDoc;
use crate::plan::{FUNCTIONS, LIFELINES, MembershipRule, Reference};

/// A table of text as it is published; an empty cell is null.
struct TextTable {
    doc: TableDoc,
    rows: Vec<Vec<String>>,
}

impl TextTable {
    fn new<T>(doc: TableDoc, records: impl IntoIterator<Item = T>, row: impl Fn(T) -> Vec<String>) -> Self {
        Self {
            doc,
            rows: records.into_iter().map(row).collect(),
        }
    }

    /// A column by its place.
    fn column(&self, at: usize) -> ArrayRef {
        let cells = self.rows.iter().map(|row| row[at].as_str());
        let cells = cells.map(|cell| Some(cell).filter(|cell| !cell.is_empty()));
        Arc::new(cells.collect::<StringArray>())
    }
}

/// Cells of a row, in the order of the columns.
fn owned_cells<const N: usize>(cells: [&str; N]) -> Vec<String> {
    cells.map(str::to_owned).into()
}

/// Writes every reference table.
///
/// # Errors
/// When a table can't be written.
pub(super) fn write_reference_tables(context: &Context<'_>, joined: &JoinedSets) -> Result<(), Error> {
    let reference = &context.plan.reference;
    let tables = [
        place_tables(reference),
        scheme_tables(reference),
        membership_tables(reference),
        vec![jurisdiction_table(context, joined)],
    ];
    for table in tables.iter().flatten() {
        write_text_table(context, table)?;
    }
    Ok(())
}

fn write_text_table(context: &Context<'_>, table: &TextTable) -> Result<(), Error> {
    let path = Path::new(table.doc.path);
    let columns = table.doc.column_names().enumerate();
    let columns = columns.map(|(at, name)| (name, table.column(at))).collect();
    write_table(context, path, &named_columns(columns, path)?)?;
    Ok(())
}

/// States, regions, successions of counties, kinds of jurisdictions, governments, NAICS rules.
fn place_tables(reference: &Reference) -> Vec<TextTable> {
    vec![
        TextTable::new(docs::STATES, &reference.states, |state| {
            owned_cells([&state.fips, &state.usps, &state.name, &state.kind, &state.source])
        }),
        TextTable::new(docs::REGIONS, &reference.regions, |region| {
            let county = region.county.as_deref().unwrap_or_default();
            owned_cells([&region.code, &region.name, &region.state, county, &region.source])
        }),
        TextTable::new(docs::JURISDICTION_KINDS, &reference.kinds, |kind| {
            let digits = kind.code_digits.map(|digits| digits.to_string());
            let name_column = kind.name_column_of("<set>").unwrap_or_default();
            owned_cells([
                &kind.id,
                &kind.title,
                &digits.unwrap_or_default(),
                yes_or_no(kind.begins_with_state),
                &kind.code_column_of("<set>"),
                &name_column,
                &kind.is_government,
                yes_or_no(kind.overlaps),
                &kind.source,
            ])
        }),
        county_succession_table(reference),
        TextTable::new(docs::GOVERNMENTS, &reference.governments, |count| {
            owned_cells([
                &count.government_type,
                &count.title,
                count.kind.as_deref().unwrap_or_default(),
                yes_or_no(count.is_local),
                &count.vintage,
                &count.governments.to_string(),
                &count.source,
            ])
        }),
        TextTable::new(docs::NAICS_RULES, &reference.naics, |rule| {
            let also = rule.also.join(";");
            owned_cells([&rule.prefix, &rule.sector, &rule.subsector, &also, &rule.source])
        }),
    ]
}

fn county_succession_table(reference: &Reference) -> TextTable {
    TextTable::new(docs::COUNTY_SUCCESSIONS, &reference.county_successions, |row| {
        owned_cells([
            &row.from_fips,
            &row.from_name,
            &row.to_fips,
            &row.to_name,
            &row.effective_date,
            row.kind.code(),
            &row.source,
        ])
    })
}

/// Sectors of today and of the dated schemes, subsectors, functions, lifelines.
fn scheme_tables(reference: &Reference) -> Vec<TextTable> {
    vec![
        TextTable::new(docs::SECTORS, &reference.sectors, |sector| {
            owned_cells([&sector.code, &sector.name, &sector.lead_agency, &sector.source])
        }),
        dated_scheme_table(reference),
        scheme_sector_table(reference),
        TextTable::new(docs::SUBSECTORS, &reference.subsectors, |subsector| {
            let schemes = subsector.schemes.join(";");
            let origin = if subsector.is_own { "own" } else { "plan" };
            owned_cells([
                &subsector.sector,
                &subsector.name,
                &schemes,
                origin,
                &subsector.source,
            ])
        }),
        TextTable::new(docs::CRITICAL_FUNCTIONS, &reference.functions, |function| {
            owned_cells([&function.code, &function.area, &function.name, &function.source])
        }),
        TextTable::new(docs::LIFELINES, &reference.lifelines, |lifeline| {
            owned_cells([&lifeline.lifeline, &lifeline.component, &lifeline.source])
        }),
    ]
}

fn dated_scheme_table(reference: &Reference) -> TextTable {
    TextTable::new(docs::SECTOR_SCHEMES, &reference.schemes, |scheme| {
        owned_cells([
            &scheme.id,
            &scheme.title,
            &scheme.document,
            &scheme.date,
            &scheme.sectors.to_string(),
            &scheme.supporting_agencies,
            &scheme.source,
        ])
    })
}

fn scheme_sector_table(reference: &Reference) -> TextTable {
    TextTable::new(docs::SCHEME_SECTORS, &reference.cells, |cell| {
        owned_cells([
            &cell.scheme,
            &cell.code,
            &cell.sector,
            &cell.part,
            &cell.also_called,
            &cell.lead_agency,
            &cell.supporting_agencies,
            &cell.councils.join(";"),
            &cell.note,
            &cell.source,
        ])
    })
}

/// Rules from today's sectors, and what follows from them between the schemes.
fn membership_tables(reference: &Reference) -> Vec<TextTable> {
    vec![
        crosswalk_table(reference),
        undated_rules_table(reference, FUNCTIONS, docs::FUNCTION_RULES),
        undated_rules_table(reference, LIFELINES, docs::LIFELINE_RULES),
        scheme_crosswalk_table(reference),
    ]
}

/// Rules into the dated schemes, all of them in one table.
fn crosswalk_table(reference: &Reference) -> TextTable {
    let rules = reference.memberships.iter();
    let dated = rules.filter(|rule| ![FUNCTIONS, LIFELINES].contains(&rule.scheme.as_str()));
    TextTable::new(docs::SECTOR_CROSSWALK, dated, |rule| {
        owned_cells([
            &rule.scheme,
            &rule.sector,
            &rule.subsector,
            &rule.prefix,
            &rule.targets.join(";"),
            &rule.reason,
            yes_or_no(rule.is_judged),
            &rule.source,
        ])
    })
}

/// Rules into functions or lifelines, which have no date: a table each, which needs not say which it is of.
fn undated_rules_table(reference: &Reference, scheme: &str, doc: TableDoc) -> TextTable {
    let rules = reference.memberships.iter();
    let rules = rules.filter(|rule| rule.scheme == scheme);
    TextTable::new(doc, rules, |rule: &MembershipRule| {
        owned_cells([
            &rule.sector,
            &rule.subsector,
            &rule.prefix,
            &rule.targets.join(";"),
            &rule.reason,
            &rule.source,
        ])
    })
}

fn scheme_crosswalk_table(reference: &Reference) -> TextTable {
    TextTable::new(docs::SCHEME_CROSSWALK, reference.scheme_passages(), |passage| {
        owned_cells([
            &passage.from_scheme,
            &passage.from_code,
            &passage.to_scheme,
            passage.to_code.as_deref().unwrap_or_default(),
            yes_or_no(passage.is_only),
            &passage.through.join(";"),
            &passage.reason,
        ])
    })
}

fn yes_or_no(is_so: bool) -> &'static str {
    if is_so { "yes" } else { "no" }
}

fn jurisdiction_table(context: &Context<'_>, joined: &JoinedSets) -> TextTable {
    let sets = context.plan.jurisdictions.iter().zip(&joined.jurisdictions);
    let listed = sets.flat_map(|(set, listed)| listed.iter().map(move |jurisdiction| (set, jurisdiction)));
    TextTable::new(docs::JURISDICTIONS, listed, |(set, jurisdiction)| {
        let name = jurisdiction.name.as_deref().unwrap_or_default();
        owned_cells([&set.id, &jurisdiction.code, name, &set.vintage, &set.agency])
    })
}
