//! Where polygon sets disagree or may lack a polygon.

use crate::feature::{FlagCode, RowFlag};
use crate::kernel::locate::Located;

/// Flags of rows whose place is doubtful.
pub fn doubtful_places(located: &Located) -> Vec<RowFlag> {
    let mut flags = Vec::new();
    for disagreement in &located.disagreements {
        flags.push(RowFlag {
            index: disagreement.row,
            field: "state_code".to_owned(),
            value: disagreement.state.clone(),
            code: FlagCode::BoundariesDisagree,
            detail: format!(
                "{}, its county is in {}",
                disagreement.state, disagreement.of_county
            ),
        });
    }
    for (index, column) in &located.missing {
        flags.push(RowFlag {
            index: *index,
            field: column.clone(),
            value: String::new(),
            code: FlagCode::BoundaryMissing,
            detail: "in the box of a polygon that can't be used".to_owned(),
        });
    }
    for index in &located.tangled {
        flags.push(RowFlag {
            index: *index,
            field: "geometry".to_owned(),
            value: String::new(),
            code: FlagCode::TangledShape,
            detail: "placed by its first vertex".to_owned(),
        });
    }
    flags
}
