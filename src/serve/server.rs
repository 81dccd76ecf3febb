//! Listens, takes connections while there are places, and ends in order.
//!
//! Asynchronous. What is answered, `desk` and its routes decide.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use tracing::warn;

use super::connection::drive;
use super::desk::router;
use super::error::ServeError;
use super::metrics::Metrics;
use super::releases::Releases;
use super::settings::{BaseUrl, Settings};
use super::site::Site;
use super::stop::Stop;
use crate::store::Store;

/// Threads that wait for disks while questions are answered: those that read files.
const FILE_THREADS: usize = 16;
/// Threads that drive connections: they never wait.
const MOST_DRIVERS: usize = 4;
/// How long no connection is taken after one couldn't be: there are too many files open, and others must end first.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// A server that listens, and answers once it runs.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    site: Arc<Site>,
}

impl Server {
    /// Listens for a store's readers.
    ///
    /// # Errors
    /// When the address can't be listened on, or the store's folder can't be read.
    pub fn bind(store: Store, settings: Settings) -> Result<Self, ServeError> {
        let releases = Releases::open(store, settings.handling, settings.bounds.cache_bytes)?;
        let failed = |source: io::Error| ServeError::Listen {
            address: settings.listen,
            source,
        };
        let listener = TcpListener::bind(settings.listen).map_err(failed)?;
        listener.set_nonblocking(true).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(Self {
            listener,
            site: Arc::new(Site {
                settings,
                address,
                releases,
                metrics: Metrics::default(),
            }),
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.site.address
    }

    /// The address of the service: what was decided, else where it listens.
    pub fn base_url(&self) -> BaseUrl {
        let decided = self.site.settings.base_url.clone();
        decided.unwrap_or_else(|| BaseUrl::of_host(&self.site.address.to_string()))
    }

    /// Answers until it is told to stop; then nothing more is accepted, and what runs is finished within its time.
    ///
    /// # Errors
    /// When the system gives no threads.
    pub fn run(self, stop: &Stop) -> Result<(), ServeError> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(cores.min(MOST_DRIVERS))
            .max_blocking_threads(self.site.settings.bounds.parallel_reads + FILE_THREADS)
            .thread_name("serve")
            .enable_all()
            .build()
            .map_err(|source| ServeError::Threads { source })?;
        let accepted = runtime.block_on(accept(self.listener, &self.site, stop));
        // What still waits for a disk isn't waited for.
        runtime.shutdown_background();
        accepted.map_err(|source| ServeError::Listen {
            address: self.site.address,
            source,
        })
    }
}

async fn accept(listener: TcpListener, site: &Arc<Site>, stop: &Stop) -> io::Result<()> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let bounds = &site.settings.bounds;
    let router = router(Arc::clone(site));
    let places = Arc::new(Semaphore::new(bounds.connections));
    let mut stopped = stop.listen();
    loop {
        let next = async {
            // Never closed, so that there is a place at some time.
            let place = Arc::clone(&places).acquire_owned().await;
            (place, listener.accept().await)
        };
        let Some((place, accepted)) = before(next, stopped.said()).await else {
            break;
        };
        match (place, accepted) {
            (Ok(place), Ok((stream, _))) => {
                // Answers are written whole: nothing is gained by waiting for more.
                drop(stream.set_nodelay(true));
                let connection = drive(stream, router.clone(), Arc::clone(site), stop.listen());
                tokio::spawn(async move {
                    connection.await;
                    drop(place);
                });
            }
            (_, Err(error)) => {
                warn!(reason = %error, "a connection can't be accepted");
                sleep(ACCEPT_PAUSE).await;
            }
            (Err(_closed), _) => break,
        }
    }
    drop(listener);
    let all = u32::try_from(bounds.connections).unwrap_or(u32::MAX);
    if timeout(bounds.stop_time, places.acquire_many(all)).await.is_err() {
        warn!("requests that still ran were cut off");
    }
    Ok(())
}

/// What comes first: the value, or nothing where the end does.
async fn before<T>(value: impl Future<Output = T>, end: impl Future<Output = ()>) -> Option<T> {
    let mut value = std::pin::pin!(value);
    let mut end = std::pin::pin!(end);
    std::future::poll_fn(|context| {
        if end.as_mut().poll(context).is_ready() {
            return std::task::Poll::Ready(None);
        }
        value.as_mut().poll(context).map(Some)
    })
    .await
}
