//! What both pages, and several sections of one, are put together of.
//!
//! Pure.

use maud::{Markup, html};

use crate::catalog::number;

/// What the head of every page says to browsers: that nothing but what `policy` allows is loaded, and who made it.
pub(super) fn head_for_browsers(policy: &str, version: &str) -> Markup {
    html! {
        meta charset="utf-8";
        meta http-equiv="Content-Security-Policy" content=(policy);
        meta name="viewport" content="width=device-width, initial-scale=1";
        meta name="color-scheme" content="light dark";
        meta name="referrer" content="no-referrer";
        meta name="generator" content={ "cikr " (version) };
        // Browsers ask for /favicon.ico where a page names no icon.
        link rel="icon" href="data:,";
    }
}

// Focusable, since a box that scrolls can otherwise not be scrolled by keyboard.

/// A table in a box of its own that scrolls where it is too wide.
pub(super) fn table_box(label: &str, table: &Markup) -> Markup {
    html! { div.box tabindex="0" role="region" aria-label=(label) { (table) } }
}

/// How many of something are left out, where any are.
pub(super) fn left_out(shown: usize, of: usize, rest: &str) -> Markup {
    html! {
        @if of > shown {
            p.m { (number::count((of - shown) as u64)) " more " (rest) }
        }
    }
}

/// Text cut to a number of characters.
pub(super) fn cut_text(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
