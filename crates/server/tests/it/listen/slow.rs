//! What is sent slowly: it has the time it takes as long as it comes.

use super::*;

/// Sends a body in pieces with a rest before each; the answer.
async fn send_slowly(house: &House, pieces: usize, piece: &[u8], rest: Duration) -> String {
    let mut stream = TcpStream::connect(&house.address).await.unwrap();
    let length = pieces * piece.len();
    let head = format!("POST /count HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    let (mut reading, mut writing) = stream.into_split();
    let sending = async {
        for _ in 0..pieces {
            sleep(rest).await;
            if writing.write_all(piece).await.is_err() {
                break;
            }
        }
    };
    let mut answer = vec![0; 1_024];
    // The answer may come before everything is sent.
    let answered = async {
        let n = timeout(LONG, reading.read(&mut answer)).await.expect("an answer").unwrap();
        String::from_utf8_lossy(answer.get(..n).unwrap()).into_owned()
    };
    tokio::select! {
        answered = answered => answered,
        () = async { sending.await; std::future::pending().await } => unreachable!(),
    }
}

#[test]
fn a_slow_upload_has_the_time_it_takes_and_one_that_drips_or_rests_has_not() {
    on_this_runtime(async {
        let request_timeout = Duration::from_millis(400);
        let options = Options { request_timeout, body_rest: Duration::from_millis(600), ..Options::default() };
        let house = open(options.clone()).await;
        let (steady, drop) = ([7; 20_000], [7; 1]);
        // Twice as long as a request may take.
        let (slow, dripping, resting) = tokio::join!(
            send_slowly(&house, 8, &steady, Duration::from_millis(100)),
            send_slowly(&house, 60, &drop, Duration::from_millis(30)),
            send_slowly(&house, 2, &steady, Duration::from_millis(1_500)),
        );
        assert!(slow.starts_with("HTTP/1.1 200 ") && slow.ends_with("160000"), "{slow}");
        assert!(dripping.starts_with("HTTP/1.1 408 "), "{dripping}");
        assert!(resting.starts_with("HTTP/1.1 408 "), "{resting}");
        // Not for want of time alone: where there is plenty, nothing may pause as long.
        let patient = open(Options { request_timeout: LONG, ..options }).await;
        let paused = send_slowly(&patient, 2, &steady, Duration::from_millis(1_500)).await;
        assert!(paused.starts_with("HTTP/1.1 408 "), "{paused}");
    });
}
