//! Why a layer isn't made, and what that ends: the run, or this layer alone.

use std::any::Any;
use std::io;

use super::tile_error::TileError;
use crate::engine::rows::RowsError;
use crate::engine::{EngineError, PackError};
use crate::feature::GateReport;
use crate::store::StoreError;

/// Why a layer failed; as its report tells, the layer is then carried or absent.
#[derive(Debug, thiserror::Error)]
pub(super) enum LayerError {
    #[error("cannot land the source: {what}")]
    Source { what: String },
    #[error("the layer failed")]
    Engine { source: EngineError },
    #[error("cannot write the layer")]
    Write { source: TileError },
    #[error("rows went missing: {read} read, {written} written, {rejected} rejected")]
    Conservation { read: u64, written: u64, rejected: u64 },
    #[error("held back by the gate: {}; `cikr accept` lets it through if it is meant", gate.red_findings())]
    Withheld { gate: Box<GateReport> },
    #[error("a stage panicked: {what}")]
    Panic { what: String },
}

impl LayerError {
    /// A panic of a stage, which ends nothing but the layer it was at.
    pub(super) fn from_panic(panic: &(dyn Any + Send)) -> Self {
        Self::Panic {
            what: panic_message(panic).to_owned(),
        }
    }
}

/// What a panic said.
pub(super) fn panic_message(panic: &(dyn Any + Send)) -> &str {
    let message = panic.downcast_ref::<String>().map(String::as_str);
    message
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no message")
}

/// What went wrong while a layer was made, by what it ends.
///
/// A store that can't be read or written fails every other layer alike, and a release that carried them all
/// for that would look like a night on which every source was down. All else is one layer's affair.
#[derive(Debug)]
pub(super) enum LayerFailure {
    /// The store itself: no use in going on with other layers.
    EndsRun { source: StoreError },
    /// Anything else.
    EndsLayer { source: LayerError },
}

impl From<LayerError> for LayerFailure {
    fn from(source: LayerError) -> Self {
        Self::EndsLayer { source }
    }
}

impl From<StoreError> for LayerFailure {
    fn from(source: StoreError) -> Self {
        Self::EndsRun { source }
    }
}

impl From<EngineError> for LayerFailure {
    fn from(error: EngineError) -> Self {
        let EngineError::Rows {
            source: RowsError::Scratch { source },
        } = error
        else {
            return Self::EndsLayer {
                source: LayerError::Engine { source: error },
            };
        };
        match store_error_within(source) {
            Ok(source) => Self::EndsRun { source },
            Err(source) => Self::EndsLayer {
                source: LayerError::Engine {
                    source: EngineError::Rows {
                        source: RowsError::Scratch { source },
                    },
                },
            },
        }
    }
}

/// The store's own error, where a scratch file failed with it; the system's otherwise.
///
/// The engine may not import the store, so that its scratch files speak `io::Error`, with the store's error
/// in it. This is the one place where it comes out again.
fn store_error_within(error: io::Error) -> Result<StoreError, io::Error> {
    error.downcast::<StoreError>()
}

impl From<TileError> for LayerFailure {
    fn from(error: TileError) -> Self {
        match error {
            TileError::Store { source } => Self::EndsRun { source },
            TileError::Rows { source } => Self::from(source),
            source => Self::EndsLayer {
                source: LayerError::Write { source },
            },
        }
    }
}

impl From<PackError<TileError>> for LayerFailure {
    fn from(error: PackError<TileError>) -> Self {
        match error {
            PackError::Engine { source } => Self::from(source),
            PackError::Sink { source, .. } => Self::from(source),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;

    use super::*;
    use crate::error::error_chain;

    fn full_disk() -> io::Error {
        let full = StoreError::Full {
            path: "scratch".into(),
            source: ErrorKind::StorageFull.into(),
        };
        io::Error::new(ErrorKind::StorageFull, full)
    }

    fn scratch(source: io::Error) -> EngineError {
        EngineError::Rows {
            source: RowsError::Scratch { source },
        }
    }

    #[test]
    fn a_store_that_fails_ends_the_run_wherever_it_does() {
        let of_a_tile = TileError::Rows {
            source: scratch(full_disk()),
        };
        let failures = [
            LayerFailure::from(scratch(full_disk())),
            LayerFailure::from(TileError::from_scratch(full_disk())),
            LayerFailure::from(PackError::from(scratch(full_disk()))),
            LayerFailure::from(PackError::Sink {
                region: "R06".to_owned(),
                source: of_a_tile,
            }),
        ];
        for failure in failures {
            assert!(
                matches!(
                    &failure,
                    LayerFailure::EndsRun {
                        source: StoreError::Full { .. }
                    }
                ),
                "{failure:?}"
            );
        }
    }

    #[test]
    fn anything_else_ends_its_layer_alone() {
        let broken_pipe = PackError::Sink {
            region: "R06".to_owned(),
            source: TileError::from_scratch(ErrorKind::BrokenPipe.into()),
        };
        let LayerFailure::EndsLayer { source } = LayerFailure::from(broken_pipe) else {
            panic!("a pipe is no part of the store");
        };
        assert_eq!(
            error_chain(&source),
            "the layer failed: cannot hold the rows: cannot use a scratch file for rows that outgrow the memory budget: \
             broken pipe"
        );
    }
}
