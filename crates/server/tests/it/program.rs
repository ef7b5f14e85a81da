//! The program itself: its commands, its answers on standard output and error, its codes, its signals.

use std::{
    env::temp_dir,
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    path::PathBuf,
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

/// A folder of its own, gone with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = temp_dir().join(format!("phiomia-program-{}-{name}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Folder(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed is in the system's folder for such things.
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn phiomia(folder: &Folder, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_phiomia"));
    command.args(args).current_dir(&folder.0).env_clear();
    command
}

fn run(folder: &Folder, args: &[&str]) -> Output {
    phiomia(folder, args).output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn version_prints_the_version_and_nothing_else() {
    let folder = Folder::new("version");
    assert_eq!(text(&run(&folder, &["version"]).stdout), concat!(env!("CARGO_PKG_VERSION"), "\n"));
    let json = run(&folder, &["version", "--json"]);
    assert_eq!(text(&json.stdout), concat!("{\"version\":\"", env!("CARGO_PKG_VERSION"), "\"}\n"));
}

#[test]
fn config_check_says_what_is_wrong_in_one_sentence_and_fails() {
    let folder = Folder::new("check");
    let fine = run(&folder, &["config", "check"]);
    assert!(fine.status.success());
    fs::write(folder.0.join("phiomia.toml"), "[server]\nlistn = 1\n").unwrap();
    let wrong = run(&folder, &["config", "check"]);
    assert_eq!((wrong.status.code(), text(&wrong.stdout)), (Some(1), ""));
    assert!(text(&wrong.stderr).contains("did you mean server.listen?"), "{wrong:?}");
    assert_eq!(text(&wrong.stderr).lines().count(), 1);
}

#[test]
fn the_file_is_found_here_in_the_data_folder_or_where_the_flag_says() {
    let folder = Folder::new("places");
    let domain = |args: &[&str]| {
        let output = phiomia(&folder, args).args(["config", "print"]).output().unwrap();
        let line = text(&output.stdout).lines().find(|line| line.contains("domain = ")).unwrap_or_default().to_owned();
        line.split('"').nth(1).unwrap_or_default().to_owned()
    };
    let say =
        |file: &str, domain: &str| fs::write(folder.0.join(file), format!("instance.domain = \"{domain}\"")).unwrap();
    fs::create_dir(folder.0.join("kept")).unwrap();
    say("kept/phiomia.toml", "data.example");
    assert_eq!(domain(&["--data", "kept"]), "data.example");
    say("phiomia.toml", "here.example");
    assert_eq!(domain(&["--data", "kept"]), "here.example");
    say("other.toml", "named.example");
    assert_eq!(domain(&["--config", "other.toml"]), "named.example");
    fs::write(folder.0.join(".env.production"), "LOCAL_DOMAIN=env.example\n").unwrap();
    assert_eq!(domain(&["--env-file", ".env.production"]), "env.example");
    let missing = run(&folder, &["--config", "missing.toml", "config", "check"]);
    assert!(text(&missing.stderr).contains("missing.toml cannot be read"));
}

#[test]
fn man_pages_and_completions_know_every_command() {
    let folder = Folder::new("man");
    assert!(run(&folder, &["man", "pages"]).status.success());
    for page in ["phiomia.1", "phiomia-serve.1", "phiomia-config-print.1"] {
        assert!(fs::read_to_string(folder.0.join("pages").join(page)).unwrap().contains(".SH NAME"), "{page}");
    }
    for shell in ["bash", "zsh", "fish"] {
        assert!(text(&run(&folder, &["completions", shell]).stdout).contains("completions"), "{shell}");
    }
}

#[test]
fn the_log_is_json_when_asked() {
    let folder = Folder::new("json");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    fs::write(folder.0.join("env"), "CDN_HOST=https://cdn.example\n").unwrap();
    let flags = ["--env-file", "env", "--set", "logs.format=json", "serve", "--listen", &address];
    let output = run(&folder, &flags);
    assert_eq!(output.status.code(), Some(1));
    let mut lines = text(&output.stderr).lines();
    let note: serde_json::Value = serde_json::from_str(lines.next().unwrap()).unwrap();
    assert_eq!((note["level"].as_str(), note["target"].as_str()), (Some("INFO"), Some("phiomia_server::cli")));
    assert_eq!(
        note["message"],
        "configuration: CDN_HOST has no effect: what the web client is made of is served from this server"
    );
    assert!(lines.last().unwrap().starts_with(&format!("phiomia: listening on {address} failed: ")));
}

#[test]
fn a_certificate_that_does_not_read_stops_the_start_in_one_sentence() {
    let folder = Folder::new("certificate");
    let output =
        run(&folder, &["--set", "tls.cert_file=none.pem", "--set", "tls.key_file=none.key", "serve", "--listen", "1"]);
    assert_eq!(output.status.code(), Some(1));
    let said = "phiomia: tls.cert_file none.pem does not read: No such file or directory (os error 2)";
    assert_eq!(text(&output.stderr).trim_end().lines().last(), Some(said));
}

/// A running server; ended with the test, whatever happens.
struct Running {
    child: Child,
    address: String,
}

impl Running {
    fn start(folder: &Folder) -> Running {
        let mut child = phiomia(folder, &["serve", "--listen", "127.0.0.1:0"]).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let line = lines.by_ref().map_while(Result::ok).find(|line| line.contains("listening on ")).unwrap();
        let address = line.split("listening on ").nth(1).unwrap().split([',', ' ']).next().unwrap().to_owned();
        // The rest of the log is read so that the server never waits for a reader.
        std::thread::spawn(move || lines.for_each(drop));
        Running { child, address }
    }

    fn signal(&self, name: &str) {
        assert!(Command::new("kill").args(["-s", name, &self.child.id().to_string()]).status().unwrap().success());
    }

    fn ended_within(&mut self, span: Duration) -> Option<std::process::ExitStatus> {
        let started = Instant::now();
        while started.elapsed() < span {
            if let Some(status) = self.child.try_wait().unwrap() {
                return Some(status);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        None
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself, as the test wants.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_signal_ends_the_server_in_order() {
    let folder = Folder::new("signal");
    for signal in ["TERM", "INT"] {
        let mut server = Running::start(&folder);
        let mut stream = TcpStream::connect(&server.address).unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 "), "{answer}");
        server.signal(signal);
        let status = server.ended_within(Duration::from_secs(5));
        assert!(status.is_some_and(|status| status.success()), "{signal}: {status:?}");
    }
}

#[test]
fn a_second_signal_ends_the_server_at_once() {
    let folder = Folder::new("twice");
    let mut server = Running::start(&folder);
    // A request whose head never ends keeps the first signal waiting.
    let mut stream = TcpStream::connect(&server.address).unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nhost: loc").unwrap();
    std::thread::sleep(Duration::from_millis(100));
    server.signal("TERM");
    assert_eq!(server.ended_within(Duration::from_millis(500)), None, "it did not wait for the request");
    server.signal("TERM");
    assert_eq!(server.ended_within(Duration::from_secs(5)).and_then(|status| status.code()), Some(1));
}

#[test]
fn systemd_hears_that_the_server_is_ready_and_that_it_stops() {
    let folder = Folder::new("notify");
    let path = folder.0.join("notify.sock");
    let socket = std::os::unix::net::UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut command = phiomia(&folder, &["serve", "--listen", "127.0.0.1:0"]);
    command.env("NOTIFY_SOCKET", &path).env("WATCHDOG_USEC", "200000").stderr(Stdio::null());
    let server = Running { child: command.spawn().unwrap(), address: String::new() };
    let hear = || {
        let mut buffer = [0; 256];
        let length = socket.recv(&mut buffer).unwrap();
        text(&buffer[..length]).trim().to_owned()
    };
    assert_eq!(hear(), "READY=1");
    assert_eq!((hear(), hear()), ("WATCHDOG=1".to_owned(), "WATCHDOG=1".to_owned()));
    server.signal("TERM");
    let last = std::iter::repeat_with(hear).find(|said| said != "WATCHDOG=1");
    assert_eq!(last.as_deref(), Some("STOPPING=1"));
}

#[test]
fn a_socket_handed_over_by_systemd_goes_before_the_address() {
    let folder = Folder::new("inherit");
    let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap().to_string();
    // As systemd does it: the first socket is descriptor 3, and two variables say so.
    let script = "exec 3<&0 </dev/null; LISTEN_PID=$$ LISTEN_FDS=1 exec \"$0\" serve --listen 127.0.0.1:1";
    let mut command = Command::new("/bin/sh");
    command.args(["-c", script, env!("CARGO_BIN_EXE_phiomia")]).current_dir(&folder.0).env_clear();
    command.stdin(std::os::fd::OwnedFd::from(socket)).stderr(Stdio::null());
    let server = Running { child: command.spawn().unwrap(), address };
    let mut stream = TcpStream::connect(&server.address).unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 "), "{answer}");
}
