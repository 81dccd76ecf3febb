//! The where-clauses that the ArcGIS service on loopback understands: comparisons, BETWEEN, IN, IS NULL, joined by AND
//! and OR, with parentheses. Anything else is an error, as on a real server.

use serde_json::Value;

/// A where-clause.
pub(crate) enum Condition {
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Not(Box<Condition>),
    /// Both sides as written; a name is looked up in the row.
    Compare(String, String, String),
    In(String, Vec<String>),
    Null(String),
}

impl Condition {
    /// Parses a clause; nothing if it is not one.
    pub(crate) fn parse(clause: &str) -> Option<Self> {
        let mut parser = Parser {
            words: words(clause)?,
            at: 0,
        };
        let condition = parser.any()?;
        (parser.at == parser.words.len()).then_some(condition)
    }

    /// Whether a row meets it; `value` looks a field up.
    pub(crate) fn holds(&self, value: &dyn Fn(&str) -> Value) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.holds(value)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(value)),
            Self::Not(part) => !part.holds(value),
            Self::Compare(left, operator, right) => {
                compare(&side(left, value), operator, &side(right, value))
            }
            Self::In(left, list) => list
                .iter()
                .any(|right| compare(&side(left, value), "=", &side(right, value))),
            Self::Null(name) => side(name, value).is_null(),
        }
    }

    /// The names it looks up.
    pub(crate) fn names(&self) -> Vec<&str> {
        let named = |word: &str| word.starts_with(|first: char| first.is_alphabetic() || first == '_');
        let sides: Vec<&str> = match self {
            Self::All(parts) | Self::Any(parts) => return parts.iter().flat_map(Self::names).collect(),
            Self::Not(part) => return part.names(),
            Self::Compare(left, _, right) => vec![left, right],
            Self::In(name, _) | Self::Null(name) => vec![name],
        };
        sides.into_iter().filter(|side| named(side)).collect()
    }
}

fn side(word: &str, value: &dyn Fn(&str) -> Value) -> Value {
    if let Some(text) = word.strip_prefix('\'') {
        return Value::from(text.trim_end_matches('\'').replace("''", "'"));
    }
    word.parse::<i64>()
        .map(Value::from)
        .or_else(|_| word.parse::<f64>().map(Value::from))
        .unwrap_or_else(|_| value(word))
}

fn compare(left: &Value, operator: &str, right: &Value) -> bool {
    let order = match (left.as_f64(), right.as_f64(), left.as_str(), right.as_str()) {
        (Some(left), Some(right), ..) => left.partial_cmp(&right),
        (_, _, Some(left), Some(right)) => Some(left.cmp(right)),
        _ => None,
    };
    order.is_some_and(|order| match operator {
        "=" => order.is_eq(),
        "<>" => order.is_ne(),
        "<" => order.is_lt(),
        "<=" => order.is_le(),
        ">" => order.is_gt(),
        _ => order.is_ge(),
    })
}

struct Parser {
    words: Vec<String>,
    at: usize,
}

impl Parser {
    fn any(&mut self) -> Option<Condition> {
        let mut parts = vec![self.all()?];
        while self.takes("OR") {
            parts.push(self.all()?);
        }
        Some(if parts.len() == 1 {
            parts.remove(0)
        } else {
            Condition::Any(parts)
        })
    }

    fn all(&mut self) -> Option<Condition> {
        let mut parts = vec![self.one()?];
        while self.takes("AND") {
            parts.push(self.one()?);
        }
        Some(if parts.len() == 1 {
            parts.remove(0)
        } else {
            Condition::All(parts)
        })
    }

    fn one(&mut self) -> Option<Condition> {
        if self.takes("NOT") {
            return Some(Condition::Not(Box::new(self.one()?)));
        }
        if self.takes("(") {
            let inner = self.any()?;
            return self.takes(")").then_some(inner);
        }
        let left = self.next()?;
        if self.takes("BETWEEN") {
            let low = Condition::Compare(left.clone(), ">=".to_owned(), self.next()?);
            let high = self.takes("AND").then(|| self.next())??;
            return Some(Condition::All(vec![
                low,
                Condition::Compare(left, "<=".to_owned(), high),
            ]));
        }
        if self.takes("IN") {
            return self
                .takes("(")
                .then(|| self.list())?
                .map(|list| Condition::In(left, list));
        }
        if self.takes("IS") {
            let not = self.takes("NOT");
            let null = self.takes("NULL").then_some(Condition::Null(left))?;
            return Some(if not { Condition::Not(Box::new(null)) } else { null });
        }
        let operator = self
            .next()
            .filter(|word| ["=", "<>", "<", "<=", ">", ">="].contains(&word.as_str()))?;
        Some(Condition::Compare(left, operator, self.next()?))
    }

    fn list(&mut self) -> Option<Vec<String>> {
        let mut list = vec![self.next()?];
        while self.takes(",") {
            list.push(self.next()?);
        }
        self.takes(")").then_some(list)
    }

    fn takes(&mut self, word: &str) -> bool {
        let found = self
            .words
            .get(self.at)
            .is_some_and(|next| next.eq_ignore_ascii_case(word));
        self.at += usize::from(found);
        found
    }

    fn next(&mut self) -> Option<String> {
        self.at += 1;
        self.words.get(self.at - 1).cloned()
    }
}

/// Names, numbers, quoted texts (with their quotes) and signs; nothing for a quote that never closes.
fn words(clause: &str) -> Option<Vec<String>> {
    let (mut words, mut rest) = (Vec::new(), clause.trim_start());
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '\'' => quoted(rest)?,
            '<' | '>' | '=' => rest.find(|sign| !"<>=".contains(sign)).unwrap_or(rest.len()),
            '(' | ')' | ',' => 1,
            _ => rest
                .find(|next: char| next.is_whitespace() || "<>=(),'".contains(next))
                .unwrap_or(rest.len()),
        };
        words.push(rest[..length].to_owned());
        rest = rest[length..].trim_start();
    }
    Some(words)
}

/// Length of the quoted text that `rest` opens with; `''` within it is a quote.
fn quoted(rest: &str) -> Option<usize> {
    let mut at = 1;
    loop {
        at += rest[at..].find('\'')? + 1;
        if !rest[at..].starts_with('\'') {
            return Some(at);
        }
        at += 1;
    }
}
