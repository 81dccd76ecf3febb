//! A look at a footer's bytes before a parser trusts them.
//!
//! Pure. The parser makes room for as many row groups as the file says and calls itself for every
//! level of the schema, so a few bytes could end the whole process. Here nothing is made or called by
//! a file's word: values are walked one by one with a stack of bounded height. Known fields must have
//! the type that Parquet gives them, as the parser reads them so without looking.
//!
//! What it guards against in `parquet` 59.3: a list's length is reserved before an item of it is read (apache/arrow-rs#10920,
//! mended by #10979 for 60.0, #11186 asks for it in 59), and skipped values and schemas nest without bound (part of
//! apache/arrow-rs#9874, open). With a release that has both mended, this file and `footer_shape` can go;
//! `source::tests::parquet` has the footers to try it with.

use super::footer_shape::{FieldKind, StructShape, field_kind, is_wire_type_of};

/// Items of a list, at most: above any real number of columns or row groups.
const MAX_ITEMS: u64 = 1 << 18;

/// Levels of a schema, and of values in values.
const MAX_LEVELS: usize = 64;

/// Why a footer is not to be parsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FooterFault {
    /// A value goes on where the footer ends.
    #[error("it ends within a value")]
    Ended,
    /// A list says to be longer than the bytes for it, or than any real one.
    #[error("it claims a list of {items} items")]
    Items {
        /// So many.
        items: u64,
    },
    /// A level below the deepest that is read.
    #[error("it nests more than {MAX_LEVELS} levels")]
    Levels,
    /// Not what Parquet defines.
    #[error("a value in it has not the type that Parquet gives it")]
    Type,
}

/// A struct or list that is being walked.
enum OpenValue {
    Struct {
        shape: StructShape,
        last: i64,
    },
    List {
        left: u64,
        wire: u8,
        shape: StructShape,
    },
    Map {
        left: u64,
        key: u8,
        value: u8,
        is_key: bool,
    },
}

/// Checks the bytes of a footer.
///
/// # Errors
/// When parsing it could take more than the file is long.
pub fn check_footer(footer: &[u8]) -> Result<(), FooterFault> {
    let mut walk = FooterWalk::new(footer, StructShape::File);
    while walk.walk_next()? {}
    check_levels(&walk.children)
}

/// Checks the bytes of column indexes or offset indexes, one after the other.
///
/// # Errors
/// When parsing one could take more than the file is long.
pub fn check_page_index(indexes: &[u8]) -> Result<(), FooterFault> {
    let mut rest = indexes;
    while !rest.is_empty() {
        let mut walk = FooterWalk::new(rest, StructShape::Other);
        walk.has_lists_of_flags = true;
        while walk.walk_next()? {}
        rest = walk.rest;
    }
    Ok(())
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

struct FooterWalk<'a> {
    rest: &'a [u8],
    open: Vec<OpenValue>,
    /// Children of each element of the schema.
    children: Vec<u64>,
    /// Whether flags may stand in lists, a byte each.
    has_lists_of_flags: bool,
}

impl<'a> FooterWalk<'a> {
    fn new(bytes: &'a [u8], shape: StructShape) -> Self {
        Self {
            rest: bytes,
            open: vec![OpenValue::Struct { shape, last: 0 }],
            children: vec![],
            has_lists_of_flags: false,
        }
    }

    /// Walks to the next value; false after the last.
    fn walk_next(&mut self) -> Result<bool, FooterFault> {
        let Some(top) = self.open.last_mut() else {
            return Ok(false);
        };
        match top {
            OpenValue::List { left: 0, .. }
            | OpenValue::Map {
                left: 0,
                is_key: true,
                ..
            } => {
                self.open.pop();
            }
            OpenValue::List { left, wire, shape } => {
                *left -= 1;
                let wire = *wire;
                let shape = *shape;
                self.walk_value(wire, shape)?;
            }
            OpenValue::Map {
                left,
                key,
                value,
                is_key,
            } => {
                let wire = if *is_key { *key } else { *value };
                *left -= u64::from(*is_key);
                *is_key = !*is_key;
                self.walk_value(wire, StructShape::Other)?;
            }
            OpenValue::Struct { shape, last } => {
                let shape = *shape;
                let last = *last;
                self.walk_field(shape, last)?;
            }
        }
        Ok(true)
    }

