//! Patterns of text: `%` stands for any letters, `_` for one, and a backslash takes the next one as it is (CQL2, 7.3; SQL's LIKE).
//!
//! Pure. Takes time in proportion to the product of both lengths at worst, and memory for the pattern alone.

/// A pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern(Vec<Part>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Letter(char),
    AnyLetter,
    AnyLetters,
}

impl Pattern {
    pub(super) fn new(written: &str) -> Self {
        let mut parts = Vec::new();
        let mut letters = written.chars();
        while let Some(letter) = letters.next() {
            parts.push(match letter {
                '%' => Part::AnyLetters,
                '_' => Part::AnyLetter,
                '\\' => Part::Letter(letters.next().unwrap_or('\\')),
                letter => Part::Letter(letter),
            });
        }
        parts.dedup_by(|next, part| *part == Part::AnyLetters && *next == Part::AnyLetters);
        Self(parts)
    }

    /// Whether a whole text is like it.
    pub(super) fn is_met_by(&self, text: &str) -> bool {
        let parts = &self.0;
        let (mut part, mut rest) = (0, text.chars());
        // Where `%` stood last, and the text that it may take more of.
        let mut open: Option<(usize, std::str::Chars<'_>)> = None;
        loop {
            let letter = rest.clone().next();
            match (parts.get(part), letter) {
                (Some(Part::AnyLetters), _) => {
                    open = Some((part, rest.clone()));
                    part += 1;
                    continue;
                }
                (Some(Part::AnyLetter), Some(_)) => {}
                (Some(Part::Letter(wanted)), Some(letter)) if *wanted == letter => {}
                (None, None) => return true,
                _ => {
                    let Some((at, mut taken)) = open.take() else {
                        return false;
                    };
                    if taken.next().is_none() {
                        return false;
                    }
                    rest = taken.clone();
                    part = at + 1;
                    open = Some((at, taken));
                    continue;
                }
            }
            rest.next();
            part += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_like_a_pattern_as_a_whole() {
        let cases = [
            ("", "", true),
            ("%", "", true),
            ("a%", "abc", true),
            ("%c", "abc", true),
            ("%b%", "abc", true),
            ("a_c", "abc", true),
            ("a_c", "ac", false),
            ("abc", "ab", false),
            ("ab", "abc", false),
            ("%ab%ab", "abxab", true),
            ("%ab%abc", "abxab", false),
            ("50\\%", "50%", true),
            ("50\\%", "500", false),
            ("É_o", "Éto", true),
            ("a", "A", false),
        ];
        for (pattern, text, expected) in cases {
            assert_eq!(
                Pattern::new(pattern).is_met_by(text),
                expected,
                "{text} LIKE {pattern}"
            );
        }
    }

    #[test]
    fn many_signs_take_no_more_than_the_product_of_the_lengths() {
        let pattern = Pattern::new(&"%a".repeat(500));
        assert!(!pattern.is_met_by(&"a".repeat(499)));
        assert!(!Pattern::new("%a%a%a%a%a%a%a%b").is_met_by(&"a".repeat(20_000)));
    }
}
