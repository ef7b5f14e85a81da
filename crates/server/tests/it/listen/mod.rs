//! What the door lets in, how long it waits, and how it closes.

mod doings;
mod slow;

use std::{
    future::Future,
    os::unix::fs::PermissionsExt as _,
    time::{Duration, Instant},
};

use axum::{
    Extension, Router,
    extract::ws::{CloseFrame, Message, WebSocketUpgrade},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use http::StatusCode;
use phiomia_api::peer::Arrival;
use phiomia_model::Addresses;
use phiomia_server::{
    config::value::{Cidr, Listen},
    forwarded::Fronts,
    listen::{Door, Options, serve},
    metrics,
    plain::Plain,
    shutdown::Shutdown,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpStream, UnixStream},
    task::JoinHandle,
    time::{sleep, timeout},
};

use doings::Doings;

const LONG: Duration = Duration::from_secs(20);

struct House {
    address: String,
    shutdown: Shutdown,
    served: JoinHandle<()>,
    doings: Doings,
}

fn on_this_runtime(test: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(async {
        timeout(Duration::from_secs(60), test).await.expect("the test ends");
    });
}

async fn open(options: Options) -> House {
    open_at(&Listen::Tcp("127.0.0.1:0".to_owned()), options).await
}

async fn open_at(listen: &Listen, options: Options) -> House {
    let door = Door::bind(listen).await.unwrap();
    let address = door.addresses().remove(0);
    let (shutdown, doings) = (Shutdown::new(), Doings::new());
    let served = tokio::spawn(serve(routes(doings.clone()), door, options, shutdown.clone()));
    House { address, shutdown, served, doings }
}

fn routes(doings: Doings) -> Router {
    Router::new()
        .route("/", get(async || "hello"))
        .route("/who", get(async |Extension(arrival): Extension<Arrival>| arrival.client.0.to_string()))
        .route("/id", get(async |Extension(arrival): Extension<Arrival>| arrival.id.as_str().to_owned()))
        .route("/panic", get(panics))
        .route("/slow", get(slow))
        .route("/never", get(never))
        .route("/long", get(async || "long ".repeat(1000)))
        .route("/framed", get(async || ([("x-frame-options", "SAMEORIGIN")], "")))
        .route("/stream", get(stream))
        .route("/socket", get(socket))
        .route("/count", post(async |body: axum::body::Bytes| body.len().to_string()))
        .route("/refuse", post(async || (StatusCode::PAYLOAD_TOO_LARGE, "too large")))
        .route(
            "/stopping",
            get(async |Extension(arrival): Extension<Arrival>, Extension(doings): Extension<Doings>| {
                doings.come();
                arrival.stopping.unwrap().wait().await;
                "stopped"
            }),
        )
        .layer(Extension(doings))
}

async fn panics() -> String {
    let nobody: Vec<String> = Vec::new();
    nobody[0].clone()
}

async fn slow(Extension(doings): Extension<Doings>) -> &'static str {
    doings.wait().await;
    "at last"
}

async fn never(Extension(doings): Extension<Doings>) {
    doings.come();
    std::future::pending().await
}

async fn stream() -> Response {
    ([("content-type", "text/event-stream")], "data: hello\n\n".repeat(1000)).into_response()
}

async fn socket(
    upgrade: WebSocketUpgrade,
    Extension(arrival): Extension<Arrival>,
    Extension(doings): Extension<Doings>,
) -> Response {
    upgrade.on_upgrade(async move |mut socket| {
        let mut stopping = arrival.stopping.unwrap();
        stopping.wait().await;
        // Whoever is slower than the process would never say it.
        doings.wait().await;
        let goodbye = CloseFrame { code: 1001, reason: "".into() };
        socket.send(Message::Close(Some(goodbye))).await.unwrap();
    })
}

/// Sends one request that asks for the connection's end, and returns the whole answer.
async fn ask(house: &House, path: &str, headers: &str) -> String {
    ask_on(TcpStream::connect(&house.address).await.unwrap(), path, headers).await
}

