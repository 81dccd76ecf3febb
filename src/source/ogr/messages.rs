//! What GDAL says: each thread's messages wait here until whoever called GDAL takes them.

use std::cell::RefCell;
use std::mem;
use std::sync::Once;

use gdal::errors::CplErrType;
use gdal::version::VersionInfo;

use crate::source::landing_path::LandingPath;

thread_local! {
    /// What GDAL had to say in this thread since somebody asked.
    static MESSAGES: RefCell<Vec<(CplErrType, String)>> = const { RefCell::new(Vec::new()) };
}

/// Messages that are kept of one call: a damaged file can have one for every feature.
const MOST_MESSAGES: usize = 100;

/// Sets GDAL up, once: its messages go to the log, and its version too.
///
/// PROJ's network is off unless the environment's `PROJ_NETWORK` or a `proj.ini` turns it on; safe
/// code can't overrule these, so `reprojection` asks for no change of datum where none is needed.
pub fn init() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        gdal::config::set_error_handler(|kind, _, text| {
            MESSAGES.with_borrow_mut(|messages| {
                if messages.len() < MOST_MESSAGES && !matches!(kind, CplErrType::None | CplErrType::Debug) {
                    messages.push((kind, text.to_owned()));
                }
            });
        });
        let build = VersionInfo::build_info();
        let proj = build
            .get("PROJ_RUNTIME_VERSION")
            .map_or("unknown", String::as_str);
        tracing::debug!(gdal = %VersionInfo::release_name(), proj, "geospatial libraries");
    });
}

/// Passes on what GDAL said in this thread; the text of its last failure, if there was one.
///
/// GDAL's own error state is the thread's, too, and stays until the next call: whoever is about to judge a call by it
/// takes what earlier ones have left first.
pub(super) fn drain_messages(landing: Option<&LandingPath>) -> Option<String> {
    let messages = MESSAGES.with_borrow_mut(mem::take);
    let mut failure = None;
    for (kind, text) in messages {
        let text = landing.map_or_else(|| text.clone(), |landing| landing.hide_in(&text));
        tracing::debug!("GDAL: {text}");
        if matches!(kind, CplErrType::Failure | CplErrType::Fatal) {
            failure = Some(text);
        }
    }
    failure
}

/// Forgets what GDAL said, unlogged.
#[cfg(test)]
pub(super) fn forget_messages() {
    MESSAGES.with_borrow_mut(Vec::clear);
}
