//! Pages as rows came → pages of equal size in OID order, so that what happened on the way leaves no trace.
//!
//! Rows and members stay as the server wrote them. Only the place of each row is held in memory, and a few pages.

use std::collections::VecDeque;
use std::sync::Arc;

use super::error::ArcgisError;
use super::page;
use super::wire::Shelf;

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

/// Writes the rows at `places` (sorted, distinct) to pages of `size` rows; `names` are the pages they came in.
/// Returns the names of the new ones.
pub(super) fn recut(
    url: &str,
    shelf: &dyn Shelf,
    names: &[String],
    places: &[Place],
    size: usize,
) -> Result<Vec<String>, ArcgisError> {
    let mut came = Came { url, shelf, names, held: VecDeque::new() };
    let mut cut = Vec::new();
    let Some(first) = places.first() else { return Ok(cut) };
    let head = head(url, &came.body(first.page)?)?;
    for chunk in places.chunks(size.max(1)) {
        let name = format!("cut-{:06}", cut.len());
        let body = came.gather(&head, chunk)?;
        shelf
            .put(&name, &body, chunk.len() as u64)
            .map_err(|source| ArcgisError::Shelf { url: url.to_owned(), source })?;
        cut.push(name);
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
        let lost = |source| ArcgisError::Shelf { url: self.url.to_owned(), source };
        let body = self.shelf.get(name).map_err(lost)?;
        let body = Arc::new(body.ok_or_else(|| lost(format!("page {name} is damaged").into()))?);
        if self.held.len() == HELD {
            self.held.pop_front();
        }
        self.held.push_back((number, Arc::clone(&body)));
        Ok(body)
    }

    /// One page of rows; each page they came in is parsed once for it.
    fn gather(&mut self, head: &str, places: &[Place]) -> Result<Vec<u8>, ArcgisError> {
        let mut texts = vec![String::new(); places.len()];
        let mut order: Vec<usize> = (0..places.len()).collect();
        order.sort_by_key(|at| (places[*at].page, places[*at].row));
        for same in order.chunk_by(|a, b| places[*a].page == places[*b].page) {
            let body = self.body(places[same[0]].page)?;
            let page = page::parse(self.url, &body, None)?;
            for at in same {
                page.rows[places[*at].row as usize].get().clone_into(&mut texts[*at]);
            }
        }
        Ok(format!("{{{head}\"features\":[\n{}\n]}}", texts.join(",\n")).into_bytes())
    }
}
