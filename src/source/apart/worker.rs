//! A process that reads sources, one question after the other.
//!
//! Starts it, asks it, hears it and ends it; what it says is for others to make sense of.

use std::io::{self, BufReader, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tracing::Span;

use super::question::Question;
use super::wire::{self, Message};
use super::{Program, log};

/// Batches that wait for whoever maps them: one, while the next is on its way.
const AHEAD: usize = 1;

/// A process, and what it says.
#[derive(Debug)]
pub(super) struct Worker {
    child: Child,
    stdin: Option<ChildStdin>,
    messages: Receiver<io::Result<Message>>,
    /// What it had to say that is no log line.
    last_words: Option<JoinHandle<String>>,
    /// Whose source it reads, for its log lines.
    span: Arc<Mutex<Span>>,
}

/// Why there is no message.
pub(super) enum Silence {
    /// It has ended, or makes no sense.
    Dead,
    /// It takes too long.
    Slow,
}

/// How a process has ended.
pub(super) struct ProcessEnd {
    pub(super) is_out_of_memory: bool,
    pub(super) status: String,
}

impl Worker {
    /// Starts a process.
    pub(super) fn start(program: &Program) -> io::Result<Self> {
        let mut child = Command::new(&program.path)
            .args(&program.arguments)
            .env_clear()
            .envs(program.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let (sender, messages) = sync_channel(AHEAD);
        let span = Arc::new(Mutex::new(Span::none()));
        if let Some(stdout) = child.stdout.take() {
            thread::spawn(move || forward_messages(stdout, &sender));
        }
        let last_words = child.stderr.take().map(|stderr| {
            let span = Arc::clone(&span);
            thread::spawn(move || log::relay_log(stderr, &span))
        });
        Ok(Self {
            stdin: child.stdin.take(),
            child,
            messages,
            last_words,
            span,
        })
    }

    /// Asks it; one that is gone is told of when its answer is waited for.
    pub(super) fn send_question(&mut self, question: &Question) {
        *self.span.lock().unwrap_or_else(PoisonError::into_inner) = Span::current();
        let asked = self
            .stdin
            .as_mut()
            .map(|stdin| stdin.write_all(&question.to_line()));
        // A process that is gone has an exit status, which says more than a broken pipe; it is looked at where the
        // answer is waited for.
        if !matches!(asked, Some(Ok(()))) {
            self.stdin = None;
        }
    }

    /// The next message, if it comes in time.
    pub(super) fn next_message(&self, within: Duration) -> Result<Message, Silence> {
        match self.messages.recv_timeout(within) {
            Ok(Ok(message)) => Ok(message),
            Ok(Err(_)) | Err(RecvTimeoutError::Disconnected) => Err(Silence::Dead),
            Err(RecvTimeoutError::Timeout) => Err(Silence::Slow),
        }
    }

    /// Ends a process that has stopped to make sense, and tells how it went.
    pub(super) fn stop(mut self) -> ProcessEnd {
        // It has closed its end, so it goes by itself and its status says why; or it never will.
        const GRACE: Duration = Duration::from_secs(5);
        self.stdin = None;
        let words = self.last_words.take();
        // A join has no time limit, so the thread is asked now and then. It ends with the pipe, which all who share
        // it must close.
        for _ in 0..GRACE.as_millis() / 10 {
            if words.as_ref().is_none_or(JoinHandle::is_finished) {
                break;
            }
            thread::sleep(Duration::from_millis(10));
        }
        drop(self.child.kill());
        let status = self.child.wait().ok();
        let words = words.and_then(|words| words.join().ok()).unwrap_or_default();
        ProcessEnd {
            is_out_of_memory: is_out_of_memory(status, &words),
            status: describe_status(status),
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // Whether it is gone already makes no difference.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Hands on what the process sends, until it has no more to say or nobody listens.
fn forward_messages(stdout: ChildStdout, to: &SyncSender<io::Result<Message>>) {
    let mut from = BufReader::with_capacity(1 << 16, stdout);
    loop {
        let message = wire::read_message(&mut from);
        let is_last = message.is_err();
        if to.send(message).is_err() || is_last {
            return;
        }
    }
}

/// Whether a process ended because it was refused memory: allocators say so before they give up.
fn is_out_of_memory(status: Option<ExitStatus>, last_words: &str) -> bool {
    // Rust, C++, GDAL and libc each say it in their own words; the first letters are left out for their case.
    const WORDS: [&str; 4] = [
        "memory allocation of",
        "bad_alloc",
        "ut of memory",
        "annot allocate",
    ];
    // Allocators abort behind such words. A process that ended by itself may have quoted them of its file.
    let is_killed = status.is_some_and(|status| status.signal().is_some());
    is_killed && WORDS.iter().any(|word| last_words.contains(word))
}

fn describe_status(status: Option<ExitStatus>) -> String {
    match status.map(|status| (status.signal(), status.code())) {
        Some((Some(signal), _)) => format!("signal {signal}"),
        Some((_, Some(code))) => format!("exit code {code}"),
        _ => "no status".to_owned(),
    }
}
