//! JSON as text: numbers and texts as servers spell them.

use std::fmt::{Display, LowerExp, Write as _};

/// A number in the shortest digits of its own type; whole ones without a point, as servers write them.
pub(super) fn write_number(value: f64, spelled: impl Display + LowerExp, text: &mut String) {
    const PLAIN: f64 = 1e15;
    if value == 0.0 {
        text.push('0');
    } else if !value.is_finite() {
        push(text, format_args!("\"{value}\""));
    } else if (1e-6..PLAIN).contains(&value.abs()) {
        push(text, spelled);
    } else {
        push(text, format_args!("{spelled:e}"));
    }
}

/// A text as JSON.
pub(super) fn quoted(text: &str) -> String {
    if text.bytes().any(|byte| byte < b' ' || byte == b'"' || byte == b'\\') {
        return serde_json::Value::from(text).to_string();
    }
    format!("\"{text}\"")
}

/// Appends to a text.
pub(super) fn push(text: &mut String, more: impl Display) {
    // Writing to a text doesn't fail.
    let _ = write!(text, "{more}");
}
