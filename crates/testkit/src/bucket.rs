//! A real S3 server on a folder, for tests: it checks signatures, and it may be told to refuse and to fall silent.

use std::{
    fs, io,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicI64, AtomicU32, Ordering},
    },
    time::Duration,
};

use hyper::{Method, Request, Response, StatusCode, body::Incoming, header, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto::Builder,
};
use phiomia_store::{
    Secret,
    files::{BucketSettings, HandOut},
};
use s3s::{
    Body,
    auth::SimpleAuth,
    service::{S3Service, S3ServiceBuilder},
};
use s3s_fs::FileSystem;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

/// The name of the key that the server knows.
pub const KEY_ID: &str = "AKIAPHIOMIATEST";
/// The key.
pub const KEY: &str = "kept-by-nobody-but-tests";
/// The bucket that is there.
pub const BUCKET: &str = "files";

/// The server. It and its folder end when it is dropped.
pub struct S3Server {
    /// Where it listens.
    pub address: SocketAddr,
    folder: PathBuf,
    behaviour: Arc<Behaviour>,
    listening: Option<tokio::task::JoinHandle<()>>,
}

/// What the server may be told.
#[derive(Default)]
struct Behaviour {
    /// Requests of this kind are answered with "access denied".
    denied: Mutex<Option<Method>>,
    /// Whether everybody may read.
    is_public: AtomicBool,
    /// So many requests are answered yet, then the server is gone; below zero: all.
    n_left: AtomicI64,
    /// Requests that came.
    n_requests: AtomicU32,
}

impl S3Server {
    /// Listens on a free port of this machine, with an empty bucket.
    pub async fn open() -> S3Server {
        static N_FOLDERS: AtomicU32 = AtomicU32::new(0);
        let n = N_FOLDERS.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("phiomia-s3-{}-{n}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        S3Server::at(folder, "127.0.0.1:0").await.unwrap()
    }

    /// On a folder and an address.
    ///
    /// # Errors
    /// When the folder cannot be made or somebody listens there.
    pub async fn at(folder: PathBuf, address: &str) -> io::Result<S3Server> {
        fs::create_dir_all(folder.join(BUCKET))?;
        let listener = TcpListener::bind(address).await?;
        let behaviour = Arc::new(Behaviour { n_left: AtomicI64::new(-1), ..Behaviour::default() });
        let mut server = S3Server { address: listener.local_addr()?, folder, behaviour, listening: None };
        server.listen(listener);
        Ok(server)
    }

    /// How to speak with it. Nothing is tried twice.
    #[must_use]
    pub fn settings(&self) -> BucketSettings {
        BucketSettings {
            bucket: BUCKET.to_owned(),
            region: "us-east-1".to_owned(),
            endpoint: Some(format!("http://{}", self.address)),
            is_virtual_hosted: false,
            access_key_id: KEY_ID.to_owned(),
            secret_access_key: Secret::new(KEY),
            prefix: None,
            storage_class: None,
            hand_out: HandOut::Proxied,
            open_timeout: Duration::from_secs(5),
            read_timeout: Duration::from_secs(20),
            max_retries: 0,
            ca_file: None,
        }
    }

    /// Where everybody reads its files, when they may.
    #[must_use]
    pub fn public_address(&self) -> String {
        format!("http://{}/{BUCKET}", self.address)
    }

    /// Where the bucket's files lie.
    #[must_use]
    pub fn folder(&self) -> PathBuf {
        self.folder.join(BUCKET)
    }

    /// Requests of this method are refused from now on; `None`: no more.
    pub fn deny(&self, method: Option<Method>) {
        *self.behaviour.denied.lock().unwrap() = method;
    }

    /// Whether everybody may read what is in the bucket.
    pub fn open_to_everybody(&self, is_public: bool) {
        self.behaviour.is_public.store(is_public, Ordering::Relaxed);
    }

    /// Answers so many requests yet, then every connection ends without an answer, as if the server had been killed.
    pub fn die_after(&self, n_requests: u32) {
        self.behaviour.n_left.store(i64::from(n_requests), Ordering::Relaxed);
    }

    /// How many requests came.
    #[must_use]
    pub fn n_requests(&self) -> u32 {
        self.behaviour.n_requests.load(Ordering::Relaxed)
    }

    /// Nobody listens any more; files stay.
    pub async fn stop(&mut self) {
        if let Some(listening) = self.listening.take() {
            listening.abort();
            let _ = listening.await;
        }
    }

    /// At the same address again, and alive.
    pub async fn start(&mut self) {
        self.stop().await;
        self.behaviour.n_left.store(-1, Ordering::Relaxed);
        self.listen(TcpListener::bind(self.address).await.unwrap());
    }

    fn listen(&mut self, listener: TcpListener) {
        let mut keyed = S3ServiceBuilder::new(FileSystem::new(&self.folder).unwrap());
        keyed.set_auth(SimpleAuth::from_single(KEY_ID, KEY));
        let open = S3ServiceBuilder::new(FileSystem::new(&self.folder).unwrap());
        let services = Arc::new((keyed.build(), open.build(), self.behaviour.clone()));
        self.listening = Some(tokio::spawn(async move {
            // Connections end with the listener.
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(converse(stream, services.clone()));
            }
        }));
    }

    /// Runs until the process ends; for a program that is nothing but this.
    pub async fn run(mut self) {
        if let Some(listening) = self.listening.take() {
            let _ = listening.await;
        }
    }
}

impl Drop for S3Server {
    fn drop(&mut self) {
        if let Some(listening) = self.listening.take() {
            listening.abort();
        }
        let is_temporary = Path::new(&self.folder).starts_with(std::env::temp_dir());
        if is_temporary {
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

/// Status and body of a `GET` of somebody who knows nobody here.
pub async fn get(address: &str, path_and_query: &str) -> (u16, Vec<u8>) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!("GET {path_and_query} HTTP/1.0\r\nhost: {address}\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    let body = answer.split_off(end + 4);
    let status = String::from_utf8_lossy(&answer).split(' ').nth(1).unwrap().parse().unwrap();
    (status, body)
}

type Services = (S3Service, S3Service, Arc<Behaviour>);

async fn converse(stream: TcpStream, services: Arc<Services>) {
    let service = service_fn(move |request| answer(services.clone(), request));
    let builder = Builder::new(TokioExecutor::new());
    let _ = builder.serve_connection(TokioIo::new(stream), service).await;
}

async fn answer(services: Arc<Services>, request: Request<Incoming>) -> io::Result<Response<Body>> {
    let (keyed, open, behaviour) = &*services;
    behaviour.n_requests.fetch_add(1, Ordering::Relaxed);
    let count = |left: i64| (left > 0).then(|| left - 1);
    let counted = behaviour.n_left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, count);
    if counted == Err(0) {
        return Err(io::Error::other("killed"));
    }
    if behaviour.denied.lock().unwrap().as_ref() == Some(request.method()) {
        return Ok(denied());
    }
    let is_signed = request.headers().contains_key(header::AUTHORIZATION)
        || request.uri().query().is_some_and(|query| query.contains("X-Amz-Signature"));
    let is_for_all = !is_signed && behaviour.is_public.load(Ordering::Relaxed) && request.method() == Method::GET;
    let service = if is_for_all { open } else { keyed };
    service.call(request.map(Body::from)).await.map_err(|error| io::Error::other(error.to_string()))
}

fn denied() -> Response<Body> {
    let body = "<Error><Code>AccessDenied</Code><Message>Access Denied.</Message></Error>";
    Response::builder().status(StatusCode::FORBIDDEN).body(Body::from(body.to_owned())).unwrap()
}
