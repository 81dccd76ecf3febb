//! Who asks a server, and how: credentials by the names of variables, timeouts, certificates.

use serde::Serialize;

use super::address::{check_url, is_private};
use super::check::{Bounds, Check, text_or_empty};
use super::variables::{Hidden, Secret, Variables};
use crate::config::{AccessConfig, AuthConfig, Span, Spanned};

/// How a server is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Access {
    /// Who asks.
    pub credential: Credential,
    /// Seconds without a byte after which a request is given up.
    pub timeout_s: u32,
    /// Whether a certificate that doesn't verify is accepted; the log says so in every run.
    pub is_insecure: bool,
    /// Names and values of the variables that stand in the source's URL: messages show the names.
    #[serde(skip)]
    pub hidden: Vec<(String, Secret)>,
}

/// Who asks; every value comes from the environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Credential {
    /// Nobody in particular.
    None,
    /// `token=…` of ArcGIS.
    Token(#[serde(skip)] Secret),
    /// `Authorization: Bearer …`.
    Bearer(#[serde(skip)] Secret),
    /// `Authorization: Basic …`.
    Basic {
        /// User name.
        #[serde(skip)]
        user: Secret,
        /// Password.
        #[serde(skip)]
        password: Secret,
    },
    /// A token from ArcGIS's `generateToken`, renewed when it expires.
    Login {
        /// URL of `generateToken`.
        url: String,
        /// User name.
        #[serde(skip)]
        user: Secret,
        /// Password.
        #[serde(skip)]
        password: Secret,
    },
}

impl Credential {
    /// What of it nobody else may see.
    ///
    /// ```
    /// use cikr::plan::{Credential, Secret};
    ///
    /// let bearer = Credential::Bearer(Secret::new("abc"));
    /// assert_eq!(bearer.secrets(), [&Secret::new("abc")]);
    /// assert!(Credential::None.secrets().is_empty());
    /// ```
    pub fn secrets(&self) -> Vec<&Secret> {
        match self {
            Self::None => vec![],
            Self::Token(secret) | Self::Bearer(secret) => vec![secret],
            Self::Basic { user, password } | Self::Login { user, password, .. } => vec![user, password],
        }
    }
}

/// Seconds without a byte.
pub(super) const TIMEOUT_S: Bounds<i64> = Bounds {
    key: "timeout-s",
    range: 1..=3_600,
    default: 60,
};

/// How the server of a source is asked; `url` is its address with the values of `hidden` in it.
pub(super) fn resolve(
    check: &mut Check<'_>,
    config: &AccessConfig,
    written: Option<&Spanned<String>>,
    url: &str,
    hidden: Hidden,
    variables: Variables,
) -> Access {
    let credential = config
        .auth
        .as_ref()
        .map(|auth| resolve_credential(check, &auth.value, variables));
    // Whatever the credential is, plain HTTP shows it to everyone on the way.
    if let (Some(_), Some(written)) = (&config.auth, written.filter(|_| !is_private(url))) {
        report_unencrypted(check, &written.span);
    }
    let timeout_s = check.in_range_or_default(config.timeout_s.as_ref(), &TIMEOUT_S);
    Access {
        credential: credential.unwrap_or(Credential::None),
        timeout_s: u32::try_from(timeout_s).unwrap_or(u32::MAX),
        is_insecure: config.insecure_tls.as_ref().is_some_and(|flag| flag.value),
        hidden,
    }
}

fn report_unencrypted(check: &mut Check<'_>, span: &Span) {
    let help = "credentials are sent over https alone, or within this machine";
    check
        .error(
            span,
            "`auth` over http shows the credentials to everyone on the way",
        )
        .help = Some(help.to_owned());
}

fn resolve_credential(check: &mut Check<'_>, config: &AuthConfig, variables: Variables) -> Credential {
    match config {
        AuthConfig::Token(name) => Credential::Token(check.secret_of(Some(name), variables)),
        AuthConfig::Bearer(name) => Credential::Bearer(check.secret_of(Some(name), variables)),
        AuthConfig::Basic { user, password } => Credential::Basic {
            user: check.secret_of(user.as_ref(), variables),
            password: check.secret_of(password.as_ref(), variables),
        },
        AuthConfig::Login { url, user, password } => {
            let user = check.secret_of(user.as_ref(), variables);
            let password = check.secret_of(password.as_ref(), variables);
            if let Some(written) = url {
                if let Err(reason) = check_url(&written.value) {
                    check.error(&written.span, format!("`url` {reason}"));
                } else if !is_private(&written.value) {
                    report_unencrypted(check, &written.span);
                }
            }
            Credential::Login {
                url: text_or_empty(url.as_ref()),
                user,
                password,
            }
        }
        // Reported when it was read; a plan with an error in it asks nobody.
        AuthConfig::Unknown => Credential::None,
    }
}