async fn ask_on(mut stream: impl AsyncRead + AsyncWrite + Unpin, path: &str, headers: &str) -> String {
    let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{headers}\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

/// A request on a connection that stays open.
async fn ask_once(stream: &mut TcpStream) {
    stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    assert!(stream.read(&mut [0; 4096]).await.unwrap() > 0);
}

fn body(answer: &str) -> &str {
    answer.split_once("\r\n\r\n").expect("an answer has a head").1
}

#[test]
fn a_connection_that_sends_no_whole_head_is_closed() {
    on_this_runtime(async {
        let house = open(Options { header_timeout: Duration::from_millis(300), ..Options::default() }).await;
        // Nothing; the beginning of a request; what could become HTTP/1 or HTTP/2.
        for beginning in ["", "GET / HTTP/1.1\r\nhost: x\r\n", "PRI * HTTP/2.0\r\n"] {
            let mut stream = TcpStream::connect(&house.address).await.unwrap();
            stream.write_all(beginning.as_bytes()).await.unwrap();
            let started = Instant::now();
            let mut answer = Vec::new();
            // An error is a reset, which is an end too.
            let _ = timeout(LONG, stream.read_to_end(&mut answer)).await.expect("the server hangs up");
            assert!(started.elapsed() >= Duration::from_millis(200), "{beginning:?} had no time");
        }
    });
}

#[test]
fn who_is_refused_while_still_sending_gets_the_answer_and_may_ask_again() {
    on_this_runtime(async {
        let house = open(Options::default()).await;
        let mut stream = TcpStream::connect(&house.address).await.unwrap();
        let (n_bytes, piece) = (8_000_000, [b'a'; 100_000]);
        let head = format!("POST /refuse HTTP/1.1\r\nhost: x\r\ncontent-length: {n_bytes}\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        // Longer than any buffer between the two: the answer is there before the end is sent.
        for _ in 0..n_bytes / piece.len() {
            stream.write_all(&piece).await.expect("the server goes on reading");
        }
        let answers = ask_on(stream, "/", "").await;
        assert!(answers.starts_with("HTTP/1.1 413"), "{answers}");
        assert!(answers.contains("too large") && answers.ends_with("hello"), "{answers}");
    });
}

#[test]
fn who_waits_to_be_told_to_send_is_not_told_so_when_refused() {
    on_this_runtime(async {
        let house = open(Options::default()).await;
        let mut stream = TcpStream::connect(&house.address).await.unwrap();
        let head = "POST /refuse HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\nexpect: 100-continue\r\n\r\n";
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        timeout(LONG, stream.read_to_end(&mut answer)).await.expect("an answer and the end").unwrap();
        assert!(answer.starts_with(b"HTTP/1.1 413"), "{}", String::from_utf8_lossy(&answer));
    });
}

#[test]
fn a_connection_that_rests_is_closed_and_one_that_asks_stays_open() {
    on_this_runtime(async {
        let short = Duration::from_millis(1_200);
        let house = open(Options { header_timeout: short, keep_alive: short, ..Options::default() }).await;
        let mut stream = TcpStream::connect(&house.address).await.unwrap();
        let mut buffer = vec![0; 4096];
        // Longer together than it may rest, with much time left for a slow machine each time.
        for _ in 0..6 {
            ask_once(&mut stream).await;
            sleep(short / 4).await;
        }
        assert_eq!(timeout(LONG, stream.read(&mut buffer)).await.expect("the server hangs up").unwrap_or(0), 0);
    });
}

#[test]
fn a_stop_lets_a_running_request_finish_and_takes_no_new_ones() {
    on_this_runtime(async {
        let house = open(Options::default()).await;
        let mut resting = TcpStream::connect(&house.address).await.unwrap();
        ask_once(&mut resting).await;
        let mut buffer = vec![0; 4096];

        let stream = TcpStream::connect(&house.address).await.unwrap();
        let running = tokio::spawn(async move { ask_on(stream, "/slow", "").await });
        house.doings.came(1).await;
        house.shutdown.stop();
        house.doings.go_on(1);
        assert_eq!(body(&running.await.unwrap()), "at last");
        timeout(LONG, house.served).await.expect("nothing is left to wait for").unwrap();
        assert_eq!(resting.read(&mut buffer).await.unwrap_or(0), 0, "a resting connection is closed");
        assert!(TcpStream::connect(&house.address).await.is_err());
    });
}

#[test]
fn a_request_that_never_ends_is_given_up_after_the_grace() {
    on_this_runtime(async {
        let house = open(Options { grace: Duration::from_millis(300), ..Options::default() }).await;
        let stream = TcpStream::connect(&house.address).await.unwrap();
        let running = tokio::spawn(async move { ask_on(stream, "/never", "").await });
        house.doings.came(1).await;
        house.shutdown.stop();
        timeout(LONG, house.served).await.expect("the grace is over").unwrap();
        assert_eq!(timeout(LONG, running).await.unwrap().unwrap_or_default(), "");
    });
}

#[test]
fn a_stream_hears_of_the_stop() {
    on_this_runtime(async {
        let house = open(Options::default()).await;
        let stream = TcpStream::connect(&house.address).await.unwrap();
        let running = tokio::spawn(async move { ask_on(stream, "/stopping", "").await });
        house.doings.came(1).await;
        house.shutdown.stop();
        assert_eq!(body(&timeout(LONG, running).await.unwrap().unwrap()), "stopped");
    });
}

#[test]
fn a_websocket_is_let_through_and_may_say_goodbye_when_the_process_stops() {
    on_this_runtime(async {
        let house = open(Options::default()).await;
        let mut stream = TcpStream::connect(&house.address).await.unwrap();
        let request = "GET /socket HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
            sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\naccept-encoding: gzip\r\n\r\n";
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut buffer = vec![0; 4096];
        let length = stream.read(&mut buffer).await.unwrap();
        let answer = String::from_utf8_lossy(&buffer[..length]).into_owned();
        assert!(answer.starts_with("HTTP/1.1 101 ") && answer.contains("\r\nx-request-id: "), "{answer}");
        house.shutdown.stop();
        house.doings.came(1).await;
        assert!(!house.served.is_finished(), "it does not wait for what is still to be said");
        house.doings.go_on(1);
        let length = timeout(LONG, stream.read(&mut buffer)).await.unwrap().unwrap();
        // RFC 6455: a close frame (0x88) with two bytes of code, 1001 for an endpoint that goes away.
        assert_eq!(buffer[..length], [0x88, 2, 0x03, 0xe9]);
        timeout(LONG, house.served).await.expect("it waits for the stream alone").unwrap();
    });
}

#[test]
fn a_forwarded_address_is_ignored_from_strangers_and_believed_from_proxies() {
    on_this_runtime(async {
        let headers = "x-forwarded-for: 1.2.3.4, 203.0.113.9\r\n";
        let house = open(Options::default()).await;
        assert_eq!(body(&ask(&house, "/who", headers).await), "127.0.0.1");
        let house = open(Options { fronts: this_machine(), ..Options::default() }).await;
        assert_eq!(body(&ask(&house, "/who", headers).await), "203.0.113.9");
    });
}

fn this_machine() -> Fronts {
    Fronts { trusted: vec!["127.0.0.1".parse::<Cidr>().unwrap()], ..Fronts::default() }
}

#[test]
fn a_front_that_passes_bytes_on_says_first_for_whom_and_nobody_else_may() {
    on_this_runtime(async {
        let header_timeout = Duration::from_millis(500);
        let options = Options { proxy_protocol: true, header_timeout, ..Options::default() };
        let house = open(Options { fronts: this_machine(), ..options.clone() }).await;
        let binary = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\x02\x07\x7f\0\0\x01\0\x01\0\x02";
        for (first, shown) in [
            (&b"PROXY TCP4 192.0.2.7 127.0.0.1 1 2\r\n"[..], "192.0.2.7"),
            (binary, "192.0.2.7"),
            (b"PROXY UNKNOWN\r\n", "127.0.0.1"),
        ] {
            let mut stream = TcpStream::connect(&house.address).await.unwrap();
            stream.write_all(first).await.unwrap();
            // What the client itself claims is passed on, and not believed.
            let claim = if shown == "127.0.0.1" { "" } else { "x-forwarded-for: 1.2.3.4\r\n" };
            assert_eq!(body(&ask_on(stream, "/who", claim).await), shown);
        }
        let strangers = open(options).await;
        for (house, first) in [(&house, "GET / HTTP/1.1\r\n\r\n"), (&house, ""), (&strangers, "PROXY UNKNOWN\r\nGET")] {
            let mut stream = TcpStream::connect(&house.address).await.unwrap();
            stream.write_all(first.as_bytes()).await.unwrap();
            let mut answer = Vec::new();
            // An error is a reset, which is an end too.
            let _ = timeout(LONG, stream.read_to_end(&mut answer)).await.expect("it is closed");
            assert_eq!(answer, b"", "{first:?} was answered");
        }
    });
}

#[test]
fn who_came_to_a_front_over_plain_http_is_led_to_https_where_that_is_wished() {
    on_this_runtime(async {
        let ours = || "example.org".to_owned();
        let addresses = Addresses::new("https", ours(), ours());
        let plain_leads_to = Some(Plain::new(&addresses, &[]));
        let house = open(Options { fronts: this_machine(), plain_leads_to, ..Options::default() }).await;
        let led = ask(&house, "/id?x=1", "x-forwarded-proto: http\r\n").await;
        assert!(
            led.starts_with("HTTP/1.1 301 ") && led.contains("\r\nlocation: https://example.org/id?x=1\r\n"),
            "{led}"
        );
        for served in
            ["x-forwarded-proto: https\r\n", "", "x-forwarded-proto: http\r\ncloudfront-forwarded-proto: https\r\n"]
        {
            assert!(ask(&house, "/", served).await.starts_with("HTTP/1.1 200 "), "{served}");
        }
    });
}

#[test]
fn every_answer_carries_the_id_its_request_has_inside() {
    on_this_runtime(async {
        let house = open(Options::default()).await;
        let sane = ask(&house, "/id", "x-request-id: from-the-proxy_1\r\n").await;
        assert_eq!(body(&sane), "from-the-proxy_1");
        assert!(sane.contains("\r\nx-request-id: from-the-proxy_1\r\n"));
        let strange = ask(&house, "/id", "x-request-id: <script>\r\n").await;
        assert_eq!(body(&strange).len(), 36);
        assert!(strange.contains(&format!("\r\nx-request-id: {}\r\n", body(&strange))));
        assert_ne!(body(&strange), body(&ask(&house, "/id", "").await));
        assert!(ask(&house, "/nowhere", "").await.contains("\r\nx-request-id: "));
    });
}

#[test]
fn every_answer_has_the_headers_that_keep_browsers_careful() {
    on_this_runtime(async {
        let house = open(Options { https: true, ..Options::default() }).await;
        for path in ["/", "/nowhere", "/panic"] {
            let answer = ask(&house, path, "").await;
            for header in [
                "strict-transport-security: max-age=63072000",
                "x-content-type-options: nosniff",
                "x-frame-options: DENY",
                "referrer-policy: same-origin",
                "permissions-policy: accelerometer=()",
                "cross-origin-opener-policy: same-origin",
            ] {
                assert!(answer.contains(&format!("\r\n{header}")), "{path} has no {header}: {answer}");
            }
        }
        let framed = ask(&house, "/framed", "").await;
        assert!(framed.contains("x-frame-options: SAMEORIGIN") && !framed.contains("DENY"));
        let plain = open(Options::default()).await;
        assert!(!ask(&plain, "/", "").await.contains("strict-transport-security"));
    });
}

#[test]
fn a_panic_ends_one_request_with_500_and_the_server_goes_on() {
    on_this_runtime(async {
        let house = open(Options::default()).await;
        let answer = ask(&house, "/panic", "").await;
        assert!(answer.starts_with("HTTP/1.1 500 "), "{answer}");
        assert_eq!(body(&answer), r#"{"error":"Something went wrong on our end"}"#);
        assert_eq!(body(&ask(&house, "/", "").await), "hello");
    });
}

#[test]
fn long_answers_are_compressed_and_streams_are_not() {
    on_this_runtime(async {
        let house = open(Options::default()).await;
        let accepts = "accept-encoding: gzip, br\r\n";
        assert!(ask(&house, "/long", accepts).await.contains("\r\ncontent-encoding: br\r\n"));
        assert!(ask(&house, "/long", "accept-encoding: gzip\r\n").await.contains("\r\ncontent-encoding: gzip\r\n"));
        assert!(!ask(&house, "/long", "").await.contains("content-encoding"));
        assert!(!ask(&house, "/stream", accepts).await.contains("content-encoding"));
    });
}

#[test]
fn a_client_with_too_many_open_requests_is_asked_to_wait() {
    on_this_runtime(async {
        let house = open(Options { max_requests_per_client: 2, ..Options::default() }).await;
        let slow = || async { ask(&house, "/slow", "").await };
        let quick = async {
            house.doings.came(2).await;
            let answer = ask(&house, "/", "").await;
            house.doings.go_on(2);
            answer
        };
        let (first, second, third) = tokio::join!(slow(), slow(), quick);
        assert_eq!((body(&first), body(&second)), ("at last", "at last"));
        assert!(third.starts_with("HTTP/1.1 503 ") && third.contains("\r\nretry-after: "), "{third}");
        assert_eq!(body(&ask(&house, "/", "").await), "hello");
    });
}

#[test]
fn a_request_that_takes_too_long_is_answered_with_503() {
    on_this_runtime(async {
        let house = open(Options { request_timeout: Duration::from_millis(200), ..Options::default() }).await;
        assert!(ask(&house, "/never", "").await.starts_with("HTTP/1.1 503 "));
    });
}

#[test]
fn beyond_the_limit_connections_wait_their_turn() {
    on_this_runtime(async {
        let house = open(Options { max_connections: 1, ..Options::default() }).await;
        let mut holder = TcpStream::connect(&house.address).await.unwrap();
        ask_once(&mut holder).await;
        let waiting = TcpStream::connect(&house.address).await.unwrap();
        let waiting = tokio::spawn(async move { ask_on(waiting, "/", "").await });
        for _ in 0..5 {
            ask_once(&mut holder).await;
        }
        assert!(!waiting.is_finished(), "it was served beside the first");
        drop(holder);
        assert_eq!(body(&timeout(LONG, waiting).await.unwrap().unwrap()), "hello");
    });
}

#[test]
fn a_unix_socket_serves_and_a_stale_one_is_replaced() {
    on_this_runtime(async {
        let path = std::env::temp_dir().join(format!("phiomia-listen-{}.sock", std::process::id()));
        let listen = Listen::Unix(path.clone());
        // A crash leaves the file behind.
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        let house = open_at(&listen, Options::default()).await;
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o666, "a front runs as somebody else");
        let stream = UnixStream::connect(&path).await.unwrap();
        assert_eq!(body(&ask_on(stream, "/who", "").await), "127.0.0.1");
        assert!(Door::bind(&listen).await.is_err(), "a living socket was taken over");
        house.shutdown.stop();
        house.served.await.unwrap();
        std::fs::remove_file(&path).unwrap();
    });
}

#[test]
fn figures_are_shown_at_metrics() {
    on_this_runtime(async {
        let recorder = metrics::recorder().unwrap();
        let handle = recorder.handle();
        ::metrics::with_local_recorder(&recorder, || {
            ::metrics::histogram!("http_request_duration_seconds", "method" => "GET").record(0.004);
        });
        let door = Door::bind(&Listen::Tcp("127.0.0.1:0".to_owned())).await.unwrap();
        let (address, shutdown) = (door.addresses().remove(0), Shutdown::new());
        let served = tokio::spawn(metrics::serve(handle, door, shutdown.clone()));
        let answer = ask_on(TcpStream::connect(&address).await.unwrap(), "/metrics", "").await;
        assert!(answer.contains("content-type: text/plain; version=0.0.4"));
        let buckets: Vec<&str> = body(&answer).lines().filter(|line| line.contains("le=\"0.00")).collect();
        let expected = [("0.001", 0), ("0.0025", 0), ("0.005", 1)];
        let expected: Vec<String> = expected
            .iter()
            .map(|(le, n)| format!("http_request_duration_seconds_bucket{{method=\"GET\",le=\"{le}\"}} {n}"))
            .collect();
        assert_eq!(buckets, expected);
        shutdown.stop();
        served.await.unwrap();
    });
}
