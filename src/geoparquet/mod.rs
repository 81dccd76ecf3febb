//! geoparquet
