//! Facilities of two releases, matched by their id.

use std::cmp::Ordering;

use arrow_array::cast::AsArray;
use arrow_array::{Array, StringArray};
use rayon::prelude::*;

use crate::geoparquet::{Columns, GeoparquetError};

/// Where a row stands: in which tile, and in which row of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct At {
    pub(super) part: u32,
    pub(super) row: u32,
}

/// Ids, names and states of a side's rows, tile by tile.
pub(super) struct Facilities {
    parts: Vec<[StringArray; 3]>,
}

impl Facilities {
    pub(super) fn read(tiles: &[Columns]) -> Result<Self, GeoparquetError> {
        let one = |tile: &Columns| -> Result<_, GeoparquetError> {
            Ok([text(tile, "facility_id")?, text(tile, "name")?, text(tile, "state_code")?])
        };
        Ok(Self { parts: tiles.par_iter().map(one).collect::<Result<_, _>>()? })
    }

    pub(super) fn id(&self, at: At) -> &str {
        self.parts[at.part as usize][0].value(at.row as usize)
    }

    pub(super) fn name(&self, at: At) -> Option<&str> {
        self.value(1, at)
    }

    pub(super) fn state(&self, at: At) -> Option<&str> {
        self.value(2, at)
    }

    fn value(&self, column: usize, at: At) -> Option<&str> {
        let (column, row) = (&self.parts[at.part as usize][column], at.row as usize);
        column.is_valid(row).then(|| column.value(row))
    }

    /// Every row, by id; rows of one id, which no sound release has, by where they stand.
    fn by_id(&self) -> Vec<At> {
        let parts = self.parts.iter().zip(0u32..);
        let rows = |(columns, part): (&[StringArray; 3], u32)| {
            (0u32..).take(columns[0].len()).map(move |row| At { part, row })
        };
        let mut order: Vec<At> = parts.flat_map(rows).collect();
        order.par_sort_unstable_by(|a, b| self.id(*a).cmp(self.id(*b)).then(a.cmp(b)));
        order
    }
}

fn text(tile: &Columns, name: &str) -> Result<StringArray, GeoparquetError> {
    let column = tile.read(name)?;
    Ok(column.as_string_opt().cloned().unwrap_or_else(|| StringArray::new_null(column.len())))
}

/// Rows of two sides by id.
pub(super) struct Matched {
    /// Rows of this release alone.
    pub(super) added: Vec<At>,
    /// Rows of the release before alone.
    pub(super) removed: Vec<At>,
    /// Rows of both: before, and now.
    pub(super) kept: Vec<(At, At)>,
}

impl Matched {
    pub(super) fn of(before: &Facilities, after: &Facilities) -> Self {
        let (old, new) = (before.by_id(), after.by_id());
        let mut found = Self { added: vec![], removed: vec![], kept: Vec::with_capacity(new.len()) };
        let (mut o, mut n) = (0, 0);
        while let (Some(was), Some(is)) = (old.get(o), new.get(n)) {
            let order = before.id(*was).cmp(after.id(*is));
            match order {
                Ordering::Less => found.removed.push(*was),
                Ordering::Greater => found.added.push(*is),
                Ordering::Equal => found.kept.push((*was, *is)),
            }
            o += usize::from(order.is_le());
            n += usize::from(order.is_ge());
        }
        found.removed.extend(&old[o..]);
        found.added.extend(&new[n..]);
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn side(parts: &[&[&str]]) -> Facilities {
        let part = |ids: &&[&str]| {
            let ids = StringArray::from_iter_values(*ids);
            let none = StringArray::new_null(ids.len());
            [ids, none.clone(), none]
        };
        Facilities { parts: parts.iter().map(part).collect() }
    }

    #[test]
    fn rows_are_found_wherever_they_have_moved_to() {
        let (before, after) = (side(&[&["d", "a"], &["c"]]), side(&[&["b"], &["c", "a"]]));
        let matched = Matched::of(&before, &after);
        let ids = |side: &Facilities, rows: &[At]| -> Vec<String> {
            rows.iter().map(|at| side.id(*at).to_owned()).collect()
        };
        assert_eq!(
            (ids(&after, &matched.added), ids(&before, &matched.removed)),
            (vec!["b".into()], vec!["d".into()])
        );
        let kept: Vec<_> = matched.kept.iter().map(|(was, is)| (before.id(*was), after.id(*is))).collect();
        assert_eq!(kept, [("a", "a"), ("c", "c")]);
    }

    #[test]
    fn an_empty_side_is_all_new_or_all_gone() {
        let (none, some) = (side(&[]), side(&[&["a", "b"]]));
        let [new, gone] = [Matched::of(&none, &some), Matched::of(&some, &none)];
        assert_eq!((new.added.len(), new.removed.len(), new.kept.len()), (2, 0, 0));
        assert_eq!((gone.added.len(), gone.removed.len(), gone.kept.len()), (0, 2, 0));
    }
}
