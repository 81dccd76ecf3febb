//! Pages as rows came → pages of equal size in OID order, so that what happened on the way leaves no trace.
//!
//! Rows and members stay as the server wrote them. Of a layer only the places of its rows are held in memory, and some
//! megabytes of rows at a time.

use std::collections::VecDeque;
use std::sync::Arc;

use super::climb::Kept;
use super::error::ArcgisError;
use super::page;
use super::wire::{About, Shelf};

/// Where a row came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    /// Object id, or the position in the layer where it has none.
    pub(super) key: i64,
    /// Number of the page.
    pub(super) page: u32,
    /// Position in the page.
    pub(super) row: u32,
}

/// Pages held at the same time while rows are put in order.
const HELD: usize = 8;

/// Bytes of rows put in order at a time: a server that keeps no order has each of its pages read once for so many.
const BATCH: u64 = 16 << 20;

/// Writes the rows of `kept`, whose places are sorted and distinct, to pages of `size` rows. Returns their names.
pub(super) fn recut(
    url: &str,
    shelf: &dyn Shelf,
    kept: &Kept,
    size: usize,
) -> Result<Vec<String>, ArcgisError> {
    let Kept {
        names, places, bytes, ..
    } = kept;
    let mut came = Came {
        url,
        shelf,
        names,
        held: VecDeque::new(),
    };
    let mut cut = Vec::new();
    let Some(first) = places.first() else {
        return Ok(cut);
    };
    let head = head(url, &came.body(first.page)?)?;
    let size = size.max(1);
    // As many whole pages as are likely to fit.
    let of_batch = BATCH.saturating_mul(places.len() as u64) / bytes.max(&1);
    let batch = usize::try_from(of_batch)
        .unwrap_or(usize::MAX)
        .div_ceil(size)
        .max(1)
        .saturating_mul(size);
    for rows in places.chunks(batch) {
        let rows = came.gather(rows)?;
        for rows in rows.chunks(size) {
            let name = format!("cut-{:06}", cut.len());
            let body = format!("{{{head}\"features\":[\n{}\n]}}", rows.join(",\n"));
            shelf
                .put(
                    &name,
                    body.as_bytes(),
                    About {
                        rows: rows.len() as u64,
                        status: 0,
                    },
                )
                .map_err(|source| ArcgisError::Shelf {
                    url: url.to_owned(),
                    source,
                })?;
            cut.push(name);
        }
    }
    Ok(cut)
}

/// Every member of a page but its rows, by name.
fn head(url: &str, body: &[u8]) -> Result<String, ArcgisError> {
    let page = page::parse(url, body, None)?;
    let member = |(name, value): (&String, &&serde_json::value::RawValue)| {
        format!("{}:{},", serde_json::Value::from(name.as_str()), value.get())
    };
    Ok(page.rest.iter().map(member).collect())
}

/// Pages as they came, the last few in memory.
struct Came<'a> {
    url: &'a str,
    shelf: &'a dyn Shelf,
    names: &'a [String],
    held: VecDeque<(u32, Arc<Vec<u8>>)>,
}

impl Came<'_> {
    fn body(&mut self, number: u32) -> Result<Arc<Vec<u8>>, ArcgisError> {
        if let Some((_, body)) = self.held.iter().find(|(held, _)| *held == number) {
            return Ok(Arc::clone(body));
        }
        let name = &self.names[number as usize];
        let lost = |source| ArcgisError::Shelf {
            url: self.url.to_owned(),
            source,
        };
        let body = self.shelf.get(name).map_err(lost)?;
        let body = Arc::new(body.ok_or_else(|| lost(format!("page {name} is damaged").into()))?);
        if self.held.len() == HELD {
            self.held.pop_front();
        }
        self.held.push_back((number, Arc::clone(&body)));
        Ok(body)
    }

    /// The rows at `places`, in their order; each page they came in is parsed once for them.
    fn gather(&mut self, places: &[Place]) -> Result<Vec<String>, ArcgisError> {
        let mut rows = vec![String::new(); places.len()];
        let mut order: Vec<usize> = (0..places.len()).collect();
        order.sort_by_key(|at| (places[*at].page, places[*at].row));
        for same in order.chunk_by(|a, b| places[*a].page == places[*b].page) {
            let body = self.body(places[same[0]].page)?;
            let page = page::parse(self.url, &body, None)?;
            for at in same {
                page.rows[places[*at].row as usize]
                    .get()
                    .clone_into(&mut rows[*at]);
            }
        }
        Ok(rows)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Mutex;

    use super::super::wire::BoxError;
    use super::*;

    /// Pages in memory, and how often one was read.
    struct Counted(Mutex<(BTreeMap<String, Vec<u8>>, u32)>);

    impl Shelf for Counted {
        fn get(&self, name: &str) -> Result<Option<Vec<u8>>, BoxError> {
            let mut state = self.0.lock().unwrap();
            state.1 += 1;
            Ok(state.0.get(name).cloned())
        }

        fn put(&self, name: &str, page: &[u8], _: About) -> Result<(), BoxError> {
            self.0.lock().unwrap().0.insert(name.to_owned(), page.to_vec());
            Ok(())
        }

        fn forget(&self, _: &str) -> Result<(), BoxError> {
            Ok(())
        }
    }

    #[test]
    fn a_server_without_order_has_its_pages_read_once_a_batch() {
        let (pages, rows) = (40_u32, 25_u32);
        let shelf = Counted(Mutex::default());
        let mut kept = Kept::default();
        for page in 0..pages {
            // Each page has rows from everywhere.
            let texts: Vec<String> = (0..rows).map(|row| (row * pages + page).to_string()).collect();
            let body = format!(r#"{{"hasZ":false,"features":[{}]}}"#, texts.join(","));
            kept.bytes += body.len() as u64;
            kept.names.push(format!("came-{page}"));
            kept.places.extend((0..rows).map(|row| Place {
                key: (row * pages + page).into(),
                page,
                row,
            }));
            shelf
                .put(&format!("came-{page}"), body.as_bytes(), About::default())
                .unwrap();
        }
        kept.places.sort_unstable();
        let cut = recut("u", &shelf, &kept, 30).unwrap();
        assert!(shelf.0.lock().unwrap().1 <= pages + 1);
        let body = |name: &String| String::from_utf8(shelf.get(name).unwrap().unwrap()).unwrap();
        let expected: Vec<String> = (0..30).map(|key| key.to_string()).collect();
        assert_eq!(
            body(&cut[0]),
            format!("{{\"hasZ\":false,\"features\":[\n{}\n]}}", expected.join(",\n"))
        );
        assert_eq!((cut.len(), body(&cut[33]).lines().count()), (34, 10 + 2));
    }
}
