//! What a layer says about itself (`<layer>?f=json`), as every version of the server says it.
//!
//! Believes nothing that rows can prove: a limit is capped, a feature named as supported is tried.

use serde::Deserialize;

use super::answer::parse_json;
use super::error::ArcgisError;

/// What a layer says about itself.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct LayerInfo {
    /// Name of the object id, where it has one.
    pub(super) oid: Option<String>,
    /// Rows the server gives at a time, where it says.
    pub(super) max_rows: Option<u32>,
    /// Whether it says that it takes `resultOffset`; none where it says nothing.
    pub(super) has_offsets: Option<bool>,
    /// Whether it has protocol buffers.
    pub(super) has_pbf: bool,
    /// Whether rows have a geometry.
    pub(super) has_geometry: bool,
    /// Box around its rows: xmin, ymin, xmax, ymax.
    pub(super) extent: Option<[f64; 4]>,
    /// The reference of that box, as `spatial_reference`.
    pub(super) extent_reference: Option<String>,
    /// Its own spatial reference, as the `outSR` that leaves coordinates alone.
    pub(super) spatial_reference: Option<String>,
    /// When its rows were last edited, epoch milliseconds.
    pub(super) last_edit: Option<i64>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct LayerJson {
    #[serde(rename = "type")]
    kind: Option<String>,
    geometry_type: Option<String>,
    fields: Option<Vec<Field>>,
    object_id_field: Option<String>,
    unique_id_field: Option<UniqueIdField>,
    max_record_count: Option<f64>,
    supports_pagination: Option<bool>,
    advanced_query_capabilities: Option<AdvancedQueryCapabilities>,
    supported_query_formats: Option<String>,
    capabilities: Option<String>,
    extent: Option<Extent>,
    source_spatial_reference: Option<SpatialReference>,
    editing_info: Option<EditingInfo>,
}

