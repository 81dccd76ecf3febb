//! The grammar: parts of a text → a filter. NOT is turned inward on the way.
//!
//! Pure. Each level of recursion counts against a bound.

use chrono::NaiveDate;

use super::BadFilter;
use super::shape::shape;
use super::token::{Token, Tokens};
use crate::select::area::Area;
use crate::select::literal::Comparison;
use crate::select::pattern::Pattern;
use crate::select::{Condition, Filter};

/// Parentheses and NOTs within each other at most.
const MOST_DEPTH: usize = 32;
/// Values at most: each is held against every row.
const MOST_VALUES: usize = 1_000;
/// Words that are no names of columns.
const WORDS: [&str; 13] = [
    "AND",
    "OR",
    "NOT",
    "IN",
    "BETWEEN",
    "LIKE",
    "IS",
    "NULL",
    "TRUE",
    "FALSE",
    "DATE",
    "TIMESTAMP",
    "S_INTERSECTS",
];

/// The whole text as a filter.
pub(super) fn filter(text: &str) -> Result<Filter, BadFilter> {
    let mut parser = Parser {
        tokens: Tokens::new(text),
        depth: 0,
        values: 0,
    };
    let filter = parser.alternatives(false)?;
    match parser.tokens.peek()? {
        Token::End => Ok(filter),
        _ => Err(parser.expected("AND, OR or the end")),
    }
}

struct Parser<'a> {
    tokens: Tokens<'a>,
    depth: usize,
    values: usize,
}

