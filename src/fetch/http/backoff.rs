//! How long to wait before a question is asked again.

use std::time::Duration;

use super::settings::ClientSettings;

/// A wait that is drawn below a bound that doubles with each attempt.
pub(super) fn pause_before(settings: &ClientSettings, retries: u32) -> Duration {
    let bound = settings
        .pause
        .saturating_mul(1 << retries.min(16))
        .min(settings.longest_wait);
    // At least half of the bound, or a server would be asked again at once.
    bound / 2 + jitter(bound / 2)
}

/// Some part of a wait, so that those who were turned away together don't come again together.
pub(super) fn jitter(bound: Duration) -> Duration {
    bound.mul_f64(fastrand::f64())
}
