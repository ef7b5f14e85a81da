//! A PostgreSQL server of a test's own, to be encrypted, killed and started again.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// A cluster in a temporary folder; stopped and thrown away when dropped.
pub struct Cluster {
    folder: PathBuf,
    bin: PathBuf,
    pub port: u16,
}

impl Cluster {
    /// Starts one that speaks TLS with a certificate for `localhost`.
    pub fn start() -> Cluster {
        let bin = newest_postgres();
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let folder = std::env::temp_dir().join(format!("phiomia-cluster-{}-{port}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let cluster = Cluster { folder, bin, port };
        if is_root() {
            run(Command::new("chown").arg("postgres:").arg(&cluster.folder));
        }
        cluster
            .postgres("initdb", &["--username=postgres", "--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C"]);
        cluster.make_certificate();
        let mut text = std::fs::read_to_string(cluster.data().join("postgresql.conf")).unwrap();
        text.push_str(&format!(
            "\nlisten_addresses = '127.0.0.1'\nport = {port}\nunix_socket_directories = '{}'\nssl = on\nssl_cert_file = '{}'\nssl_key_file = '{}'\n",
            cluster.folder.display(),
            cluster.folder.join("certificate.pem").display(),
            cluster.folder.join("key.pem").display(),
        ));
        std::fs::write(cluster.data().join("postgresql.conf"), text).unwrap();
        cluster.begin();
        cluster
    }

    /// The authority to trust.
    pub fn authority(&self) -> PathBuf {
        self.folder.join("ca.pem")
    }

    pub fn begin(&self) {
        let log = self.folder.join("log");
        self.postgres("pg_ctl", &["start", "--wait", "--silent", &format!("--log={}", log.display())]);
    }

    /// As when the machine dies: nothing is flushed, nobody is told.
    pub fn crash(&self) {
        self.postgres("pg_ctl", &["stop", "--wait", "--silent", "--mode=immediate"]);
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// An authority and a certificate for `localhost` that it signed.
    fn make_certificate(&self) {
        let at = |name: &str| self.folder.join(name).display().to_string();
        let new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
        let openssl = |arguments: &[&str]| run(Command::new("openssl").args(arguments));
        openssl(
            &[
                &["req", "-x509"],
                &new_key[..],
                &["-days", "2", "-subj", "/CN=authority", "-keyout", &at("ca-key.pem"), "-out", &at("ca.pem")],
            ]
            .concat(),
        );
        openssl(
            &[
                &["req"],
                &new_key[..],
                &["-subj", "/CN=localhost", "-keyout", &at("key.pem"), "-out", &at("request.pem")],
            ]
            .concat(),
        );
        std::fs::write(at("names"), "subjectAltName=DNS:localhost\n").unwrap();
        openssl(&[
            "x509",
            "-req",
            "-in",
            &at("request.pem"),
            "-CA",
            &at("ca.pem"),
            "-CAkey",
            &at("ca-key.pem"),
            "-CAcreateserial",
            "-days",
            "2",
            "-extfile",
            &at("names"),
            "-out",
            &at("certificate.pem"),
        ]);
        run(Command::new("chmod").arg("600").arg(at("key.pem")));
        if is_root() {
            run(Command::new("chown").arg("postgres:").arg(at("key.pem")).arg(at("certificate.pem")));
        }
    }

    fn postgres(&self, program: &str, arguments: &[&str]) {
        let program = self.bin.join(program);
        // The server refuses to be root, so root lends it to the user that Debian made for it.
        let mut command = if is_root() {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        run(command.current_dir(&self.folder).arg("--pgdata").arg(self.data()).args(arguments));
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.crash();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn run(command: &mut Command) {
    // Not the test's own output: the server keeps it open, and the test would never seem to end.
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    assert!(status.as_ref().is_ok_and(std::process::ExitStatus::success), "{command:?}: {status:?}");
}

fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|m| std::os::unix::fs::MetadataExt::uid(&m) == 0)
}

fn newest_postgres() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").expect("PostgreSQL is not installed: run script/test");
    let mut found: Vec<PathBuf> = versions.filter_map(|v| v.ok().map(|v| v.path().join("bin"))).collect();
    found.sort_by_key(|p| {
        let version = p.parent().and_then(Path::file_name).map(|v| v.to_string_lossy().into_owned());
        version.and_then(|v| v.parse::<u32>().ok())
    });
    found.pop().expect("PostgreSQL is not installed: run script/test")
}