    /// Walks over a field of a struct, or its end.
    fn walk_field(&mut self, shape: StructShape, last: i64) -> Result<(), FooterFault> {
        let head = self.take_byte()?;
        let delta = head >> 4;
        let wire = head & 15;
        if wire == 0 {
            self.open.pop();
            return Ok(());
        }
        let id = if delta == 0 {
            zigzag_decoded(self.take_varint()?)
        } else {
            last + i64::from(delta)
        };
        if i16::try_from(id).is_err() {
            return Err(FooterFault::Type);
        }
        if let Some(OpenValue::Struct { last, .. }) = self.open.last_mut() {
            *last = id;
        }
        let kind = field_kind(shape, id);
        if !is_wire_type_of(kind, wire) {
            return Err(FooterFault::Type);
        }
        // `num_children` of a schema's element: the parser recurses by it, so the tree that it claims is checked on
        // its own.
        if (shape, id) == (StructShape::Element, 5) {
            let count =
                u64::try_from(zigzag_decoded(self.take_varint()?)).map_err(|_negative| FooterFault::Type)?;
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
            FieldKind::Struct(shape) | FieldKind::Structs(shape) => shape,
            _ => StructShape::Other,
        };
        if let (FieldKind::Structs(_) | FieldKind::Numbers, Some(head)) = (kind, self.rest.first()) {
            let is_item = matches!(
                (kind, head & 15),
                (FieldKind::Structs(_), 12) | (FieldKind::Numbers, 5 | 6)
            );
            if head >> 4 > 0 && !is_item {
                return Err(FooterFault::Type);
            }
        }
        self.walk_value(wire, within)
    }

    /// Walks over a plain value, or into one that holds others.
    fn walk_value(&mut self, wire: u8, shape: StructShape) -> Result<(), FooterFault> {
        match wire {
            3 => self.take_bytes(1).map(drop),
            4..=6 => self.take_varint().map(drop),
            7 => self.take_bytes(8).map(drop),
            8 => {
                let bytes = self.take_varint()?;
                self.take_bytes(bytes).map(drop)
            }
            // Lists and sets look alike on the wire.
            9 | 10 => self.enter_list(shape),
            11 => self.enter_map(),
            12 => {
                if shape == StructShape::Element {
                    self.children.push(0);
                }
                self.push_open(OpenValue::Struct { shape, last: 0 })
            }
            13 => self.take_bytes(16).map(drop),
            1 | 2 if self.has_lists_of_flags => self.take_bytes(1).map(drop),
            // Parsers differ over what flags in lists take up, and no footer has any.
            _ => Err(FooterFault::Type),
        }
    }

    fn enter_list(&mut self, shape: StructShape) -> Result<(), FooterFault> {
        let head = self.take_byte()?;
        let short = u64::from(head >> 4);
        let wire = head & 15;
        // Thrift's compact protocol: up to fourteen items are counted in the type's own byte, more in a number behind
        // it.
        let left = if short == 15 { self.take_varint()? } else { short };
        self.check_items(left)?;
        self.push_open(OpenValue::List { left, wire, shape })
    }

    fn enter_map(&mut self) -> Result<(), FooterFault> {
        let left = self.take_varint()?;
        self.check_items(left)?;
        if left == 0 {
            return Ok(());
        }
        let kinds = self.take_byte()?;
        self.push_open(OpenValue::Map {
            left,
            key: kinds >> 4,
            value: kinds & 15,
            is_key: true,
        })
    }

    /// Every item takes a byte at least.
    fn check_items(&self, items: u64) -> Result<(), FooterFault> {
        let bytes = u64::try_from(self.rest.len()).unwrap_or(u64::MAX);
        if items > bytes.min(MAX_ITEMS) {
            Err(FooterFault::Items { items })
        } else {
            Ok(())
        }
    }

