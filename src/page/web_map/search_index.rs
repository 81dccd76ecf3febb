//! `map/search/`: facilities by the words of their names and by their keys, in sorted blocks that are read by ranges.
//!
//! Writes into what it is handed. A line is `word TAB name TAB facility_id TAB state TAB longitude TAB latitude`; lines are
//! sorted, cut into blocks, and each block is a gzip file of its own in `entries.bin`. `index.json` has the first word of each
//! block and where it begins. A facility has a line for each of the first words of its name, and one for its key.
//!
//! The size is bounded: a facility has nine lines at most, none is longer than some 300 bytes, and a word that very many have
//! in common leads only to those whose names begin with it. Of several words the page reads the rarest.

use std::io::{self, Write};

use flate2::{Compression, GzBuilder};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::rows::MapRow;
use super::search_words::words_of;
use crate::feature::{Spooled, visible};

/// Words of a name that lead to it.
const MOST_WORDS: usize = 8;
/// Longest word, name or id, characters.
const MOST_CHARS: usize = 80;
/// A word that more facilities have leads only to names that begin with it.
const COMMON: usize = 5_000;
/// Bytes of lines in a block: a fifth of it goes over the wire, in one request.
const BLOCK_BYTES: usize = 128 * 1024;

/// Version of the format.
const VERSION: u32 = 1;

/// A line of the index.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SearchLine(String);

impl Spooled for SearchLine {
    fn memory_bytes(&self) -> usize {
        size_of::<Self>() + self.0.capacity()
    }
}

/// The lines of a facility.
pub fn search_lines(row: &MapRow<'_>) -> Vec<SearchLine> {
    let name = plain_text(row.name.unwrap_or_default());
    let id = plain_text(row.id);
    let key = id
        .split_once(':')
        .map_or(id.as_str(), |(_, key)| key)
        .to_lowercase();
    let mut words = words_of(&name);
    words.truncate(MOST_WORDS);
    words.push(key);
    words.sort_unstable();
    words.dedup();
    let state = row.state.unwrap_or_default();
    let [longitude, latitude] = row.at;
    let line = |word: String| {
        let word = cut_text(&word);
        SearchLine(format!(
            "{word}\t{name}\t{id}\t{state}\t{longitude:.5}\t{latitude:.5}"
        ))
    };
    words.into_iter().map(line).collect()
}

/// A text without what ends a cell or a line.
fn plain_text(text: &str) -> String {
    let shown = visible(text);
    cut_text(&shown.replace(['\t', '\n'], " ")).to_owned()
}

fn cut_text(text: &str) -> &str {
    let end = text.char_indices().nth(MOST_CHARS);
    end.map_or(text, |(at, _)| &text[..at])
}

/// Writes lines that come in their order.
#[derive(Debug)]
pub struct SearchWriter<W> {
    out: W,
    /// The word that lines begin with now, and those lines, until there are too many.
    word: String,
    run: Vec<String>,
    is_common: bool,
    block: String,
    first_words: Vec<String>,
    /// Where each block begins, and the last ends.
    offsets: Vec<u64>,
    lines: u64,
}

impl<W: Write> SearchWriter<W> {
    /// Into a file that is empty.
    pub fn new(out: W) -> Self {
        Self {
            out,
            word: String::new(),
            run: vec![],
            is_common: false,
            block: String::new(),
            first_words: vec![],
            offsets: vec![0],
            lines: 0,
        }
    }

    /// Takes the next line.
    ///
    /// # Errors
    /// When the file can't be written.
    pub fn push(&mut self, line: SearchLine) -> io::Result<()> {
        let word = word_of(&line.0);
        if word != self.word {
            let word = word.to_owned();
            self.end_word()?;
            self.word = word;
        }
        if self.is_common && !begins_name(&line.0) {
            return Ok(());
        }
        self.run.push(line.0);
        if self.run.len() > COMMON {
            if !self.is_common {
                self.run.retain(|line| begins_name(line));
            }
            self.is_common = true;
            self.put_run()?;
        }
        Ok(())
    }

    /// Ends the file; gives the bytes of `index.json`.
    ///
    /// # Errors
    /// As `push`.
    pub fn finish(mut self) -> io::Result<Vec<u8>> {
        self.end_word()?;
        self.end_block()?;
        self.out.flush()?;
        let index = json!({
            "version": VERSION,
            "lines": self.lines,
            "first_words": self.first_words,
            "offsets": self.offsets,
        });
        Ok(index.to_string().into_bytes())
    }

