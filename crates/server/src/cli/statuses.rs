//! `phiomia statuses`: how far a post from here came, and posts of other servers that nobody here touched.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use clap::Subcommand;
use phiomia_federation::documents::own_status;
use phiomia_model::StatusId;
use phiomia_social::{
    hosts,
    statuses::retention::{self, Bounds},
};
use phiomia_store::db::{accounts, statuses};
use serde_json::{Value, json};

use super::{Failure, Global, desk::Desk, federation::handle, print};

/// Posts that are looked through at a time ...
const WINDOW: i64 = 500;
/// ... and of which some are removed: no longer than others who write can wait for.
const PRUNED: i64 = 40;
/// Servers that are listed.
const MOST_LISTED: usize = 20;

/// What is done with posts.
#[derive(Debug, Subcommand)]
pub enum Statuses {
    /// Show how far a post from here came: which servers it waits for, and how many deliveries were given up
    Show {
        /// Its address, its page, or its number
        post: String,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Forget old posts of other servers that nobody here favourited, bookmarked, boosted, answered, quoted, voted in or is
    /// named in, beside threads in which somebody here takes part; the server may run meanwhile
    Prune {
        /// Older than this; without it what the setting retention.remote_statuses says
        #[arg(long)]
        days: Option<u32>,
        /// Also posts of people whom somebody here follows
        #[arg(long, alias = "clean-followed")]
        followed: bool,
        /// Remove nothing and say what would go
        #[arg(long)]
        dry_run: bool,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
}

/// What went, or would go.
#[derive(Debug, Default)]
struct Tally {
    posts: u64,
    boosts: u64,
    by_domain: HashMap<String, u64>,
}

impl Statuses {
    /// # Errors
    /// One sentence.
    pub fn run(&self, global: &Global) -> Result<(), Failure> {
        match *self {
            Statuses::Show { ref post, json } => {
                Desk::work(global, async |desk| print(&show(desk, post.clone(), json).await?))
            }
            Statuses::Prune { days, followed, dry_run, json } => Desk::work(global, async |desk| {
                let set = desk.config.retention();
                let days = days.map(u64::from).or(set.map(|set| set.days)).filter(|days| *days > 0);
                let days =
                    days.ok_or_else(|| Failure("say --days, at least 1, or set retention.remote_statuses".to_owned()))?;
                let with_followed = followed || set.is_some_and(|set| set.with_followed);
                let bounds = Bounds::of_days(desk.db.clock().now(), days, with_followed);
                let tally = if dry_run { look(desk, bounds).await? } else { prune(desk, bounds).await? };
                tell(&tally, days, dry_run, json)
            }),
        }
    }
}

/// A post from here, with what is known of its deliveries.
async fn show(desk: &Desk, post: String, as_json: bool) -> Result<String, Failure> {
    let no_such = || Failure(format!("there is no post {post} of anybody here"));
    let id = match post.parse::<StatusId>() {
        Ok(id) => id,
        Err(_) => own_status(&handle(desk)?, &post).ok_or_else(no_such)?,
    };
    let found = desk.db.read(move |q| {
        let Some(row) = statuses::source(q, id)?.filter(|row| row.is_local) else { return Ok(None) };
        let author = accounts::view(q, row.author)?.map(|view| view.acct()).unwrap_or_default();
        Ok(Some((hosts::of_post(q, id, row.approval)?, row, author)))
    });
    let (facts, row, author) = found.await?.ok_or_else(no_such)?;
    if as_json {
        let mut all = json!(facts);
        let more =
            json!({ "id": id.to_string(), "uri": row.uri, "author": author, "visibility": row.visibility.word() });
        if let (Value::Object(all), Value::Object(more)) = (&mut all, more) {
            all.extend(more);
        }
        return Ok(all.to_string());
    }
    let mut lines = format!(
        "uri\t{}\nauthor\t{author}\nvisibility\t{}\nwaiting\t{}\ngiven up\t{}\n",
        row.uri,
        row.visibility.word(),
        facts.waiting,
        facts.expired
    );
    if let Some(approval) = facts.approval {
        lines += &format!("approval\t{approval}\n");
    }
    for host in &facts.hosts {
        lines += &format!("waits for\t{}\t{}\n", host.host, host.waiting);
    }
    Ok(lines)
}

/// What would go, without a change.
async fn look(desk: &Desk, bounds: Bounds) -> Result<Tally, Failure> {
    let (mut tally, mut below) = (Tally::default(), bounds.top());
    let mut gone = Arc::new(HashSet::new());
    loop {
        let known = gone.clone();
        let going = desk.db.read(move |q| retention::look(q, &bounds, below, WINDOW, &known)).await?;
        Arc::make_mut(&mut gone).extend(going.posts.iter().map(|post| post.id));
        tally.count(&going.posts);
        match going.next {
            Some(next) => below = next,
            None => return Ok(tally),
        }
    }
}

async fn prune(desk: &Desk, bounds: Bounds) -> Result<Tally, Failure> {
    let (mut tally, mut below) = (Tally::default(), bounds.top());
    loop {
        // Who writes is asked only for what goes.
        let going = desk.db.read(move |q| retention::look(q, &bounds, below, PRUNED, &HashSet::new())).await?;
        let next = if going.posts.is_empty() {
            going.next
        } else {
            let (posts, next) = desk.db.write(move |tx| retention::prune(tx, &bounds, below, PRUNED)).await?;
            tally.count(&posts);
            next
        };
        match next {
            Some(next) => below = next,
            None => return Ok(tally),
        }
    }
}

impl Tally {
    fn count(&mut self, posts: &[retention::Untouched]) {
        for post in posts {
            *if post.reblog_of.is_some() { &mut self.boosts } else { &mut self.posts } += 1;
            *self.by_domain.entry(post.domain.clone()).or_default() += 1;
        }
    }
}

fn tell(tally: &Tally, days: u64, dry_run: bool, as_json: bool) -> Result<(), Failure> {
    let mut domains: Vec<(&String, &u64)> = tally.by_domain.iter().collect();
    domains.sort_by(|a, b| b.1.cmp(a.1).then(a.0.cmp(b.0)));
    let Tally { posts, boosts, .. } = tally;
    if as_json {
        let domains: Vec<Value> = domains.iter().map(|(domain, n)| json!({ "domain": domain, "n": n })).collect();
        let facts = json!({ "days": days, "dry_run": dry_run, "posts": posts, "boosts": boosts, "domains": domains });
        return print(&facts.to_string());
    }
    let done = if dry_run { "would remove" } else { "removed" };
    let mut lines = format!("{done} {posts} posts and {boosts} boosts of other servers, older than {days} days\n");
    for (domain, n) in domains.iter().take(MOST_LISTED) {
        lines += &format!("{domain}\t{n}\n");
    }
    if domains.len() > MOST_LISTED {
        lines += &format!("and {} other servers\n", domains.len() - MOST_LISTED);
    }
    print(&lines)
}
