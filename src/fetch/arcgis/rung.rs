//! The ladder: ways to pull a layer, best first, and the spans each begins with.

use std::iter;

use super::error::ArcgisError;
use super::layer::Layer;
use super::span::{Span, offsets, windows};

/// A way to pull a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rung {
    /// Positions in OID order.
    Offsets,
    /// Ranges of OIDs between the least and the greatest.
    Windows,
    /// Ranges of OIDs, cut by a list of all of them.
    Ranges,
    /// OIDs by number, as that list has them.
    Lists,
    /// Boxes, each divided in four while it holds too much.
    Boxes,
}

/// Spans, made one after the other: a server may claim any number of rows.
pub(super) type Spans = Box<dyn Iterator<Item = Span> + Send>;

/// OIDs in one request: servers bound the length of a list.
const LIST: u64 = 1000;

impl Rung {
    /// Every rung, from the top.
    pub(super) const LADDER: [Self; 5] = [
        Self::Offsets,
        Self::Windows,
        Self::Ranges,
        Self::Lists,
        Self::Boxes,
    ];

    /// Name for records and messages.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Offsets => "offsets",
            Self::Windows => "oid windows",
            Self::Ranges => "oid ranges",
            Self::Lists => "oid lists",
            Self::Boxes => "boxes",
        }
    }

    /// Spans that are the whole layer but its first `probed` rows, `size` rows each at most where that is known.
    ///
    /// # Errors
    /// The server, or the layer, can't be pulled this way (`ArcgisError::is_refusal`).
    pub(super) fn spans(
        self,
        layer: &Layer<'_>,
        total: Option<u64>,
        probed: u64,
        size: u64,
    ) -> Result<Spans, ArcgisError> {
        if self == Self::Offsets {
            return Ok(Box::new(offsets(probed, total.unwrap_or(0), size)));
        }
        let Some(oid) = layer.info.oid.as_deref() else {
            return Err(ArcgisError::incapable("the layer has no object id"));
        };
        match self {
            Self::Offsets | Self::Windows => {
                let bounds = layer.id_bounds(oid)?;
                let (least, greatest) =
                    bounds.ok_or_else(|| ArcgisError::incapable("no statistics of the object ids"))?;
                Ok(Box::new(windows(least, greatest, total.unwrap_or(0), size)))
            }
            Self::Ranges => Ok(Box::new(chunks(layer, size)?.map(|ids| Span::Range { ids }))),
            Self::Lists => Ok(Box::new(
                chunks(layer, size.min(LIST))?.map(|ids| Span::List { ids }),
            )),
            Self::Boxes => {
                let sides = layer.info.extent;
                let sides = sides.ok_or_else(|| ArcgisError::incapable("the layer states no extent"))?;
                if total.is_none() {
                    return Err(ArcgisError::incapable(
                        "nobody counts the rows, and a box may have missed some of them",
                    ));
                }
                Ok(Box::new(iter::once(Span::Box { sides, depth: 0 })))
            }
        }
    }
}

fn chunks(layer: &Layer<'_>, size: u64) -> Result<impl Iterator<Item = Vec<i64>> + use<>, ArcgisError> {
    let mut ids = layer
        .ids()?
        .ok_or_else(|| ArcgisError::incapable("the object ids aren't listed"))?
        .into_iter();
    let size = usize::try_from(size.max(1)).unwrap_or(usize::MAX);
    let next = move || Some(ids.by_ref().take(size).collect()).filter(|chunk: &Vec<i64>| !chunk.is_empty());
    Ok(iter::from_fn(next))
}
