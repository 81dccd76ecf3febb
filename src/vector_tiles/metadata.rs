//! What an archive says of itself: TileJSON's `vector_layers`, whose it is, and what is left out of which zoom.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::archive::LargestTile;
use super::layer_tiles::{RULE, TileLayer};

/// What people are told of an archive.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArchiveDoc {
    /// Title of the collection.
    pub name: String,
    /// What its features are.
    pub description: String,
    /// Whose they are, for the corner of a map; plain text.
    pub attribution: String,
}

/// The metadata of an archive with one layer, as JSON.
///
/// # Errors
/// When it can't be serialised, which would be a mistake of this program.
pub(super) fn metadata_json(
    doc: &ArchiveDoc,
    layer: &TileLayer,
    rows: u64,
    largest: Option<LargestTile>,
) -> Result<Vec<u8>, serde_json::Error> {
    let columns = layer.columns().all().iter();
    let fields: Map<String, Value> = columns
        .map(|column| (column.name.clone(), column.type_name().into()))
        .collect();
    let value = json!({
        "name": doc.name,
        "description": doc.description,
        "attribution": doc.attribution,
        "type": "overlay",
        "format": "pbf",
        "vector_layers": [{
            "id": layer.name(),
            "description": doc.description,
            "minzoom": 0,
            "maxzoom": layer.deepest(),
            "fields": fields,
        }],
        // No release, no time: the same rows give the same bytes.
        "cikr": {
            "collection": layer.name(),
            "rows": rows,
            "rule": RULE,
            "largest_tile_bytes": largest.map_or(0, |largest| largest.bytes),
        },
    });
    serde_json::to_vec(&value)
}
