//! Fetch: the only room that touches the network.
//!
//! `arcgis` pulls a layer of an ArcGIS service. It knows no sockets and no files: it asks through a `Wire` and
//! lays pages on a `Shelf`.

pub mod arcgis;
