//! Ways to pull a layer, best first, and the spans each begins with.

use std::iter;

use super::error::ArcgisError;
use super::layer::Layer;
use super::span::Span;

/// A way to pull a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum PagingStrategy {
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

impl PagingStrategy {
    /// All of them, the best first.
    pub(super) const ALL: [Self; 5] = [
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

    /// Spans that are the layer, `size` rows each at most where the way allows it; of offsets but the first `probed` rows, which
    /// have come. Asks the server for its object ids, or their bounds, where the way goes by them.
    ///
    /// # Errors
    /// The server, or the layer, can't be pulled this way (`ArcgisError::is_refusal`).
    pub(super) fn plan_spans(
        self,
        layer: &Layer<'_>,
        total: Option<u64>,
        probed: u64,
        size: u64,
    ) -> Result<Spans, ArcgisError> {
        if self == Self::Offsets {
            return Ok(Box::new(offset_spans(probed, total.unwrap_or(0), size)));
        }
        let Some(oid) = layer.info.oid.as_deref() else {
            return Err(ArcgisError::incapable("the layer has no object id"));
        };
        match self {
            Self::Offsets | Self::Windows => {
                let bounds = layer.id_bounds(oid)?;
                let (least, greatest) =
                    bounds.ok_or_else(|| ArcgisError::incapable("no statistics of the object ids"))?;
                Ok(Box::new(window_spans(least, greatest, total.unwrap_or(0), size)))
            }
            // Ranges before lists: asking for ids by number, a hundred at a time, took six hours for 300,000 rows
            // where a range for each batch took a tenth of that (pyesridump pull request 33).
            Self::Ranges => Ok(Box::new(
                object_id_chunks(layer, size)?.map(|ids| Span::Range { ids }),
            )),
            Self::Lists => Ok(Box::new(
                object_id_chunks(layer, size.min(LIST))?.map(|ids| Span::List { ids }),
            )),
            Self::Boxes => {
                let sides = layer.info.extent;
                let sides = sides.ok_or_else(|| ArcgisError::incapable("the layer states no extent"))?;
                // Rows without a geometry are in no box: only the count shows that they are missing.
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

/// Every object id of the layer, so many at a time.
fn object_id_chunks(
    layer: &Layer<'_>,
    size: u64,
) -> Result<impl Iterator<Item = Vec<i64>> + use<>, ArcgisError> {
    let mut ids = layer
        .list_object_ids()?
        .ok_or_else(|| ArcgisError::incapable("the object ids aren't listed"))?
        .into_iter();
    let size = usize::try_from(size.max(1)).unwrap_or(usize::MAX);
    Ok(iter::from_fn(move || {
        let chunk: Vec<i64> = ids.by_ref().take(size).collect();
        (!chunk.is_empty()).then_some(chunk)
    }))
}

/// Spans of `size` rows for rows `from..total`.
fn offset_spans(from: u64, total: u64, size: u64) -> impl Iterator<Item = Span> {
    let size = size.max(1);
    let starts =
        iter::successors(Some(from), move |at| at.checked_add(size)).take_while(move |at| *at < total);
    starts.map(move |at| Span::Offset {
        from: at,
        rows: size.min(total - at),
    })
}

/// Windows over OIDs `least..=greatest` that hold about four fifths of a page each if OIDs are evenly spread, and
/// the two beyond: statistics have been seen to lie.
fn window_spans(least: i64, greatest: i64, total: u64, size: u64) -> impl Iterator<Item = Span> {
    let width = i128::from(greatest) - i128::from(least) + 1;
    let parts = i128::from(
        total
            .saturating_mul(5)
            .div_ceil(size.max(1).saturating_mul(4))
            .max(1),
    )
    .min(width.max(1));
    let inner = (0..parts).map(move |part| {
        let upto = if part + 1 == parts {
            greatest
        } else {
            window_start(least, greatest, part + 1, parts) - 1
        };
        Span::Window {
            from: Some(window_start(least, greatest, part, parts)),
            upto: Some(upto),
        }
    });
    let below = least.checked_sub(1).map(|upto| Span::Window {
        from: None,
        upto: Some(upto),
    });
    let above = greatest.checked_add(1).map(|from| Span::Window {
        from: Some(from),
        upto: None,
    });
    below.into_iter().chain(inner).chain(above)
}

/// Where one of `parts` equal windows begins; counted in wider integers, since the ids may take all of their range.
fn window_start(least: i64, greatest: i64, part: i128, parts: i128) -> i64 {
    let width = i128::from(greatest) - i128::from(least) + 1;
    i64::try_from(i128::from(least) + width * part / parts).unwrap_or(greatest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_cover_every_id_once() {
        let layers = [
            (1, 10, 3),
            (-5, 5_000, 5_000),
            (7, 7, 1),
            (1_781_375_299, 2_099_119_954, 9_000),
        ];
        for (least, greatest, total) in layers {
            let mut next = None;
            for (at, span) in window_spans(least, greatest, total, 1000).enumerate() {
                let Span::Window { from, upto } = span else {
                    panic!()
                };
                assert_eq!((at == 0, from), (from.is_none(), next));
                assert!(from.is_none() || upto.is_none() || from <= upto);
                next = upto.map(|upto| upto + 1);
            }
            assert_eq!(next, None);
        }
        assert_eq!(window_spans(i64::MIN, i64::MAX, 10, 1000).count(), 1);
    }
}
