//! Jurisdictions as a release lists them.
//!
//! LEAF. Made by `engine` of the polygon sets, listed by `derive`.

/// A jurisdiction of a polygon set: all polygons of one code.
#[derive(Debug, Clone, PartialEq)]
pub struct Jurisdiction {
    /// Code, as in the tiles.
    pub code: String,
    /// Name, where the set has one: the lowest of several.
    pub name: Option<String>,
    /// Code of what it is a part of, as the set says; the lowest of several.
    pub parent: Option<String>,
    /// Its area and outline; none where nobody asked for them.
    pub shape: Option<JurisdictionShape>,
}

/// Area and outline of a jurisdiction.
#[derive(Debug, Clone, PartialEq)]
pub struct JurisdictionShape {
    /// Area on the ellipsoid, square kilometres.
    pub area_km2: f64,
    /// Simplified outline, WKB in OGC:CRS84: a polygon or several.
    pub outline: Vec<u8>,
    /// How far the outline may be from the polygons, degrees; 0 where it is they.
    pub tolerance_deg: f64,
}