impl Parser<'_> {
    fn expected(&self, what: &str) -> BadFilter {
        BadFilter::new(self.tokens.at(), format!("expected {what}"))
    }

    /// What OR stands between; its opposite is what AND stands between.
    fn alternatives(&mut self, is_opposite: bool) -> Result<Filter, BadFilter> {
        let mut parts = vec![self.together(is_opposite)?];
        while self.takes_word("OR")? {
            parts.push(self.together(is_opposite)?);
        }
        Ok(joined(parts, if is_opposite { Filter::All } else { Filter::Any }))
    }

    fn together(&mut self, is_opposite: bool) -> Result<Filter, BadFilter> {
        let mut parts = vec![self.factor(is_opposite)?];
        while self.takes_word("AND")? {
            parts.push(self.factor(is_opposite)?);
        }
        Ok(joined(parts, if is_opposite { Filter::Any } else { Filter::All }))
    }

    fn factor(&mut self, is_opposite: bool) -> Result<Filter, BadFilter> {
        if self.depth == MOST_DEPTH {
            let what = format!("expected a filter no deeper than {MOST_DEPTH} levels");
            return Err(BadFilter::new(self.tokens.at(), what));
        }
        self.depth += 1;
        let factor = if self.takes_word("NOT")? {
            self.factor(!is_opposite)
        } else if self.takes_sign("(")? {
            let within = self.alternatives(is_opposite)?;
            self.require_sign(")").map(|()| within)
        } else if self.takes_word("S_INTERSECTS")? {
            self.place(is_opposite)
        } else {
            self.comparison(is_opposite)
        };
        self.depth -= 1;
        factor
    }

    fn place(&mut self, is_opposite: bool) -> Result<Filter, BadFilter> {
        self.require_sign("(")?;
        let at = self.tokens.at();
        if self.column()? != "geometry" {
            return Err(BadFilter::new(at, "expected the column `geometry`"));
        }
        self.require_sign(",")?;
        let shape = shape(&mut self.tokens)?;
        self.require_sign(")")?;
        let area = Area::new(shape, is_opposite);
        area.map(Filter::In)
            .ok_or_else(|| self.expected("a shape with points"))
    }

    fn comparison(&mut self, is_opposite: bool) -> Result<Filter, BadFilter> {
        let column = self.column()?;
        if self.takes_word("IS")? {
            let is_not = self.takes_word("NOT")?;
            if !self.takes_word("NULL")? {
                return Err(self.expected("NULL"));
            }
            return Ok(Filter::Is(Condition::is_null(&column, is_not == is_opposite)));
        }
        let is_opposite = self.takes_word("NOT")? != is_opposite;
        if self.takes_word("IN")? {
            return self.one_of(&column, is_opposite);
        }
        if self.takes_word("BETWEEN")? {
            return self.between(&column, is_opposite);
        }
        if self.takes_word("LIKE")? {
            let Token::Text(pattern) = self.tokens.peek()? else {
                return Err(self.expected("a text with % or _, in '…'"));
            };
            self.tokens.next()?;
            return Ok(Filter::Is(Condition::like(
                &column,
                Pattern::new(&pattern),
                is_opposite,
            )));
        }
        let comparison = self.sign()?;
        let value = self.value()?;
        Ok(compared(&column, opposite_if(is_opposite, comparison), &value))
    }

    fn one_of(&mut self, column: &str, is_opposite: bool) -> Result<Filter, BadFilter> {
        self.require_sign("(")?;
        let comparison = opposite_if(is_opposite, Comparison::Equal);
        let mut parts = vec![compared(column, comparison, &self.value()?)];
        while self.takes_sign(",")? {
            parts.push(compared(column, comparison, &self.value()?));
        }
        self.require_sign(")")?;
        Ok(joined(parts, if is_opposite { Filter::All } else { Filter::Any }))
    }

    fn between(&mut self, column: &str, is_opposite: bool) -> Result<Filter, BadFilter> {
        let least = self.value()?;
        if !self.takes_word("AND")? {
            return Err(self.expected("AND"));
        }
        let most = self.value()?;
        let parts = vec![
            compared(column, opposite_if(is_opposite, Comparison::AtLeast), &least),
            compared(column, opposite_if(is_opposite, Comparison::AtMost), &most),
        ];
        Ok(joined(parts, if is_opposite { Filter::Any } else { Filter::All }))
    }

    fn column(&mut self) -> Result<String, BadFilter> {
        let column = match self.tokens.peek()? {
            Token::Word(word) if !WORDS.iter().any(|own| own.eq_ignore_ascii_case(word)) => word.to_owned(),
            Token::Name(name) => name,
            _ => return Err(self.expected("a column")),
        };
        self.tokens.next()?;
        Ok(column)
    }

    fn sign(&mut self) -> Result<Comparison, BadFilter> {
        let comparison = match self.tokens.peek()? {
            Token::Sign("=") => Comparison::Equal,
            Token::Sign("<>" | "!=") => Comparison::NotEqual,
            Token::Sign("<") => Comparison::Less,
            Token::Sign("<=") => Comparison::AtMost,
            Token::Sign(">") => Comparison::Greater,
            Token::Sign(">=") => Comparison::AtLeast,
            _ => return Err(self.expected("a sign such as = or >=, IN, BETWEEN, LIKE or IS")),
        };
        self.tokens.next()?;
        Ok(comparison)
    }

    fn value(&mut self) -> Result<String, BadFilter> {
        self.values += 1;
        if self.values > MOST_VALUES {
            return Err(self.expected(&format!("no more than {MOST_VALUES} values")));
        }
        let value = match self.tokens.peek()? {
            Token::Text(text) => text,
            Token::Number(number) => number.to_owned(),
            Token::Word(word) if word.eq_ignore_ascii_case("TRUE") => "true".to_owned(),
            Token::Word(word) if word.eq_ignore_ascii_case("FALSE") => "false".to_owned(),
            Token::Word(word)
                if ["DATE", "TIMESTAMP"]
                    .iter()
                    .any(|of| of.eq_ignore_ascii_case(word)) =>
            {
                return self.day();
            }
            _ => {
                return Err(
                    self.expected("a value: a text in '…', a number, TRUE, FALSE or DATE('2026-11-30')")
                );
            }
        };
        self.tokens.next()?;
        Ok(value)
    }

    /// `DATE('…')` or `TIMESTAMP('…')`: columns have days, so that of a time its day counts.
    fn day(&mut self) -> Result<String, BadFilter> {
        self.tokens.next()?;
        self.require_sign("(")?;
        let at = self.tokens.at();
        let day = match self.tokens.next()? {
            Token::Text(text) => text.get(..10).map(str::to_owned),
            _ => None,
        };
        let day = day.filter(|day| NaiveDate::parse_from_str(day, "%Y-%m-%d").is_ok());
        let day = day.ok_or_else(|| BadFilter::new(at, "expected a day such as '2026-11-30'"))?;
        self.require_sign(")")?;
        Ok(day)
    }

    fn takes_word(&mut self, word: &str) -> Result<bool, BadFilter> {
        self.takes(|token| matches!(token, Token::Word(found) if found.eq_ignore_ascii_case(word)))
    }

    fn takes_sign(&mut self, sign: &str) -> Result<bool, BadFilter> {
        self.takes(|token| matches!(token, Token::Sign(found) if *found == sign))
    }

    fn takes(&mut self, is_meant: impl Fn(&Token<'_>) -> bool) -> Result<bool, BadFilter> {
        let is_there = is_meant(&self.tokens.peek()?);
        if is_there {
            self.tokens.next()?;
        }
        Ok(is_there)
    }

    fn require_sign(&mut self, sign: &str) -> Result<(), BadFilter> {
        if self.takes_sign(sign)? {
            Ok(())
        } else {
            Err(self.expected(&format!("`{sign}`")))
        }
    }
}

fn compared(column: &str, comparison: Comparison, value: &str) -> Filter {
    Filter::Is(Condition::compared(column, comparison, value))
}

fn opposite_if(is_opposite: bool, comparison: Comparison) -> Comparison {
    if is_opposite {
        comparison.opposite()
    } else {
        comparison
    }
}

/// One part alone needs no word between.
fn joined(mut parts: Vec<Filter>, by: fn(Vec<Filter>) -> Filter) -> Filter {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        last => {
            parts.extend(last);
            by(parts)
        }
    }
}
