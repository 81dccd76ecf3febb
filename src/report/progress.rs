//! Progress: a bar per stage at work on a terminal; elsewhere the log lines speak.

use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::feature::{Progress, Task};

/// Shows progress on stderr where it is a terminal.
#[derive(Debug)]
pub struct Reporter {
    bars: MultiProgress,
}

impl Reporter {
    /// Draws among `bars`; `quiet` draws nothing.
    pub fn new(bars: &MultiProgress, quiet: bool) -> Self {
        if quiet {
            bars.set_draw_target(ProgressDrawTarget::hidden());
        }
        Self { bars: bars.clone() }
    }
}

impl Progress for Reporter {
    fn start(&self, stage: &'static str, what: &str, total: Option<u64>) -> Box<dyn Task> {
        let bar = total.map_or_else(ProgressBar::new_spinner, ProgressBar::new);
        let template = match total {
            Some(_) => "{spinner} {prefix:9} {msg} {wide_bar} {human_pos}/{human_len}",
            None => "{spinner} {prefix:9} {msg} {human_pos} ({elapsed})",
        };
        let style =
            ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner());
        let bar = bar
            .with_style(style)
            .with_prefix(stage)
            .with_message(what.to_owned());
        let bar = self.bars.add(bar);
        bar.enable_steady_tick(Duration::from_millis(120));
        Box::new(StageBar {
            bar,
            bars: self.bars.clone(),
        })
    }
}

struct StageBar {
    bar: ProgressBar,
    bars: MultiProgress,
}

impl Task for StageBar {
    fn advance(&self, n: u64) {
        self.bar.inc(n);
    }
}

impl Drop for StageBar {
    fn drop(&mut self) {
        // Cleared when the stage ends, however it ends: the lines of the log are what stays.
        self.bar.finish_and_clear();
        self.bars.remove(&self.bar);
    }
}
