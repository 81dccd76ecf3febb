//! How values that layers share are serialised.
//!
//! Pure.

use std::sync::Arc;

use serde::{Serialize, Serializer};

/// Serialises what is shared as if it were owned.
pub(super) fn as_if_owned<T: Serialize + ?Sized, S: Serializer>(
    value: &Arc<T>,
    to: S,
) -> Result<S::Ok, S::Error> {
    (**value).serialize(to)
}
