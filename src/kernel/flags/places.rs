//! Where polygon sets disagree or may lack a polygon, and points at zero.

use geo::Geometry;

use crate::feature::{FlagCode, RowFlag};
use crate::kernel::locate::Located;

/// Flags of rows whose place is doubtful.
pub fn places(geometries: &[Geometry<f64>], located: &Located) -> Vec<RowFlag> {
    let mut flags = zeros(geometries);
    for told in &located.disagreements {
        flags.push(RowFlag {
            index: told.row,
            field: "state_code".to_owned(),
            value: told.state.clone(),
            code: FlagCode::BoundariesDisagree,
            detail: format!("{}, its county is in {}", told.state, told.of_county),
        });
    }
    for (index, column) in &located.missing {
        flags.push(RowFlag {
            index: *index,
            field: (*column).to_owned(),
            value: String::new(),
            code: FlagCode::BoundaryMissing,
            detail: "in the box of a polygon that can't be used".to_owned(),
        });
    }
    flags
}

/// Points with a coordinate of exactly zero.
fn zeros(geometries: &[Geometry<f64>]) -> Vec<RowFlag> {
    let flag = |(index, geometry): (usize, &Geometry<f64>)| {
        let Geometry::Point(point) = geometry else { return None };
        let detail = match (point.x() == 0.0, point.y() == 0.0) {
            (true, true) => "both coordinates",
            (true, false) => "x",
            (false, true) => "y",
            (false, false) => return None,
        };
        Some(RowFlag {
            index,
            field: "geometry".to_owned(),
            value: format!("POINT({} {})", point.x(), point.y()),
            code: FlagCode::ZeroCoordinate,
            detail: detail.to_owned(),
        })
    };
    geometries.iter().enumerate().filter_map(flag).collect()
}
