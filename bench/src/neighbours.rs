//! Other servers, all of them this process: each address of 127.0.0.0/8 is another host. Some take everything at once,
//! some take connections and never say anything.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
};
use tokio::net::{TcpListener, TcpSocket};

use crate::server::Site;

/// What came, by the text of the post: when, for each host.
type Came = Arc<Mutex<HashMap<String, Vec<Instant>>>>;

/// How often, for each host, by the text of the post.
type Counted = Arc<Mutex<HashMap<String, HashMap<String, usize>>>>;

/// The living and the dead.
pub struct Neighbours {
    came: Came,
    counted: Counted,
    living: u16,
    dead: u16,
    _silent: TcpListener,
}

impl Neighbours {
    pub async fn begin() -> Neighbours {
        let listener = TcpListener::bind("0.0.0.0:0").await.unwrap();
        let living = listener.local_addr().unwrap().port();
        let came = Came::default();
        let counted = Counted::default();
        let router = Router::new().fallback(take).with_state((came.clone(), counted.clone()));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        // Nobody accepts: a few connections are held by the system, all others find nobody.
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("0.0.0.0:0".parse().unwrap()).unwrap();
        let silent = socket.listen(8).unwrap();
        let dead = silent.local_addr().unwrap().port();
        Neighbours { came, counted, living, dead, _silent: silent }
    }

    /// `author` is followed by one person of each of `n_living` and `n_dead` hosts more. `first`: the first id to use.
    pub async fn follow(&self, site: &Site, author: i64, first: i64, n_living: usize, n_dead: usize) {
        for (port, n, first) in [(self.living, n_living, first), (self.dead, n_dead, first + 1_000_000)] {
            if n == 0 {
                continue;
            }
            let host =
                format!("'127.' || (1 + i / 62500) || '.' || (i / 250 % 250) || '.' || (1 + i % 250) || ':{port}'");
            let count = format!("with recursive n (i) as (select 0 union all select i + 1 from n where i < {})", n - 1);
            site.execute(&format!(
                "insert into accounts (id, username, username_key, domain, uri, url, created_at) {count}
                    select {first} + i, 'f' || i, 'f' || ({first} + i), {host}, 'http://' || {host} || '/u/' || ({first} + i), '', 0 from n;
                insert into actors (account_id, host, inbox, shared_inbox, fetched_at) {count}
                    select {first} + i, {host}, 'http://' || {host} || '/u/inbox', 'http://' || {host} || '/inbox', 0 from n;
                insert into follows (account_id, target_id, id, created_at) {count}
                    select {first} + i, {author}, {first} + i, 0 from n;
                update accounts set followers_count = followers_count + {n} where id = {author};"
            ))
            .await;
        }
    }

    /// When the post with this text came, at each host that has it by now.
    pub fn came(&self, text: &str) -> Vec<Instant> {
        self.came.lock().unwrap().get(text).cloned().unwrap_or_default()
    }

    /// How often the post with this text came to each host that has it.
    pub fn hosts_with(&self, text: &str) -> HashMap<String, usize> {
        self.counted.lock().unwrap().get(text).cloned().unwrap_or_default()
    }

    /// Waits until so many hosts have it; `false` after `longest`.
    pub async fn have(&self, text: &str, n: usize, longest: Duration) -> bool {
        let begun = Instant::now();
        while self.came(text).len() < n {
            if begun.elapsed() > longest {
                return false;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        true
    }
}

/// The settings of a server that may speak with them.
pub const SETTINGS: [(&str, &str); 2] =
    [("federation.allow_http", "true"), ("federation.allowed_private_addresses", "127.0.0.0/8")];

async fn take(State((came, counted)): State<(Came, Counted)>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let at = Instant::now();
    // As a server that looks at what it gets, though not at whose key that is.
    if !headers.contains_key("signature") {
        return StatusCode::UNAUTHORIZED;
    }
    let body = String::from_utf8_lossy(&body);
    // `<p>round 7</p>` in the text of the note.
    if let Some(text) = body.split("\\u003cp\\u003e").nth(1).or_else(|| body.split("<p>").nth(1)) {
        let text: String = text.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == ' ').collect();
        let host = headers.get("host").and_then(|host| host.to_str().ok()).unwrap_or_default().to_owned();
        *counted.lock().unwrap().entry(text.clone()).or_default().entry(host).or_default() += 1;
        came.lock().unwrap().entry(text).or_default().push(at);
    }
    StatusCode::ACCEPTED
}
