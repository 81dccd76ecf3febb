//! Tokens that services have given, kept in memory alone.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::plan::{Access, Credential, Secret};

/// Service and user that a token is for.
pub(super) type Login = (String, String);

/// The newest token of each login.
#[derive(Debug, Default)]
pub(super) struct Tokens {
    known: Mutex<BTreeMap<Login, Token>>,
}

#[derive(Debug)]
pub(super) struct Token {
    pub(super) value: Secret,
    /// Logins up to this one.
    pub(super) number: u32,
}

impl Tokens {
    /// All of them; whoever holds the lock is the only one that logs in.
    pub(super) fn lock(&self) -> MutexGuard<'_, BTreeMap<Login, Token>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The token that is known, without asking.
    pub(super) fn known_token(&self, access: &Access) -> Option<String> {
        let login = login_of(access)?;
        let known = self.lock();
        known.get(&login).map(|token| token.value.reveal().to_owned())
    }
}

/// The login that a source is asked with, where that is how it is asked.
pub(super) fn login_of(access: &Access) -> Option<Login> {
    match &access.credential {
        Credential::Login { url, user, .. } => Some((url.clone(), user.reveal().to_owned())),
        _ => None,
    }
}
