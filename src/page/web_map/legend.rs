//! What a map is coloured by: the sectors of each dated scheme, and the lifelines.
//!
//! Pure. Rows have today's sector alone, so that a sector of another scheme is drawn by those of today that it stands for.

use serde::Serialize;

use super::palette::{Look, UNKNOWN, look_of_lifeline, look_of_sector};
use crate::plan::{Reference, Scheme, SchemeCell, Standing};

/// A sector of a scheme: what a legend says of it.
#[derive(Debug, Clone, Serialize)]
pub(super) struct SectorGroup {
    pub(super) code: String,
    pub(super) name: String,
    /// Codes of today's sectors whose facilities it has.
    pub(super) sectors: Vec<String>,
    #[serde(flatten)]
    pub(super) look: Look,
}

/// A lifeline: what a legend says of it.
#[derive(Debug, Clone, Serialize)]
pub(super) struct LifelineGroup {
    pub(super) name: String,
    #[serde(flatten)]
    pub(super) look: Look,
}

/// Code of the group that holds today's sectors that a scheme has not, or tells apart by more than their code.
const BESIDE: &str = "-";

/// The sectors of a scheme, in its order, but for those that no sector of today stands for by its code alone.
pub(super) fn groups_of_scheme(reference: &Reference, scheme: &Scheme) -> Vec<SectorGroup> {
    let cells = reference.cells.iter().filter(|cell| cell.scheme == scheme.id);
    let stood_for: Vec<(&SchemeCell, Vec<String>)> = cells
        .map(|cell| (cell, sectors_in(reference, &scheme.id, Some(&cell.code))))
        .filter(|(_, sectors)| !sectors.is_empty())
        .collect();
    let parts_of = |sector: &str| stood_for.iter().filter(|(cell, _)| cell.sector == sector).count();
    let mut groups: Vec<SectorGroup> = stood_for
        .iter()
        .map(|(cell, sectors)| {
            SectorGroup {
                code: cell.code.clone(),
                // The one part of a sector that is shown needs no word of the others.
                name: if parts_of(&cell.sector) == 1 {
                    cell.sector.clone()
                } else {
                    cell.name()
                },
                look: sectors.first().map_or(UNKNOWN, |sector| look_of_sector(sector)),
                sectors: sectors.clone(),
            }
        })
        .collect();
    groups.push(SectorGroup {
        code: BESIDE.to_owned(),
        name: format!("No one sector of {}", scheme.title),
        sectors: sectors_in(reference, &scheme.id, None),
        look: UNKNOWN,
    });
    groups.retain(|group| !group.sectors.is_empty());
    groups
}

/// Today's sectors that stand for a cell of a scheme, where nothing is known of a facility but its sector; or that stand for
/// none.
fn sectors_in(reference: &Reference, scheme: &str, cell: Option<&str>) -> Vec<String> {
    let sectors = reference.sectors.iter().map(|sector| sector.code.as_str());
    let inside = sectors.filter(|sector| {
        let standing = Standing {
            sector,
            subsector: "",
            naics: "",
        };
        let rule = reference.membership_rule(scheme, standing);
        // The first is the primary one.
        rule.and_then(|rule| rule.targets.first()).map(String::as_str) == cell
    });
    inside.map(str::to_owned).collect()
}

/// The lifelines, in the order of their table.
pub(super) fn lifeline_groups(reference: &Reference) -> Vec<LifelineGroup> {
    let mut groups: Vec<LifelineGroup> = Vec::new();
    for lifeline in &reference.lifelines {
        if groups.iter().all(|group| group.name != lifeline.lifeline) {
            groups.push(LifelineGroup {
                name: lifeline.lifeline.clone(),
                look: look_of_lifeline(&lifeline.lifeline),
            });
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sector_of_today_is_in_one_group_of_every_scheme() {
        let tables = crate::plan::reference_tables("schemas/reference".as_ref()).unwrap();
        for scheme in &tables.schemes {
            let groups = groups_of_scheme(&tables, scheme);
            let mut found: Vec<&String> = groups.iter().flat_map(|group| &group.sectors).collect();
            found.sort();
            let all: Vec<&String> = tables.sectors.iter().map(|sector| &sector.code).collect();
            assert_eq!(found, all, "{}", scheme.id);
        }
        assert_eq!(lifeline_groups(&tables).len(), 8);
    }
}
