//! The words, signs and values of a filter, one after the other.
//!
//! Pure.

use super::BadFilter;

/// A part of a filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// A name or a word of the language.
    Word(&'a str),
    /// A name in quotes, which is no word of the language.
    Name(String),
    /// A text, without its quotes.
    Text(String),
    /// A number as it stands there.
    Number(&'a str),
    /// `(`, `)`, `,` or a sign.
    Sign(&'static str),
    /// Nothing more.
    End,
}

/// Signs, the longer ones first.
const SIGNS: [&str; 10] = ["<>", "<=", ">=", "!=", "=", "<", ">", "(", ")", ","];

/// A reader of parts.
#[derive(Debug, Clone)]
pub(super) struct Tokens<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Tokens<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// Bytes before the next part.
    pub(super) fn at(&self) -> usize {
        self.at + (self.rest().len() - self.rest().trim_start().len())
    }

    /// Bytes that were read.
    pub(super) fn position(&self) -> usize {
        self.at
    }

    /// What was not read yet.
    pub(super) fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// Leaves so many bytes out.
    pub(super) fn skip(&mut self, bytes: usize) {
        self.at += bytes;
    }

    /// The next part, which stays the next.
    pub(super) fn peek(&self) -> Result<Token<'a>, BadFilter> {
        self.clone().next()
    }

    /// The next part.
    pub(super) fn next(&mut self) -> Result<Token<'a>, BadFilter> {
        self.at = self.at();
        let rest = self.rest();
        let Some(first) = rest.chars().next() else {
            return Ok(Token::End);
        };
        match first {
            '\'' => self.quoted('\'').map(Token::Text),
            '"' => self.quoted('"').map(Token::Name),
            'a'..='z' | 'A'..='Z' | '_' => {
                let word = |letter: char| letter.is_alphanumeric() || letter == '_' || letter == '.';
                Ok(Token::Word(self.run(word)))
            }
            '0'..='9' | '-' | '+' | '.' => {
                let number = |letter: char| letter.is_ascii_alphanumeric() || "+-.".contains(letter);
                let at = self.at;
                let number = self.run(number);
                let is_number = number.parse::<f64>().is_ok_and(f64::is_finite);
                is_number
                    .then_some(Token::Number(number))
                    .ok_or_else(|| BadFilter::new(at, "expected a number"))
            }
            _ => {
                let sign = SIGNS.into_iter().find(|sign| rest.starts_with(sign));
                let sign =
                    sign.ok_or_else(|| BadFilter::new(self.at, format!("`{first}` is no sign of a filter")))?;
                self.skip(sign.len());
                Ok(Token::Sign(sign))
            }
        }
    }

    fn run(&mut self, belongs: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let length = rest.find(|letter| !belongs(letter)).unwrap_or(rest.len());
        self.skip(length);
        &rest[..length]
    }

    /// A text between quotes; two of them are one within it.
    fn quoted(&mut self, quote: char) -> Result<String, BadFilter> {
        let begin = self.at;
        self.skip(1);
        let mut text = String::new();
        loop {
            let rest = self.rest();
            let Some(length) = rest.find(quote) else {
                return Err(BadFilter::new(
                    begin,
                    format!("expected a text that ends with {quote}"),
                ));
            };
            text.push_str(&rest[..length]);
            self.skip(length + 1);
            if !self.rest().starts_with(quote) {
                return Ok(text);
            }
            text.push(quote);
            self.skip(1);
        }
    }
}
