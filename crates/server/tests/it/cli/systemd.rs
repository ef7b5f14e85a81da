//! Units for systemd, looked at by systemd's own program, and a restart as systemd does it.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    os::fd::OwnedFd,
    process::Command,
    sync::atomic::{AtomicBool, AtomicU32, Ordering},
    thread::{scope, sleep},
    time::{Duration, Instant},
};

use phiomia_testkit::Engine;

use super::kit::{LONG, Place, Running};

/// A server with this configuration, which does not run.
async fn place(configuration: &str) -> Place {
    let place = Place::open(Engine::Sqlite).await;
    fs::write(place.folder.join("phiomia.toml"), configuration).unwrap();
    place
}

fn analyze(place: &Place, args: &[&str]) -> String {
    let mut command = Command::new("systemd-analyze");
    // Only what is in the folder, and systemd's own.
    let path = format!("{}:", place.folder.display());
    let output = command.args(args).current_dir(&place.folder).env("SYSTEMD_UNIT_PATH", path).output();
    let output = output.expect("systemd-analyze is there: script/test installs it");
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{args:?}: {said}");
    said
}

#[tokio::test]
async fn the_units_hold_for_systemd_and_leave_the_service_little() {
    for (configuration, worst) in [
        ("instance.domain = \"example.org\"\ntls.acme = true\n", "20"),
        ("instance.domain = \"example.org\"\nserver.listen = \"127.0.0.1:3000\"\n", "20"),
    ] {
        let place = place(configuration).await;
        let service = place.says(&["systemd", "unit"]);
        fs::write(place.folder.join("phiomia.service"), &service).unwrap();
        fs::write(place.folder.join("phiomia.socket"), place.says(&["systemd", "socket"])).unwrap();
        let said = analyze(&place, &["verify", "--man=no", "./phiomia.service", "./phiomia.socket"]);
        // Nothing about our own two files.
        assert!(!said.contains("phiomia."), "{said}");
        analyze(&place, &["security", "--offline=true", "--threshold", worst, "./phiomia.service"]);
    }
}

#[tokio::test]
async fn a_server_at_443_may_have_low_ports_and_one_behind_a_front_may_nothing() {
    let house = place("instance.domain = \"example.org\"\ntls.acme = true\n").await;
    let service = house.says(&["systemd", "unit"]);
    assert!(service.contains("AmbientCapabilities=CAP_NET_BIND_SERVICE\n"), "{service}");
    assert!(service.contains(" --data /var/lib/phiomia serve\n") && service.contains("StateDirectory=phiomia\n"));
    let socket = house.says(&["systemd", "socket"]);
    assert!(socket.contains("ListenStream=[::]:443\nListenStream=[::]:80\n"), "{socket}");
    let house = place("instance.domain = \"example.org\"\nserver.listen = \"localhost:3000\"\n").await;
    let service = house.says(&["--data", "/srv/phiomia", "systemd", "unit", "--memory", "1G", "--user", "me"]);
    assert!(service.contains("CapabilityBoundingSet=\n") && !service.contains("AmbientCapabilities"), "{service}");
    for line in ["ReadWritePaths=/srv/phiomia", "MemoryMax=1G", "User=me", "WatchdogSec=60", "Type=notify"] {
        assert!(service.contains(&format!("{line}\n")), "{line}: {service}");
    }
    let socket = house.says(&["systemd", "socket"]);
    assert!(socket.contains("ListenStream=127.0.0.1:3000\nListenStream=[::1]:3000\n"), "{socket}");
    let named = place("instance.domain = \"example.org\"\nserver.listen = \"example.org:443\"\n").await;
    assert!(named.refuses(&["systemd", "socket"]).contains("not on names"));
}

/// As systemd starts it: the first socket is descriptor 3, and two variables say so.
fn started_with(place: &Place, socket: &TcpListener) -> Running {
    let script = "exec 3<&0 </dev/null; LISTEN_PID=$$ LISTEN_FDS=1 exec \"$0\" serve";
    let mut command = Command::new("/bin/sh");
    command.args(["-c", script, env!("CARGO_BIN_EXE_phiomia")]).current_dir(&place.folder).env_clear();
    command.stdin(OwnedFd::from(socket.try_clone().unwrap()));
    Running::start(command)
}

#[tokio::test]
async fn a_restart_with_sockets_of_systemd_drops_no_request() {
    let place = place("").await;
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    let ask = || -> std::io::Result<String> {
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(Duration::from_secs(20)))?;
        stream.write_all(b"GET /livez HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    };
    let (is_over, n_asked) = (AtomicBool::new(false), AtomicU32::new(0));
    let began = Instant::now();
    let mut server = started_with(&place, &socket);
    scope(|people| {
        let asking = || {
            people.spawn(|| {
                while !is_over.load(Ordering::Relaxed) && began.elapsed() < LONG {
                    let answer = ask().unwrap_or_else(|e| panic!("{e} after {:?}", began.elapsed()));
                    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer:?}");
                    n_asked.fetch_add(1, Ordering::Relaxed);
                }
            })
        };
        let asking = [asking(), asking(), asking(), asking()];
        for _ in 0..2 {
            sleep(Duration::from_millis(300));
            server.stop();
            let n_before = n_asked.load(Ordering::Relaxed);
            // Who comes now waits.
            server = started_with(&place, &socket);
            sleep(Duration::from_millis(300));
            assert!(n_asked.load(Ordering::Relaxed) > n_before, "the next process answers");
        }
        is_over.store(true, Ordering::Relaxed);
        for person in asking {
            person.join().unwrap();
        }
    });
}
