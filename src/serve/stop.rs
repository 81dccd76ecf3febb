//! How a server is told to stop.
//!
//! Pure: who says so, and why, is others' to know.

use tokio::sync::watch;

/// Tells a server to stop; a clone tells the same.
#[derive(Debug, Clone)]
pub struct Stop {
    said: watch::Sender<bool>,
}

impl Default for Stop {
    fn default() -> Self {
        Self {
            said: watch::Sender::new(false),
        }
    }
}

impl Stop {
    /// Has the server accept nothing more, finish what runs, and end.
    pub fn stop(&self) {
        self.said.send_replace(true);
    }

    /// To wait for it.
    pub(super) fn listen(&self) -> Stopped {
        Stopped {
            said: self.said.subscribe(),
        }
    }
}

/// Waits until the server is to stop.
#[derive(Debug, Clone)]
pub(super) struct Stopped {
    said: watch::Receiver<bool>,
}

impl Stopped {
    /// Ends once it was said, or can't be said any more.
    pub(super) async fn said(&mut self) {
        // Whoever could have said it is gone: that is the end, too.
        drop(self.said.wait_for(|is_said| *is_said).await);
    }
}
