//! Words of names as the search has them: small letters and digits, without accents.
//!
//! LEAF. The page's script does the same with what is typed (`src/page/browser/search.js`): whoever changes one changes both.

/// Letters that Unicode composes of a plain one and an accent (canonical decompositions of the blocks Latin-1 Supplement and
/// Latin Extended-A), by the plain one.
const ACCENTED: [(char, &str); 19] = [
    ('a', "àáâãäåāăą"),
    ('c', "çćĉċč"),
    ('d', "ď"),
    ('e', "èéêëēĕėęě"),
    ('g', "ĝğġģ"),
    ('h', "ĥ"),
    ('i', "ìíîïĩīĭį"),
    ('j', "ĵ"),
    ('k', "ķ"),
    ('l', "ĺļľ"),
    ('n', "ñńņň"),
    ('o', "òóôõöōŏő"),
    ('r', "ŕŗř"),
    ('s', "śŝşš"),
    ('t', "ţť"),
    ('u', "ùúûüũūŭůűų"),
    ('w', "ŵ"),
    ('y', "ýÿŷ"),
    ('z', "źżž"),
];

/// The words of a text, in its order.
///
/// ```
/// use cikr::page::web_map::words_of;
///
/// assert_eq!(words_of("St. Mary’s – PEÑUELAS (No. 2)"), ["st", "mary", "s", "penuelas", "no", "2"]);
/// ```
pub fn words_of(text: &str) -> Vec<String> {
    let lower = text.to_lowercase();
    let plain: String = lower
        .chars()
        .filter(|c| !is_combining(*c))
        .map(without_accent)
        .collect();
    let words = plain.split(|c: char| !c.is_alphanumeric());
    words.filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

fn without_accent(c: char) -> char {
    if c.is_ascii() {
        return c;
    }
    let found = ACCENTED.iter().find(|(_, accented)| accented.contains(c));
    found.map_or(c, |(plain, _)| *plain)
}

/// Accents that follow their letter: the block Combining Diacritical Marks.
fn is_combining(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}')
}
