//! Numbers and texts as servers spell them in JSON.
//!
//! Pure.

use std::fmt::{Display, LowerExp, Write as _};

use crate::feature::bare_words::NOT_A_NUMBER;

/// A number in the shortest digits of its own type; whole ones without a point, as servers write them.
pub(super) fn write_number(value: f64, spelled: impl Display + LowerExp, text: &mut String) {
    const PLAIN: f64 = 1e15;
    if value == 0.0 {
        text.push('0');
    } else if !value.is_finite() {
        text.push_str(NOT_A_NUMBER);
    // Plain digits where they are few: beyond, a double has zeros that say nothing.
    } else if (1e-6..PLAIN).contains(&value.abs()) {
        push_display(text, spelled);
    } else {
        push_display(text, format_args!("{spelled:e}"));
    }
}

/// A text as JSON.
pub(super) fn quoted_json(text: &str) -> String {
    if text
        .bytes()
        .any(|byte| byte < b' ' || byte == b'"' || byte == b'\\')
    {
        return serde_json::Value::from(text).to_string();
    }
    format!("\"{text}\"")
}

/// Appends to a text.
pub(super) fn push_display(text: &mut String, more: impl Display) {
    // Writing to a text doesn't fail.
    let _ = write!(text, "{more}");
}
