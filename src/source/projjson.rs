//! Authority codes in PROJJSON, the one form of a CRS that shows its parts.
//!
//! Pure; <https://proj.org/en/stable/specifications/projjson.html>.

use serde_json::Value;

/// The code of the horizontal part of a compound CRS, or of the CRS that a bound one wraps.
pub(super) fn horizontal_code(definition: &Value) -> Option<String> {
    code(inner(definition)?)
}

/// The code of the geographic CRS that a projected one is based on.
pub(super) fn base_code(definition: &Value) -> Option<String> {
    match definition.get("base_crs") {
        Some(base) => code(base),
        None => base_code(inner(definition)?),
    }
}

fn inner(definition: &Value) -> Option<&Value> {
    definition.get("components").and_then(|parts| parts.get(0)).or_else(|| definition.get("source_crs"))
}

/// The code of a CRS itself.
pub(super) fn code(definition: &Value) -> Option<String> {
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
}
