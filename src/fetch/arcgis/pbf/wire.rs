//! Protocol buffers as bytes: the fields of a message, in the order they stand.
//!
//! Knows no schema. Every length is checked against the bytes that are there; nothing is allocated,
//! nothing recurses.

use super::error::PbfError;

/// A field of a message.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Field<'a> {
    /// Its number.
    pub(super) number: u64,
    /// Its value.
    pub(super) value: Value<'a>,
}

/// A value as the wire has it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Value<'a> {
    /// An integer of any type, or a boolean.
    Varint(u64),
    /// Eight bytes, little-endian.
    Eight([u8; 8]),
    /// Four bytes, little-endian.
    Four([u8; 4]),
    /// A text, a message, or packed numbers.
    Bytes(&'a [u8]),
}

impl<'a> Value<'a> {
    /// The integer; none for another type.
    pub(super) fn as_varint(self) -> Option<u64> {
        if let Self::Varint(value) = self {
            Some(value)
        } else {
            None
        }
    }

    /// The bytes; none for another type.
    pub(super) fn as_bytes(self) -> Option<&'a [u8]> {
        if let Self::Bytes(bytes) = self {
            Some(bytes)
        } else {
            None
        }
    }

    /// The text; none for another type.
    pub(super) fn as_text(self) -> Result<Option<&'a str>, PbfError> {
        self.as_bytes()
            .map(std::str::from_utf8)
            .transpose()
            .or(Err(PbfError::Text))
    }

    /// The double; none for another type.
    pub(super) fn as_double(self) -> Option<f64> {
        if let Self::Eight(bytes) = self {
            Some(f64::from_le_bytes(bytes))
        } else {
            None
        }
    }
}

/// The fields of one message.
pub(super) struct Fields<'a> {
    message: &'a [u8],
    at: usize,
}

/// Walks through a message.
pub(super) fn fields(message: &[u8]) -> Fields<'_> {
    Fields { message, at: 0 }
}

impl<'a> Fields<'a> {
    /// The next field; none behind the last.
    pub(super) fn next_field(&mut self) -> Result<Option<Field<'a>>, PbfError> {
        if self.at == self.message.len() {
            return Ok(None);
        }
        let tag = self.read_varint()?;
        let value = match tag & 7 {
            0 => Value::Varint(self.read_varint()?),
            1 => Value::Eight(self.read_array()?),
            2 => {
                let length = self.read_varint()?;
                Value::Bytes(self.read_bytes(usize::try_from(length).or(Err(self.broken_error()))?)?)
            }
            5 => Value::Four(self.read_array()?),
            // Groups are gone from the format, and their end could only be found by knowing what is in them.
            _ => return Err(self.broken_error()),
        };
        Ok(Some(Field {
            number: tag >> 3,
            value,
        }))
    }

    fn read_varint(&mut self) -> Result<u64, PbfError> {
        let (value, used) = parse_varint(&self.message[self.at..]).ok_or(self.broken_error())?;
        self.at += used;
        Ok(value)
    }

    fn read_array<const N: usize>(&mut self) -> Result<[u8; N], PbfError> {
        let broken = self.broken_error();
        self.read_bytes(N)?.try_into().or(Err(broken))
    }

    fn read_bytes(&mut self, length: usize) -> Result<&'a [u8], PbfError> {
        let end = self
            .at
            .checked_add(length)
            .filter(|end| *end <= self.message.len());
        let end = end.ok_or(self.broken_error())?;
        let taken = &self.message[self.at..end];
        self.at = end;
        Ok(taken)
    }

    fn broken_error(&self) -> PbfError {
        PbfError::Broken { at: self.at }
    }
}

/// The integers of a packed field.
pub(super) struct Packed<'a>(pub(super) &'a [u8]);

impl Packed<'_> {
    /// The next integer; none behind the last.
    pub(super) fn next_varint(&mut self) -> Result<Option<u64>, PbfError> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let (value, used) = parse_varint(self.0).ok_or(PbfError::Broken { at: 0 })?;
        self.0 = &self.0[used..];
        Ok(Some(value))
    }
}

/// An integer of the types `sint32` and `sint64`.
#[expect(clippy::cast_possible_wrap, reason = "zigzag: the top bit is not the sign")]
pub(super) fn zigzag_decoded(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}

/// The integer at the start of `bytes` and its length; none where it is cut off or too long.
fn parse_varint(bytes: &[u8]) -> Option<(u64, usize)> {
    const LONGEST: usize = 10;
    let mut value = 0_u64;
    for (at, byte) in bytes.iter().take(LONGEST).enumerate() {
        // What goes beyond 64 bits is dropped, as every reader of the format does.
        value |= u64::from(byte & 0x7F) << (7 * at);
        if byte & 0x80 == 0 {
            return Some((value, at + 1));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_read_at_their_limits() {
        assert_eq!(parse_varint(&[0xAC, 0x02, 9]), Some((300, 2)));
        assert_eq!(parse_varint(&[0xFF; 10]), None);
        assert_eq!(
            parse_varint(&[0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1]),
            Some((u64::MAX, 10))
        );
        assert_eq!(parse_varint(&[0x80]), None);
        assert_eq!([0, 1, 2, 3].map(zigzag_decoded), [0, -1, 1, -2]);
        assert_eq!(zigzag_decoded(u64::MAX), i64::MIN);
    }

    #[test]
    fn lengths_never_reach_beyond_the_message() {
        for message in [
            &[0x0A, 5, 1][..],
            &[0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1],
        ] {
            assert!(matches!(
                fields(message).next_field(),
                Err(PbfError::Broken { .. })
            ));
        }
        assert!(matches!(
            fields(&[0x09, 0, 0]).next_field(),
            Err(PbfError::Broken { .. })
        ));
        assert!(
            matches!(fields(&[0x0B]).next_field(), Err(PbfError::Broken { .. })),
            "groups are none of ours"
        );
    }
}