    fn push_open(&mut self, open: OpenValue) -> Result<(), FooterFault> {
        if self.open.len() == MAX_LEVELS {
            return Err(FooterFault::Levels);
        }
        self.open.push(open);
        Ok(())
    }

    fn take_byte(&mut self) -> Result<u8, FooterFault> {
        self.take_bytes(1)
            .map(|taken| taken.first().copied().unwrap_or_default())
    }

    fn take_bytes(&mut self, bytes: u64) -> Result<&[u8], FooterFault> {
        let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
        let (taken, rest) = self.rest.split_at_checked(bytes).ok_or(FooterFault::Ended)?;
        self.rest = rest;
        Ok(taken)
    }

    fn take_varint(&mut self) -> Result<u64, FooterFault> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.take_byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(FooterFault::Type)
    }
}

/// The number that a varint stands for: 0, -1, 1, -2 …
fn zigzag_decoded(value: u64) -> i64 {
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
        let groups = |list: &[u8]| check_footer(&footer(1, &[&[0x16, 0, 0x19], list, &[0]].concat()));
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
        assert_eq!(check_footer(&[]), Err(FooterFault::Ended));
    }

    #[test]
    fn levels_are_counted() {
        let end = [0x16, 0, 0x19, 0x0c, 0];
        assert_eq!(check_footer(&footer(MAX_LEVELS, &end)), Ok(()));
        assert_eq!(
            check_footer(&footer(MAX_LEVELS + 1, &end)),
            Err(FooterFault::Levels)
        );
        // Field 20, unknown: lists of one list.
        let lists = [&[0x09, 40][..], &[0x19; 100], &[0x0c, 0]].concat();
        assert_eq!(check_footer(&footer(1, &lists)), Err(FooterFault::Levels));
        assert_eq!(check_levels(&[2, 0, 0]), Ok(()));
        assert_eq!(
            check_levels(&[0x7fff_ffff, 0]),
            Err(FooterFault::Items { items: 0x7fff_ffff })
        );
    }

    #[test]
    fn page_indexes_are_walked_one_after_the_other() {
        // Null pages (false, true), least and greatest values, an order of pages.
        let column = [
            0x19, 0x21, 2, 1, 0x19, 0x18, 1, b'a', 0x19, 0x18, 1, b'b', 0x15, 0, 0,
        ];
        // A page: offset, size, first row.
        let offset = [0x19, 0x1c, 0x16, 8, 0x15, 20, 0x16, 0, 0, 0];
        assert_eq!(check_page_index(&column), Ok(()));
        assert_eq!(
            check_page_index(&[&offset[..], &offset, &column].concat()),
            Ok(())
        );
        assert_eq!(check_page_index(&column[..9]), Err(FooterFault::Ended));
        let items = 0x7fff_ffff;
        let endless = [0x19, 0xfc, 0xff, 0xff, 0xff, 0xff, 7, 0];
        assert_eq!(check_page_index(&endless), Err(FooterFault::Items { items }));
    }

    /// A known field of another type would be read as the known one all the same.
    #[test]
    fn a_field_has_the_type_of_its_number() {
        let groups_as_bytes = [0x16, 0, 0x18, 6, 0xfc, 0xff, 0xff, 0xff, 0xff, 7, 0];
        assert_eq!(check_footer(&footer(1, &groups_as_bytes)), Err(FooterFault::Type));
        let flags = [0x16, 0, 0x19, 0x0c, 0x09, 40, 0x21, 1, 1, 0];
        assert_eq!(check_footer(&footer(1, &flags)), Err(FooterFault::Type));
        let unknown_map = [0x16, 0, 0x19, 0x0c, 0x0b, 40, 1, 0x85, 1, b'k', 2, 0];
        assert_eq!(check_footer(&footer(1, &unknown_map)), Ok(()));
        let endless = [
            0x16, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 0,
        ];
        assert_eq!(check_footer(&footer(1, &endless)), Err(FooterFault::Type));
    }
}
