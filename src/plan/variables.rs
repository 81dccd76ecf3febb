//! Variables of the environment that sources name, and their values, which nobody sees.
//!
//! Reads no environment: whoever loads a plan hands in how a variable is looked up.

use std::fmt;

use super::check::Check;
use crate::config::{Span, Spanned};

/// Looks a variable of the environment up; finds none by default.
///
/// ```
/// use cikr::plan::Variables;
///
/// let variables = Variables(|name| (name == "DATA").then(|| "/data".to_owned()));
/// assert_eq!((variables.0)("DATA").as_deref(), Some("/data"));
/// assert_eq!((Variables::default().0)("DATA"), None);
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Variables(pub fn(&str) -> Option<String>);

impl Default for Variables {
    fn default() -> Self {
        Self(|_| None)
    }
}

/// A value of the environment: never shown, never serialised.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Secret(String);

impl Secret {
    /// Hides `value`.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The value, for the request alone.
    ///
    /// ```
    /// let token = cikr::plan::Secret::new("abc");
    /// assert_eq!(token.reveal(), "abc");
    /// assert_eq!(format!("{token:?}"), "***");
    /// ```
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Of its own, for a derived `Debug` would print the value wherever a plan is logged or a test fails.
        f.write_str("***")
    }
}

/// What the name of a variable looks like, as a pattern.
pub(super) const VARIABLE: &str = "^[A-Za-z_][A-Za-z0-9_]*$";

/// Names and values of the variables in a text.
pub(super) type Hidden = Vec<(String, Secret)>;

impl Check<'_> {
    /// A text with the values of `${NAME}` in it, and those; values are never shown.
    pub(super) fn expand_variables(
        &mut self,
        written: &Spanned<String>,
        variables: Variables,
    ) -> (String, Hidden) {
        let mut parts = written.value.split("${");
        let mut whole = parts.next().unwrap_or_default().to_owned();
        let mut hidden = Vec::new();
        for part in parts {
            let Some((name, rest)) = part.split_once('}') else {
                self.error(&written.span, "`${` without `}`");
                return (whole, hidden);
            };
            if let Some(value) = variables.0(name) {
                whole.push_str(&value);
                hidden.push((name.to_owned(), Secret::new(value)));
            } else {
                // Read on, so that every variable that isn't set is told of at once.
                self.report_unset(&written.span, name);
            }
            whole.push_str(rest);
        }
        (whole, hidden)
    }

    /// The value of a variable by its name; nothing, where the key that names it was reported as absent.
    pub(super) fn secret_of(&mut self, name: Option<&Spanned<String>>, variables: Variables) -> Secret {
        let Some(name) = name else {
            return Secret::default();
        };
        let word = name.value.as_str();
        let is_name = word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !is_name {
            // What stands there may be the credential itself, so it isn't repeated.
            let help = "write the name of a variable of the environment, never the value";
            self.error(&name.span, "this is no name of a variable").help = Some(help.to_owned());
            return Secret::default();
        }
        match variables.0(word) {
            Some(value) if !value.is_empty() => return Secret::new(value),
            Some(_) => {
                self.error(
                    &name.span,
                    format!("the variable `{word}` of the environment is empty"),
                );
            }
            None => self.report_unset(&name.span, word),
        }
        Secret::default()
    }

    fn report_unset(&mut self, span: &Span, name: &str) {
        let help = format!("set it for the program, as in `{name}=… cikr run …`");
        let message = format!("there is no variable `{name}` in the environment");
        self.error(span, message).help = Some(help);
    }
}
