//! A server on a real port with people in it, and somebody who listens.

use std::{net::IpAddr, sync::Arc, time::Duration};

use axum::Extension;
use futures_util::{SinkExt as _, StreamExt as _};
use http::{HeaderMap, HeaderValue, Request, StatusCode};
use phiomia_api::{Api, Parts, peer::Arrival, streaming::Pace};
use phiomia_model::{AccountId, Addresses, AppId, Error, Scopes, StatusId, TokenId, status::Draft};
use phiomia_social::{
    Social,
    relationships::{self, FollowOptions},
    statuses, timelines,
    users::{self, NewUser, Passwords},
};
use phiomia_store::{
    Tx,
    db::{apps, tokens},
    files::Files,
    live::Live,
    secret::{Entropy, SecretHash},
};
use phiomia_testkit::{Engine, TestDatabase};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    time::timeout,
};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Error as WsError, Message, client::IntoClientRequest as _, protocol::CloseFrame},
};

/// Long enough for everything that shall come.
const SOON: Duration = Duration::from_secs(10);
/// Long enough to see that nothing comes.
const NOTHING: Duration = Duration::from_millis(250);

/// The server.
pub struct Station {
    pub api: Api,
    pub social: Social,
    pub database: TestDatabase,
    pub port: u16,
    pub app: AppId,
}

impl Station {
    /// With the pace of a real server.
    pub async fn open(engine: Engine) -> Station {
        Station::with_pace(engine, Pace::default()).await
    }

    pub async fn with_pace(engine: Engine, pace: Pace) -> Station {
        let mut database = TestDatabase::open(engine).await;
        let addresses = Arc::new(Addresses::new("https", "phiomia.example", "phiomia.example"));
        let folder = std::env::temp_dir().join(format!("phiomia_streaming_files_{}", std::process::id()));
        let live = Live::memory();
        let federation = phiomia_testkit::federation(&database.db, (*addresses).clone());
        let files = Files::disk(folder).await.unwrap();
        let parts = Parts {
            gallery: phiomia_testkit::gallery(&federation, &files, 1_000_000),
            federation,
            db: database.db.clone(),
            live: live.clone(),
            files,
            workshop: phiomia_workshop::Workshop::inside(),
            addresses: addresses.clone(),
            entropy: Entropy::system(),
            passwords: Passwords::new(Entropy::system()),
            sealer: phiomia_store::seal::Sealer::new(&[7; 32]).unwrap(),
            doctor: None,
            sends_mail: false,
            source_url: None,
            single_user: None,
        };
        let api = Api::with_pace(parts, pace);
        let mut announced = std::mem::replace(&mut database.events, mpsc::unbounded_channel().1);
        tokio::spawn(async move {
            while let Some(event) = announced.recv().await {
                live.publish(&event).await;
            }
        });
        tokio::spawn(api.clone().follow_events());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let client = Arrival::from(IpAddr::from([192, 0, 2, 1]));
        let router = phiomia_api::router(&api).layer(Extension(client));
        tokio::spawn(async move { axum::serve(listener, router).await });
        let app = database
            .db
            .write(|tx| {
                let app = AppId(tx.new_id());
                let view = apps::AppView {
                    id: app,
                    client_id: "client".into(),
                    client_secret_hash: SecretHash::of("secret"),
                    name: "Radio".into(),
                    website: None,
                    redirect_uris: Vec::new(),
                    scopes: Scopes::parse("read write follow").unwrap(),
                    is_confidential: true,
                    created_at: tx.now(),
                };
                apps::insert(tx, &view)?;
                Ok(app)
            })
            .await
            .unwrap();
        let social = Social::new(addresses);
        Station { api, social, database, port, app }
    }

    pub async fn does<T: Send + 'static>(&self, act: impl FnMut(&Tx<'_>) -> Result<T, Error> + Send + 'static) -> T {
        self.database.db.write(act).await.unwrap()
    }

    /// Somebody new. Their token is their name and allows reading.
    pub async fn person(&self, name: &str) -> AccountId {
        let new = NewUser {
            username: name.to_owned(),
            email: None,
            password: None,
            role: None,
            is_confirmed: true,
            is_approved: true,
            is_locked: false,
            is_discoverable: false,
            is_indexable: false,
            locale: None,
            reason: None,
        };
        let passwords = Passwords::new(Entropy::system());
        let account = users::create(&self.database.db, &self.social.addresses, &passwords, new).await.unwrap();
        self.token(name, account, "read").await;
        account
    }

    /// Another token.
    pub async fn token(&self, secret: &str, account: AccountId, scopes: &str) -> TokenId {
        let (hash, app, scopes) = (SecretHash::of(secret), self.app, Scopes::parse(scopes).unwrap());
        self.does(move |tx| Ok(tokens::insert(tx, hash, app, Some(account), &scopes)?)).await
    }

    pub async fn follows(&self, who: AccountId, whom: AccountId) {
        self.does(move |tx| relationships::follow(tx, who, whom, &FollowOptions::default())).await;
    }

    /// Posts, and does at once what the workers would do a moment later.
    pub async fn posts(&self, author: AccountId, draft: Draft) -> StatusId {
        let social = self.social.clone();
        let id = self.does(move |tx| statuses::post(tx, &social, author, &draft)).await;
        self.does(move |tx| timelines::fan_out(tx, id)).await;
        id
    }

    pub async fn says(&self, author: AccountId, text: &str) -> StatusId {
        self.posts(author, Draft { text: text.to_owned(), ..Draft::default() }).await
    }

    /// Opens a WebSocket with everything after `/api/v1/streaming`.
    pub async fn dial(&self, rest: &str, headers: &[(&'static str, &str)]) -> Result<Radio, (StatusCode, Value)> {
        let mut request = format!("ws://127.0.0.1:{}/api/v1/streaming{rest}", self.port).into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, HeaderValue::from_str(value).unwrap());
        }
        let stream = TcpStream::connect(("127.0.0.1", self.port)).await.unwrap();
        match client_async(request, stream).await {
            Ok((socket, answer)) => Ok(Radio { socket, headers: answer.headers().clone() }),
            Err(WsError::Http(answer)) => {
                let (parts, body) = (*answer).into_parts();
                Err((parts.status, serde_json::from_slice(&body.unwrap_or_default()).unwrap_or_default()))
            }
            Err(error) => panic!("no answer: {error}"),
        }
    }

    /// Listens as the holder of a token to some streams, and is sure to be heard by the server.
    pub async fn tune(&self, token: &str, streams: &[&str]) -> Radio {
        let mut radio = self.dial(&format!("?access_token={token}"), &[]).await.unwrap();
        for stream in streams {
            radio.say(json!({"type": "subscribe", "stream": stream})).await;
        }
        radio.settle().await;
        radio
    }

    /// Opens a stream of server-sent events.
    pub async fn listen(&self, rest: &str, token: &str) -> EventSource {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).await.unwrap();
        let authorization = if token.is_empty() { String::new() } else { format!("Authorization: Bearer {token}\r\n") };
        let head = format!("GET /api/v1/streaming/{rest} HTTP/1.1\r\nHost: phiomia.example\r\n{authorization}\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        EventSource { stream, heard: String::new() }
    }
}

