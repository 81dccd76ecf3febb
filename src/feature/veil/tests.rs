use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD, Engine as _};

use super::*;

const SECRET: &str = "s3cr3t/P4ss w0rd+1";

fn veil() -> Veil {
    let veil = Veil::default();
    veil.hide(SECRET, "***");
    veil
}

fn each(escape: impl Fn(char) -> String) -> String {
    SECRET.chars().map(escape).collect()
}

/// Spellings of the secret, as servers have been seen to repeat what they were sent.
fn spellings() -> Vec<String> {
    let percent = each(|c| format!("%{:02X}", u32::from(c)));
    let coded = BASE64_STANDARD.encode(SECRET);
    let mut spellings = vec![
        SECRET.to_owned(),
        SECRET.to_uppercase(),
        SECRET.replace('/', "\\/"),
        SECRET.replace(' ', "+"),
        SECRET.replace('/', "&#x2F;").replace('+', "&plus;"),
        each(|c| format!("\\u{:04x}", u32::from(c))),
        each(|c| format!("\\\\u{:04x}", u32::from(c))),
        each(|c| format!("\\x{:02x}", u32::from(c))),
        each(|c| format!("\\{:03o}", u32::from(c))),
        each(|c| format!("\\u{{{:x}}}", u32::from(c))),
        each(|c| format!("&#{};", u32::from(c))),
        each(|c| format!("&#x{:X}", u32::from(c)) + ";"),
        each(|c| format!("&amp;#{};", u32::from(c))),
        each(|c| format!("%u{:04x}", u32::from(c))),
        each(|c| format!("={:02X}", u32::from(c))),
        each(|c| format!("{c}\n ")),
        each(|c| format!("{c}\u{200b}")),
        each(|c| format!("{}, ", u32::from(c))),
        each(|c| format!("0x{:02x},", u32::from(c))),
        each(|c| format!("{:02X}:", u32::from(c))),
        percent.replace('%', "%25"),
        BASE64_STANDARD.encode(&coded),
        BASE64_STANDARD.encode(&percent),
        percent,
        coded,
    ];
    for before in ["", "a", "ab", "token=", "user name:"] {
        spellings.push(BASE64_URL_SAFE_NO_PAD.encode(format!("{before}{SECRET} and more")));
    }
    spellings
}

#[test]
fn no_spelling_gets_through() {
    let veil = veil();
    for spelling in spellings() {
        let said = format!("Invalid token: {spelling} was refused");
        assert!(veil.is_in(&said), "{said}");
        let excerpt = veil.mask_excerpt(&said);
        assert!(
            excerpt == MASKED || excerpt == "Invalid token: *** was refused",
            "{excerpt}"
        );
        let own = veil.mask_own_text(&said);
        assert!(own == MASKED || own == excerpt, "{own}");
    }
    assert_eq!(
        veil.mask_excerpt(&format!("it begins {}", &SECRET[..13])),
        MASKED,
        "more than half of it"
    );
}

#[test]
fn what_is_said_otherwise_is_shown_short_visible_and_on_one_line() {
    let veil = veil();
    assert_eq!(
        veil.mask_excerpt("Token \u{1b}[1m\n\n expired"),
        "Token \\u{1b}[1m expired"
    );
    assert_eq!(veil.mask_excerpt(&"é ".repeat(300)).chars().count(), EXCERPT + 1);
    assert_eq!(Veil::default().mask_excerpt("a  b"), "a b");
    assert!(!veil.is_in("a file of 120,000 rows, 0x7f %zz &#; \\u12 &#xFFFFFFFF; =Z"));
}

#[test]
fn words_of_this_program_stay_where_a_secret_is_a_word() {
    let veil = Veil::default();
    veil.hide("hospitals", "${LAYER}");
    veil.hide("ab", "${SHORT}");
    assert_eq!(
        veil.mask_own_text("layer hospitals of Hospitals about"),
        "layer ${LAYER} of Hospitals about"
    );
    assert_eq!(veil.mask_excerpt("Hospitals"), MASKED);
    assert_eq!(veil.mask_excerpt("cab"), "c${SHORT}");
}

#[test]
fn an_address_is_hidden_with_its_parts() {
    let veil = Veil::default();
    veil.hide(
        "https://ada:l0velace-x@h/a.csv?sv=1&sig=AbC%2Fd3f4567&t=12",
        "${URL}",
    );
    for part in [
        "l0velace-x",
        "AbC/d3f4567",
        "https://ada:l0velace-x@h/a.csv?sv=1&sig=AbC%2Fd3f4567&t=12",
    ] {
        assert!(veil.is_in(part), "{part}");
    }
    assert!(!veil.is_in("12 of sv 1"));
}

#[test]
fn all_texts_of_a_value_are_covered() {
    let veil = veil();
    let value = serde_json::json!({"a": [format!("x {SECRET}"), 1.25, null], "b": {"c": "\u{202e}d"}});
    let shown = serde_json::json!({"a": ["x ***", 1.25, null], "b": {"c": "\\u{202e}d"}});
    assert_eq!(veil.mask_json_texts(value), shown);
}
