//! GDAL's geometries as WKB in two dimensions.

use gdal::vector::{
    Geometry, OGRwkbGeometryType, geometry_type_flatten, geometry_type_has_m, geometry_type_has_z,
    geometry_type_to_name,
};

use super::messages::{drain_messages, init};
use crate::source::dimensions::Dimensions;

/// Well-known text as WKB, curves among it, which whoever decodes makes straight; none where GDAL can't read it.
pub(in crate::source) fn wkb_of_text(text: &str) -> Option<(Vec<u8>, Dimensions)> {
    init();
    let geometry = Geometry::from_wkt(text);
    drain_messages(None);
    let geometry = geometry.ok()?;
    let wkb = encode_wkb(&geometry).ok()?;
    Some((wkb, dimensions_of(&geometry)))
}

/// Ordinates beyond x and y.
pub(super) fn dimensions_of(geometry: &Geometry) -> Dimensions {
    let kind = geometry.geometry_type();
    Dimensions {
        z: geometry_type_has_z(kind),
        m: geometry_type_has_m(kind),
    }
}

/// Little-endian 2-D WKB; the error is why there can be none.
pub(super) fn encode_wkb(geometry: &Geometry) -> Result<Vec<u8>, String> {
    let kind = geometry.geometry_type();
    let flat = geometry_type_flatten(kind);
    match flat {
        // Curves too, which whoever decodes makes straight.
        OGRwkbGeometryType::wkbPoint..=OGRwkbGeometryType::wkbMultiSurface => {
            let wkb = if geometry_type_has_z(kind) || geometry_type_has_m(kind) {
                let mut plane = geometry.clone();
                plane.flatten_to_2d();
                plane.iso_wkb()
            } else {
                geometry.iso_wkb()
            };
            wkb.map_err(|error| error.to_string())
        }
        // Polyhedral surfaces, TINs and triangles, which neither `geo` nor GeoParquet's list of types has.
        _ => Err(format!("{} is a geometry of faces", geometry_type_to_name(kind))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heights_go_and_faces_are_refused() {
        init();
        let wkb = |wkt| encode_wkb(&Geometry::from_wkt(wkt).unwrap());
        assert_eq!(wkb("POINT ZM (1 2 3 4)").unwrap().len(), 21);
        assert_eq!(
            wkb("CIRCULARSTRING Z (0 0 9, 1 1 9, 2 0 9)").unwrap()[..5],
            [1, 8, 0, 0, 0]
        );
        assert!(wkb("TIN (((0 0,0 1,1 0,0 0)))").unwrap_err().contains("TIN"));
    }
}
