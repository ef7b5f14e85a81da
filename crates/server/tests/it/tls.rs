//! TLS at the door: which files hold, who is greeted, and what happens when the files change.
//! The certificates in `tls/` are for 127.0.0.1: `rsa.pem` holds until 2048, `ec.pem` for a hundred years.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use axum::{Router, extract::ws::WebSocketUpgrade, routing::get};
use jiff::Timestamp;
use phiomia_model::{Addresses, Time};
use phiomia_server::{
    config::value::Listen,
    listen::{Door, Options, serve},
    plain::Plain,
    shutdown::Shutdown,
    tls::Tls,
};
use phiomia_store::Clock;
use rustls::{
    ClientConfig, RootCertStore,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, ServerName, pem::PemObject as _},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    task::JoinHandle,
    time::{sleep, timeout},
};
use tokio_rustls::{TlsConnector, client::TlsStream};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/tls").join(name)
}

fn load(cert: &str, key: &str) -> Result<Tls, String> {
    Tls::load(&fixture(cert), &fixture(key), Clock::system())
}

fn ec() -> Tls {
    load("ec.pem", "ec.pkcs8.key").unwrap()
}

struct House {
    address: String,
    shutdown: Shutdown,
    served: JoinHandle<()>,
}

async fn open(options: Options) -> House {
    let door = Door::bind(&Listen::Tcp("127.0.0.1:0".to_owned())).await.unwrap();
    let address = door.addresses().remove(0);
    let shutdown = Shutdown::new();
    let echo = async |upgrade: WebSocketUpgrade| {
        upgrade.on_upgrade(async |mut socket| {
            let said = socket.recv().await.unwrap().unwrap();
            socket.send(said).await.unwrap();
        })
    };
    let slow = async || {
        sleep(Duration::from_millis(400)).await;
        "at last"
    };
    let routes = Router::new()
        .route("/", get(async |request: http::Request<axum::body::Body>| format!("{:?}", request.version())))
        .route("/slow", get(slow))
        .route("/socket", get(echo));
    let served = tokio::spawn(serve(routes, door, options, shutdown.clone()));
    House { address, shutdown, served }
}

/// A client that trusts one certificate alone.
async fn greet(house: &House, trusted: &str, alpn: &[&str]) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(fixture(trusted)).unwrap()).unwrap();
    let mut config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
    let stream = TcpStream::connect(&house.address).await?;
    TlsConnector::from(Arc::new(config)).connect(ServerName::try_from("127.0.0.1").unwrap(), stream).await
}

async fn ask(mut stream: TlsStream<TcpStream>, path: &str) -> String {
    let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

fn on_this_runtime(test: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(async {
        timeout(Duration::from_secs(30), test).await.expect("the test ends");
    });
}

#[test]
fn keys_of_all_three_forms_are_read() {
    for (cert, key) in [("ec.pem", "ec.pkcs8.key"), ("ec.pem", "ec.sec1.key"), ("rsa.pem", "rsa.pkcs1.key")] {
        load(cert, key).unwrap();
    }
}

#[test]
fn what_does_not_hold_is_said_in_one_sentence() {
    let because = |cert: &str, key: &str| load(cert, key).unwrap_err();
    assert!(because("ec.pem", "rsa.pkcs1.key").contains("is not the key of the certificate in tls.cert_file"));
    assert!(because("none.pem", "ec.pkcs8.key").contains("none.pem does not read: No such file"));
    assert!(because("ec.pem", "none.key").contains("none.key does not read: No such file"));
    assert!(because("ec.pkcs8.key", "ec.pkcs8.key").contains("there is no certificate in it"));
    assert!(because("ec.pem", "ec.pem").contains("tls.key_file"));
}

#[test]
fn an_expired_certificate_does_not_hold() {
    // Until 2049 a certificate's time has two digits of the year, afterwards four.
    for (cert, key, good, late) in [
        ("rsa.pem", "rsa.pkcs1.key", "2048-01-01", "2049-01-01"),
        ("ec.pem", "ec.sec1.key", "2126-01-01", "2127-01-01"),
    ] {
        let at = |day: &str| {
            let now: Timestamp = format!("{day}T00:00:00Z").parse().unwrap();
            Tls::load(&fixture(cert), &fixture(key), Clock::new(move || Time(now.as_microsecond())))
        };
        at(good).unwrap();
        assert!(at(late).unwrap_err().ends_with("has expired"));
    }
}

#[test]
fn both_versions_of_http_are_spoken_and_the_client_chooses() {
    on_this_runtime(async {
        let house = open(Options { tls: Some(ec()), ..Options::default() }).await;
        for (offered, chosen) in [(&["h2", "http/1.1"][..], Some("h2")), (&["http/1.1"], Some("http/1.1")), (&[], None)]
        {
            let stream = greet(&house, "ec.pem", offered).await.unwrap();
            assert_eq!(stream.get_ref().1.alpn_protocol(), chosen.map(str::as_bytes));
        }
        let answer = ask(greet(&house, "ec.pem", &[]).await.unwrap(), "/").await;
        assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("HTTP/1.1"), "{answer}");
        let mut stream = greet(&house, "ec.pem", &["h2"]).await.unwrap();
        stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await.unwrap();
        let mut head = [0; 9];
        stream.read_exact(&mut head).await.unwrap();
        assert_eq!(head[3], 4, "the first frame of HTTP/2 is SETTINGS");
    });
}

