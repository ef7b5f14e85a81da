//! `phiomia announcement`: what staff says to everybody here.

use clap::{Args, Subcommand};
use phiomia_model::{AnnouncementId, Time};
use phiomia_social::announcements::{self, AnnouncementEdit};
use phiomia_store::db::announcements::{self as rows, AnnouncementView};
use serde_json::{Value, json};

use super::{Failure, Global, desk::Desk, print};

/// What to do. Apps show announcements at once, and open streams tell of them.
#[derive(Debug, Subcommand)]
pub enum Announcement {
    /// Say something to everybody and print the announcement's id
    Publish {
        /// What: links, mentions, hashtags and custom emoji are drawn as in posts
        text: String,
        /// When what it announces begins, as 2026-01-31T12:00:00Z or 2026-01-31
        #[arg(long, value_name = "TIME", value_parser = time)]
        starts: Option<Time>,
        /// When it ends; the announcement goes then
        #[arg(long, value_name = "TIME", value_parser = time)]
        ends: Option<Time>,
        /// The two are days, without a time
        #[arg(long)]
        all_day: bool,
        /// Publish it then and not now
        #[arg(long, value_name = "TIME", value_parser = time)]
        at: Option<Time>,
    },
    /// List all announcements, the newest first: id, how each stands, text
    List {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Change an announcement
    Edit(Edit),
    /// Show one that waits for its time or was hidden
    Show {
        /// Its id
        id: i64,
    },
    /// Take one down without forgetting it
    Hide {
        /// Its id
        id: i64,
    },
    /// Forget one, and how people reacted to it
    Remove {
        /// Its id
        id: i64,
    },
}

/// What to change.
#[derive(Debug, Args)]
pub struct Edit {
    /// Its id
    id: i64,
    /// Another text
    #[arg(long)]
    text: Option<String>,
    /// Another beginning, or none
    #[arg(long, value_name = "TIME|none", value_parser = time_or_none)]
    starts: Option<Moment>,
    /// Another end, or none
    #[arg(long, value_name = "TIME|none", value_parser = time_or_none)]
    ends: Option<Moment>,
    /// Whether the two are days, without a time
    #[arg(long, value_name = "true|false")]
    all_day: Option<bool>,
}

/// A time, or none. (A type of its own: clap takes an `Option` within an `Option` for something else.)
#[derive(Clone, Copy, Debug)]
struct Moment(Option<Time>);

impl Announcement {
    /// # Errors
    /// One sentence.
    pub fn run(&self, global: &Global) -> Result<(), Failure> {
        Desk::work(global, async |desk| match self {
            Announcement::Publish { text, starts, ends, all_day, at } => {
                let said = announcements::Announcement {
                    text: text.clone(),
                    starts_at: *starts,
                    ends_at: *ends,
                    is_all_day: *all_day,
                };
                let at = *at;
                let id = desk.db.write(move |tx| announcements::publish(tx, &said, at)).await?;
                print(&id.to_string())
            }
            Announcement::List { json } => list(desk, *json).await,
            Announcement::Edit(edit) => edit.run(desk).await,
            Announcement::Show { id } => {
                let id = AnnouncementId(*id);
                Ok(desk.db.write(move |tx| announcements::show(tx, id)).await?)
            }
            Announcement::Hide { id } => {
                let id = AnnouncementId(*id);
                Ok(desk.db.write(move |tx| announcements::take_down(tx, id)).await?)
            }
            Announcement::Remove { id } => {
                let id = AnnouncementId(*id);
                Ok(desk.db.write(move |tx| announcements::remove(tx, id)).await?)
            }
        })
    }
}

impl Edit {
    async fn run(&self, desk: &Desk) -> Result<(), Failure> {
        let id = AnnouncementId(self.id);
        let edit = AnnouncementEdit {
            text: self.text.clone(),
            starts_at: self.starts.map(|moment| moment.0),
            ends_at: self.ends.map(|moment| moment.0),
            is_all_day: self.all_day,
        };
        Ok(desk.db.write(move |tx| announcements::edit(tx, id, &edit)).await?)
    }
}

async fn list(desk: &Desk, as_json: bool) -> Result<(), Failure> {
    let (all, mut reactions) = desk
        .db
        .read(|q| {
            let all = rows::all(q)?;
            let ids: Vec<_> = all.iter().map(|view| view.id).collect();
            Ok((all, rows::reactions(q, &ids, None)?))
        })
        .await?;
    if as_json {
        let time = |time: Option<Time>| time.map(Time::to_iso_millis);
        let mut entry = |view: &AnnouncementView| {
            let given = reactions.remove(&view.id).unwrap_or_default();
            json!({
                "id": view.id.to_string(),
                "state": state(view),
                "text": view.text,
                "starts_at": time(view.starts_at),
                "ends_at": time(view.ends_at),
                "all_day": view.is_all_day,
                "scheduled_at": time(view.scheduled_at),
                "published_at": view.is_published.then(|| view.published_at.to_iso_millis()),
                "reactions": given.into_iter().map(|one| (one.name, one.count.into())).collect::<serde_json::Map<_, _>>(),
            })
        };
        return print(&Value::from(all.iter().map(&mut entry).collect::<Vec<_>>()).to_string());
    }
    let line = |view: &AnnouncementView| format!("{}\t{}\t{}", view.id, state(view), view.text.replace('\n', " "));
    print(&all.iter().map(line).collect::<Vec<_>>().join("\n"))
}

fn state(view: &AnnouncementView) -> &'static str {
    match (view.is_published, view.scheduled_at) {
        (true, _) => "shown",
        (false, Some(_)) => "waiting",
        (false, None) => "hidden",
    }
}

/// A moment, or the beginning of a day (UTC).
pub(super) fn time(text: &str) -> Result<Time, String> {
    let day = || Time::parse(&format!("{text}T00:00:00Z"));
    Time::parse(text).or_else(day).ok_or_else(|| "must be a time as 2026-01-31T12:00:00Z or 2026-01-31".to_owned())
}

fn time_or_none(text: &str) -> Result<Moment, String> {
    if text == "none" { Ok(Moment(None)) } else { time(text).map(|time| Moment(Some(time))) }
}
