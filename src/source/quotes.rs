//! Where records of delimited text end: quotes, seen byte by byte.
//!
//! Pure; follows the parser of the `csv` crate (a quote counts at the start of a field alone).

/// Follows delimited text from the start of a record.
pub(super) struct Quotes {
    delimiter: u8,
    at: At,
}

#[derive(Clone, Copy, PartialEq)]
enum At {
    Record,
    Start,
    Plain,
    Quoted,
    Quote,
}

impl Quotes {
    /// At the start of a record.
    pub(super) fn new(delimiter: u8) -> Self {
        Self { delimiter, at: At::Record }
    }

    /// Takes the next byte; true where it is the line feed that ends a record.
    pub(super) fn step(&mut self, byte: u8) -> bool {
        self.at = match (self.at, byte) {
            (At::Quoted, b'"') => At::Quote,
            (At::Quoted, _) | (At::Record | At::Start | At::Quote, b'"') => At::Quoted,
            (_, b'\n') => At::Record,
            (_, byte) if byte == self.delimiter => At::Start,
            _ => At::Plain,
        };
        self.ended()
    }

    /// Whether the text so far ends with a whole record, or is empty.
    pub(super) fn ended(&self) -> bool {
        self.at == At::Record
    }

    /// Whether the text so far ends within a quoted field.
    pub(super) fn are_open(&self) -> bool {
        self.at == At::Quoted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_end_outside_quotes_only() {
        let text = b"a,\"b\n\"\"c\",5\"\nx,\"open\n";
        let mut quotes = Quotes::new(b',');
        let ends: Vec<usize> = (0..text.len()).filter(|at| quotes.step(text[*at])).collect();
        assert_eq!(ends, [text.iter().position(|b| *b == b'x').unwrap() - 1]);
        assert!(quotes.are_open());
    }
}
