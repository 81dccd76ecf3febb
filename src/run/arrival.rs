//! How the landing of a source has ended, and whose fault it is where it has failed.

use std::any::Any;

use crate::error::error_chain;
use crate::feature::Landed;
use crate::fetch::FetchError;
use crate::fetch::http::HttpError;
use crate::store::StoreError;

/// How the landing of a source has ended.
pub(super) enum Arrival {
    /// Its bytes are there.
    Landed(Landed),
    /// They are not.
    Failed(LandError),
    /// Nor could that be told: a mistake of this program, which is the failure of what is
    /// made of this source alone.
    Panicked(Box<dyn Any + Send>),
}

impl Arrival {
    /// What has landed.
    pub(super) fn landed(&self) -> Option<&Landed> {
        match self {
            Self::Landed(landed) => Some(landed),
            Self::Failed(_) | Self::Panicked(_) => None,
        }
    }

    /// Whether its server could not be reached at all.
    pub(super) fn is_unreachable(&self) -> bool {
        matches!(self, Self::Failed(LandError::Fetch { source }) if source.is_unreachable())
    }
}

/// Why a source isn't landed.
#[derive(Debug, thiserror::Error)]
pub(super) enum LandError {
    #[error(transparent)]
    Store {
        #[from]
        source: StoreError,
    },
    #[error(transparent)]
    Fetch { source: FetchError },
    #[error(transparent)]
    Client { source: HttpError },
}

/// Whose fault it is that a source isn't landed.
pub(super) enum LandFault {
    /// The store's, which ends the run.
    Store { source: StoreError },
    /// The source's, which ends what is made of it.
    Source {
        /// What is wrong with it, causes included.
        reason: String,
    },
}

impl LandError {
    /// Whose fault it is.
    pub(super) fn into_fault(self) -> LandFault {
        let reason = match self {
            // The store is the one that opens local files and keeps what is pulled, so that its errors may tell
            // of a source as well.
            Self::Store { source }
            | Self::Fetch {
                source: FetchError::Store { source, .. },
            } => {
                if !source.is_source() {
                    return LandFault::Store { source };
                }
                error_chain(&source)
            }
            Self::Fetch { source } => error_chain(&source),
            Self::Client { source } => error_chain(&source),
        };
        LandFault::Source { reason }
    }
}
