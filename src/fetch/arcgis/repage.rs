//! Pages as rows came → pages of equal size in OID order, so that what happened on the way leaves no trace.
//!
//! Rows and members stay as the server wrote them. Of a layer only the places of its rows are kept in memory, and some
//! megabytes of rows at a time.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::sync::Arc;

use super::error::ArcgisError;
use super::layer_pages::LayerPages;
use super::page;
use super::received::{ReceivedPages, RowPlace};
use super::wire::PageFacts;

/// Pages kept at the same time while rows are put in order.
const KEPT_PAGES: usize = 8;

/// Bytes of rows put in order at a time: a server that keeps no order has each of its pages read once for so many.
const BATCH: u64 = 16 << 20;

/// Writes the rows that were received, whose places are sorted and distinct, to pages of `size` rows. Returns their names.
pub(super) fn repage(
    url: &str,
    pages: LayerPages<'_>,
    received: &ReceivedPages,
    size: usize,
) -> Result<Vec<String>, ArcgisError> {
    let places = &received.places;
    let Some(first) = places.first() else {
        return Ok(vec![]);
    };
    let mut cache = PageCache {
        url,
        pages,
        names: &received.names,
        kept: VecDeque::new(),
    };
    // Where pages were cut depends on trouble on the way. The landed bytes must not, or every night's digest would
    // differ and every layer be made again.
    let head = page_head(url, &cache.page_body(first.page)?)?;
    let size = size.max(1);
    let mut written = Vec::new();
    for batch in places.chunks(batch_rows(received, size)) {
        for rows in cache.collect_rows(batch)?.chunks(size) {
            let name = format!("cut-{:06}", written.len());
            let body = format!("{{{head}\"features\":[\n{}\n]}}", rows.join(",\n"));
            let facts = PageFacts {
                rows: rows.len() as u64,
                status: 0,
            };
            pages.put(&name, body.as_bytes(), facts)?;
            written.push(name);
        }
    }
    Ok(written)
}

/// Rows put in order at a time: as many whole pages of `size` rows as are likely to fit.
fn batch_rows(received: &ReceivedPages, size: usize) -> usize {
    let rows = BATCH.saturating_mul(received.rows()) / received.bytes.max(1);
    usize::try_from(rows)
        .unwrap_or(usize::MAX)
        .div_ceil(size)
        .max(1)
        .saturating_mul(size)
}

/// Every member of a page but its rows, by name.
fn page_head(url: &str, body: &[u8]) -> Result<String, ArcgisError> {
    let page = page::parse_page(url, body, None)?;
    let mut head = String::new();
    for (name, value) in &page.rest {
        let name = serde_json::Value::from(name.as_str());
        write!(head, "{name}:{},", value.get()).expect("writing to a string cannot fail");
    }
    Ok(head)
}

/// Pages as they came, the last few in memory.
struct PageCache<'a> {
    url: &'a str,
    pages: LayerPages<'a>,
    names: &'a [String],
    kept: VecDeque<(u32, Arc<Vec<u8>>)>,
}

impl PageCache<'_> {
    fn page_body(&mut self, number: u32) -> Result<Arc<Vec<u8>>, ArcgisError> {
        if let Some((_, body)) = self.kept.iter().find(|(kept, _)| *kept == number) {
            return Ok(Arc::clone(body));
        }
        let name = &self.names[number as usize];
        let Some(body) = self.pages.get(name)? else {
            return Err(self.pages.error(format!("page {name} is damaged").into()));
        };
        let body = Arc::new(body);
        if self.kept.len() == KEPT_PAGES {
            self.kept.pop_front();
        }
        self.kept.push_back((number, Arc::clone(&body)));
        Ok(body)
    }

    /// The rows at `places`, in their order; each page they came in is parsed once for them.
    fn collect_rows(&mut self, places: &[RowPlace]) -> Result<Vec<String>, ArcgisError> {
        let mut rows = vec![String::new(); places.len()];
        let mut order: Vec<usize> = (0..places.len()).collect();
        order.sort_by_key(|at| (places[*at].page, places[*at].row));
        for same in order.chunk_by(|a, b| places[*a].page == places[*b].page) {
            let body = self.page_body(places[same[0]].page)?;
            let page = page::parse_page(self.url, &body, None)?;
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

    use super::super::wire::{BoxError, PageStore};
    use super::*;

    /// Pages in memory, and how often one was read.
    struct Counted(Mutex<(BTreeMap<String, Vec<u8>>, u32)>);

    impl PageStore for Counted {
        fn get(&self, name: &str) -> Result<Option<Vec<u8>>, BoxError> {
            let mut state = self.0.lock().unwrap();
            state.1 += 1;
            Ok(state.0.get(name).cloned())
        }

        fn put(&self, name: &str, page: &[u8], _: PageFacts) -> Result<(), BoxError> {
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
        let store = Counted(Mutex::default());
        let mut received = ReceivedPages::default();
        for page in 0..pages {
            // Each page has rows from everywhere.
            let texts: Vec<String> = (0..rows).map(|row| (row * pages + page).to_string()).collect();
            let body = format!(r#"{{"hasZ":false,"features":[{}]}}"#, texts.join(","));
            received.bytes += body.len() as u64;
            received.names.push(format!("came-{page}"));
            received.places.extend((0..rows).map(|row| RowPlace {
                key: (row * pages + page).into(),
                page,
                row,
            }));
            store
                .put(&format!("came-{page}"), body.as_bytes(), PageFacts::default())
                .unwrap();
        }
        received.places.sort_unstable();
        let cut = repage("u", LayerPages::new(&store, "u"), &received, 30).unwrap();
        assert!(store.0.lock().unwrap().1 <= pages + 1);
        let body = |name: &String| String::from_utf8(store.get(name).unwrap().unwrap()).unwrap();
        let expected: Vec<String> = (0..30).map(|key| key.to_string()).collect();
        assert_eq!(
            body(&cut[0]),
            format!("{{\"hasZ\":false,\"features\":[\n{}\n]}}", expected.join(",\n"))
        );
        assert_eq!((cut.len(), body(&cut[33]).lines().count()), (34, 10 + 2));
    }
}
