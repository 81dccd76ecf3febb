//! Characters that can't be seen, or that change how what stands around them is seen, as escapes.
//!
//! LEAF. What a source says must neither drive a terminal nor turn a line around (Unicode TR 36 and 39).

use std::borrow::Cow;
use std::fmt::Write as _;

/// `text` with such characters as Rust writes them (`\u{1b}`); line breaks and tabs stay.
///
/// ```
/// assert_eq!(cikr::feature::visible("dam\u{202e}s\n"), "dam\\u{202e}s\n");
/// ```
pub fn visible(text: &str) -> Cow<'_, str> {
    escape_invisible(text, |out, c| write!(out, "\\u{{{:x}}}", u32::from(c)))
}

/// The same for a text that is JSON, and stays so.
pub fn visible_json(text: &str) -> Cow<'_, str> {
    escape_invisible(text, |out, c| {
        c.encode_utf16(&mut [0; 2])
            .iter()
            .try_for_each(|unit| write!(out, "\\u{unit:04x}"))
    })
}

/// Whether a character is one that must be seen as an escape.
pub fn is_invisible(c: char) -> bool {
    // C0 but for tab and line feed, DEL and C1; then, of Unicode's formats, the soft hyphen, marks and embeddings of
    // direction, what has no width, separators of lines, annotations, and tags.
    matches!(c,
        '\0'..='\u{8}' | '\u{b}'..='\u{1f}' | '\u{7f}'..='\u{9f}'
        | '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

fn escape_invisible(text: &str, escape: impl Fn(&mut String, char) -> std::fmt::Result) -> Cow<'_, str> {
    if !text.contains(is_invisible) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_invisible(c) {
            escape(&mut out, c).expect("a string takes any text");
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_not_be_seen_is_written_out_and_the_rest_stays() {
        assert_eq!(visible("a\tb\nc é 🛟"), "a\tb\nc é 🛟");
        let hidden = "\u{1b}[31m\r\u{9b}\u{202e}x\u{2066}\u{200b}\u{2028}\u{61c}\u{feff}";
        let escaped = r"\u{1b}[31m\u{d}\u{9b}\u{202e}x\u{2066}\u{200b}\u{2028}\u{61c}\u{feff}";
        assert_eq!(visible(hidden), escaped);
        let json = serde_json::to_string(hidden).unwrap();
        let line = visible_json(&json);
        assert!(!line.contains(is_invisible) && serde_json::from_str::<String>(&line).unwrap() == hidden);
        assert_eq!(visible_json("\u{e0041}"), r"\udb40\udc41");
    }
}