    fn end_word(&mut self) -> io::Result<()> {
        self.put_run()?;
        self.is_common = false;
        Ok(())
    }

    fn put_run(&mut self) -> io::Result<()> {
        for line in std::mem::take(&mut self.run) {
            if self.block.is_empty() {
                self.first_words.push(word_of(&line).to_owned());
            }
            self.block.push_str(&line);
            self.block.push('\n');
            self.lines += 1;
            if self.block.len() >= BLOCK_BYTES {
                self.end_block()?;
            }
        }
        Ok(())
    }

    fn end_block(&mut self) -> io::Result<()> {
        if self.block.is_empty() {
            return Ok(());
        }
        // Without a time, so that the same lines give the same bytes.
        let mut gzip = GzBuilder::new()
            .mtime(0)
            .write(Vec::new(), Compression::default());
        gzip.write_all(self.block.as_bytes())?;
        let packed = gzip.finish()?;
        self.out.write_all(&packed)?;
        let begin = self.offsets.last().copied().unwrap_or_default();
        self.offsets.push(begin + packed.len() as u64);
        self.block.clear();
        Ok(())
    }
}

fn word_of(line: &str) -> &str {
    line.split('\t').next().unwrap_or_default()
}

/// Whether the name of a line begins with its word, or the word is its key.
fn begins_name(line: &str) -> bool {
    let mut cells = line.split('\t');
    let word = cells.next().unwrap_or_default();
    let name = cells.next().unwrap_or_default();
    let id = cells.next().unwrap_or_default();
    let is_key = id
        .split_once(':')
        .is_some_and(|(_, key)| key.to_lowercase() == word);
    is_key || words_of(name).first().is_some_and(|first| first == word)
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    fn row<'a>(id: &'a str, name: &'a str) -> MapRow<'a> {
        MapRow {
            id,
            name: Some(name),
            layer: "schools",
            sector: None,
            lifeline: None,
            state: Some("TX"),
            flags: 0,
            at: [-97.123_456_7, 31.0],
        }
    }

    fn written(mut lines: Vec<SearchLine>) -> (String, serde_json::Value) {
        lines.sort();
        let mut bytes = Vec::new();
        let mut writer = SearchWriter::new(&mut bytes);
        for line in lines {
            writer.push(line).unwrap();
        }
        let index: serde_json::Value = serde_json::from_slice(&writer.finish().unwrap()).unwrap();
        let mut text = String::new();
        let offsets: Vec<usize> = serde_json::from_value(index["offsets"].clone()).unwrap();
        for block in offsets.windows(2) {
            let mut gzip = flate2::read::GzDecoder::new(&bytes[block[0]..block[1]]);
            gzip.read_to_string(&mut text).unwrap();
        }
        assert_eq!(offsets.last(), Some(&bytes.len()));
        (text, index)
    }

    #[test]
    fn a_facility_is_found_by_its_words_and_by_its_key() {
        let (text, index) = written(search_lines(&row("schools:TX-7", "Peñuelas\tHigh School")));
        let tail = "Peñuelas High School\tschools:TX-7\tTX\t-97.12346\t31.00000\n";
        let words = ["high", "penuelas", "school", "tx-7"];
        assert_eq!(text, words.map(|word| format!("{word}\t{tail}")).concat());
        assert_eq!(index["first_words"], json!(["high"]));
    }

    #[test]
    fn a_common_word_leads_only_to_names_that_begin_with_it() {
        let ids: Vec<String> = (0..=COMMON).map(|n| format!("schools:{n}")).collect();
        let mut lines: Vec<SearchLine> = ids
            .iter()
            .flat_map(|id| search_lines(&row(id, "Lincoln School")))
            .collect();
        lines.extend(search_lines(&row("schools:x", "School of Mines")));
        let (text, index) = written(lines);
        let under = |word: &str| text.lines().filter(|line| word_of(line) == word).count();
        assert_eq!(under("school"), 1);
        assert_eq!(under("lincoln"), COMMON + 1, "each begins with it");
        assert_eq!(under("17"), 1);
        assert!(index["first_words"].as_array().unwrap().len() > 1);
    }

    #[test]
    fn lines_are_short_whatever_a_source_says() {
        let long = "é".repeat(5_000);
        let lines = search_lines(&row(&long, &long));
        assert!(lines.iter().all(|line| line.0.len() < 600));
    }
}
