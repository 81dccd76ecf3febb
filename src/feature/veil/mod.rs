//! What must not be shown, and texts without it.
//!
//! LEAF. Secrets are noted where they come into the program: values of the environment as they are read, tokens as they
//! are given. A text is compared in every spelling that a server could repeat them in: as it is and in either case, with
//! escapes of URLs, JSON, PHP and HTML undone however often, in base64 and hexadecimal, with anything between the letters.

mod coded;
mod escapes;
mod hidden;

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::visible::visible;
use hidden::{Readings, Secret};

/// Characters of what others say that are shown.
const EXCERPT: usize = 200;

/// Texts that are remembered.
const MOST_CLEAN: usize = 50_000;

/// What stands for an excerpt that may hold a secret.
pub const MASKED: &str = "*** (not shown: it repeats a credential)";

/// Secrets that no text may show. Clones share them.
///
/// ```
/// use cikr::feature::{MASKED, Veil};
///
/// let veil = Veil::default();
/// veil.hide("k3y-0f-the-store", "${TOKEN}");
/// assert_eq!(veil.mask_own_text("fetching ?token=k3y-0f-the-store"), "fetching ?token=${TOKEN}");
/// assert_eq!(veil.mask_excerpt("no such key: K3Y%2D0F%2DTHE%2DSTORE"), MASKED, "as a server may repeat it");
/// ```
#[derive(Clone, Default)]
pub struct Veil {
    known: Arc<RwLock<Vec<Arc<Secret>>>>,
    /// Digests of texts in which there was nothing to hide: a log says the same again and again.
    clean: Arc<Mutex<HashSet<u64>>>,
    // Of this process alone: nobody can make a text whose digest is that of one which was found clean.
    seed: RandomState,
}

impl fmt::Debug for Veil {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Veil")
    }
}

