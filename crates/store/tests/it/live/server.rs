//! A real Redis server of a test's own, on a free port, without a word on disk.

use std::{
    fs,
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    thread::sleep,
    time::{Duration, Instant},
};

use phiomia_store::live::{Live, RedisSettings};

/// Ends with the test.
pub struct RedisServer {
    port: u16,
    folder: PathBuf,
    arguments: Vec<String>,
    child: Child,
}

impl RedisServer {
    pub fn start() -> RedisServer {
        RedisServer::start_in(&new_folder(), |port| vec!["--port".to_owned(), port.to_string()])
    }

    /// One that speaks TLS alone, with a certificate for `localhost`. Returns the authority's certificate too.
    pub fn start_with_tls() -> (RedisServer, Vec<u8>) {
        let folder = new_folder();
        let script = "
            openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem \
                -days 2 -subj /CN=authority -addext basicConstraints=critical,CA:TRUE &&
            openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout server.key -out server.csr \
                -subj /CN=localhost &&
            echo subjectAltName=DNS:localhost > names &&
            openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names \
                -out server.pem";
        let made = Command::new("sh").arg("-c").arg(script).current_dir(&folder).output().unwrap();
        assert!(
            made.status.success(),
            "openssl is needed to make a certificate: run script/test, which installs what is missing"
        );
        let authority = fs::read(folder.join("ca.pem")).unwrap();
        let server = RedisServer::start_in(&folder, |port| {
            let arguments = format!(
                "--port 0 --tls-port {port} --tls-auth-clients no --tls-cert-file server.pem \
                 --tls-key-file server.key --tls-ca-cert-file ca.pem"
            );
            arguments.split(' ').map(str::to_owned).collect()
        });
        (server, authority)
    }

    fn start_in(folder: &Path, arguments: impl Fn(u16) -> Vec<String>) -> RedisServer {
        // Another test may take a free port before our server does: then it ends at once and gets another one.
        for _ in 0..10 {
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            let arguments = arguments(port);
            let child = spawn(folder, &arguments);
            let mut server = RedisServer { port, folder: folder.to_owned(), arguments, child };
            if server.answers() {
                return server;
            }
        }
        panic!("redis-server does not start");
    }

    /// Ends the server as a crash would, connections and all.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Starts it again, empty, on the same port.
    pub fn restart(&mut self) {
        self.child = spawn(&self.folder, &self.arguments);
        assert!(self.answers(), "redis-server does not start again");
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    pub fn tls_url(&self) -> String {
        format!("rediss://localhost:{}", self.port)
    }

    /// Another process of the same server, as far as Redis can tell.
    pub async fn live(&self) -> Live {
        Live::redis(RedisSettings { url: self.url(), ..RedisSettings::default() }).await.unwrap()
    }

    fn answers(&mut self) -> bool {
        let deadline = Instant::now() + Duration::from_secs(20);
        while Instant::now() < deadline && self.child.try_wait().unwrap().is_none() {
            if TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
                return true;
            }
            sleep(Duration::from_millis(10));
        }
        false
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn spawn(folder: &Path, arguments: &[String]) -> Child {
    Command::new("redis-server")
        .args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .unwrap_or_else(|error| {
            panic!("redis-server is needed ({error}): run script/test, which installs what is missing")
        })
}

fn new_folder() -> PathBuf {
    static N_FOLDERS: AtomicU32 = AtomicU32::new(0);
    let n = N_FOLDERS.fetch_add(1, Ordering::Relaxed);
    let folder = std::env::temp_dir().join(format!("phiomia-redis-{}-{n}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}
