//! Quantised coordinates → the geometry as Esri JSON.
//!
//! Coordinates are steps from the one before, and every part starts anew; more than the bytes hold is never promised.

use super::error::PbfError;
use super::message::{FeatureResult, Transform};
use super::text::{push_display, write_number};
use super::wire::{Packed, Value, fields, zigzag_decoded};

/// A quantised geometry.
pub(super) struct Coordinates<'a> {
    kind: u64,
    lengths: Vec<u64>,
    packed: &'a [u8],
    has: (bool, bool),
    transform: Transform,
}

/// Whether a part has as many positions as its page says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PartLength {
    AsSaid,
    TooShort,
}

impl<'a> Coordinates<'a> {
    /// Reads a message `Geometry`.
    pub(super) fn read(message: &'a [u8], rows: &FeatureResult<'_>) -> Result<Self, PbfError> {
        let mut coordinates = Self {
            kind: rows.kind,
            lengths: Vec::new(),
            packed: &[],
            has: (rows.has_z, rows.has_m),
            transform: rows.transform,
        };
        let mut found = fields(message);
        while let Some(field) = found.next_field()? {
            match (field.number, field.value) {
                // Zero is what a server leaves out where the page says the type.
                (1, Value::Varint(kind)) if kind != 0 => coordinates.kind = kind,
                (2, Value::Bytes(packed)) => {
                    let mut packed = Packed(packed);
                    while let Some(length) = packed.next_varint()? {
                        coordinates.lengths.push(length);
                    }
                }
                (2, Value::Varint(length)) => coordinates.lengths.push(length),
                (3, Value::Bytes(packed)) => coordinates.packed = packed,
                _ => {}
            }
        }
        Ok(coordinates)
    }

    /// Writes the geometry as JSON; gives whether it kept to the limit.
    pub(super) fn write_json(&self, text: &mut String, limit: usize) -> Result<bool, PbfError> {
        match self.kind {
            0 => self.write_point(text)?,
            1 => return self.write_parts("points", false, text, limit),
            2 => return self.write_parts("paths", true, text, limit),
            3 => return self.write_parts("rings", true, text, limit),
            _ => text.push_str("\"a multipatch\""),
        }
        Ok(true)
    }

    fn write_point(&self, text: &mut String) -> Result<(), PbfError> {
        let mut packed = Packed(self.packed);
        let mut at = [0_i64; 4];
        let names = self.ordinate_places().into_iter().zip(["x", "y", "z", "m"]);
        text.push('{');
        for (place, name) in names.filter_map(|(place, name)| Some((place?, name))) {
            let Some(step) = packed.next_varint()? else { break };
            at[place] = zigzag_decoded(step);
            push_display(
                text,
                format_args!("{}\"{name}\":", if place == 0 { "" } else { "," }),
            );
            self.write_ordinate(at[place], place, text);
        }
        text.push('}');
        Ok(())
    }

    /// Writes lists of positions; every part starts anew from the origin.
    fn write_parts(
        &self,
        name: &str,
        is_nested: bool,
        text: &mut String,
        limit: usize,
    ) -> Result<bool, PbfError> {
        let mut packed = Packed(self.packed);
        let start = text.len();
        push_display(text, format_args!("{{\"{name}\":["));
        // A multi-point and a line of one part may leave their lengths out: all that is there is one part then.
        let lengths: &[u64] = if self.lengths.is_empty() {
            &[u64::MAX]
        } else {
            &self.lengths
        };
        for (part, length) in lengths.iter().enumerate() {
            if self.packed.is_empty() {
                break;
            }
            text.push_str(if part == 0 { "" } else { "," });
            text.push_str(if is_nested { "[" } else { "" });
            let written = self.write_part(*length, &mut packed, text, limit)?;
            if text.len() > limit {
                return Ok(false);
            }
            // What has been written so far is taken back: half a geometry reads like a whole one.
            if written == PartLength::TooShort {
                text.truncate(start);
                text.push_str("\"fewer coordinates than its parts have\"");
                return Ok(true);
            }
            text.push_str(if is_nested { "]" } else { "" });
        }
        text.push_str("]}");
        Ok(true)
    }

    /// Writes `length` positions: as many as there are where nobody says how many.
    fn write_part(
        &self,
        length: u64,
        packed: &mut Packed<'_>,
        text: &mut String,
        limit: usize,
    ) -> Result<PartLength, PbfError> {
        let places: Vec<usize> = self.ordinate_places().into_iter().flatten().collect();
        let mut at = [0_i64; 4];
        for position in 0..length {
            if text.len() > limit || (length == u64::MAX && packed.0.is_empty()) {
                break;
            }
            text.push_str(if position == 0 { "[" } else { ",[" });
            for place in &places {
                let Some(step) = packed.next_varint()? else {
                    return Ok(PartLength::TooShort);
                };
                // Damaged steps may add up to anything; a sum beyond 64 bits is a wrong place like any other, and no
                // panic.
                at[*place] = at[*place].wrapping_add(zigzag_decoded(step));
                text.push_str(if *place == 0 { "" } else { "," });
                self.write_ordinate(at[*place], *place, text);
            }
            text.push(']');
        }
        Ok(PartLength::AsSaid)
    }

    /// Which of x, y, z, m a position has.
    fn ordinate_places(&self) -> [Option<usize>; 4] {
        [Some(0), Some(1), self.has.0.then_some(2), self.has.1.then_some(3)]
    }

    fn write_ordinate(&self, quantised: i64, place: usize, text: &mut String) {
        let value = self.transform.translate[place] + quantised as f64 * self.transform.scale[place];
        write_number(value, value, text);
    }
}
