//! What `cikr draft` left to be said, and nobody has said yet.

use super::check::Check;
use crate::config::{SchemaConfig, Spanned};

/// Refuses a word in the place of an agency or a licence that a draft has left to be said: every row would carry it.
pub(super) fn refuse_unanswered(check: &mut Check<'_>, texts: [&Option<Spanned<String>>; 2]) {
    for text in texts
        .into_iter()
        .flatten()
        .filter(|text| is_unanswered(&text.value))
    {
        let message = format!("`{}` is no name: every row would carry it", text.value);
        check.error(&text.span, message).help = Some(
            "say whose the rows are, and under which licence; `cikr draft` takes `--agency` and `--licence`"
                .to_owned(),
        );
    }
}

/// Whether a text is the word that a draft leaves, alone or with what is to be said behind it; `Edith Rogers` is a name.
fn is_unanswered(text: &str) -> bool {
    let word = text
        .split(|c: char| !c.is_alphanumeric())
        .next()
        .unwrap_or_default();
    word.eq_ignore_ascii_case("EDIT")
}

/// Tells of what a draft left to be said: it would be published as it stands.
pub(super) fn warn_of_unedited(check: &mut Check<'_>, config: &SchemaConfig) {
    let own = [&config.description].into_iter().flatten();
    let texts = own.chain(
        config
            .fields
            .iter()
            .filter_map(|field| field.value.description.as_ref()),
    );
    let unedited: Vec<&Spanned<String>> = texts.filter(|text| is_unanswered(&text.value)).collect();
    if let [first, ..] = unedited.as_slice() {
        let message = format!("{} texts of this schema still say EDIT", unedited.len());
        // A warning alone: such a text is poor, while a wrong agency or licence would be false in every row.
        check.warning(&first.span, message).help = Some("a release would publish them so".to_owned());
    }
}
