//! Which ordinates a geometry has beyond x and y: tiles leave them out, and tell how many had them.
//!
//! Pure.

/// Ordinates beyond x and y.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Dimensions {
    /// Heights.
    pub(super) z: bool,
    /// Measures.
    pub(super) m: bool,
}

/// Ordinates beyond x and y that the header of ISO WKB or EWKB announces; what is no WKB has none.
pub(super) fn wkb_dimensions(wkb: &[u8]) -> Dimensions {
    let code = match wkb {
        [0, a, b, c, d, ..] => u32::from_be_bytes([*a, *b, *c, *d]),
        [1, a, b, c, d, ..] => u32::from_le_bytes([*a, *b, *c, *d]),
        _ => return Dimensions::default(),
    };
    // ISO adds 1000 to the type for z, 2000 for m and 3000 for both; EWKB, PostGIS's own, sets the two highest bits,
    // and the third for an SRID. A file has either, and some have one after the other.
    let iso = (code & 0x1FFF_FFFF) / 1000;
    Dimensions {
        z: code & 0x8000_0000 != 0 || iso & 1 == 1,
        m: code & 0x4000_0000 != 0 || iso & 2 == 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_of_iso_wkb_and_ewkb_tell_their_ordinates() {
        let header = |order, code: u32| match order {
            0 => [vec![0], code.to_be_bytes().to_vec()].concat(),
            _ => [vec![1], code.to_le_bytes().to_vec()].concat(),
        };
        for (code, z, m) in [
            (1, false, false),
            (1001, true, false),
            (2002, false, true),
            (3006, true, true),
            (0x8000_0001, true, false),
            (0xE000_0003, true, true),
            (0x2000_0001, false, false),
        ] {
            for order in [0, 1] {
                assert_eq!(
                    wkb_dimensions(&header(order, code)),
                    Dimensions { z, m },
                    "{code}"
                );
            }
        }
        assert_eq!(wkb_dimensions(b"\x01\x01"), Dimensions::default());
    }
}
