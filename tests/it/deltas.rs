//! Deltas: an old file and what differs make the new one, byte for byte, and `cikr sync` fetches no more than that.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use cikr::delta::{apply_delta, read_recipe};
use cikr::feature::release::paths::file_of_delta;
use serde_json::Value;

use crate::loopback::{Reply, Server};
use crate::program::{Folder, latest};

const ROWS: u32 = 20_000;

/// Facilities all over two regions; of each hundred, one has other beds in the second night, and of each thousand one has moved,
/// one is gone and one is new.
fn points(night: u32) -> String {
    let mut text = "ID,NAME,COUNTYFIPS,BEDS,LON,LAT\n".to_owned();
    for id in 0..ROWS + night * ROWS / 1000 {
        let is_second = night == 1;
        if is_second && id % 1000 == 7 {
            continue;
        }
        let spread = f64::from(id.wrapping_mul(2_654_435_761) % 100_000) / 100_000.0;
        let west = if id % 2 == 0 { -99.0 } else { -88.0 };
        let beds = (id * 37) % 900 + u32::from(is_second && id % 100 == 3);
        let latitude =
            31.0 + f64::from(id % 613) / 200.0 + if is_second && id % 1000 == 9 { 0.01 } else { 0.0 };
        writeln!(
            text,
            "{id},Station {},,{beds},{:.5},{latitude:.5}",
            id * 31 % 7919,
            west + spread * 4.0
        )
        .unwrap();
    }
    text
}

fn folder() -> Folder {
    let folder = Folder::new();
    folder.points("").write("points.csv", points(0));
    let text = fs::read_to_string(folder.path().join("pipeline.toml")).unwrap();
    let output = "\n[output]\ndeltas = true\nnational = true\ngroup-rows = 5000\n\n[[jurisdiction]]";
    folder.write("pipeline.toml", text.replacen("\n[[jurisdiction]]", output, 1));
    folder.run().code(0);
    folder
}

fn serve(public: &Path) -> Server {
    let public = public.to_owned();
    Server::start(
        move |request| match fs::read(public.join(request.path.trim_start_matches('/'))) {
            Ok(bytes) => Reply::bytes("application/octet-stream", bytes),
            Err(_) => Reply::status(404),
        },
    )
}

fn sync(folder: &Folder, server: &Server) -> Value {
    let ended = folder
        .cikr(&["sync", &server.url("/"), "mirror", "--format", "json"])
        .code(0);
    serde_json::from_str(&ended.stdout).unwrap()
}

fn manifest_paths(release: &Path) -> Vec<String> {
    let manifest: Value = serde_json::from_slice(&fs::read(release.join("manifest.json")).unwrap()).unwrap();
    let files = manifest["files"].as_array().unwrap().iter();
    files
        .map(|file| file["path"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn old_and_delta_make_every_large_table_of_the_new_release() {
    let folder = folder();
    let before = folder.latest();
    assert!(!before.join("deltas").exists(), "nothing is before the first");
    folder.write("points.csv", points(1)).run().code(0);
    let now = folder.latest();
    let mut with_delta: Vec<PathBuf> = Vec::new();
    for path in manifest_paths(&now) {
        let Some(of) = file_of_delta(&path) else {
            continue;
        };
        let mut made = Vec::new();
        apply_delta(&before.join(of), &now.join(&path), &mut made).unwrap();
        assert_eq!(made, fs::read(now.join(of)).unwrap(), "{of}");
        assert!(
            fs::metadata(now.join(&path)).unwrap().len() * 5 < made.len() as u64,
            "{of}"
        );
        with_delta.push(of.into());
    }
    // Every table of the rows themselves: tiles, the national file, the inventory.
    let of_rows = manifest_paths(&now).into_iter().filter(|path| {
        let is_large = fs::metadata(now.join(path)).unwrap().len() >= 64 << 10;
        let is_of_rows = path.contains("/data/") || path.ends_with("national.parquet");
        !path.starts_with("deltas/") && is_of_rows && is_large
    });
    let of_rows: Vec<PathBuf> = of_rows.map(PathBuf::from).collect();
    assert!(of_rows.len() >= 5, "{of_rows:?}");
    for path in of_rows {
        assert!(
            with_delta.contains(&path),
            "{} has no delta: {with_delta:?}",
            path.display()
        );
    }
    let recipe = read_recipe(&now.join("deltas/layers/points/national.parquet.delta")).unwrap();
    assert_eq!(recipe.group_rows.iter().sum::<usize>(), 19_999);
    folder.cikr(&["verify", "store"]).code(0);
}

#[test]
fn a_night_of_few_changes_sends_little() {
    let folder = folder();
    let server = serve(&folder.path().join("store/public"));
    sync(&folder, &server);
    folder.write("points.csv", points(1)).run().code(0);
    server.forget();
    let told = sync(&folder, &server);
    assert!(told["files_made"].as_u64() >= Some(5), "{told}");
    let asked = server.requests();
    assert!(
        !asked.iter().any(|request| request.path.contains("/releases/")
            && !request.path.contains("/deltas/")
            && request.path.contains("/data/region=R0")),
        "no tile is fetched"
    );
    let mirror = latest(&folder.path().join("mirror"));
    for path in manifest_paths(&folder.latest()) {
        assert_eq!(
            fs::read(mirror.join(&path)).unwrap(),
            fs::read(folder.latest().join(&path)).unwrap(),
            "{path}"
        );
    }
    folder.cikr(&["verify", "mirror"]).code(0);
}

#[test]
fn a_night_that_changes_every_row_has_no_deltas_and_no_folders_for_them() {
    let folder = folder();
    let renamed = points(0).replace("Station", "Depot");
    folder.write("points.csv", renamed).run().code(0);
    let release = folder.latest();
    let deltas: Vec<String> = manifest_paths(&release)
        .into_iter()
        .filter(|path| path.starts_with("deltas/layers/points/data/"))
        .collect();
    assert!(deltas.is_empty(), "{deltas:?}");
    assert!(!release.join("deltas/layers/points/data").exists());
}

#[test]
fn a_delta_of_another_file_or_none_at_all_costs_a_fetch_and_no_row() {
    let folder = folder();
    let public = folder.path().join("store/public");
    let server = serve(&public);
    sync(&folder, &server);
    folder.write("points.csv", points(1)).run().code(0);
    // What is here has rotted, as the digest of what is made of it tells.
    let tile = "layers/points/data/region=R06/part-000.parquet";
    let here = latest(&folder.path().join("mirror")).join(tile);
    let mut bytes = fs::read(&here).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::remove_file(&here).unwrap();
    fs::write(&here, bytes).unwrap();
    server.forget();
    sync(&folder, &server);
    assert!(
        server
            .requests()
            .iter()
            .any(|request| request.path.ends_with(tile) && !request.path.contains("deltas/"))
    );
    assert_eq!(
        fs::read(latest(&folder.path().join("mirror")).join(tile)).unwrap(),
        fs::read(folder.latest().join(tile)).unwrap()
    );
    folder.cikr(&["verify", "mirror"]).code(0);

    // A mirror that has missed a night has other files than the deltas are of.
    folder.write("points.csv", points(0)).run().code(0);
    folder.write("points.csv", points(1)).run().code(0);
    let told = sync(&folder, &server);
    assert_eq!(told["files_made"], 0, "{told}");
    folder.cikr(&["verify", "mirror"]).code(0);
}
