//! An SMTP server for tests: takes every mail and keeps it.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
    time::{sleep, timeout},
};

/// What one mail came as.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Received {
    /// What stood after `EHLO`.
    pub hello: String,
    /// What stood after `AUTH`, if anything did.
    pub auth: Option<String>,
    /// The envelope's sender, in angle brackets.
    pub from: String,
    /// The envelope's recipients, in angle brackets.
    pub to: Vec<String>,
    /// Head and body, as sent.
    pub data: String,
}

/// The server. It ends when it is dropped.
pub struct SmtpSink {
    /// Where it listens.
    pub address: SocketAddr,
    received: Arc<Mutex<Vec<Received>>>,
    listening: JoinHandle<()>,
}

impl SmtpSink {
    /// Listens on a free port of this machine; with `refusals`, so many mails are refused for now before one is taken.
    pub async fn open(refusals: usize) -> SmtpSink {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let received = Arc::new(Mutex::new(Vec::new()));
        let (keeper, left) = (received.clone(), Arc::new(Mutex::new(refusals)));
        let listening = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(timeout(Duration::from_secs(30), converse(stream, keeper.clone(), left.clone())));
            }
        });
        SmtpSink { address, received, listening }
    }

    /// What has come so far.
    #[must_use]
    pub fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }

    /// Waits for so many mails, for at most ten seconds.
    pub async fn wait_for(&self, n: usize) -> Vec<Received> {
        for _ in 0..500 {
            if self.received().len() >= n {
                break;
            }
            sleep(Duration::from_millis(20)).await;
        }
        let received = self.received();
        assert_eq!(received.len(), n, "mails in ten seconds");
        received
    }
}

impl Drop for SmtpSink {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

/// One connection. Source: RFC 5321, section 4.1.
async fn converse(
    stream: TcpStream,
    received: Arc<Mutex<Vec<Received>>>,
    refusals: Arc<Mutex<usize>>,
) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 sink.example ESMTP\r\n").await?;
    let (mut mail, mut line) = (Received::default(), String::new());
    loop {
        line.clear();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let text = line.trim_end();
        let (verb, rest) = text.split_once(' ').unwrap_or((text, ""));
        let answer = match verb.to_ascii_uppercase().as_str() {
            "EHLO" | "HELO" => {
                mail.hello = rest.to_owned();
                "250-sink.example\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 AUTH PLAIN LOGIN\r\n"
            }
            "AUTH" => {
                mail.auth = Some(rest.to_owned());
                "235 2.7.0 welcome\r\n"
            }
            "MAIL" if is_refused(&refusals) => "451 4.7.1 try again later\r\n",
            "MAIL" => {
                mail.from = bracketed(rest);
                "250 2.1.0 ok\r\n"
            }
            "RCPT" => {
                mail.to.push(bracketed(rest));
                "250 2.1.5 ok\r\n"
            }
            "DATA" => {
                stream.write_all(b"354 go on\r\n").await?;
                mail.data = data(&mut stream).await?;
                let kept = Received { from: String::new(), to: Vec::new(), data: String::new(), ..mail.clone() };
                received.lock().unwrap().push(std::mem::replace(&mut mail, kept));
                "250 2.0.0 kept\r\n"
            }
            "QUIT" => {
                stream.write_all(b"221 2.0.0 bye\r\n").await?;
                return Ok(());
            }
            "NOOP" | "RSET" => "250 2.0.0 ok\r\n",
            _ => "502 5.5.1 not known here\r\n",
        };
        stream.write_all(answer.as_bytes()).await?;
    }
}

fn is_refused(refusals: &Mutex<usize>) -> bool {
    let mut left = refusals.lock().unwrap();
    let is_refused = *left > 0;
    *left = left.saturating_sub(1);
    is_refused
}

fn bracketed(rest: &str) -> String {
    let inside = rest.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
    inside.map(|(address, _)| format!("<{address}>")).unwrap_or_default()
}

/// Lines up to a dot that stands alone; other leading dots were doubled by the client.
async fn data(stream: &mut BufReader<TcpStream>) -> std::io::Result<String> {
    let (mut text, mut line) = (String::new(), String::new());
    loop {
        line.clear();
        if stream.read_line(&mut line).await? == 0 || line.trim_end() == "." {
            return Ok(text);
        }
        text.push_str(line.strip_prefix('.').unwrap_or(&line));
    }
}
