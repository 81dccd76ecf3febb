//! Measures a workbook's XML as it is unpacked, before a parser holds any of it.
//!
//! Pure. A parser keeps a tag, a text or a cell whole, and makes room for as many shared texts as the
//! file claims: a small archive can ask for any amount of memory by each of these.

/// Longest tag, text or cell, bytes: a cell of a spreadsheet holds 32,767 characters.
const MAX_PIECE: u64 = 16 << 20;

/// Unpacked bytes of the shared texts, which are held in memory.
const MAX_TEXTS: u64 = 256 << 20;

/// Least bytes of a shared text: `<si/>`.
const LEAST_TEXT: u64 = 5;

/// Longest name of a tag that matters, bytes.
const NAME: usize = 9;

/// What has been seen of the entry at hand.
#[derive(Default)]
pub(super) struct WorkbookGauge {
    entry: String,
    is_texts: bool,
    bytes: u64,
    /// Bytes since the last angle bracket.
    piece: u64,
    /// Bytes since a cell began that has not ended.
    cell: Option<u64>,
    /// Name of the tag at hand, without its prefix; none outside names.
    name: Option<Vec<u8>>,
    /// The tag around the shared texts, while it is read.
    head: Option<Vec<u8>>,
    /// Shared texts that the entry claims to have.
    claimed: u64,
    /// What was found wrong with an entry that has ended.
    wrong: Option<String>,
}

impl WorkbookGauge {
    /// Takes the next bytes of an entry; the error says what is wrong with it.
    pub(super) fn take_piece(&mut self, entry: &str, piece: &[u8]) -> Result<(), String> {
        if self.entry != entry {
            let wrong = self.finish().err();
            // Names are looked up whatever their case and folder.
            let file = entry.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
            let is_texts = file == "sharedstrings.xml";
            *self = Self {
                entry: entry.to_owned(),
                is_texts,
                wrong,
                ..Self::default()
            };
        }
        self.bytes += piece.len() as u64;
        // Cells are streamed, shared texts are not: a cell names one by its number, so all must be there before the
        // first row.
        if self.is_texts && self.bytes > MAX_TEXTS {
            return Err(format!(
                "holds over {} MiB of texts; save the sheet as CSV",
                MAX_TEXTS >> 20
            ));
        }
        // The workbook says which entry is parsed for which part: a sheet may be called `image1.png`.
        piece.iter().try_for_each(|byte| self.take_byte(*byte))
    }

    /// After the last entry: the shared texts must be able to be as many as they claim.
    pub(super) fn finish(&self) -> Result<(), String> {
        if let Some(wrong) = &self.wrong {
            return Err(wrong.clone());
        }
        let most = self.bytes / LEAST_TEXT;
        if self.claimed > most {
            return Err(format!(
                "`{}` claims {} texts and has room for {most}",
                self.entry, self.claimed
            ));
        }
        Ok(())
    }

    fn take_byte(&mut self, byte: u8) -> Result<(), String> {
        self.piece = if matches!(byte, b'<' | b'>') {
            0
        } else {
            self.piece + 1
        };
        self.cell = self.cell.map(|bytes| bytes + 1);
        if self.piece.max(self.cell.unwrap_or(0)) > MAX_PIECE {
            return Err(format!(
                "holds a cell, text or tag of over {} MiB",
                MAX_PIECE >> 20
            ));
        }
        if let Some(head) = &mut self.head {
            head.push(byte);
        }
        // Not a parser: prefixes are dropped, attributes passed over, comments taken for text. What it holds is a tag's
        // name, and the tag around the shared texts.
        match (byte, self.name.take()) {
            (b'<', _) => self.name = Some(Vec::new()),
            (b':', Some(name)) => self.name = Some(name.into_iter().filter(|byte| *byte == b'/').collect()),
            (b'/', Some(name)) if name.is_empty() => self.name = Some(vec![b'/']),
            (b'>' | b'/' | b' ' | b'\t' | b'\r' | b'\n', Some(name)) => self.begin_tag(&name),
            (_, Some(mut name)) if name.len() <= NAME => {
                name.push(byte);
                self.name = Some(name);
            }
            _ => {}
        }
        if byte == b'>' {
            self.claimed = self
                .claimed
                .max(self.head.take().map_or(0, |head| claimed_texts(&head)));
        }
        Ok(())
    }

    /// A tag's name has ended.
    fn begin_tag(&mut self, name: &[u8]) {
        match name {
            b"c" => self.cell = Some(0),
            b"/c" | b"/row" | b"/sheetData" => self.cell = None,
            b"sst" if self.is_texts => self.head = Some(Vec::new()),
            _ => {}
        }
    }
}

/// The number of texts that the tag claims.
fn claimed_texts(head: &[u8]) -> u64 {
    let head = String::from_utf8_lossy(head);
    let values = head
        .split("uniqueCount")
        .skip(1)
        .filter_map(|rest| rest.trim_start().strip_prefix('='));
    let digits = values.map(|value| value.trim_start().trim_start_matches(['"', '\'']));
    digits.map(leading_number).max().unwrap_or(0)
}

/// The number that a text begins with; one of more digits than fit is no smaller.
fn leading_number(text: &str) -> u64 {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    if end == 0 {
        0
    } else {
        text[..end].parse().unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gauge(entry: &str, text: &[u8]) -> Result<(), String> {
        let mut gauge = WorkbookGauge::default();
        // However it is cut.
        text.chunks(7)
            .try_for_each(|piece| gauge.take_piece(entry, piece))?;
        gauge.finish()
    }

    #[test]
    fn claims_must_fit_in_their_file() {
        let texts = |count: &str| format!("<?xml?><x:sst uniqueCount='{count}'><si/><si/></x:sst>");
        assert_eq!(gauge("xl/sharedStrings.xml", texts("2").as_bytes()), Ok(()));
        for count in ["100000000000", "99999999999999999999999"] {
            let error = gauge("XL/SHAREDSTRINGS.XML", texts(count).as_bytes()).unwrap_err();
            assert!(error.contains("has room for"), "{error}");
        }
        assert_eq!(gauge("xl/other.xml", texts("100000000000").as_bytes()), Ok(()));
    }

    #[test]
    fn nothing_is_too_long_to_be_held() {
        let long = vec![b'a'; usize::try_from(MAX_PIECE).unwrap() + 1];
        let half = &long[..=long.len() / 2];
        let text = [b"<row><c><is><t>", long.as_slice(), b"</t></is></c></row>"].concat();
        let runs = [
            b"<x:c r='A1'><r><t>",
            half,
            b"</t></r><r><t>",
            half,
            b"</t></r></x:c>",
        ]
        .concat();
        let cells = [b"<c><v>", half, b"</v></c><c><v>", half, b"</v></c>"].concat();
        let tail = [
            b"<c r='A1'/></row></sheetData><a>",
            half,
            b"</a><a>",
            half,
            b"</a>",
        ]
        .concat();
        let sheet = |text: &[u8]| gauge("xl/worksheets/sheet1.xml", text).is_ok();
        assert_eq!(
            [&text, &runs, &cells, &tail].map(|text| sheet(text)),
            [false, false, true, true]
        );
        assert!(
            gauge("xl/media/image1.png", &text).is_err(),
            "whatever the entry is called"
        );
    }
}
