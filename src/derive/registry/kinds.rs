//! `jurisdictions/by-kind.parquet`: governments as the Census counted them, and polygons as the release has them, kind by kind.
//!
//! Pure. The two are never added up: a government may have no polygon, and a polygon no government.

use std::collections::BTreeSet;

use super::tables::KINDS;
use crate::derive::column::{count_column, text_column};
use crate::derive::{DeriveError, Table};
use crate::feature::{GovernmentSum, KindCount, RegistryReport, SetCount};
use crate::plan::{GovernmentCount, JurisdictionKind, JurisdictionPlan, Reference};

/// Why a kind has no count of polygons.
const NO_SET: &str = "the pipeline has no polygon set of this kind";

struct Row<'a> {
    kind: Option<&'a str>,
    title: &'a str,
    counted: &'static str,
    set: Option<&'a str>,
    vintage: Option<&'a str>,
    count: Option<u64>,
    source: &'a str,
}

/// The table: the governments of every census, then the polygons of every kind.
///
/// # Errors
/// When columns don't fit together, which would be a mistake of this program.
pub(super) fn kinds_table(
    reference: &Reference,
    plans: &[JurisdictionPlan],
    sets: &[SetCount],
) -> Result<Table, DeriveError> {
    let mut rows: Vec<Row<'_>> = reference.governments.iter().map(government_row).collect();
    for kind in &reference.kinds {
        let of_kind: Vec<Row<'_>> = plans
            .iter()
            .zip(sets)
            .filter(|(plan, _)| plan.kind.id == kind.id)
            .map(|(plan, set)| polygon_row(kind, plan, set))
            .collect();
        if of_kind.is_empty() {
            rows.push(row_without_set(kind));
        }
        rows.extend(of_kind);
    }
    Table::new(
        KINDS.path,
        vec![
            ("kind", text_column(&rows, |row| row.kind)),
            ("title", text_column(&rows, |row| Some(row.title))),
            ("counted", text_column(&rows, |row| Some(row.counted))),
            ("set", text_column(&rows, |row| row.set)),
            ("vintage", text_column(&rows, |row| row.vintage)),
            ("count", count_column(&rows, |row| row.count)),
            ("source", text_column(&rows, |row| Some(row.source))),
        ],
    )
}

fn government_row(count: &GovernmentCount) -> Row<'_> {
    Row {
        kind: count.kind.as_deref(),
        title: &count.title,
        counted: "governments",
        set: None,
        vintage: Some(&count.vintage),
        count: Some(count.governments),
        source: &count.source,
    }
}

fn polygon_row<'a>(kind: &'a JurisdictionKind, plan: &'a JurisdictionPlan, set: &'a SetCount) -> Row<'a> {
    Row {
        kind: Some(&kind.id),
        title: &kind.title,
        counted: "polygons",
        set: Some(&plan.id),
        vintage: Some(&plan.vintage),
        count: Some(set.with_polygon),
        source: &plan.agency,
    }
}

fn row_without_set(kind: &JurisdictionKind) -> Row<'_> {
    Row {
        kind: Some(&kind.id),
        title: &kind.title,
        counted: "polygons",
        set: None,
        vintage: None,
        count: None,
        source: NO_SET,
    }
}

/// What the report says: kinds that govern or have a set, and sums of governments.
pub(super) fn registry_report(reference: &Reference, sets: Vec<SetCount>) -> RegistryReport {
    let kinds = reference
        .kinds
        .iter()
        .map(|kind| kind_count(reference, kind, &sets));
    let kinds = kinds.filter(|kind| !kind.governments.is_empty() || kind.polygons.is_some());
    RegistryReport {
        kinds: kinds.collect(),
        governments: government_sums(&reference.governments),
        sets,
    }
}

fn kind_count(reference: &Reference, kind: &JurisdictionKind, sets: &[SetCount]) -> KindCount {
    let mut governments: Vec<(String, u64)> = reference
        .governments
        .iter()
        .filter(|count| count.kind.as_deref() == Some(kind.id.as_str()))
        .map(|count| (count.vintage.clone(), count.governments))
        .collect();
    governments.sort_by(|a, b| b.0.cmp(&a.0));
    let polygons = sets.iter().filter(|set| set.kind == kind.id);
    KindCount {
        kind: kind.id.clone(),
        title: kind.title.clone(),
        governments,
        polygons: polygons.map(|set| set.with_polygon).reduce(|a, b| a + b),
    }
}

fn government_sums(counts: &[GovernmentCount]) -> Vec<GovernmentSum> {
    let vintages: BTreeSet<&str> = counts.iter().map(|count| count.vintage.as_str()).collect();
    let newest_first = vintages.into_iter().rev();
    newest_first
        .map(|vintage| GovernmentSum {
            vintage: vintage.to_owned(),
            all: sum_governments(counts, vintage, |_| true),
            local: sum_governments(counts, vintage, |count| count.is_local),
        })
        .collect()
}

fn sum_governments(counts: &[GovernmentCount], vintage: &str, is_meant: fn(&GovernmentCount) -> bool) -> u64 {
    let of_vintage = counts.iter().filter(|count| count.vintage == vintage);
    of_vintage
        .filter(|count| is_meant(count))
        .map(|count| count.governments)
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn governments_stand_beside_polygons_and_a_kind_without_any_is_told() {
        let count = |kind: &str, vintage: &str, governments| GovernmentCount {
            government_type: kind.to_owned(),
            title: kind.to_owned(),
            kind: Some(kind.to_owned()),
            is_local: kind != "state",
            vintage: vintage.to_owned(),
            governments,
            source: "Census".to_owned(),
        };
        let reference = Reference {
            kinds: ["state", "county", "special_district", "other"]
                .into_iter()
                .filter_map(JurisdictionKind::shipped)
                .collect(),
            governments: vec![
                count("state", "2022", 50),
                count("county", "2022", 3_031),
                count("county", "2002", 3_034),
                count("special_district", "2022", 39_555),
            ],
            ..Reference::default()
        };
        let counties = |set: &str, with_polygon| SetCount {
            set: set.to_owned(),
            kind: "county".to_owned(),
            vintage: "2023".to_owned(),
            with_polygon,
            without_polygon: 0,
            facilities: None,
            unassigned: None,
        };
        let report = registry_report(&reference, vec![counties("a", 3), counties("b", 4)]);
        let kinds: Vec<_> = report
            .kinds
            .iter()
            .map(|kind| (kind.kind.as_str(), kind.polygons))
            .collect();
        assert_eq!(
            kinds,
            [("state", None), ("county", Some(7)), ("special_district", None)]
        );
        assert_eq!(
            report.kinds[1].governments,
            [("2022".to_owned(), 3_031), ("2002".to_owned(), 3_034)]
        );
        let sums: Vec<_> = report
            .governments
            .iter()
            .map(|sum| (&*sum.vintage, sum.all, sum.local))
            .collect();
        assert_eq!(sums, [("2022", 42_636, 42_586), ("2002", 3_034, 3_034)]);
        let table = kinds_table(&reference, &[], &[]).unwrap();
        assert_eq!(
            table.rows.num_rows(),
            4 + 4,
            "a row for each count, and one for each kind without a set"
        );
    }
}
