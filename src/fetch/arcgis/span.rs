//! A part of a layer that one request may get, and what its answer means. Pure: nothing is asked here.

use std::iter;

use serde::{Deserialize, Serialize};

/// Part of a layer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Span {
    /// `rows` rows from position `from` on, in OID order.
    Offset {
        /// Rows before it.
        from: u64,
        /// Rows in it.
        rows: u64,
    },
    /// Rows whose OID is in a range; an end may be open.
    Window {
        /// Least OID.
        from: Option<i64>,
        /// Greatest OID.
        upto: Option<i64>,
    },
    /// Rows with these OIDs, ascending, as a range.
    Range {
        /// The ids.
        ids: Vec<i64>,
    },
    /// Rows with these OIDs, one by one.
    List {
        /// The ids.
        ids: Vec<i64>,
    },
    /// Rows that touch a box: xmin, ymin, xmax, ymax.
    Box {
        /// The box.
        sides: [f64; 4],
        /// Cuts that led to it.
        depth: u32,
    },
}

/// Cuts of a box after which something must have come whole: a server that gives every box the same rows gives none.
const HOPELESS: u32 = 12;

/// Cuts after which a box is given up: more rows on one point than a page takes.
const DEEPEST: u32 = 40;

/// What an answer means for the span that was asked for.
#[derive(Debug, PartialEq)]
pub(super) enum Verdict {
    /// It is all of it, as far as an answer can tell.
    Whole,
    /// It is the beginning; the rest is still to be asked for.
    Begun(Span),
    /// It was cut by the server's limit; the span is to be divided.
    Cut,
    /// The server does not do what it was asked.
    Incapable(&'static str),
}

/// What an answer held.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Seen {
    /// Rows.
    pub(super) rows: u64,
    /// OID of its first row.
    pub(super) first: Option<i64>,
    /// OID of the first row of the layer's first page.
    pub(super) layers_first: Option<i64>,
    /// Whether it has an OID that the span has not.
    pub(super) is_astray: bool,
    /// Whether no page has come whole so far.
    pub(super) is_fresh: bool,
    /// Whether the server says that there are more.
    pub(super) is_cut: bool,
    /// Rows that the server gives at most, as far as it has shown.
    pub(super) cap: u64,
}

impl Span {
    /// Everything, in one question.
    pub(super) const ALL: Self = Self::Window {
        from: None,
        upto: None,
    };

    /// Name its page is kept under.
    pub(super) fn name(&self) -> String {
        let end = |id: Option<i64>| id.map_or_else(|| "x".to_owned(), |id| id.to_string().replace('-', "m"));
        let list = |kind: &str, ids: &[i64]| {
            format!(
                "{kind}-{}-{}-{}",
                end(ids.first().copied()),
                end(ids.last().copied()),
                ids.len()
            )
        };
        match self {
            Self::Offset { from, rows } => format!("offset-{from}-{rows}"),
            Self::Window { from, upto } => format!("window-{}-{}", end(*from), end(*upto)),
            Self::Range { ids } => list("range", ids),
            Self::List { ids } => list("list", ids),
            Self::Box { sides, depth } => {
                format!(
                    "box-{depth}-{}",
                    sides.map(|side| format!("{:016x}", side.to_bits())).join("-")
                )
            }
        }
    }

    /// Rows it has, where that is known beforehand.
    pub(super) fn rows(&self) -> Option<u64> {
        match self {
            Self::Offset { rows, .. } => Some(*rows),
            Self::Range { ids } | Self::List { ids } => Some(ids.len() as u64),
            Self::Window { .. } | Self::Box { .. } => None,
        }
    }

    /// Whether it is one row at most.
    pub(super) fn is_single(&self) -> bool {
        match self {
            Self::Window { from, upto } => from.is_some() && from == upto,
            Self::Box { .. } => false,
            counted => counted.rows() == Some(1),
        }
    }

    /// Whether a row with that OID may be in it, as far as it says.
    pub(super) fn may_hold(&self, oid: i64) -> bool {
        match self {
            Self::Window { from, upto } => {
                from.is_none_or(|from| from <= oid) && upto.is_none_or(|upto| oid <= upto)
            }
            Self::Range { ids } => ids.first() <= Some(&oid) && Some(&oid) <= ids.last(),
            Self::List { ids } => ids.binary_search(&oid).is_ok(),
            Self::Offset { .. } | Self::Box { .. } => true,
        }
    }

