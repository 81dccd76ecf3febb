//! The jurisdictions of a polygon set, each once: what a release lists of them.

use std::collections::BTreeMap;

use geo::{Geometry, MultiPolygon};
use rayon::prelude::*;

use crate::feature::{Jurisdiction, JurisdictionShape};
use crate::kernel::geometry;
use crate::kernel::jurisdiction::Boundary;

/// Every code in order, once: as the index names a code of several polygons, by the lowest name. `parents` are by code.
pub(super) fn list_jurisdictions(
    boundaries: &[Boundary],
    parents: &BTreeMap<String, String>,
    has_shapes: bool,
) -> Vec<Jurisdiction> {
    let mut by_code: BTreeMap<&str, Vec<&Boundary>> = BTreeMap::new();
    for boundary in boundaries {
        by_code.entry(&boundary.code).or_default().push(boundary);
    }
    let by_code: Vec<(&str, Vec<&Boundary>)> = by_code.into_iter().collect();
    by_code
        .into_par_iter()
        .map(|(code, polygons)| Jurisdiction {
            code: code.to_owned(),
            name: polygons.iter().filter_map(|polygon| polygon.name.clone()).min(),
            parent: parents.get(code).cloned(),
            shape: has_shapes.then(|| shape_of(&polygons)),
        })
        .collect()
}

fn shape_of(polygons: &[&Boundary]) -> JurisdictionShape {
    let all: MultiPolygon<f64> = polygons
        .iter()
        .flat_map(|boundary| boundary.shape.iter().cloned())
        .collect();
    let area_km2 = geometry::area_km2(&all);
    let simplified = geometry::simplify(&all);
    let mut parts = simplified.shape.0;
    let shape: Geometry<f64> = match parts.len() {
        1 => parts.remove(0).into(),
        _ => MultiPolygon::new(parts).into(),
    };
    let mut outline = Vec::new();
    geometry::encode(&shape, &mut outline);
    JurisdictionShape {
        area_km2,
        outline,
        tolerance_deg: simplified.tolerance,
    }
}

#[cfg(test)]
mod tests {
    use geo::wkt;

    use super::*;

    #[test]
    fn polygons_of_one_code_are_one_jurisdiction() {
        let boundary = |code: &str, name: Option<&str>, shape: MultiPolygon<f64>| Boundary {
            code: code.to_owned(),
            name: name.map(str::to_owned),
            shape,
        };
        let boundaries = [
            boundary("48", None, wkt!(MULTIPOLYGON(((0. 0., 1. 0., 1. 1., 0. 0.))))),
            boundary(
                "01",
                Some("b"),
                wkt!(MULTIPOLYGON(((4. 0., 5. 0., 5. 1., 4. 0.)))),
            ),
            boundary(
                "01",
                Some("a"),
                wkt!(MULTIPOLYGON(((8. 0., 9. 0., 9. 1., 8. 0.)))),
            ),
        ];
        let parents = BTreeMap::from([("48".to_owned(), "R06".to_owned())]);
        let listed = list_jurisdictions(&boundaries, &parents, true);
        assert_eq!(
            listed.iter().map(|of| of.code.as_str()).collect::<Vec<_>>(),
            ["01", "48"]
        );
        assert_eq!(
            (listed[0].name.as_deref(), listed[0].parent.as_deref()),
            (Some("a"), None)
        );
        assert_eq!(
            (listed[1].name.as_deref(), listed[1].parent.as_deref()),
            (None, Some("R06"))
        );
        let areas: Vec<f64> = listed
            .iter()
            .filter_map(|of| Some(of.shape.as_ref()?.area_km2))
            .collect();
        assert!((areas[0] - 2.0 * areas[1]).abs() < 1e-6 * areas[0], "{areas:?}");
        let types: Vec<&str> = listed
            .iter()
            .filter_map(|of| Some(geometry::type_of(&of.shape.as_ref()?.outline)))
            .collect();
        assert_eq!(types, ["MultiPolygon", "Polygon"]);
        assert!(
            list_jurisdictions(&boundaries, &parents, false)[0]
                .shape
                .is_none()
        );
    }
}