#[test]
fn a_handshake_that_fails_or_never_comes_ends_that_connection_alone() {
    on_this_runtime(async {
        let header_timeout = Duration::from_millis(500);
        let house = open(Options { tls: Some(ec()), header_timeout, ..Options::default() }).await;
        let mut silent = TcpStream::connect(&house.address).await.unwrap();
        let mut plain = TcpStream::connect(&house.address).await.unwrap();
        plain.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
        // Somebody who trusts another authority goes away.
        greet(&house, "rsa.pem", &[]).await.unwrap_err();
        assert!(ask(greet(&house, "ec.pem", &[]).await.unwrap(), "/").await.starts_with("HTTP/1.1 200 "));
        for stream in [&mut silent, &mut plain] {
            let mut answer = Vec::new();
            // An error is a reset, which is an end too.
            let _ = timeout(Duration::from_secs(5), stream.read_to_end(&mut answer)).await.expect("it is closed");
            assert!(!answer.starts_with(b"HTTP"), "it was answered without TLS");
        }
    });
}

#[test]
fn a_websocket_goes_through_tls() {
    on_this_runtime(async {
        let house = open(Options { tls: Some(ec()), ..Options::default() }).await;
        let mut stream = greet(&house, "ec.pem", &["http/1.1"]).await.unwrap();
        let request = "GET /socket HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
            sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut buffer = vec![0; 4096];
        let length = stream.read(&mut buffer).await.unwrap();
        assert!(buffer[..length].starts_with(b"HTTP/1.1 101 "));
        // RFC 6455: a text of two bytes, masked with zeros; what the server sends is not masked.
        stream.write_all(b"\x81\x82\0\0\0\0hi").await.unwrap();
        let length = stream.read(&mut buffer).await.unwrap();
        assert_eq!(&buffer[..length], b"\x81\x02hi");
    });
}

#[test]
fn a_stop_lets_a_request_finish_and_does_not_wait_for_a_handshake() {
    on_this_runtime(async {
        let house = open(Options { tls: Some(ec()), ..Options::default() }).await;
        let _silent = TcpStream::connect(&house.address).await.unwrap();
        let stream = greet(&house, "ec.pem", &[]).await.unwrap();
        let running = tokio::spawn(async move { ask(stream, "/slow").await });
        sleep(Duration::from_millis(150)).await;
        house.shutdown.stop();
        assert!(running.await.unwrap().ends_with("at last"));
        timeout(Duration::from_secs(3), house.served).await.expect("nothing is left to wait for").unwrap();
    });
}

#[test]
fn a_renewed_pair_is_taken_up_and_one_that_does_not_hold_is_not() {
    on_this_runtime(async {
        let folder = std::env::temp_dir().join(format!("phiomia-tls-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let (cert, key) = (folder.join("cert.pem"), folder.join("key.pem"));
        let put = |from: &str, to: &Path| fs::write(to, fs::read(fixture(from)).unwrap()).unwrap();
        put("ec.pem", &cert);
        put("ec.pkcs8.key", &key);
        let tls = Tls::load(&cert, &key, Clock::system()).unwrap();
        tokio::spawn(tls.clone().keep_up(Duration::from_millis(50)));
        let house = open(Options { tls: Some(tls), ..Options::default() }).await;
        greet(&house, "ec.pem", &[]).await.unwrap();
        // Half of the new pair: the key is still the old one's.
        put("rsa.pem", &cert);
        sleep(Duration::from_millis(300)).await;
        greet(&house, "ec.pem", &[]).await.unwrap();
        put("rsa.pkcs1.key", &key);
        while greet(&house, "rsa.pem", &[]).await.is_err() {
            sleep(Duration::from_millis(50)).await;
        }
        greet(&house, "ec.pem", &[]).await.unwrap_err();
        fs::remove_dir_all(&folder).unwrap();
    });
}

#[test]
fn who_comes_over_plain_http_is_led_to_https_with_the_question() {
    on_this_runtime(async {
        let door = Door::bind(&Listen::Tcp("127.0.0.1:0".to_owned())).await.unwrap();
        let address = door.addresses().remove(0);
        let ours = |text: &str| text.to_owned();
        let addresses = Addresses::new(ours("https"), ours("example.org"), ours("social.example.org"));
        let shutdown = Shutdown::new();
        tokio::spawn(serve(Plain::new(&addresses, &[]).router(), door, Options::default(), shutdown.clone()));
        for (method, host, status) in
            [("GET", "example.org", "301"), ("HEAD", "example.org", "301"), ("POST", "evil.example", "308")]
        {
            let mut stream = TcpStream::connect(&address).await.unwrap();
            let path = "/.well-known/webfinger?resource=acct:a%40b&x=1%2F2";
            let request = format!("{method} {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
            stream.write_all(request.as_bytes()).await.unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.unwrap();
            let led = if host == "example.org" { host } else { "social.example.org" };
            assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
            assert!(answer.contains(&format!("\r\nlocation: https://{led}{path}\r\n")), "{answer}");
            // A promise that came over plain http could be anybody's.
            assert!(!answer.contains("strict-transport-security"), "{answer}");
        }
        shutdown.stop();
    });
}
