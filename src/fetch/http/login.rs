//! Tokens of ArcGIS: asked for with a name and a password, kept in memory alone, renewed when they expire.

use serde::Deserialize;
use url::Url;

use super::error::{HttpError, error_chain};
use super::mask::Mask;
use super::request::is_safe;
use super::tokens::{Token, login_of};
use super::{Ask, Client, Deadline};
use crate::plan::{Access, Credential, Secret};

/// Minutes that a token is asked for; the service may give fewer.
const MINUTES: u32 = 60;

const MAX_BYTES: u64 = 64 << 10;

#[derive(Deserialize)]
struct TokenAnswer {
    token: Option<String>,
    error: Option<Refusal>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Refusal {
    message: String,
    details: Vec<String>,
}

impl Client {
    /// The token to send with a question, if any, and its number where it may be renewed.
    pub(super) fn token_for(
        &self,
        access: &Access,
        until: Deadline,
    ) -> Result<Option<(String, Option<u32>)>, HttpError> {
        if let Credential::Token(token) = &access.credential {
            return Ok(Some((token.reveal().to_owned(), None)));
        }
        let Some(login) = login_of(access) else {
            return Ok(None);
        };
        let mut known = self.tokens.lock();
        if let Some(token) = known.get(&login) {
            return Ok(Some((token.value.reveal().to_owned(), Some(token.number))));
        }
        let value = log_in(self, access, until)?;
        let sent = value.reveal().to_owned();
        known.insert(login, Token { value, number: 1 });
        Ok(Some((sent, Some(1))))
    }

    /// Gets a new token in place of the `refused` one, by its number, where the credential is a login; whether there is
    /// one.
    ///
    /// For a server that says inside a 200 that the token has expired (ArcGIS codes 498 and 499). Threads whose
    /// question went with the same token share one login.
    ///
    /// # Errors
    /// The login fails.
    pub fn renew_token(
        &self,
        access: &Access,
        refused: Option<u32>,
        until: Deadline,
    ) -> Result<bool, HttpError> {
        let Some(login) = login_of(access) else {
            return Ok(false);
        };
        // Held during the login, so that threads which notice together log in once.
        let mut known = self.tokens.lock();
        // Whoever was refused with an older token than is known by now needs no login.
        let number = known.get(&login).map_or(0, |token| token.number);
        if refused.is_some_and(|refused| refused < number) {
            return Ok(true);
        }
        let value = log_in(self, access, until)?;
        let number = number + 1;
        known.insert(login, Token { value, number });
        Ok(true)
    }
}

/// Asks the service of a login for a token.
fn log_in(client: &Client, access: &Access, until: Deadline) -> Result<Secret, HttpError> {
    let Credential::Login {
        url: written,
        user,
        password,
    } = &access.credential
    else {
        return Err(HttpError::Setup {
            what: "no login is declared".to_owned(),
        });
    };
    let mask = Mask::for_access(access, None, &client.settings.veil);
    let failed = |what: String| HttpError::Login {
        url: mask.own_text(written),
        what,
    };
    let url = Url::parse(written).map_err(|error| failed(error.to_string()))?;
    if !is_safe(&url) {
        return Err(HttpError::Unencrypted {
            url: mask.url_text(&url),
        });
    }
    // The question for a token must not ask for a token.
    let anybody = Access {
        credential: Credential::None,
        ..access.clone()
    };
    let form = [
        ("username", user.reveal().to_owned()),
        ("password", password.reveal().to_owned()),
        ("client", "referer".to_owned()),
        ("referer", url.origin().ascii_serialization()),
        ("expiration", MINUTES.to_string()),
        ("f", "json".to_owned()),
    ];
    let ask = Ask {
        url: &url,
        form: &form,
        access: &anybody,
        max_bytes: MAX_BYTES,
        accept: "application/json",
        until,
    };
    let answer = client.post_hidden(&ask, &mask).map_err(|error| match error {
        late @ HttpError::Late { .. } => late,
        other => failed(error_chain(&other)),
    })?;
    let token = read_token(&answer.body, &mask).map_err(failed)?;
    client.settings.veil.hide(&token, "***");
    Ok(Secret::new(token))
}

/// The token of an answer, or what the service says instead.
fn read_token(body: &[u8], mask: &Mask) -> Result<String, String> {
    // What the parser says may repeat the answer.
    let answer: TokenAnswer = serde_json::from_slice(body).map_err(|_invalid| {
        format!(
            "the answer is not the JSON of a token, beginning `{}`",
            mask.excerpt(body)
        )
    })?;
    match (answer.token, answer.error) {
        (Some(token), _) if !token.is_empty() => Ok(token),
        (_, Some(refusal)) => {
            Err(mask.server_text(&[vec![refusal.message], refusal.details].concat().join(" ")))
        }
        _ => Err("the answer holds no token".to_owned()),
    }
}
