//! A data folder and a database of their own, commands on them, and a server that may be started, stopped and killed.

use std::{
    env::temp_dir,
    fs,
    io::{BufRead as _, BufReader, Cursor, Read as _, Write as _},
    net::TcpStream,
    path::PathBuf,
    process::{Child, Command, ExitStatus, Output, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    thread::sleep,
    time::{Duration, Instant},
};

use image::{Frame, ImageFormat, Rgba, RgbaImage, codecs::gif::GifEncoder};
use phiomia_testkit::{Engine, Scratch, empty_address};
use serde_json::Value;

/// Longer than anything here may take, short enough to see a hang.
pub const LONG: Duration = Duration::from_secs(20);

/// Where one instance lives.
pub struct Place {
    pub folder: PathBuf,
    pub database: String,
    _scratch: Scratch,
}

impl Place {
    pub async fn open(engine: Engine) -> Place {
        static COUNTER: AtomicU64 = AtomicU64::new(0);
        let name = format!("phiomia-cli-{}-{}", std::process::id(), COUNTER.fetch_add(1, Ordering::Relaxed));
        let folder = temp_dir().join(name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let (database, scratch) = empty_address(engine).await;
        Place { folder, database, _scratch: scratch }
    }

    pub fn engine(&self) -> Engine {
        if self.database.starts_with("sqlite:") { Engine::Sqlite } else { Engine::Postgres }
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_phiomia"));
        command.args(args).current_dir(&self.folder).env_clear().stdin(Stdio::null());
        command.env("DATABASE_URL", &self.database).env("DB_POOL", "2");
        command
    }

    pub fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    /// What a command prints that must succeed; without the last line's end.
    pub fn says(&self, args: &[&str]) -> String {
        let output = self.run(args);
        assert!(output.status.success(), "{args:?}: {output:?}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{args:?}");
        String::from_utf8(output.stdout).unwrap().trim_end_matches('\n').to_owned()
    }

    pub fn json(&self, args: &[&str]) -> Value {
        serde_json::from_str(&self.says(args)).unwrap()
    }

    /// The one sentence of a command that must fail and print nothing else.
    pub fn refuses(&self, args: &[&str]) -> String {
        let output = self.run(args);
        assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0), "{args:?}: {output:?}");
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(text.lines().count(), 1, "{text}");
        text.trim_end().strip_prefix("phiomia: ").unwrap().to_owned()
    }

    pub fn serve(&self) -> Running {
        Running::start(self.command(&["serve", "--listen", "127.0.0.1:0"]))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// A picture, as a file.
pub fn png() -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    let picture = RgbaImage::from_fn(24, 24, |x, y| Rgba([if x > y { 200 } else { 20 }, 90, 10, 255]));
    picture.write_to(&mut file, ImageFormat::Png).unwrap();
    file.into_inner()
}

/// A picture that moves.
pub fn gif() -> Vec<u8> {
    let mut file = Vec::new();
    let frame = |red: u8| Frame::new(RgbaImage::from_pixel(16, 16, Rgba([red, 0, 0, 255])));
    GifEncoder::new(&mut file).encode_frames([frame(10), frame(240)]).unwrap();
    file
}

/// A running server; killed with the test, whatever happens.
pub struct Running {
    child: Child,
    pub address: String,
    log: Arc<Mutex<String>>,
}

impl Running {
    /// Starts it and waits until it listens.
    pub fn start(mut command: Command) -> Running {
        let mut child = command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let log = Arc::new(Mutex::new(String::new()));
        let kept = log.clone();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        // Read to the end, so that the server never waits for a reader.
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let mut log = kept.lock().unwrap();
                log.push_str(&line);
                log.push('\n');
            }
        });
        let mut running = Running { child, address: String::new(), log };
        let line = running.wait_for_line("listening on ");
        running.address = line.split("listening on ").nth(1).unwrap().split([',', ' ']).next().unwrap().to_owned();
        running
    }

    /// The first line of the log that has the text.
    pub fn wait_for_line(&self, text: &str) -> String {
        let started = Instant::now();
        loop {
            let log = self.log.lock().unwrap().clone();
            if let Some(line) = log.lines().find(|line| line.contains(text)) {
                return line.to_owned();
            }
            assert!(started.elapsed() < LONG, "no {text:?} in the log: {log}");
            sleep(Duration::from_millis(10));
        }
    }

    pub fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// Status and body of a GET.
    pub fn get(&self, path: &str, token: Option<&str>) -> (u16, String) {
        let authorization = token.map_or_else(String::new, |token| format!("authorization: Bearer {token}\r\n"));
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let head = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{authorization}\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        // Pictures are no text, and are looked at where they lie.
        let answer = String::from_utf8_lossy(&answer);
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
    }

    pub fn signal(&self, name: &str) {
        assert!(Command::new("kill").args(["-s", name, &self.child.id().to_string()]).status().unwrap().success());
    }

    pub fn ended_within(&mut self, span: Duration) -> Option<ExitStatus> {
        let started = Instant::now();
        while started.elapsed() < span {
            if let Some(status) = self.child.try_wait().unwrap() {
                return Some(status);
            }
            sleep(Duration::from_millis(20));
        }
        None
    }

    pub fn stop(mut self) {
        self.signal("TERM");
        let status = self.ended_within(LONG);
        assert!(status.is_some_and(|status| status.success()), "{status:?}: {}", self.log());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