impl Veil {
    /// Hides `value` from now on; `shown` stands for it. Of an address also the user, the password and the values of its
    /// parameters.
    pub fn hide(&self, value: &str, shown: &str) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        for part in hidden::secret_parts(value) {
            if !part.is_empty() && !known.iter().any(|other| other.has_value(&part)) {
                known.push(Arc::new(Secret::new(&part, shown)));
            }
        }
        // The longest first: where one secret holds another, replacing that one would leave pieces of the first.
        known.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        self.clean_texts().clear();
    }

    fn clean_texts(&self) -> MutexGuard<'_, HashSet<u64>> {
        self.clean.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A text with what stands for secrets in their place, however short they are, where they are written as they are.
    pub fn replace_secrets<'t>(&self, text: &'t str) -> Cow<'t, str> {
        replace_secrets(&self.known_secrets(), text, |_| true)
    }

    fn known_secrets(&self) -> Vec<Arc<Secret>> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether there is nothing to hide.
    pub fn is_empty(&self) -> bool {
        self.known
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .is_empty()
    }

    /// Whether a text holds a secret, in any spelling.
    pub fn is_in(&self, text: &str) -> bool {
        let known = self.known_secrets();
        if known.is_empty() {
            return false;
        }
        let readings = Readings::with_codings_undone(text);
        known.iter().any(|secret| secret.is_in(&readings))
    }

    /// Whether a text holds a secret, in any spelling, that it can't hold by chance.
    pub fn is_surely_in(&self, text: &str) -> bool {
        let known: Vec<_> = self
            .known_secrets()
            .into_iter()
            .filter(|secret| secret.is_unlikely())
            .collect();
        if known.is_empty() {
            return false;
        }
        hidden::overlapping_pieces(text).any(|piece| {
            let readings = Readings::with_codings_undone(piece);
            known.iter().any(|secret| secret.is_in(&readings))
        })
    }

    /// A text of this program's own, with what stands for secrets in their place; where one is there in another
    /// spelling, nothing of it. Words that a text may hold by chance are replaced, and don't hide the rest.
    pub fn mask_own_text<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let known = self.known_secrets();
        if known.is_empty() || text.len() < hidden::TELLING {
            return Cow::Borrowed(text);
        }
        let digest = self.seed.hash_one(text);
        if self.clean_texts().contains(&digest) {
            return Cow::Borrowed(text);
        }
        let plain = replace_secrets(&known, text, Secret::is_telling);
        let readings = Readings::with_codings_undone(&plain);
        // Nothing of this program's own is so long.
        let is_left = plain.len() > hidden::MOST
            || known.iter().any(|secret| {
                secret.is_unlikely() && (secret.is_in(&readings) || secret.is_mostly_in(&readings))
            });
        if is_left {
            return Cow::Borrowed(MASKED);
        }
        if plain == text {
            self.note_clean(digest, known.len());
        }
        plain
    }

    /// Notes a text in which nothing of so many secrets was.
    fn note_clean(&self, digest: u64, of: usize) {
        // Held on to, in the order of `add`: a secret that comes meanwhile may be in the text.
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        if known.len() != of {
            return;
        }
        let mut clean = self.clean_texts();
        if clean.len() >= MOST_CLEAN {
            // All at once: which were said last nobody keeps, and what is said again is looked at again.
            clean.clear();
        }
        clean.insert(digest);
    }

    /// A value of a table, as `own`; for many of them, so that it isn't looked for in what may be coded there.
    pub fn mask_value<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let known = self.known_secrets();
        if known.is_empty() {
            return Cow::Borrowed(text);
        }
        // There is a value for each reject and each flag, up to millions of them: escapes are undone, and no more.
        // What a server says comes through `excerpt` or `own`, which undo codings, too.
        let readings = Readings::with_escapes_undone(text);
        let is_there = known
            .iter()
            .any(|secret| secret.is_unlikely() && secret.is_in(&readings));
        if is_there {
            Cow::Owned("***".to_owned())
        } else {
            Cow::Borrowed(text)
        }
    }

    /// The beginning of what somebody else says: on one line, visible, short, and masked as a whole where any part of it
    /// may be more than half of a secret.
    pub fn mask_excerpt(&self, text: &str) -> String {
        let known = self.known_secrets();
        let plain = replace_secrets(&known, text, |_| true);
        if !known.is_empty() {
            let readings = Readings::with_codings_undone(&plain);
            if known
                .iter()
                .any(|secret| secret.is_in(&readings) || secret.is_partly_in(&readings))
            {
                return MASKED.to_owned();
            }
        }
        // What isn't looked at isn't shown.
        shorten_text(&plain[..plain.floor_char_boundary(hidden::MOST)], EXCERPT)
    }

    /// A value with all of its texts as `own` has them, and visible.
    ///
    /// # Errors
    /// When it is none that JSON can hold.
    pub fn mask_all<T: Serialize + DeserializeOwned>(&self, value: &T) -> Result<T, serde_json::Error> {
        serde_json::from_value(self.mask_json_texts(serde_json::to_value(value)?))
    }

    /// The same of JSON; names of members stay.
    pub fn mask_json_texts(&self, value: Value) -> Value {
        match value {
            Value::String(text) => Value::String(visible(&self.mask_own_text(&text)).into_owned()),
            Value::Array(values) => values
                .into_iter()
                .map(|value| self.mask_json_texts(value))
                .collect(),
            Value::Object(members) => members
                .into_iter()
                .map(|(name, value)| (name, self.mask_json_texts(value)))
                .collect(),
            other => other,
        }
    }
}

/// A text on one line, visible, of `most` characters at most.
///
/// ```
/// use cikr::feature::shorten_text;
///
/// assert_eq!(shorten_text("a  long\ntext", 6), "a long…");
/// assert_eq!(shorten_text("a\u{1b}[31m", 20), "a\\u{1b}[31m");
/// ```
pub fn shorten_text(text: &str, most: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let line = visible(&line);
    match line.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.into_owned(),
    }
}

fn replace_secrets<'t>(
    known: &[Arc<Secret>],
    text: &'t str,
    which: impl Fn(&Secret) -> bool,
) -> Cow<'t, str> {
    let chosen = known.iter().filter(|secret| which(secret));
    chosen.fold(Cow::Borrowed(text), |text, secret| {
        match secret.replace_in(&text) {
            Some(text) => Cow::Owned(text),
            None => text,
        }
    })
}

#[cfg(test)]
mod tests;
