//! Names of products, as `[output] products`, `report.json` and messages have them.

/// Every facility of every layer, by region.
pub const INVENTORY: &str = "inventory";
/// A layer as one file.
pub const NATIONAL: &str = "national";
/// A layer in formats of other tools.
pub const FORMATS: &str = "formats";
/// Layers as vector tiles.
pub const MAP: &str = "map";
/// What differs from the release before.
pub const CHANGES: &str = "changes";
/// Facilities by sector, in every scheme.
pub const SECTORS: &str = "sectors";
/// How complete, current and accurate the release is.
pub const QUALITY: &str = "quality";
/// Every jurisdiction of the polygon sets.
pub const REGISTRY: &str = "registry";
/// Facilities by jurisdiction, sector and lifeline.
pub const SCORECARD: &str = "scorecard";
/// What makes the files of this release of those of the one before.
pub const DELTAS: &str = "deltas";