#[derive(Deserialize)]
struct Field {
    name: String,
    #[serde(rename = "type", default)]
    kind: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct UniqueIdField {
    name: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct AdvancedQueryCapabilities {
    supports_pagination: Option<bool>,
}

/// Coordinates of an empty layer are the text "NaN".
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Extent {
    xmin: serde_json::Value,
    ymin: serde_json::Value,
    xmax: serde_json::Value,
    ymax: serde_json::Value,
    spatial_reference: Option<SpatialReference>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct SpatialReference {
    wkid: Option<i64>,
    latest_wkid: Option<i64>,
    wkt: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct EditingInfo {
    last_edit_date: Option<i64>,
    data_last_edit_date: Option<i64>,
}

impl LayerInfo {
    /// Reads the info of the layer at `url`.
    ///
    /// # Errors
    /// No JSON, or not a layer that has rows.
    pub(super) fn from_json(url: &str, body: &[u8]) -> Result<Self, ArcgisError> {
        let layer: LayerJson = parse_json(url, body)?;
        refuse_others(url, &layer)?;
        let advanced = layer.advanced_query_capabilities.as_ref();
        let extents = layer
            .extent
            .as_ref()
            .and_then(|extent| extent.spatial_reference.as_ref());
        let reference = layer
            .source_spatial_reference
            .as_ref()
            .or(extents)
            .and_then(SpatialReference::as_out_sr);
        Ok(Self {
            oid: object_id_name(&layer),
            max_rows: layer
                .max_record_count
                .filter(|rows| *rows >= 1.0)
                .map(clamp_to_u32),
            has_offsets: advanced
                .and_then(|said| said.supports_pagination)
                .or(layer.supports_pagination),
            has_pbf: layer.supported_query_formats.as_deref().is_some_and(lists_pbf),
            has_geometry: layer
                .geometry_type
                .as_deref()
                .is_some_and(|kind| kind != "esriGeometryNull"),
            extent: layer.extent.as_ref().and_then(Extent::finite_sides),
            extent_reference: extents.and_then(SpatialReference::as_out_sr),
            spatial_reference: reference,
            last_edit: layer
                .editing_info
                .and_then(|said| said.data_last_edit_date.or(said.last_edit_date)),
        })
    }
}

/// `capabilities` is not held against a layer: some list no Query and answer all the same.
fn refuse_others(url: &str, layer: &LayerJson) -> Result<(), ArcgisError> {
    let has_rows = layer.fields.as_ref().is_some_and(|fields| !fields.is_empty());
    // A group layer or a raster answers `f=json` as well, and would be pulled as a layer without rows. Where no type
    // is stated, having fields has to do.
    let kind = layer.kind.as_deref();
    if matches!(kind, Some("Feature Layer" | "Table")) || (kind.is_none() && has_rows) {
        if layer
            .capabilities
            .as_deref()
            .is_some_and(|list| !list.is_empty() && !list.contains("Query"))
        {
            tracing::warn!(
                url,
                "the layer lists no Query among its capabilities; trying all the same"
            );
        }
        return Ok(());
    }
    let kind = kind.unwrap_or("thing without a type or fields").to_owned();
    Err(ArcgisError::NotALayer {
        url: url.to_owned(),
        kind,
        found: vec![],
    })
}

/// The three places where a server may name its object id, and the name it has by custom.
fn object_id_name(layer: &LayerJson) -> Option<String> {
    // No single place is filled by every version of the server: pyesridump, too, goes through all of them.
    let stated = layer.object_id_field.as_ref();
    let unique = layer
        .unique_id_field
        .as_ref()
        .and_then(|field| field.name.as_ref());
    if let Some(name) = stated
        .filter(|name| !name.is_empty())
        .or(unique.filter(|name| !name.is_empty()))
    {
        return Some(name.clone());
    }
    let fields = layer.fields.as_deref().unwrap_or_default();
    let typed = fields.iter().find(|field| field.kind == "esriFieldTypeOID");
    let by_custom = fields
        .iter()
        .find(|field| field.name.eq_ignore_ascii_case("OBJECTID"));
    typed.or(by_custom).map(|field| field.name.clone())
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to the type first"
)]
fn clamp_to_u32(rows: f64) -> u32 {
    rows.clamp(1.0, f64::from(u32::MAX)) as u32
}

fn lists_pbf(formats: &str) -> bool {
    formats
        .split(',')
        .any(|format| format.trim().eq_ignore_ascii_case("PBF"))
}

impl Extent {
    fn finite_sides(&self) -> Option<[f64; 4]> {
        let sides = [&self.xmin, &self.ymin, &self.xmax, &self.ymax].map(serde_json::Value::as_f64);
        let [Some(xmin), Some(ymin), Some(xmax), Some(ymax)] = sides else {
            return None;
        };
        (xmin <= xmax && ymin <= ymax).then_some([xmin, ymin, xmax, ymax])
    }
}

impl SpatialReference {
    /// As `outSR` wants it: a code, or the JSON of a WKT.
    fn as_out_sr(&self) -> Option<String> {
        match (self.wkid.or(self.latest_wkid), &self.wkt) {
            (Some(code), _) => Some(code.to_string()),
            (None, Some(wkt)) => Some(serde_json::json!({ "wkt": wkt }).to_string()),
            (None, None) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn info(more: &str) -> LayerInfo {
        LayerInfo::from_json("u", format!(r#"{{"type":"Feature Layer"{more}}}"#).as_bytes()).unwrap()
    }

    #[test]
    fn the_object_id_is_found_wherever_it_is_named() {
        let oid = |more: &str| info(more).oid;
        assert_eq!(
            oid(r#","objectIdField":"fid","uniqueIdField":{"name":"x"}"#).unwrap(),
            "fid"
        );
        assert_eq!(
            oid(r#","objectIdField":"","uniqueIdField":{"name":"x"}"#).unwrap(),
            "x"
        );
        let typed = r#","objectIdField":null,"fields":[{"name":"OBJECTID","type":"esriFieldTypeInteger"},{"name":"SHAPE.fid","type":"esriFieldTypeOID"}]"#;
        assert_eq!(oid(typed).unwrap(), "SHAPE.fid");
        let named = r#","fields":[{"name":"ObjectId","type":"esriFieldTypeInteger"}]"#;
        assert_eq!(oid(named).unwrap(), "ObjectId");
        assert_eq!(
            oid(r#","fields":[{"name":"NAME","type":"esriFieldTypeString"}]"#),
            None
        );
    }

    #[test]
    fn limits_are_read_whatever_they_are() {
        assert_eq!(info("").max_rows, None);
        assert_eq!(info(r#","maxRecordCount":0"#).max_rows, None);
        assert_eq!(info(r#","maxRecordCount":1e12"#).max_rows, Some(u32::MAX));
        assert_eq!(info(r#","maxRecordCount":100000"#).max_rows, Some(100_000));
    }

    #[test]
    fn offsets_are_promised_in_two_styles() {
        assert_eq!(info("").has_offsets, None);
        assert_eq!(info(r#","supportsPagination":true"#).has_offsets, Some(true));
        let both = r#","supportsPagination":true,"advancedQueryCapabilities":{"supportsPagination":false}"#;
        assert_eq!(info(both).has_offsets, Some(false));
    }

    #[test]
    fn coordinates_stay_in_the_layers_own_reference() {
        let of = |reference: &str| {
            info(&format!(r#","extent":{{"spatialReference":{reference}}}"#)).spatial_reference
        };
        assert_eq!(of(r#"{"wkid":102100,"latestWkid":3857}"#).unwrap(), "102100");
        assert_eq!(of(r#"{"latestWkid":3857}"#).unwrap(), "3857");
        assert_eq!(
            of(r#"{"wkt":"GEOGCS[\"x\"]"}"#).unwrap(),
            r#"{"wkt":"GEOGCS[\"x\"]"}"#
        );
        assert_eq!(of("{}"), None);
    }

    #[test]
    fn an_empty_layers_extent_is_none() {
        assert_eq!(
            info(r#","extent":{"xmin":"NaN","ymin":"NaN","xmax":"NaN","ymax":"NaN"}"#).extent,
            None
        );
        let extent = info(r#","extent":{"xmin":1,"ymin":2,"xmax":3,"ymax":4}"#).extent;
        assert_eq!(extent, Some([1.0, 2.0, 3.0, 4.0]));
    }

    #[test]
    fn tables_have_rows_and_groups_none() {
        let table = LayerInfo::from_json("u", br#"{"type":"Table","geometryType":null}"#).unwrap();
        assert!(!table.has_geometry);
        for kind in ["Group Layer", "Raster Layer"] {
            let error = LayerInfo::from_json("u", format!(r#"{{"type":"{kind}"}}"#).as_bytes()).unwrap_err();
            assert_eq!(error.to_string(), format!("u is a {kind}, not a layer with rows"));
        }
    }

    #[test]
    fn the_last_edit_of_the_rows_counts_before_that_of_anything() {
        let edit = |more: &str| info(&format!(r#","editingInfo":{{{more}}}"#)).last_edit;
        assert_eq!(edit(r#""lastEditDate":7,"dataLastEditDate":5"#), Some(5));
        assert_eq!(edit(r#""lastEditDate":7"#), Some(7));
        assert_eq!(edit(""), None);
        assert!(info(r#","supportedQueryFormats":"JSON, geoJSON, PBF""#).has_pbf);
    }

    #[test]
    fn coded_values_of_any_kind_do_not_hinder() {
        let fields = r#","typeIdField":null,"types":null,"fields":[{"name":"OBJECTID","type":"esriFieldTypeOID","domain":null},
            {"name":"T","type":"esriFieldTypeString","domain":{"type":"codedValue","codedValues":[{"code":1,"name":"a"},{"code":"x","name":null}]}}]"#;
        assert_eq!(info(fields).oid.unwrap(), "OBJECTID");
    }
}
