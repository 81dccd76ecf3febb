//! Authority codes in PROJJSON, the one form of a CRS that shows its parts.
//!
//! Pure; <https://proj.org/en/stable/specifications/projjson.html>.

use serde_json::Value;

/// The code of the horizontal part of a compound CRS, or of the CRS that a bound one wraps.
pub(super) fn horizontal_code(definition: &Value) -> Option<String> {
    own_code(inner_crs(definition)?)
}

/// The code of the geographic CRS that a projected one is based on.
pub(super) fn base_code(definition: &Value) -> Option<String> {
    match definition.get("base_crs") {
        Some(base) => own_code(base).or_else(|| geographic_code(base)),
        None => base_code(inner_crs(definition)?),
    }
}

/// The code of longitudes and latitudes in degrees on WGS 84 or NAD83 that carry none themselves, as Esri's definitions
/// don't, but whose datum has one.
pub(super) fn geographic_code(definition: &Value) -> Option<String> {
    let datum = definition
        .get("datum")
        .or_else(|| definition.get("datum_ensemble"))?;
    let axes = definition.get("coordinate_system")?.get("axis")?.as_array()?;
    // A meridian of Paris, or grads, make other numbers of the same place.
    let is_plain = datum.get("prime_meridian").is_none() && axes.iter().all(is_in_degrees);
    match own_code(datum).filter(|_| is_plain)?.as_str() {
        "EPSG:6326" => Some("EPSG:4326".to_owned()),
        "EPSG:6269" => Some("EPSG:4269".to_owned()),
        _ => None,
    }
}

/// Whether an axis counts in degrees, whose unit is a name or, as Esri's is, a factor.
fn is_in_degrees(axis: &Value) -> bool {
    const DEGREE: f64 = std::f64::consts::PI / 180.0;
    match axis.get("unit") {
        Some(Value::String(unit)) => unit == "degree",
        unit => unit
            .and_then(|unit| unit.get("conversion_factor"))
            .and_then(Value::as_f64)
            .is_some_and(|factor| (factor - DEGREE).abs() < 1e-12),
    }
}

/// The horizontal part of a compound CRS, which comes first, or the CRS that a bound one wraps.
fn inner_crs(definition: &Value) -> Option<&Value> {
    definition
        .get("components")
        .and_then(|parts| parts.get(0))
        .or_else(|| definition.get("source_crs"))
}

/// The code of a CRS itself.
pub(super) fn own_code(definition: &Value) -> Option<String> {
    let id = definition.get("id")?;
    let code = id.get("code")?;
    let code = code.as_str().map_or_else(|| code.to_string(), str::to_owned);
    Some(format!("{}:{code}", id.get("authority")?.as_str()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn parts_are_found() {
        let nad83 = json!({"id": {"authority": "EPSG", "code": 4269}});
        let projected = json!({"base_crs": nad83, "id": {"authority": "ESRI", "code": "102003"}});
        let compound = json!({"components": [projected, {"type": "VerticalCRS"}]});
        assert_eq!(horizontal_code(&compound).as_deref(), Some("ESRI:102003"));
        assert_eq!(base_code(&projected).as_deref(), Some("EPSG:4269"));
        assert_eq!(base_code(&compound).as_deref(), Some("EPSG:4269"));
        assert_eq!(base_code(&nad83), None);
    }

    #[test]
    fn degrees_have_the_code_of_their_datum() {
        let axis = |factor: f64| json!({"unit": {"type": "AngularUnit", "conversion_factor": factor}});
        let on = |datum: u32, factor: f64| {
            json!({"datum": {"id": {"authority": "EPSG", "code": datum}},
                "coordinate_system": {"axis": [axis(factor), axis(factor)]}})
        };
        let degree = 0.017_453_292_519_943_3;
        assert_eq!(geographic_code(&on(6269, degree)).as_deref(), Some("EPSG:4269"));
        assert_eq!(
            base_code(&json!({"base_crs": on(6326, degree)})).as_deref(),
            Some("EPSG:4326")
        );
        assert_eq!(geographic_code(&on(6267, degree)), None, "another datum");
        assert_eq!(
            geographic_code(&on(6269, 0.015_707_963_267_948_97)),
            None,
            "grads"
        );
        let mut paris = on(6269, degree);
        paris["datum"]["prime_meridian"] = json!({"longitude": 2.33});
        assert_eq!(geographic_code(&paris), None);
    }
}
