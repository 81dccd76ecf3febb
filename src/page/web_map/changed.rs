//! `map/changes.json`: what differs from the release before, as points of their own.
//!
//! Pure. Tiles are thinned, and hold nothing that is gone: the page draws changes from here.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::feature::FacilityRows;

/// Most facilities told one by one; of the others, their number.
const MOST: usize = 20_000;
/// Most columns named of a facility.
const MOST_FIELDS: usize = 6;

/// A facility that only the release before has.
const REMOVED: &str = "removed";

/// Facilities that differ from the release before.
#[derive(Debug, Default)]
pub struct ChangesTold {
    against: String,
    by_id: BTreeMap<String, Changed>,
    /// Facilities by what has become of them, those left out among them.
    by_kind: BTreeMap<&'static str, u64>,
    left_out: u64,
    /// The facility whose rows are read.
    current: Option<(String, Changed)>,
}

#[derive(Debug, Default)]
struct Changed {
    layer: String,
    name: String,
    state: String,
    kind: &'static str,
    fields: Vec<String>,
    at: Option<[f64; 2]>,
}

impl ChangesTold {
    /// None yet, against a release.
    pub fn against(release: &str) -> Self {
        Self {
            against: release.to_owned(),
            ..Self::default()
        }
    }

    /// Takes rows of a layer's table of changes; those of a facility stand together.
    pub fn see_rows(&mut self, layer: &str, rows: &FacilityRows) {
        let texts = ["name", "state_code", "change", "field"].map(|name| rows.texts(name));
        let Some(ids) = rows.ids() else { return };
        for row in 0..rows.num_rows() {
            // A column that has changed in every row is the layer's, and no facility's.
            let Some(id) = ids.value(row) else { continue };
            let [name, state, change, field] = texts.map(|texts| texts.and_then(|texts| texts.value(row)));
            if self.current.as_ref().is_none_or(|(current, _)| current != id) {
                self.end_facility();
                let changed = Changed {
                    layer: layer.to_owned(),
                    name: name.unwrap_or_default().to_owned(),
                    state: state.unwrap_or_default().to_owned(),
                    kind: "changed",
                    ..Changed::default()
                };
                self.current = Some((id.to_owned(), changed));
            }
            if let Some((_, changed)) = &mut self.current {
                changed.see_change(change.unwrap_or_default(), field);
            }
        }
    }

    /// Ends the tables.
    pub fn end_facility(&mut self) {
        let Some((id, changed)) = self.current.take() else {
            return;
        };
        *self.by_kind.entry(changed.kind).or_default() += 1;
        if self.by_id.len() < MOST {
            self.by_id.insert(id, changed);
        } else {
            self.left_out += 1;
        }
    }

    /// Tells where a facility of this release is, if it is one of these.
    pub fn place(&mut self, id: &str, at: [f64; 2]) {
        if let Some(changed) = self.by_id.get_mut(id) {
            changed.at = Some(at);
        }
    }

    /// Tells where a facility of the release before was, if it is gone.
    pub fn place_removed(&mut self, id: &str, at: [f64; 2]) {
        let changed = self.by_id.get_mut(id);
        if let Some(changed) = changed.filter(|changed| changed.kind == REMOVED) {
            changed.at = Some(at);
        }
    }

    /// Layers of facilities that are gone, whose places the release before has.
    pub fn layers_of_removed(&self) -> BTreeSet<String> {
        let removed = self.by_id.values().filter(|changed| changed.kind == REMOVED);
        removed.map(|changed| changed.layer.clone()).collect()
    }

    /// What `map.json` tells of them.
    pub(super) fn to_json(&self) -> Value {
        let mut told = json!(self.by_kind);
        told["against"] = self.against.clone().into();
        told["left_out"] = self.left_out.into();
        told
    }

    /// The bytes of `map/changes.json`: GeoJSON, without a geometry where nobody knows a place.
    pub fn changes_json(&self) -> Vec<u8> {
        let features = self.by_id.iter().map(|(id, changed)| {
            let point = changed.at.map(|[longitude, latitude]| {
                let rounded = [longitude, latitude].map(|degrees| (degrees * 1e6).round() / 1e6);
                json!({ "type": "Point", "coordinates": rounded })
            });
            json!({
                "type": "Feature",
                "geometry": point,
                "properties": {
                    "facility_id": id,
                    "layer": changed.layer,
                    "name": changed.name,
                    "state_code": changed.state,
                    "change": changed.kind,
                    "fields": changed.fields.join(", "),
                },
            })
        });
        let features: Vec<Value> = features.collect();
        json!({ "type": "FeatureCollection", "features": features })
            .to_string()
            .into_bytes()
    }
}

impl Changed {
    fn see_change(&mut self, change: &str, field: Option<&str>) {
        match (change, field) {
            ("added", _) => self.kind = "added",
            (REMOVED, _) => self.kind = REMOVED,
            (_, Some("geometry")) => self.kind = "moved",
            _ => {}
        }
        if let Some(field) = field.filter(|_| self.fields.len() < MOST_FIELDS) {
            self.fields.push(field.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{ArrayRef, RecordBatch, StringArray};

    use super::*;

    fn rows(cells: &[[Option<&str>; 3]]) -> FacilityRows {
        let column =
            |at: usize| Arc::new(cells.iter().map(|row| row[at]).collect::<StringArray>()) as ArrayRef;
        let columns = [
            ("facility_id", column(0)),
            ("change", column(1)),
            ("field", column(2)),
        ];
        FacilityRows::try_new(RecordBatch::try_from_iter(columns).unwrap()).unwrap()
    }

    #[test]
    fn a_facility_is_told_once_by_the_weightiest_of_its_changes() {
        let mut told = ChangesTold::against("20261130T010000000Z");
        told.see_rows(
            "dams",
            &rows(&[
                [None, Some("every_row"), Some("period")],
                [Some("dams:1"), Some("changed"), Some("geometry")],
                [Some("dams:1"), Some("recomputed"), Some("county_fips")],
                [Some("dams:2"), Some("removed"), None],
            ]),
        );
        told.see_rows(
            "dams",
            &rows(&[[Some("dams:3"), Some("changed"), Some("status")]]),
        );
        told.end_facility();
        told.place("dams:1", [-97.0, 31.0]);
        let map = told.to_json();
        assert_eq!(
            map,
            json!({"against": "20261130T010000000Z", "left_out": 0, "moved": 1, "removed": 1, "changed": 1})
        );
        assert_eq!(told.layers_of_removed(), BTreeSet::from(["dams".to_owned()]));
        let all: Value = serde_json::from_slice(&told.changes_json()).unwrap();
        assert_eq!(
            all["features"][0]["properties"]["fields"],
            "geometry, county_fips"
        );
        assert_eq!(
            all["features"][0]["geometry"]["coordinates"],
            json!([-97.0, 31.0])
        );
        assert!(all["features"][1]["geometry"].is_null());
    }
}