    /// Its condition on the OID, as SQL; none where it has none.
    pub(super) fn condition(&self, oid: &str) -> Option<String> {
        match self {
            Self::Window { from, upto } => between(oid, *from, *upto),
            Self::Range { ids } => between(oid, ids.first().copied(), ids.last().copied()),
            _ => None,
        }
    }

    /// Smaller spans that are the same together; none where it can't be divided.
    pub(super) fn divided(&self) -> Option<Vec<Self>> {
        let halves =
            |ids: &[i64]| [&ids[..ids.len().div_ceil(2)], &ids[ids.len().div_ceil(2)..]].map(<[i64]>::to_vec);
        match self {
            Self::Offset { from, rows } if *rows > 1 => {
                let half = rows.div_ceil(2);
                let rest = Self::Offset {
                    from: from + half,
                    rows: rows - half,
                };
                Some(vec![
                    Self::Offset {
                        from: *from,
                        rows: half,
                    },
                    rest,
                ])
            }
            Self::Window {
                from: Some(from),
                upto: Some(upto),
            } if from < upto => {
                let middle = from.midpoint(*upto).min(upto - 1);
                let below = Self::Window {
                    from: Some(*from),
                    upto: Some(middle),
                };
                Some(vec![
                    below,
                    Self::Window {
                        from: Some(middle + 1),
                        upto: Some(*upto),
                    },
                ])
            }
            Self::Range { ids } if ids.len() > 1 => Some(halves(ids).map(|ids| Self::Range { ids }).to_vec()),
            Self::List { ids } if ids.len() > 1 => Some(halves(ids).map(|ids| Self::List { ids }).to_vec()),
            Self::Box { sides, depth } if *depth < DEEPEST => Some(quarters(*sides, depth + 1)),
            _ => None,
        }
    }

    /// What an answer means.
    pub(super) fn judge(&self, seen: Seen) -> Verdict {
        match self {
            _ if seen.is_astray => Verdict::Incapable("it ignores which object ids are asked for"),
            Self::Box { depth, .. } if *depth >= HOPELESS && seen.is_fresh => {
                Verdict::Incapable("it gives no box fewer rows than the one around it")
            }
            Self::Offset { from, rows } => judge_offset(*from, *rows, seen),
            Self::Range { ids } | Self::List { ids } if seen.rows >= ids.len() as u64 => Verdict::Whole,
            _ if seen.is_cut || (seen.rows > 0 && seen.rows >= seen.cap) => Verdict::Cut,
            _ => Verdict::Whole,
        }
    }
}

/// A page may be shorter than asked for; only an empty one ends a span.
fn judge_offset(from: u64, rows: u64, seen: Seen) -> Verdict {
    if seen.rows > rows {
        return Verdict::Incapable("it ignores resultRecordCount");
    }
    if from > 0 && seen.rows > 0 && seen.first.is_some() && seen.first == seen.layers_first {
        return Verdict::Incapable("it ignores resultOffset: the first row repeats");
    }
    if seen.rows == rows || seen.rows == 0 {
        return Verdict::Whole;
    }
    Verdict::Begun(Span::Offset {
        from: from + seen.rows,
        rows: rows - seen.rows,
    })
}

fn between(oid: &str, from: Option<i64>, upto: Option<i64>) -> Option<String> {
    match (from, upto) {
        (Some(from), Some(upto)) if from == upto => Some(format!("{oid} = {from}")),
        (Some(from), Some(upto)) => Some(format!("{oid} >= {from} AND {oid} <= {upto}")),
        (Some(from), None) => Some(format!("{oid} >= {from}")),
        (None, Some(upto)) => Some(format!("{oid} <= {upto}")),
        (None, None) => None,
    }
}

fn quarters([xmin, ymin, xmax, ymax]: [f64; 4], depth: u32) -> Vec<Span> {
    let (x, y) = (xmin.midpoint(xmax), ymin.midpoint(ymax));
    let boxes = [
        [xmin, ymin, x, y],
        [x, ymin, xmax, y],
        [xmin, y, x, ymax],
        [x, y, xmax, ymax],
    ];
    boxes.map(|sides| Span::Box { sides, depth }).to_vec()
}

