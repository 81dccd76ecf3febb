//! A look at a footer's bytes before a parser trusts them.
//!
//! Pure. The parser makes room for as many row groups as the file says and calls itself for every
//! level of the schema, so a few bytes could end the whole process. Here nothing is made or called by
//! a file's word: values are walked one by one with a stack of bounded height. Known fields must have
//! the type that Parquet gives them, as the parser reads them so without looking.

use super::footer_shape::{Kind, Shape, fits, kind};

/// Items of a list, at most: above any real number of columns or row groups.
const MAX_ITEMS: u64 = 1 << 18;

/// Levels of a schema, and of values in values.
const MAX_LEVELS: usize = 64;

/// Why a footer is not to be parsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum FooterFault {
    /// A value goes on where the footer ends.
    #[error("it ends within a value")]
    Ended,
    /// A list says to be longer than the bytes for it, or than any real one.
    #[error("it claims a list of {items} items")]
    Items { items: u64 },
    /// A level below the deepest that is read.
    #[error("it nests more than {MAX_LEVELS} levels")]
    Levels,
    /// Not what Parquet defines.
    #[error("a value in it has not the type that Parquet gives it")]
    Type,
}

/// A struct or list that is being walked.
enum Open {
    Struct {
        shape: Shape,
        last: i64,
    },
    List {
        left: u64,
        wire: u8,
        shape: Shape,
    },
    Map {
        left: u64,
        key: u8,
        value: u8,
        is_key: bool,
    },
}

/// Checks the bytes of a footer.
pub(super) fn check(footer: &[u8]) -> Result<(), FooterFault> {
    let mut skim = Skim {
        rest: footer,
        open: vec![Open::Struct {
            shape: Shape::File,
            last: 0,
        }],
        children: vec![],
    };
    while skim.step()? {}
    check_levels(&skim.children)
}

/// Checks the tree that a schema's counts of children describe, root first, depth first.
fn check_levels(children: &[u64]) -> Result<(), FooterFault> {
    let mut open: Vec<u64> = Vec::new();
    for (at, &count) in children.iter().enumerate() {
        while open.last() == Some(&0) {
            open.pop();
        }
        if let Some(left) = open.last_mut() {
            *left -= 1;
        }
        let following = children.len() - at - 1;
        if usize::try_from(count).map_or(true, |count| count > following) {
            return Err(FooterFault::Items { items: count });
        }
        if count > 0 {
            open.push(count);
        }
        if open.len() > MAX_LEVELS {
            return Err(FooterFault::Levels);
        }
    }
    Ok(())
}

struct Skim<'a> {
    rest: &'a [u8],
    open: Vec<Open>,
    /// Children of each element of the schema.
    children: Vec<u64>,
}

impl Skim<'_> {
    /// Walks to the next value; false after the last.
    fn step(&mut self) -> Result<bool, FooterFault> {
        let Some(top) = self.open.last_mut() else {
            return Ok(false);
        };
        match top {
            Open::List { left: 0, .. }
            | Open::Map {
                left: 0,
                is_key: true,
                ..
            } => {
                self.open.pop();
            }
            Open::List { left, wire, shape } => {
                *left -= 1;
                let (wire, shape) = (*wire, *shape);
                self.value(wire, shape)?;
            }
            Open::Map {
                left,
                key,
                value,
                is_key,
            } => {
                let wire = if *is_key { *key } else { *value };
                *left -= u64::from(*is_key);
                *is_key = !*is_key;
                self.value(wire, Shape::Other)?;
            }
            Open::Struct { shape, last } => {
                let (shape, last) = (*shape, *last);
                self.field(shape, last)?;
            }
        }
        Ok(true)
    }

    /// Walks over a field of a struct, or its end.
    fn field(&mut self, shape: Shape, last: i64) -> Result<(), FooterFault> {
        let head = self.byte()?;
        let (delta, wire) = (head >> 4, head & 15);
        if wire == 0 {
            self.open.pop();
            return Ok(());
        }
        let id = if delta == 0 {
            signed(self.varint()?)
        } else {
            last + i64::from(delta)
        };
        if i16::try_from(id).is_err() {
            return Err(FooterFault::Type);
        }
        if let Some(Open::Struct { last, .. }) = self.open.last_mut() {
            *last = id;
        }
        let kind = kind(shape, id);
        if !fits(kind, wire) {
            return Err(FooterFault::Type);
        }
        if (shape, id) == (Shape::Element, 5) {
            let count = u64::try_from(signed(self.varint()?)).map_err(|_negative| FooterFault::Type)?;
            if let Some(children) = self.children.last_mut() {
                *children = count;
            }
            return Ok(());
        }
        // A flag's value is its type.
        if matches!(wire, 1 | 2) {
            return Ok(());
        }
        let within = match kind {
            Kind::Struct(shape) | Kind::Structs(shape) => shape,
            _ => Shape::Other,
        };
        if let (Kind::Structs(_) | Kind::Numbers, Some(head)) = (kind, self.rest.first()) {
            let is_item = matches!((kind, head & 15), (Kind::Structs(_), 12) | (Kind::Numbers, 5 | 6));
            if head >> 4 > 0 && !is_item {
                return Err(FooterFault::Type);
            }
        }
        self.value(wire, within)
    }

    /// Walks over a plain value, or into one that holds others.
    fn value(&mut self, wire: u8, shape: Shape) -> Result<(), FooterFault> {
        match wire {
            3 => self.take(1).map(drop),
            4..=6 => self.varint().map(drop),
            7 => self.take(8).map(drop),
            8 => {
                let bytes = self.varint()?;
                self.take(bytes).map(drop)
            }
            9 | 10 => self.list(shape),
            11 => self.map(),
            12 => {
                if shape == Shape::Element {
                    self.children.push(0);
                }
                self.enter(Open::Struct { shape, last: 0 })
            }
            13 => self.take(16).map(drop),
            // Parsers differ over what flags in lists take up, and no footer has any.
            _ => Err(FooterFault::Type),
        }
    }

    fn list(&mut self, shape: Shape) -> Result<(), FooterFault> {
        let head = self.byte()?;
        let (short, wire) = (u64::from(head >> 4), head & 15);
        let left = if short == 15 { self.varint()? } else { short };
        self.bound(left)?;
        self.enter(Open::List { left, wire, shape })
    }

    fn map(&mut self) -> Result<(), FooterFault> {
        let left = self.varint()?;
        self.bound(left)?;
        if left == 0 {
            return Ok(());
        }
        let kinds = self.byte()?;
        self.enter(Open::Map {
            left,
            key: kinds >> 4,
            value: kinds & 15,
            is_key: true,
        })
    }

    /// Every item takes a byte at least.
    fn bound(&self, items: u64) -> Result<(), FooterFault> {
        let bytes = u64::try_from(self.rest.len()).unwrap_or(u64::MAX);
        if items > bytes.min(MAX_ITEMS) {
            Err(FooterFault::Items { items })
        } else {
            Ok(())
        }
    }

    fn enter(&mut self, open: Open) -> Result<(), FooterFault> {
        if self.open.len() == MAX_LEVELS {
            return Err(FooterFault::Levels);
        }
        self.open.push(open);
        Ok(())
    }

    fn byte(&mut self) -> Result<u8, FooterFault> {
        self.take(1)
            .map(|taken| taken.first().copied().unwrap_or_default())
    }

    fn take(&mut self, bytes: u64) -> Result<&[u8], FooterFault> {
        let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
        let (taken, rest) = self.rest.split_at_checked(bytes).ok_or(FooterFault::Ended)?;
        self.rest = rest;
        Ok(taken)
    }

    fn varint(&mut self) -> Result<u64, FooterFault> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(FooterFault::Type)
    }
}

