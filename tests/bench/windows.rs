//! Asks a release for the rows of windows, one after the other in one session, and prints seconds and rows of each.
//!
//! usage: windows RELEASE LAYER WEST,SOUTH,EAST,NORTH…
//!
//! All columns are decoded, as by other programs that `query.py` times. The first window is asked once more before.

use std::env::args;
use std::error::Error;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use cikr::query::{FolderFiles, Limits, Question, Release};
use tikv_jemallocator::Jemalloc;

// That of the program.
#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = args().skip(1);
    let (Some(folder), Some(layer)) = (arguments.next(), arguments.next()) else {
        return Err("usage: windows RELEASE LAYER WEST,SOUTH,EAST,NORTH…".into());
    };
    let release = Release::new("release", Arc::new(FolderFiles::new(&PathBuf::from(folder))));
    let windows: Vec<String> = arguments.collect();
    for window in windows.iter().take(1) {
        rows_in(&release, &layer, window)?;
    }
    for window in &windows {
        let began = Instant::now();
        let rows = rows_in(&release, &layer, window)?;
        writeln!(io::stdout(), "{} {rows}", began.elapsed().as_secs_f64())?;
    }
    Ok(())
}

fn rows_in(release: &Release, layer: &str, window: &str) -> Result<usize, Box<dyn Error>> {
    let mut question = Question {
        layer: layer.to_owned(),
        ..Question::default()
    };
    question.rows.window = Some(window.parse()?);
    let mut rows = 0;
    for batch in release.ask(&question, &Limits::default())? {
        rows += batch?.num_rows();
    }
    Ok(rows)
}