/// Spans of `size` rows for rows `from..total`.
pub(super) fn offsets(from: u64, total: u64, size: u64) -> impl Iterator<Item = Span> {
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
pub(super) fn windows(least: i64, greatest: i64, total: u64, size: u64) -> impl Iterator<Item = Span> {
    let width = i128::from(greatest) - i128::from(least) + 1;
    let parts = i128::from(
        total
            .saturating_mul(5)
            .div_ceil(size.max(1).saturating_mul(4))
            .max(1),
    )
    .min(width.max(1));
    let edge = move |part: i128| i64::try_from(i128::from(least) + width * part / parts).unwrap_or(greatest);
    let inner = (0..parts).map(move |part| Span::Window {
        from: Some(edge(part)),
        upto: Some(if part + 1 == parts {
            greatest
        } else {
            edge(part + 1) - 1
        }),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn offset(from: u64, rows: u64) -> Span {
        Span::Offset { from, rows }
    }

    fn window(from: i64, upto: i64) -> Span {
        Span::Window {
            from: Some(from),
            upto: Some(upto),
        }
    }

    fn seen(rows: u64) -> Seen {
        Seen {
            rows,
            first: Some(5),
            layers_first: Some(1),
            cap: 2000,
            ..Seen::default()
        }
    }

    #[test]
    fn offsets_advance_by_the_rows_that_came() {
        assert_eq!(offset(0, 2000).judge(seen(2000)), Verdict::Whole);
        assert_eq!(
            offset(2000, 2000).judge(seen(1000)),
            Verdict::Begun(offset(3000, 1000))
        );
        assert_eq!(offset(2000, 2000).judge(seen(0)), Verdict::Whole);
    }

    #[test]
    fn servers_that_ignore_what_they_are_asked_are_found_out() {
        assert!(matches!(offset(2000, 10).judge(seen(11)), Verdict::Incapable(_)));
        let repeated = Seen {
            first: Some(1),
            ..seen(2000)
        };
        assert!(matches!(
            offset(2000, 2000).judge(repeated),
            Verdict::Incapable(_)
        ));
        assert_eq!(offset(0, 2000).judge(repeated), Verdict::Whole);
    }

    #[test]
    fn a_full_window_counts_as_cut_whatever_the_server_says() {
        assert_eq!(window(0, 9).judge(seen(2000)), Verdict::Cut);
        assert_eq!(
            window(0, 9).judge(Seen {
                is_cut: true,
                ..seen(3)
            }),
            Verdict::Cut
        );
        assert_eq!(window(0, 9).judge(seen(1999)), Verdict::Whole);
        let range = Span::Range { ids: vec![1, 2, 3] };
        assert_eq!(
            range.judge(Seen {
                is_cut: true,
                ..seen(3)
            }),
            Verdict::Whole
        );
        assert_eq!(
            range.judge(Seen {
                is_cut: true,
                ..seen(2)
            }),
            Verdict::Cut
        );
        assert_eq!(range.judge(seen(2)), Verdict::Whole);
    }

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
            for (at, span) in windows(least, greatest, total, 1000).enumerate() {
                let Span::Window { from, upto } = span else {
                    panic!()
                };
                assert_eq!((at == 0, from), (from.is_none(), next));
                assert!(from.is_none() || upto.is_none() || from <= upto);
                next = upto.map(|upto| upto + 1);
            }
            assert_eq!(next, None);
        }
        assert_eq!(windows(i64::MIN, i64::MAX, 10, 1000).count(), 1);
    }

    #[test]
    fn a_span_is_the_same_as_its_parts() {
        assert_eq!(offset(4, 3).divided().unwrap(), [offset(4, 2), offset(6, 1)]);
        assert_eq!(offset(4, 1).divided(), None);
        assert_eq!(
            window(-3, -2).divided().unwrap(),
            [window(-3, -3), window(-2, -2)]
        );
        assert_eq!(window(0, 9).divided().unwrap(), [window(0, 4), window(5, 9)]);
        assert_eq!(
            Span::Window {
                from: Some(1),
                upto: None
            }
            .divided(),
            None
        );
        let quarters = Span::Box {
            sides: [0.0, 0.0, 4.0, 2.0],
            depth: 0,
        }
        .divided()
        .unwrap();
        assert_eq!(
            quarters[3],
            Span::Box {
                sides: [2.0, 1.0, 4.0, 2.0],
                depth: 1
            }
        );
    }

    #[test]
    fn conditions_use_the_name_as_it_is() {
        let range = |ids: &[i64]| Span::Range { ids: ids.to_vec() }.condition("SHAPE.fid").unwrap();
        assert_eq!(range(&[3, 9, 12]), "SHAPE.fid >= 3 AND SHAPE.fid <= 12");
        assert_eq!(range(&[3]), "SHAPE.fid = 3");
        assert_eq!(offset(0, 1).condition("x"), None);
    }
}