/// The number that a varint stands for: 0, -1, 1, -2 …
fn signed(value: u64) -> i64 {
    (value >> 1).cast_signed() ^ -((value & 1).cast_signed())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Elements of a schema, each with one child but the last, and then `more`.
    fn footer(levels: usize, more: &[u8]) -> Vec<u8> {
        let element = |children: &[u8]| [&[0x48, 1, b'a'][..], children, &[0]].concat();
        let count = u8::try_from(levels + 1).unwrap();
        let mut bytes = vec![0x15, 2, 0x19, 0xfc];
        bytes.extend(if count < 128 {
            vec![count]
        } else {
            vec![count | 0x80, 1]
        });
        (0..levels).for_each(|_| bytes.extend(element(&[0x15, 2])));
        bytes.extend(element(&[]));
        bytes.extend(more);
        bytes
    }

    #[test]
    fn what_claims_more_than_it_has_is_refused() {
        let groups = |list: &[u8]| check(&footer(1, &[&[0x16, 0, 0x19], list, &[0]].concat()));
        assert_eq!(groups(&[0x0c]), Ok(()));
        assert_eq!(groups(&[0]), Ok(()), "some writers give an empty list no type");
        let items = 0x7fff_ffff;
        assert_eq!(
            groups(&[0xfc, 0xff, 0xff, 0xff, 0xff, 7]),
            Err(FooterFault::Items { items })
        );
        assert_eq!(groups(&[0x2c, 0]), Err(FooterFault::Ended));
        assert_eq!(
            groups(&[0x18, 0, 0]),
            Err(FooterFault::Type),
            "row groups are structs"
        );
        assert_eq!(check(&[]), Err(FooterFault::Ended));
    }

    #[test]
    fn levels_are_counted() {
        let end = [0x16, 0, 0x19, 0x0c, 0];
        assert_eq!(check(&footer(MAX_LEVELS, &end)), Ok(()));
        assert_eq!(check(&footer(MAX_LEVELS + 1, &end)), Err(FooterFault::Levels));
        // Field 20, unknown: lists of one list.
        let lists = [&[0x09, 40][..], &[0x19; 100], &[0x0c, 0]].concat();
        assert_eq!(check(&footer(1, &lists)), Err(FooterFault::Levels));
        assert_eq!(check_levels(&[2, 0, 0]), Ok(()));
        assert_eq!(
            check_levels(&[0x7fff_ffff, 0]),
            Err(FooterFault::Items { items: 0x7fff_ffff })
        );
    }

    /// A known field of another type would be read as the known one all the same.
    #[test]
    fn a_field_has_the_type_of_its_number() {
        let groups_as_bytes = [0x16, 0, 0x18, 6, 0xfc, 0xff, 0xff, 0xff, 0xff, 7, 0];
        assert_eq!(check(&footer(1, &groups_as_bytes)), Err(FooterFault::Type));
        let flags = [0x16, 0, 0x19, 0x0c, 0x09, 40, 0x21, 1, 1, 0];
        assert_eq!(check(&footer(1, &flags)), Err(FooterFault::Type));
        let unknown_map = [0x16, 0, 0x19, 0x0c, 0x0b, 40, 1, 0x85, 1, b'k', 2, 0];
        assert_eq!(check(&footer(1, &unknown_map)), Ok(()));
        let endless = [
            0x16, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 0,
        ];
        assert_eq!(check(&footer(1, &endless)), Err(FooterFault::Type));
    }
}
