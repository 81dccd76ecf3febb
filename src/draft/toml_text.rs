//! Text as TOML takes it, in values and in comments.
//!
//! Pure.

use serde_json::Value;

/// Longest value shown in a comment, characters.
const SHOWN: usize = 40;

/// A TOML string, quoted and escaped.
pub(super) fn toml_string(text: &str) -> String {
    if !text.contains(|c: char| c.is_control() || matches!(c, '"' | '\\')) {
        return format!("\"{text}\"");
    }
    // TOML 1.0 takes no control character but the tab in a string, and U+007F is one.
    let escaped = text.chars().map(|c| match c {
        '"' => "\\\"".to_owned(),
        '\\' => "\\\\".to_owned(),
        c if c.is_control() => format!("\\u{:04X}", u32::from(c)),
        c => c.to_string(),
    });
    format!("\"{}\"", escaped.collect::<String>())
}

/// A TOML string, or another value that is written as JSON writes it: a number, `true` or `false`.
pub(super) fn toml_value(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), toml_string)
}

/// A TOML list of strings.
pub(super) fn toml_list<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    let quoted: Vec<String> = texts.into_iter().map(toml_string).collect();
    format!("[{}]", quoted.join(", "))
}

/// The start of a value in backquotes, on one line, for a comment.
pub(super) fn quoted_start(value: &str) -> String {
    let line: String = value
        .chars()
        .take(SHOWN)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    let dots = if value.chars().nth(SHOWN).is_some() {
        "…"
    } else {
        ""
    };
    format!("`{line}{dots}`")
}

/// Text for a comment on one line.
pub(super) fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

/// A line of comment.
pub(super) fn comment_line(text: &str) -> String {
    format!("# {}", one_line(text)).trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn toml_reads_back_what_was_quoted() {
        for text in [
            "plain",
            "a\"b",
            "C:\\x",
            "tab\there",
            "line\nbreak",
            "\u{7f}\u{85}",
            "ü ' #",
        ] {
            let written = format!("key = {}", toml_string(text));
            let read: toml::Table = toml::from_str(&written).unwrap();
            assert_eq!(read["key"].as_str(), Some(text), "{written}");
        }
    }

    #[test]
    fn numbers_are_not_quoted() {
        assert_eq!(
            (toml_value(&3.into()), toml_value(&"3".into())),
            ("3".to_owned(), "\"3\"".to_owned())
        );
    }

    #[test]
    fn a_comment_stays_on_its_line() {
        assert_eq!(quoted_start("a\nb"), "`a b`");
        assert_eq!(quoted_start(&"x".repeat(50)).chars().count(), 43);
    }
}
