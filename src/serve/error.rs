//! Why a server can't be started, or ends.

use std::io;
use std::net::SocketAddr;

use crate::store::StoreError;

/// What ends a server, or keeps it from starting.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The address is taken, or not this machine's.
    #[error("cannot listen on {address}; --listen takes another address, and port 0 any port that is free")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Cause.
        source: io::Error,
    },
    /// The system gives no threads.
    #[error("cannot start the threads that answer")]
    Threads {
        /// Cause.
        source: io::Error,
    },
    /// There is no such store, or what it has published can't be read.
    #[error("cannot read the store")]
    Store {
        /// Cause.
        source: StoreError,
    },
    /// The folder of what is published can't be opened.
    #[error("cannot open {folder}")]
    Folder {
        /// The folder.
        folder: String,
        /// Cause.
        source: io::Error,
    },
}

impl ServeError {
    /// Whether the command line is wrong, and not the store or the machine.
    pub fn is_mistake(&self) -> bool {
        matches!(self, Self::Listen { .. })
    }
}

impl From<StoreError> for ServeError {
    fn from(source: StoreError) -> Self {
        Self::Store { source }
    }
}
