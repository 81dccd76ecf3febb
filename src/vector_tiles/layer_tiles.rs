//! Tiles of one layer: what its features have in common, and how a tile is made of those that are in it.
//!
//! A tile above the deepest zoom has a ceiling. What is left out of one that is over it follows from the features alone.

use super::columns::MapColumns;
use super::feature_bytes::{FeatureShape, TileFeature};
use super::layer_encoder::{LayerEncoder, LayerHead};
use super::pyramid::DEEPEST;

/// Most bytes of a tile above the deepest zoom, before gzip: what tippecanoe, by which most archives are made, allows.
pub const CEILING: usize = 500_000;

/// Points of a tile above the deepest zoom are one to a cell of 2^6 columns and rows: 8 pixels of a tile that is drawn 512
/// pixels wide, about the size of a dot.
pub(super) const CELL_ZOOMS: u8 = 6;

/// How points are left out, for those who read an archive.
pub const RULE: &str = "Zoom 14 has every feature. Below it a tile has 64 by 64 cells, and of the points in a cell the one \
    whose id has the smallest digest; lines and areas are simplified to half a pixel of 512, and left out, as are parts of \
    them, where they are smaller than a pixel. A tile that would be larger than 500000 bytes before gzip has fewer cells, or \
    its largest features. What is on a zoom is on every deeper one.";

/// What all tiles of a layer have in common.
#[derive(Debug, Clone)]
pub struct TileLayer {
    /// Name of the layer within tiles: the id of the collection.
    name: String,
    columns: MapColumns,
    /// Names of the columns, by which the encoder goes.
    keys: Vec<String>,
    /// The column of ids.
    id_column: String,
    family: Family,
    deepest: u8,
}

/// What the features of a layer are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// Points, of which a cell keeps one; of anything else the point that stands for it.
    Points,
    /// Lines and areas, and whatever points are among them.
    Shapes,
    /// Areas, drawn as the lines around them.
    Outlines,
}

impl Family {
    /// Of geometry types as GeoParquet calls them.
    ///
    /// ```
    /// use cikr::vector_tiles::Family;
    ///
    /// assert_eq!(Family::of_types(["Point", "MultiPoint"]), Family::Points);
    /// assert_eq!(Family::of_types(["Point", "Polygon"]), Family::Shapes);
    /// ```
    pub fn of_types<'a>(types: impl IntoIterator<Item = &'a str>) -> Self {
        let mut types = types.into_iter();
        if types.all(|name| matches!(name, "Point" | "MultiPoint")) {
            Self::Points
        } else {
            Self::Shapes
        }
    }
}

impl TileLayer {
    /// A layer of tiles with these attributes, one of which, `id_column`, tells its features apart.
    ///
    /// ```
    /// use arrow_schema::Schema;
    /// use cikr::vector_tiles::{Family, MapColumns, TileLayer};
    ///
    /// let columns = MapColumns::of_schema(&Schema::empty(), &[]);
    /// let layer = TileLayer::new("dams", columns, "facility_id", Family::Points);
    /// assert_eq!(layer.name(), "dams");
    /// ```
    pub fn new(name: &str, columns: MapColumns, id_column: &str, family: Family) -> Self {
        let keys = columns.all().iter().map(|column| column.name.clone()).collect();
        Self {
            name: name.to_owned(),
            columns,
            keys,
            id_column: id_column.to_owned(),
            family,
            deepest: DEEPEST,
        }
    }

    /// With a deepest zoom above [`DEEPEST`], for what nobody looks at closer; but of points.
    #[must_use]
    pub fn up_to_zoom(mut self, deepest: u8) -> Self {
        if self.family != Family::Points {
            self.deepest = deepest.min(DEEPEST);
        }
        self
    }

    /// What its features are.
    pub fn family(&self) -> Family {
        self.family
    }

    /// Its deepest zoom, from which nothing is left out.
    pub fn deepest(&self) -> u8 {
        self.deepest
    }

    /// Its name within tiles.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Attributes of its features.
    pub fn columns(&self) -> &MapColumns {
        &self.columns
    }

    /// The column that tells its features apart.
    pub fn id_column(&self) -> &str {
        &self.id_column
    }

    fn head(&self) -> LayerHead<'_> {
        LayerHead {
            name: &self.name,
            keys: &self.keys,
            unique_key: self.columns.place_of(&self.id_column),
        }
    }

    /// Adds a tile to `out`; tells how many of its features had to be left out for its size.
    pub(super) fn encode(
        &self,
        encoder: &mut LayerEncoder,
        zoom: u8,
        mut features: Vec<TileFeature<'_>>,
        out: &mut Vec<u8>,
    ) -> usize {
        let before = features.len();
        let start = out.len();
        for coarser in 1..=CELL_ZOOMS {
            encoder.encode(self.head(), zoom, &features, out);
            if zoom == self.deepest || out.len() - start <= CEILING {
                break;
            }
            let kept = share_that_fits(features.len(), out.len() - start);
            out.truncate(start);
            features = keep_fewer(features, zoom + CELL_ZOOMS - coarser, kept);
        }
        // One point to a tile is left by the last round, or the largest of the drawn ones: both fit, but for single features
        // that are larger than a tile may be.
        if out.len() == start {
            encoder.encode(self.head(), zoom, &features, out);
        }
        before - features.len()
    }
}

