//! Filters as people write them: a part of CQL2 Text (OGC 21-065r2) by a small grammar of our own.
//!
//! ```text
//! filter     = term { OR term }
//! term       = factor { AND factor }
//! factor     = NOT factor | "(" filter ")" | S_INTERSECTS "(" column "," shape ")"
//!            | column sign value | column [NOT] IN "(" value {"," value} ")" | column [NOT] BETWEEN value AND value
//!            | column [NOT] LIKE text | column IS [NOT] NULL
//! sign       = "=" | "<>" | "<" | "<=" | ">" | ">="
//! value      = 'text' | number | TRUE | FALSE | DATE('2026-11-30') | TIMESTAMP('2026-11-30T00:00:00Z')
//! shape      = BBOX "(" west, south, east, north ")" | POINT | LINESTRING | POLYGON | MULTI… (WKT)
//! ```
//!
//! Pure. Length and depth are bounded before anything is built: what is deeper is refused, and never on the stack.

mod parse;
mod shape;
mod token;

use std::str::FromStr;

use super::Filter;

/// Longest filter, bytes: a polygon of some hundred corners.
const MOST_BYTES: usize = 16 << 10;

/// A text that is no filter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("filter, at byte {at}: {what}")]
pub struct BadFilter {
    /// Where it stops being one, bytes from its begin.
    pub(super) at: usize,
    /// What was expected.
    pub(super) what: String,
}

impl BadFilter {
    fn new(at: usize, what: impl Into<String>) -> Self {
        Self {
            at,
            what: what.into(),
        }
    }
}

impl FromStr for Filter {
    type Err = BadFilter;

    fn from_str(text: &str) -> Result<Self, BadFilter> {
        if text.len() > MOST_BYTES {
            return Err(BadFilter::new(
                MOST_BYTES,
                format!("expected no more than {MOST_BYTES} bytes"),
            ));
        }
        parse::filter(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> String {
        text.parse::<Filter>().unwrap_err().to_string()
    }

    #[test]
    fn what_is_no_filter_is_told_with_its_place() {
        let cases = [
            ("", "at byte 0: expected a column"),
            ("beds", "at byte 4: expected a sign"),
            ("beds >=", "at byte 7: expected a value"),
            ("beds = 1 AND", "expected a column"),
            ("(beds = 1", "expected `)`"),
            ("beds = 1)", "expected AND, OR or the end"),
            ("beds = 'x", "a text that ends with '"),
            ("beds IN ()", "expected a value"),
            ("beds LIKE 4", "expected a text"),
            ("beds BETWEEN 1 OR 2", "expected AND"),
            ("beds IS 4", "expected NULL"),
            ("S_INTERSECTS(geometry, CIRCLE(1 2))", "expected BBOX"),
            ("S_INTERSECTS(geometry, POLYGON((0 0, 1 1)", "expected"),
            (
                "S_INTERSECTS(geometry, BBOX(0,0,200,1))",
                "longitudes are -180 to 180",
            ),
            (
                "S_INTERSECTS(geometry, GEOMETRYCOLLECTION(POINT(0 0)))",
                "expected BBOX",
            ),
            ("S_INTERSECTS(geometry, POINT(NaN 1))", "expected"),
            ("beds = #", "no sign of a filter"),
            ("beds = DATE('soon')", "expected a day"),
        ];
        for (text, expected) in cases {
            let found = told(text);
            assert!(found.contains(expected), "{text}: {found}");
        }
    }

    #[test]
    fn depth_and_length_are_bounded() {
        let deep = |depth: usize| format!("{}beds = 1{}", "(".repeat(depth), ")".repeat(depth));
        assert!(deep(30).parse::<Filter>().is_ok());
        assert!(told(&deep(400)).contains("no deeper"));
        assert!(told(&"NOT ".repeat(4_000)).contains("no deeper"));
        assert!(told(&"a".repeat(MOST_BYTES + 1)).contains("no more than"));
        let wide = vec!["beds = 1"; 1_000].join(" OR ");
        assert!(wide.parse::<Filter>().is_ok(), "long is not deep");
    }

    #[test]
    fn not_is_turned_inward() {
        let same = [
            ("NOT (a = 1 OR b < 2)", "a <> 1 AND b >= 2"),
            ("NOT (a = 1 AND NOT b LIKE 'x%')", "a <> 1 OR b LIKE 'x%'"),
            ("NOT a IN (1, 2)", "a NOT IN (1, 2)"),
            ("a NOT IN (1, 2)", "a <> 1 AND a <> 2"),
            ("NOT a IS NULL", "a IS NOT NULL"),
            ("a BETWEEN 1 AND 2", "a >= 1 AND a <= 2"),
            ("NOT a BETWEEN 1 AND 2", "a < 1 OR a > 2"),
            ("not \"a\" = 'it''s'", "a <> 'it''s'"),
            ("a = TRUE", "a = true"),
        ];
        for (one, other) in same {
            assert_eq!(one.parse::<Filter>(), other.parse::<Filter>(), "{one}");
        }
    }
}
