//! What of a release may be shown: layers by their marking (Traffic Light Protocol), files by the layers they are of.
//!
//! Pure. A layer's marking is that of all its rows; a marking that nobody knows is above all others.

use std::collections::BTreeMap;

use crate::feature::Handling;
use crate::feature::release::paths;

/// Files that quote rows of any layer, beside those that have a layer's name.
const QUOTING: [&str; 2] = [paths::REPORT, paths::REPORT_PAGE];

/// Files of the inventory that hold no rows.
const CATALOG: [&str; 2] = [paths::COLLECTION, paths::ITEMS];

/// What is shown, and what is not.
#[derive(Debug, Clone)]
pub(super) struct Shown {
    most: Handling,
    /// Layers that aren't shown, and how they are marked.
    hidden: BTreeMap<String, String>,
}

impl Shown {
    /// Of layers with their markings, all up to `most`.
    pub(super) fn new<'a>(
        most: Handling,
        layers: impl IntoIterator<Item = (&'a str, Option<&'a str>)>,
    ) -> Self {
        let is_above = |marking: &str| {
            marking
                .parse::<Handling>()
                .map_or(true, |handling| handling > most)
        };
        let hidden = layers.into_iter().filter_map(|(layer, marking)| {
            let marking = marking.filter(|marking| is_above(marking))?;
            Some((layer.to_owned(), marking.to_owned()))
        });
        Self {
            most,
            hidden: hidden.collect(),
        }
    }

    /// Whether every layer is.
    pub(super) fn is_all(&self) -> bool {
        self.hidden.is_empty()
    }

    /// Whether a layer is.
    pub(super) fn has_layer(&self, layer: &str) -> bool {
        !self.hidden.contains_key(layer)
    }

    /// Markings that rows may have.
    pub(super) fn markings(&self) -> impl Iterator<Item = &'static str> {
        let most = self.most;
        let shown = Handling::ALL
            .into_iter()
            .filter(move |handling| *handling <= most);
        shown.map(Handling::word)
    }

    /// Why a file isn't; none where it is.
    pub(super) fn reason_against(&self, path: &str) -> Option<String> {
        // A delta holds rows of the file that it is of.
        let path = paths::file_of_delta(path).unwrap_or(path);
        let quotes_rows = QUOTING.contains(&path) || is_rows_of_inventory(path);
        if quotes_rows && !self.is_all() {
            return Some(self.reason("rows of a layer that is marked above"));
        }
        let (_, marking) = self.hidden.iter().find(|(layer, _)| is_of_layer(path, layer))?;
        Some(self.reason(&format!("{marking}, which is above")))
    }

    fn reason(&self, what: &str) -> String {
        format!("marked {what} {}: what is shown here goes up to that", self.most)
    }
}

/// The inventory has the rows of every layer; its catalog files have none.
fn is_rows_of_inventory(path: &str) -> bool {
    let name = path.strip_prefix("facilities/");
    name.is_some_and(|name| !CATALOG.contains(&name) && !name.starts_with("stac/"))
}

/// Whether a file is a layer's: in its folder, or named after it.
fn is_of_layer(path: &str, layer: &str) -> bool {
    let mut parts = path.split('/');
    if parts.next() == Some(paths::LAYERS) {
        return parts.next() == Some(layer);
    }
    let name = path.rsplit('/').next().unwrap_or_default();
    name.split('.').next() == Some(layer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_a_layer_that_is_marked_above_are_not_shown() {
        let layers = [
            ("dams", Some("TLP:AMBER")),
            ("hospitals", Some("TLP:CLEAR")),
            ("pumps", Some("SECRET")),
            ("towers", None),
        ];
        let shown = Shown::new(Handling::Green, layers);
        for hidden in [
            "layers/dams/data/region=R06/part-000.parquet",
            "layers/pumps/collection.json",
            "rejects/dams.parquet",
            "changes/dams.parquet",
            "quality/flags/dams.parquet",
            "map/dams.pmtiles",
            "links/facility_jurisdiction/kind=county/dams.counties.parquet",
            "facilities/data/region=R06/part-000.parquet",
            "report.html",
            "deltas/layers/dams/data/region=R06/part-000.parquet.delta",
            "deltas/facilities/data/region=R06/part-000.parquet.delta",
        ] {
            assert!(shown.reason_against(hidden).is_some(), "{hidden}");
        }
        for free in [
            "layers/hospitals/hospitals.gpkg",
            "layers/towers/items.parquet",
            "facilities/collection.json",
            "catalog.json",
            "quality/layers.parquet",
            "deltas/layers/hospitals/data/region=R06/part-000.parquet.delta",
        ] {
            assert_eq!(shown.reason_against(free), None, "{free}");
        }
        assert!(Shown::new(Handling::Red, layers).has_layer("dams"));
        assert!(!Shown::new(Handling::Red, layers).has_layer("pumps"));
    }
}