/// How many features may fit, where so many take so many bytes.
fn share_that_fits(features: usize, bytes: usize) -> usize {
    (features * (CEILING / 64) / (bytes / 64))
        .min(features - 1)
        .max(1)
}

/// Points one to a coarser cell, and as many of the drawn features, the largest first; all in their order.
fn keep_fewer(features: Vec<TileFeature<'_>>, cell_zoom: u8, most_drawn: usize) -> Vec<TileFeature<'_>> {
    let mut sizes: Vec<(u32, u64)> = features.iter().filter_map(drawn_size).collect();
    sizes.sort_unstable_by(|a, b| b.cmp(a));
    let too_small = sizes.get(most_drawn).copied();
    let is_kept = |feature: &TileFeature<'_>| {
        let size = drawn_size(feature).filter(|size| too_small.is_some_and(|bound| *size <= bound));
        size.is_none()
    };
    one_to_a_cell(features.into_iter().filter(is_kept).collect(), cell_zoom)
}

/// Points one to a cell of a zoom, and all drawn features, in their order.
pub(super) fn one_to_a_cell(features: Vec<TileFeature<'_>>, cell_zoom: u8) -> Vec<TileFeature<'_>> {
    let mut kept: Vec<TileFeature<'_>> = Vec::with_capacity(features.len());
    for feature in features {
        // Points come in the order of the curve, on which those of a cell lie in a row.
        match kept
            .last_mut()
            .filter(|last| share_cell(last, &feature, cell_zoom))
        {
            Some(last) if feature.digest < last.digest => *last = feature,
            Some(_) => {}
            None => kept.push(feature),
        }
    }
    kept
}

/// Size of a drawn feature, and what tells it from others of the size.
fn drawn_size(feature: &TileFeature<'_>) -> Option<(u32, u64)> {
    match feature.shape {
        FeatureShape::Drawn { size, .. } => Some((size, feature.digest)),
        FeatureShape::Point(_) => None,
    }
}

fn share_cell(one: &TileFeature<'_>, other: &TileFeature<'_>, zoom: u8) -> bool {
    match (one.shape, other.shape) {
        (FeatureShape::Point(one), FeatureShape::Point(other)) => one.cell(zoom) == other.cell(zoom),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use arrow_schema::{DataType, Field, Schema};

    use super::super::mercator::Place;
    use super::super::protobuf::{push_field, push_prefixed, push_varint};
    use super::super::sorted_records::SortKey;
    use super::super::thinned_points::PointRecord;
    use super::*;

    /// A text as the first attribute.
    fn attributes(text: &str) -> Vec<u8> {
        let mut value = Vec::new();
        push_field(&mut value, 0x0a, text.as_bytes());
        let mut bytes = Vec::new();
        push_varint(&mut bytes, 0);
        push_prefixed(&mut bytes, &value);
        bytes
    }

    /// Digests of what is left of points in the one tile of zoom 0.
    fn kept(points: &[(SortKey, Place, Vec<u8>)], layer: &TileLayer) -> (Vec<u64>, usize) {
        let features: Vec<TileFeature<'_>> = points
            .iter()
            .map(|(key, place, attributes)| TileFeature {
                digest: key.tie,
                shape: FeatureShape::Point(*place),
                attributes,
            })
            .collect();
        let coarse = one_to_a_cell(features.clone(), 4);
        let mut out = Vec::new();
        let left_out = layer.encode(&mut LayerEncoder::default(), 0, features, &mut out);
        assert!(out.len() <= CEILING, "{}", out.len());
        (coarse.iter().map(|feature| feature.digest).collect(), left_out)
    }

    #[test]
    fn a_tile_over_the_ceiling_has_coarser_cells() {
        let schema = Schema::new(vec![Field::new("facility_id", DataType::Utf8, false)]);
        let columns = MapColumns::of_schema(&schema, &[]);
        let layer = TileLayer::new("dams", columns, "facility_id", Family::Points);
        let mut points: Vec<(SortKey, Place, Vec<u8>)> = (0..4096_u32)
            .map(|n| {
                let cell = 1 << 26;
                let place = Place {
                    x: n % 64 * cell,
                    y: n / 64 * cell,
                };
                let digest = u64::from(n.wrapping_mul(2_654_435_761));
                let key = PointRecord::sort_key(place, digest);
                (key, place, attributes(&format!("{n:0900}")))
            })
            .collect();
        points.sort();
        let (coarse, left_out) = kept(&points, &layer);
        // 900 bytes each: of 4,096 neither all nor a fourth fit, but a sixteenth does.
        assert_eq!((left_out, coarse.len()), (4096 - 256, 256));
    }

    #[test]
    fn drawn_features_are_left_out_from_the_smallest_on() {
        let texts: Vec<Vec<u8>> = (0..900).map(|n| attributes(&format!("{n:0900}"))).collect();
        let features: Vec<TileFeature<'_>> = texts
            .iter()
            .zip(0..)
            .map(|(attributes, size)| TileFeature {
                digest: size,
                shape: FeatureShape::Drawn {
                    kind: super::super::feature_bytes::DrawnKind::Lines,
                    size: u32::try_from(size).unwrap(),
                    commands: &[9, 0, 0, 10, 2, 2],
                },
                attributes,
            })
            .collect();
        let fewer = keep_fewer(features, 5, 300);
        assert_eq!(fewer.len(), 300);
        assert!(fewer.iter().all(|feature| feature.digest >= 600));
    }
}
