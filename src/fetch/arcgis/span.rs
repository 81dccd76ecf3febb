//! A part of a layer that one request may get, and what its answer means. Pure: nothing is asked here.

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
pub(super) struct AnswerSummary {
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
    pub(super) fn page_name(&self) -> String {
        match self {
            Self::Offset { from, rows } => format!("offset-{from}-{rows}"),
            Self::Window { from, upto } => format!("window-{}-{}", id_in_name(*from), id_in_name(*upto)),
            Self::Range { ids } => name_of_ids("range", ids),
            Self::List { ids } => name_of_ids("list", ids),
            Self::Box { sides, depth } => {
                format!(
                    "box-{depth}-{}",
                    sides.map(|side| format!("{:016x}", side.to_bits())).join("-")
                )
            }
        }
    }

    /// Rows it has, where that is known beforehand.
    pub(super) fn known_rows(&self) -> Option<u64> {
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
            counted => counted.known_rows() == Some(1),
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
    pub(super) fn where_condition(&self, oid: &str) -> Option<String> {
        match self {
            Self::Window { from, upto } => range_condition(oid, *from, *upto),
            Self::Range { ids } => range_condition(oid, ids.first().copied(), ids.last().copied()),
            _ => None,
        }
    }

    /// Smaller spans that are the same together; none where it can't be divided.
    pub(super) fn subspans(&self) -> Option<Vec<Self>> {
        match self {
            Self::Offset { from, rows } if *rows > 1 => {
                let half = rows.div_ceil(2);
                let first = Self::Offset {
                    from: *from,
                    rows: half,
                };
                let rest = Self::Offset {
                    from: from + half,
                    rows: rows - half,
                };
                Some(vec![first, rest])
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
                let above = Self::Window {
                    from: Some(middle + 1),
                    upto: Some(*upto),
                };
                Some(vec![below, above])
            }
            Self::Range { ids } if ids.len() > 1 => Some(halves(ids).map(|ids| Self::Range { ids }).to_vec()),
            Self::List { ids } if ids.len() > 1 => Some(halves(ids).map(|ids| Self::List { ids }).to_vec()),
            Self::Box { sides, depth } if *depth < DEEPEST => Some(quarter_boxes(*sides, depth + 1)),
            _ => None,
        }
    }

    /// What an answer means.
    pub(super) fn judge_answer(&self, seen: AnswerSummary) -> Verdict {
        match self {
            _ if seen.is_astray => Verdict::Incapable("it ignores which object ids are asked for"),
            Self::Box { depth, .. } if *depth >= HOPELESS && seen.is_fresh => {
                Verdict::Incapable("it gives no box fewer rows than the one around it")
            }
            Self::Offset { from, rows } => judge_offset(*from, *rows, seen),
            Self::Range { ids } | Self::List { ids } if seen.rows >= ids.len() as u64 => Verdict::Whole,
            // `exceededTransferLimit` is missing on old servers, so a page that is as full as any has been counts as
            // cut, too.
            _ if seen.is_cut || (seen.rows > 0 && seen.rows >= seen.cap) => Verdict::Cut,
            _ => Verdict::Whole,
        }
    }
}

/// An id as part of a page's name, in which a sign would be taken for a dash.
fn id_in_name(id: Option<i64>) -> String {
    id.map_or_else(|| "x".to_owned(), |id| id.to_string().replace('-', "m"))
}

fn name_of_ids(kind: &str, ids: &[i64]) -> String {
    let first = id_in_name(ids.first().copied());
    let last = id_in_name(ids.last().copied());
    format!("{kind}-{first}-{last}-{}", ids.len())
}

fn halves(ids: &[i64]) -> [Vec<i64>; 2] {
    let (first, second) = ids.split_at(ids.len().div_ceil(2));
    [first.to_vec(), second.to_vec()]
}

/// A page may be shorter than asked for; only an empty one ends a span.
fn judge_offset(from: u64, rows: u64, seen: AnswerSummary) -> Verdict {
    if seen.rows > rows {
        return Verdict::Incapable("it ignores resultRecordCount");
    }
    // Servers ignore `resultOffset` and give the first page for ever (ArcREST issue 241); GDAL stops there without an
    // error and leaves a layer that is cut.
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

fn range_condition(oid: &str, from: Option<i64>, upto: Option<i64>) -> Option<String> {
    match (from, upto) {
        (Some(from), Some(upto)) if from == upto => Some(format!("{oid} = {from}")),
        (Some(from), Some(upto)) => Some(format!("{oid} >= {from} AND {oid} <= {upto}")),
        (Some(from), None) => Some(format!("{oid} >= {from}")),
        (None, Some(upto)) => Some(format!("{oid} <= {upto}")),
        (None, None) => None,
    }
}

fn quarter_boxes([xmin, ymin, xmax, ymax]: [f64; 4], depth: u32) -> Vec<Span> {
    let x = xmin.midpoint(xmax);
    let y = ymin.midpoint(ymax);
    let boxes = [
        [xmin, ymin, x, y],
        [x, ymin, xmax, y],
        [xmin, y, x, ymax],
        [x, y, xmax, ymax],
    ];
    boxes.map(|sides| Span::Box { sides, depth }).to_vec()
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

    fn seen(rows: u64) -> AnswerSummary {
        AnswerSummary {
            rows,
            first: Some(5),
            layers_first: Some(1),
            cap: 2000,
            ..AnswerSummary::default()
        }
    }

    #[test]
    fn offsets_advance_by_the_rows_that_came() {
        assert_eq!(offset(0, 2000).judge_answer(seen(2000)), Verdict::Whole);
        assert_eq!(
            offset(2000, 2000).judge_answer(seen(1000)),
            Verdict::Begun(offset(3000, 1000))
        );
        assert_eq!(offset(2000, 2000).judge_answer(seen(0)), Verdict::Whole);
    }

    #[test]
    fn servers_that_ignore_what_they_are_asked_are_found_out() {
        assert!(matches!(
            offset(2000, 10).judge_answer(seen(11)),
            Verdict::Incapable(_)
        ));
        let repeated = AnswerSummary {
            first: Some(1),
            ..seen(2000)
        };
        assert!(matches!(
            offset(2000, 2000).judge_answer(repeated),
            Verdict::Incapable(_)
        ));
        assert_eq!(offset(0, 2000).judge_answer(repeated), Verdict::Whole);
    }

    #[test]
    fn a_full_window_counts_as_cut_whatever_the_server_says() {
        assert_eq!(window(0, 9).judge_answer(seen(2000)), Verdict::Cut);
        assert_eq!(
            window(0, 9).judge_answer(AnswerSummary {
                is_cut: true,
                ..seen(3)
            }),
            Verdict::Cut
        );
        assert_eq!(window(0, 9).judge_answer(seen(1999)), Verdict::Whole);
        let range = Span::Range { ids: vec![1, 2, 3] };
        assert_eq!(
            range.judge_answer(AnswerSummary {
                is_cut: true,
                ..seen(3)
            }),
            Verdict::Whole
        );
        assert_eq!(
            range.judge_answer(AnswerSummary {
                is_cut: true,
                ..seen(2)
            }),
            Verdict::Cut
        );
        assert_eq!(range.judge_answer(seen(2)), Verdict::Whole);
    }

    #[test]
    fn a_span_is_the_same_as_its_parts() {
        assert_eq!(offset(4, 3).subspans().unwrap(), [offset(4, 2), offset(6, 1)]);
        assert_eq!(offset(4, 1).subspans(), None);
        assert_eq!(
            window(-3, -2).subspans().unwrap(),
            [window(-3, -3), window(-2, -2)]
        );
        assert_eq!(window(0, 9).subspans().unwrap(), [window(0, 4), window(5, 9)]);
        assert_eq!(
            Span::Window {
                from: Some(1),
                upto: None
            }
            .subspans(),
            None
        );
        let quarters = Span::Box {
            sides: [0.0, 0.0, 4.0, 2.0],
            depth: 0,
        }
        .subspans()
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
        let range = |ids: &[i64]| {
            Span::Range { ids: ids.to_vec() }
                .where_condition("SHAPE.fid")
                .unwrap()
        };
        assert_eq!(range(&[3, 9, 12]), "SHAPE.fid >= 3 AND SHAPE.fid <= 12");
        assert_eq!(range(&[3]), "SHAPE.fid = 3");
        assert_eq!(offset(0, 1).where_condition("x"), None);
    }
}
