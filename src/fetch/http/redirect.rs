//! Where an answer sends the client, and whether it goes there.

use url::Url;

use super::mask::Mask;

/// So many in a row at most.
pub(super) const MOST: usize = 10;

/// Why an address isn't asked that a server has put a secret into.
pub(super) const CARRIES: &str = "another host, with a credential in the address, which is sent to nobody else; \
                                  if that host is meant, write its address as `url`";

/// Why a form isn't repeated there.
pub(super) const CARRIES_FORM: &str = "another host, to which name and password would go; if that host is meant, \
                                       write its address as the `url` of the login";

/// Why a redirect isn't followed; none where it is.
///
/// Credentials stay with the first host: another is asked without. A server that writes them into the address
/// is not followed there; the address also counts as it is written, since parsing it changes escapes.
pub(super) fn redirect_refusal(
    from: &Url,
    (target, written): (&Url, &str),
    seen: &[Url],
    mask: &Mask,
) -> Option<&'static str> {
    // reqwest's own redirects drop `Authorization` at another host, but know nothing of tokens in a query or a form,
    // which is where ArcGIS has them; so they are followed here.
    let is_web = matches!(target.scheme(), "http" | "https");
    match () {
        () if !is_web => Some("which is neither http nor https"),
        () if from.scheme() == "https" && target.scheme() == "http" => Some("a lower scheme"),
        () if !target.username().is_empty() || target.password().is_some() => {
            Some("an address with a user name or password")
        }
        () if from.origin() != target.origin() && mask.is_in(target, written) => Some(CARRIES),
        () if seen.contains(target) => Some("where it has already been"),
        () if seen.len() > MOST => Some("one redirect too many"),
        () => None,
    }
}

/// What may be shown of a target: its parameters may be a signature, or what the server was sent, in any spelling.
pub(super) fn display_target(target: &Url, written: &str, mask: &Mask) -> String {
    let mut plain = target.clone();
    plain.set_query(None);
    if mask.is_doubtful(written) {
        plain.set_path("***");
    }
    mask.url_text(&plain)
}
