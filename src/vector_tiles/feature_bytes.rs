//! Features on their way into tiles, as bytes: many of them lie in one piece of memory, and copying one is copying bytes.

use super::mercator::Place;
use super::protobuf::{push_prefixed, push_varint, take_bytes, take_u32, take_u64, take_varint};

/// A feature of a tile.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct TileFeature<'a> {
    /// Digest of its id: its number in the tile, and which of several points is kept.
    pub(super) digest: u64,
    pub(super) shape: FeatureShape<'a>,
    /// As `columns::RowAttributes` puts them into bytes.
    pub(super) attributes: &'a [u8],
}

/// What is drawn of a feature in a tile.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum FeatureShape<'a> {
    /// A point, whichever tile it is in.
    Point(Place),
    /// Lines or areas, as commands of a tile.
    Drawn {
        kind: DrawnKind,
        /// How large it is on the map, in units of a tile: which features go first where a tile is too large.
        size: u32,
        commands: &'a [u8],
    },
}

/// Whether lines or areas are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DrawnKind {
    Lines,
    Areas,
}

const POINT: u8 = 1;
const LINES: u8 = 2;
const AREAS: u8 = 3;

impl<'a> TileFeature<'a> {
    /// Adds its bytes.
    pub(super) fn push_to(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.digest.to_le_bytes());
        match self.shape {
            FeatureShape::Point(place) => {
                out.push(POINT);
                out.extend_from_slice(&place.x.to_le_bytes());
                out.extend_from_slice(&place.y.to_le_bytes());
            }
            FeatureShape::Drawn { kind, size, commands } => {
                out.push(match kind {
                    DrawnKind::Lines => LINES,
                    DrawnKind::Areas => AREAS,
                });
                push_varint(out, size.into());
                push_prefixed(out, commands);
            }
        }
        push_prefixed(out, self.attributes);
    }

    /// Takes the next off bytes; none at their end, or where they hold none.
    pub(super) fn take(bytes: &mut &'a [u8]) -> Option<Self> {
        let digest = take_u64(bytes)?;
        let kind = take_bytes(bytes, 1)?[0];
        let shape = if kind == POINT {
            let x = take_u32(bytes)?;
            let y = take_u32(bytes)?;
            FeatureShape::Point(Place { x, y })
        } else {
            let size = u32::try_from(take_varint(bytes)?).ok()?;
            let kind = if kind == LINES {
                DrawnKind::Lines
            } else {
                DrawnKind::Areas
            };
            FeatureShape::Drawn {
                kind,
                size,
                commands: take_prefixed(bytes)?,
            }
        };
        let attributes = take_prefixed(bytes)?;
        Some(Self {
            digest,
            shape,
            attributes,
        })
    }

    /// All that bytes hold.
    pub(super) fn all_of(mut bytes: &'a [u8]) -> Vec<Self> {
        std::iter::from_fn(move || Self::take(&mut bytes)).collect()
    }
}

fn take_prefixed<'a>(bytes: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = usize::try_from(take_varint(bytes)?).ok()?;
    take_bytes(bytes, length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn features_come_back() {
        let features = [
            TileFeature {
                digest: 7,
                shape: FeatureShape::Point(Place { x: 1, y: u32::MAX }),
                attributes: b"name",
            },
            TileFeature {
                digest: u64::MAX,
                shape: FeatureShape::Drawn {
                    kind: DrawnKind::Areas,
                    size: 900,
                    commands: &[9, 1, 2],
                },
                attributes: b"",
            },
        ];
        let mut bytes = Vec::new();
        for feature in features {
            feature.push_to(&mut bytes);
        }
        assert_eq!(TileFeature::all_of(&bytes), features);
    }
}
