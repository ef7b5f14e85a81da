//! A house for one test: a fresh database, a router over it, a clock that the test moves, and people with tokens.

use std::{
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use axum::{Router, body::Body};
use http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use phiomia_api::{Api, Parts, peer::Arrival};
use phiomia_federation::Federation;
use phiomia_model::{AccountId, Addresses, AppId, Event, Job, MediaId, Role, Scopes, Time, job::Lane};
use phiomia_social::{
    Social,
    apps::{self, NewApp},
    relationships, timelines,
    users::{self, NewUser, Passwords},
};
use phiomia_store::{
    Clock, Entropy,
    db::{jobs, settings},
    files::Files,
    live::Live,
    seal::Sealer,
};
use phiomia_testkit::{Engine, TestDatabase};
use phiomia_workshop::{Converter, Ffmpeg, Workshop};
use serde_json::Value;
use tower::ServiceExt as _;

/// When every test begins: 2026-11-25T12:00:00Z.
pub const NOON: Time = Time(1_795_608_000_000_000);

/// The house.
pub struct House {
    pub api: Api,
    pub router: Router,
    pub database: TestDatabase,
    now: Arc<AtomicI64>,
    app: AppId,
}

/// Every scope an app of Mastodon's own asks for.
pub const ALL_SCOPES: &str = "read write follow push profile";

impl House {
    /// A fresh, empty house.
    pub async fn open(engine: Engine) -> House {
        let domain = "phiomia.example".to_owned();
        let addresses = Addresses::new("https", domain.clone(), domain);
        House::open_at(engine, addresses, phiomia_federation::Settings::default()).await
    }

    /// The same at other addresses, and speaking with other servers in another way.
    pub async fn open_at(engine: Engine, addresses: Addresses, federation: phiomia_federation::Settings) -> House {
        let folder = std::env::temp_dir().join(format!("phiomia_api_files_{}", std::process::id()));
        let files = Files::disk(folder).await.unwrap();
        House::open_on(engine, addresses, federation, files).await
    }

    /// The same with files elsewhere.
    pub async fn open_on(
        engine: Engine,
        addresses: Addresses,
        federation: phiomia_federation::Settings,
        files: Files,
    ) -> House {
        let now = Arc::new(AtomicI64::new(NOON.0));
        let shown = now.clone();
        let clock = Clock::new(move || Time(shown.load(Ordering::Relaxed)));
        let database = TestDatabase::with_clock(engine, clock).await;
        let addresses = Arc::new(addresses);
        let (db, sealer) = (database.db.clone(), Sealer::new(&[7; 32]).unwrap());
        let federation = Federation::new(db, addresses.clone(), Entropy::system(), sealer, federation).unwrap();
        let api = Api::new(Parts {
            gallery: phiomia_testkit::gallery(&federation, &files, 1_000_000_000),
            db: database.db.clone(),
            live: Live::memory(),
            files,
            federation,
            workshop: Workshop::inside(),
            addresses,
            entropy: Entropy::system(),
            passwords: Passwords::new(Entropy::system()),
            sealer: Sealer::new(&[7; 32]).unwrap(),
            doctor: None,
            sends_mail: true,
            source_url: None,
            single_user: None,
        });
        let router = phiomia_api::router(&api);
        let new = NewApp {
            name: "Trunk".into(),
            website: Some("https://trunk.example".into()),
            redirect_uris: vec![apps::OUT_OF_BAND.into()],
            scopes: Some(ALL_SCOPES.into()),
            is_public: false,
        };
        let (app, _) = apps::register(&api.db, &api.entropy, new).await.unwrap();
        House { api, router, database, now, app: app.id }
    }

    /// The same house with ffmpeg on its machine; people come after this.
    pub async fn with_ffmpeg(self) -> House {
        let programs = Some(std::ffi::OsStr::new("/usr/local/bin:/usr/bin:/bin"));
        let ffmpeg = Ffmpeg::find("ffmpeg", "ffprobe", programs).await.unwrap().expect("the tests need ffmpeg");
        let converter = Converter { ffmpeg, memory: 1 << 29, patience: Duration::from_secs(30) };
        let api = Api::new(Parts { workshop: Workshop::inside_with(converter), ..(*self.api).clone() });
        House { router: phiomia_api::router(&api), api, ..self }
    }

    /// Somebody who lives here and has a token of all scopes.
    pub async fn person(&self, name: &str) -> Person {
        self.newcomer(NewUser { username: name.into(), is_confirmed: true, is_approved: true, ..NewUser::default() })
            .await
    }

    /// The same, with more to choose.
    pub async fn newcomer(&self, new: NewUser) -> Person {
        let name = new.username.clone();
        let new = NewUser { role: new.role.or(Some(Role::User)), ..new };
        let passwords = Passwords::new(self.api.entropy.clone());
        let account = users::create(&self.api.db, &self.api.addresses, &passwords, new).await.unwrap();
        let token = self.token(Some(account), ALL_SCOPES).await;
        Person { router: self.router.clone(), account, name, token }
    }

    /// Somebody of the staff, with a token that allows them to act as such.
    pub async fn staff(&self, name: &str, role: Role) -> Person {
        let new = NewUser { username: name.into(), is_confirmed: true, is_approved: true, ..NewUser::default() };
        let person = self.newcomer(NewUser { role: Some(role), ..new }).await;
        let token = self.token(Some(person.account), &format!("{ALL_SCOPES} admin:read admin:write")).await;
        Person { token, ..person }
    }

    /// A token of somebody, or of the app alone. Apps for staff are apps of their own.
    pub async fn token(&self, account: Option<AccountId>, scopes: &str) -> String {
        let app = if scopes.contains("admin") {
            let new = NewApp {
                name: "Wrench".into(),
                website: None,
                redirect_uris: vec![apps::OUT_OF_BAND.into()],
                scopes: Some(scopes.into()),
                is_public: false,
            };
            apps::register(&self.api.db, &self.api.entropy, new).await.unwrap().0.id
        } else {
            self.app
        };
        let scopes = Scopes::parse(scopes).unwrap();
        let given = apps::give_token(&self.api.db, &self.api.entropy, app, account, scopes).await.unwrap();
        given.secret.expose().to_owned()
    }

    /// As an owner does for tests and development.
    pub async fn switch_off_rate_limits(&self) {
        self.set("rate_limits", "off").await;
    }

    /// Sets a setting.
    pub async fn set(&self, name: &'static str, value: &'static str) {
        self.api.db.write(move |tx| Ok(settings::set(tx, name, value)?)).await.unwrap();
        self.api.hear(&Event::SettingsChanged);
    }

    /// Does the work that was left for later, as the workers do, until none is left.
    pub async fn work(&self) {
        loop {
            let mut n_done = 0;
            for lane in Lane::ALL {
                let social = self.api.social();
                let Done { n, dropped, to_convert } =
                    self.api.db.write(move |tx| work(tx, &social, lane)).await.unwrap();
                for media in to_convert {
                    phiomia_api::convert::run(&self.api, media).await.unwrap();
                }
                for key in dropped {
                    self.api.files.delete(&key.parse().unwrap()).await.unwrap();
                }
                n_done += n;
            }
            if n_done == 0 {
                return;
            }
        }
    }

    /// What is done once a day about uploads, and what that leaves to be done.
    pub async fn tidy(&self) {
        self.api.db.write(phiomia_social::media::tidy).await.unwrap();
        self.work().await;
    }

    /// Moves the clock on.
    pub fn wait(&self, span: Duration) {
        self.now.fetch_add(i64::try_from(span.as_micros()).unwrap(), Ordering::Relaxed);
    }

    /// Passes what transactions announced to the API, as the server does.
    pub fn settle(&mut self) -> Vec<Event> {
        let events = self.database.announced();
        events.iter().for_each(|event| self.api.hear(event));
        events
    }

    /// One request from an address of its own.
    pub async fn send(&self, request: Request<Body>) -> Answer {
        send(self.router.clone(), request).await
    }

    /// A request of somebody without a token.
    pub async fn ask(&self, method: Method, path: &str) -> Answer {
        self.send(Request::builder().method(method).uri(path).body(Body::empty()).unwrap()).await
    }

    /// A `GET` of somebody without a token.
    pub async fn get(&self, path: &str) -> Answer {
        self.ask(Method::GET, path).await
    }
}

async fn send(router: Router, mut request: Request<Body>) -> Answer {
    request.extensions_mut().insert(Arrival::from(IpAddr::from([192, 0, 2, 1])));
    let response = router.oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    Answer { status: parts.status, headers: parts.headers, body: body.to_vec() }
}

/// What was done of a lane.
#[derive(Default)]
struct Done {
    n: usize,
    /// Files that nobody needs any more.
    dropped: Vec<String>,
    /// What takes too long for a transaction.
    to_convert: Vec<MediaId>,
}

/// One job of a lane.
fn work(tx: &phiomia_store::Tx<'_>, social: &Social, lane: Lane) -> Result<Done, phiomia_model::Error> {
    let mut done = Done::default();
    let dropped = &mut done.dropped;
    let claimed = jobs::claim(tx, lane, 1, Duration::from_secs(60), "kit")?;
    for job in &claimed {
        match job.job.as_ref().unwrap() {
            Job::FanOut { status } => timelines::fan_out(tx, *status)?,
            Job::SweepStatus { status } => phiomia_social::statuses::sweep(tx, *status)?,
            Job::RebuildHome { account } => timelines::rebuild(tx, *account)?,
            Job::MergeHome { account, author } => timelines::merge(tx, *account, *author)?,
            Job::SweepHome { account, author } => timelines::sweep(tx, *account, *author)?,
            Job::PartWithDomain { account, domain } => relationships::part_with_domain(tx, *account, domain)?,
            Job::MergeList { list, author } => timelines::merge_list(tx, *list, *author)?,
            Job::RebuildList { list } => timelines::rebuild_list(tx, *list)?,
            Job::ClosePoll { poll, after } => phiomia_social::polls::close(tx, *poll, *after)?,
            Job::Publish { scheduled } => phiomia_social::scheduled::publish(tx, social, *scheduled)?,
            Job::LookAtAnnouncement { announcement } => phiomia_social::announcements::look_at(tx, *announcement)?,
            Job::SweepAccount { account } => phiomia_social::statuses::sweep_account(tx, *account)?,
            Job::EndMute { account, target } => relationships::end_lapsed(tx, *account, *target)?,
            Job::MoveFollowers { account, target } => relationships::move_followers(tx, *account, *target)?,
            // Other servers are told and asked elsewhere: see the tests of `federation` and `server`.
            Job::Federate { .. }
            | Job::Receive { .. }
            | Job::FetchThread { .. }
            | Job::FetchCard { .. }
            | Job::VerifyLinks { .. }
            | Job::FetchPosts { .. }
            | Job::FetchParent { .. }
            | Job::CheckQuote { .. }
            | Job::FetchRelayed { .. }
            | Job::CompareFollowers { .. }
            | Job::RefreshAccount { .. } => {}
            Job::DropFiles { keys } => dropped.extend(keys.clone()),
            Job::CheckUpload { media, keys } => dropped.extend(phiomia_social::media::abandoned(tx, *media, keys)?),
            Job::CheckPictures { account, keys } => {
                dropped.extend(phiomia_social::media::unhung(tx, *account, keys)?);
            }
            Job::ConvertMedia { media } => done.to_convert.push(*media),
            // Mails are the server's to send, and words are indexed anew by a command.
            Job::SendMail { .. } | Job::IndexWords { .. } | Job::BackUp | Job::PruneStatuses { .. } | Job::Tidy => {}
        }
        jobs::finish(tx, &[job.id])?;
    }
    Ok(Done { n: claimed.len(), ..done })
}

/// Somebody who lives in the house, with an app in hand.
#[derive(Clone)]
pub struct Person {
    router: Router,
    pub account: AccountId,
    pub name: String,
    pub token: String,
}

impl Person {
    /// The same person with another token in hand.
    pub fn bearing(&self, token: String) -> Person {
        Person { token, ..self.clone() }
    }

    /// A request with the person's token; `body` as JSON.
    pub async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        self.ask_with(method, path, body, &[]).await
    }

    /// The same with more headers.
    pub async fn ask_with(&self, method: Method, path: &str, body: Option<Value>, more: &[(&str, &str)]) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        request = request.header(header::AUTHORIZATION, format!("Bearer {}", self.token));
        for (name, value) in more {
            request = request.header(*name, *value);
        }
        let request = match body {
            None => request.body(Body::empty()),
            Some(json) => request.header(header::CONTENT_TYPE, "application/json").body(Body::from(json.to_string())),
        };
        send(self.router.clone(), request.unwrap()).await
    }

    /// A multipart form with files in it.
    pub async fn upload(&self, method: Method, path: &str, texts: &[(&str, &str)], files: &[(&str, &[u8])]) -> Answer {
        self.upload_with(method, path, texts, files, &[]).await
    }

    /// The same with more headers.
    pub async fn upload_with(
        &self,
        method: Method,
        path: &str,
        texts: &[(&str, &str)],
        files: &[(&str, &[u8])],
        more: &[(&str, &str)],
    ) -> Answer {
        let mut body = Vec::new();
        for (name, text) in texts {
            body.extend(format!("--part\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n").bytes());
        }
        for (name, bytes) in files {
            let head = format!(
                "--part\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"any.jpg\"\r\n\
                 Content-Type: image/jpeg\r\n\r\n"
            );
            body.extend(head.bytes().chain(bytes.iter().copied()).chain(*b"\r\n"));
        }
        body.extend(b"--part--\r\n");
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token))
            .header(header::CONTENT_TYPE, "multipart/form-data; boundary=part");
        for (name, value) in more {
            request = request.header(*name, *value);
        }
        send(self.router.clone(), request.body(Body::from(body)).unwrap()).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.ask(Method::GET, path, None).await
    }
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.ask(Method::POST, path, Some(body)).await
    }
    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.ask(Method::PUT, path, Some(body)).await
    }
    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.ask(Method::PATCH, path, Some(body)).await
    }
    pub async fn delete(&self, path: &str) -> Answer {
        self.ask(Method::DELETE, path, None).await
    }

    /// Posts something; its id.
    pub async fn says(&self, text: &str, visibility: &str) -> String {
        self.posts(serde_json::json!({ "status": text, "visibility": visibility })).await
    }
    /// Posts something; its id.
    pub async fn posts(&self, body: Value) -> String {
        self.post("/api/v1/statuses", body).await.ok().id()
    }
    /// Takes private mentions of strangers, which wait by default.
    pub async fn takes_private_mentions(&self) {
        let policy = serde_json::json!({ "for_private_mentions": "accept" });
        self.patch("/api/v2/notifications/policy", policy).await.ok();
    }
    /// Follows somebody who is not locked.
    pub async fn follows(&self, other: &Person) {
        self.post(&format!("/api/v1/accounts/{}/follow", other.account), serde_json::json!({})).await.ok();
    }
}

/// What came back.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.text()))
    }
    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
    /// The `id` of the entity.
    pub fn id(&self) -> String {
        self.json()["id"].as_str().unwrap_or_default().to_owned()
    }
    /// One field of each entity in a list.
    pub fn each(&self, field: &str) -> Vec<Value> {
        self.json().as_array().expect("a list").iter().map(|item| item[field].clone()).collect()
    }
    /// The ids of a list.
    pub fn ids(&self) -> Vec<String> {
        self.each("id").iter().map(|id| id.as_str().unwrap_or_default().to_owned()).collect()
    }
    /// A header as text; empty when it is not there.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default()
    }
    /// The body's `error`, and the status.
    pub fn refusal(&self) -> (u16, String) {
        (self.status.as_u16(), self.json()["error"].as_str().unwrap_or_default().to_owned())
    }
    /// The same answer, after a look at its status.
    #[track_caller]
    pub fn ok(self) -> Answer {
        assert_eq!(self.status, StatusCode::OK, "{}", self.text());
        self
    }
}

/// The media type of forms.
pub const FORM: (header::HeaderName, &str) = (header::CONTENT_TYPE, "application/x-www-form-urlencoded");