/// An open WebSocket.
pub struct Radio {
    pub socket: WebSocketStream<TcpStream>,
    pub headers: HeaderMap,
}

impl Radio {
    pub async fn say(&mut self, message: Value) {
        self.socket.send(Message::text(message.to_string())).await.unwrap();
    }

    /// Messages are heard in order: when this one is answered, all before it were heard.
    pub async fn settle(&mut self) {
        self.say(json!({"type": "subscribe", "stream": "are you there"})).await;
        assert_eq!(self.hear().await["error"], "Unknown stream type");
    }

    async fn next(&mut self) -> Option<Message> {
        loop {
            match self.socket.next().await {
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(message)) => return Some(message),
                Some(Err(_)) | None => return None,
            }
        }
    }

    /// The next message.
    pub async fn hear(&mut self) -> Value {
        let message = timeout(SOON, self.next()).await.expect("nothing was heard").expect("the line is dead");
        serde_json::from_str(message.to_text().unwrap()).unwrap_or_else(|_| panic!("no JSON: {message:?}"))
    }

    /// Stream, event and payload of the next message; the payload read if it is JSON.
    pub async fn event(&mut self) -> (Vec<String>, String, Value) {
        let message = self.hear().await;
        let stream = message["stream"].as_array().unwrap_or_else(|| panic!("no event: {message}"));
        let payload = message["payload"].as_str().unwrap_or("null");
        (
            stream.iter().map(|part| part.as_str().unwrap().to_owned()).collect(),
            message["event"].as_str().unwrap().to_owned(),
            serde_json::from_str(payload).unwrap_or_else(|_| json!(payload)),
        )
    }

    /// The next messages as `stream event` with the plain text of a post.
    pub async fn events(&mut self, n: usize) -> Vec<String> {
        let mut events = Vec::new();
        for _ in 0..n {
            let (stream, event, payload) = self.event().await;
            let text = payload["content"].as_str().map(|html| html.replace("<p>", "").replace("</p>", ""));
            let text = text.unwrap_or_else(|| payload.to_string());
            events.push(format!("{} {event} {text}", stream.join(",")));
        }
        events.sort();
        events
    }

    pub async fn hears_nothing(&mut self) {
        if let Ok(message) = timeout(NOTHING, self.next()).await {
            panic!("heard {message:?}");
        }
    }

    /// How the server ends it; `Some(None)`: without giving a reason, `None`: without a word.
    pub async fn end(&mut self) -> Option<Option<CloseFrame>> {
        loop {
            match timeout(SOON, self.next()).await.expect("the line stays open") {
                Some(Message::Close(frame)) => return Some(frame),
                Some(_) => {}
                None => return None,
            }
        }
    }

    pub async fn end_code(&mut self) -> u16 {
        self.end().await.flatten().map_or(0, |frame| frame.code.into())
    }
}

/// An open answer of server-sent events.
pub struct EventSource {
    stream: TcpStream,
    pub heard: String,
}

impl EventSource {
    /// Reads until this was heard.
    pub async fn hears(&mut self, text: &str) {
        let mut bytes = [0; 4096];
        while !self.heard.contains(text) {
            let n = timeout(SOON, self.stream.read(&mut bytes)).await.unwrap_or_else(|_| {
                panic!("never heard {text:?} but: {}", self.heard);
            });
            match n.unwrap() {
                0 => panic!("ended without {text:?}: {}", self.heard),
                n => self.heard.push_str(std::str::from_utf8(&bytes[..n]).unwrap()),
            }
        }
    }

    /// Reads until the end.
    pub async fn ends(&mut self) {
        self.hears("\r\n0\r\n\r\n").await;
    }
}

/// A request that is no stream, for its status and body.
pub async fn get(station: &Station, rest: &str, token: &str) -> (u16, String) {
    use tower::ServiceExt as _;
    let mut request = Request::builder().uri(format!("/api/v1/streaming{rest}"));
    if !token.is_empty() {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let router = phiomia_api::router(&station.api);
    let answer = router.oneshot(request.body(axum::body::Body::empty()).unwrap()).await.unwrap();
    let (parts, body) = answer.into_parts();
    let body = axum::body::to_bytes(body, 4096).await.unwrap();
    (parts.status.as_u16(), String::from_utf8_lossy(&body).into_owned())
}
