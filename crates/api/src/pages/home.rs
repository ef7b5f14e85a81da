//! The front page: for who is signed in, how to connect an app; for visitors what this server is and what is said
//! here, or, on a server of one person, that person's profile.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use phiomia_model::{Error, Page, StatusId, Viewer};
use phiomia_store::db::{
    statuses as posts,
    timelines::{self, Origin},
    users,
};

use super::{
    Browser, Frame, page,
    visitors::{self, Around, Head, Listed},
};
use crate::{gate::Ask, render, settings::Registrations};

/// Posts on the front page.
const POSTS: i64 = 10;

#[derive(Template)]
#[template(path = "home.html")]
struct Home {
    frame: Frame,
    description: String,
    domain: String,
    username: Option<String>,
    is_empty: bool,
}

#[derive(Template)]
#[template(path = "visitors/landing.html")]
struct Landing {
    frame: Frame,
    around: Around,
    description: String,
    domain: String,
    registrations: Registrations,
    listed: Listed,
}

/// `GET /`.
///
/// # Errors
/// A fault.
pub async fn show(ask: Ask<Browser>) -> Result<Response, Error> {
    let settings = ask.api.settings().await?;
    let n_people = ask.api.db.read(|q| Ok(users::count(q)?)).await?;
    let is_empty = n_people == 0;
    if ask.me.user.is_none() && !is_empty {
        let is_one_persons = ask
            .api
            .single_user
            .or(settings.single_user)
            .unwrap_or(n_people == 1 && settings.registrations == Registrations::Closed);
        if is_one_persons && let Some(profile) = visitors::owner(&ask.api, ask.page(POSTS, POSTS)).await? {
            return page(&ask, StatusCode::OK, &profile);
        }
        let landing = landing(&ask).await?;
        return page(&ask, StatusCode::OK, &landing);
    }
    let home = Home {
        frame: Frame::of(&ask).await?,
        description: settings.short_description.clone(),
        domain: ask.api.addresses.web_domain.clone(),
        username: ask.me.user.as_ref().map(|user| user.username.clone()),
        is_empty,
    };
    page(&ask, StatusCode::OK, &home)
}

async fn landing(ask: &Ask<Browser>) -> Result<Landing, Error> {
    let (settings, cx, now) = (ask.api.settings().await?, ask.api.cx().await?, ask.api.now());
    let views = ask
        .api
        .db
        .read(move |q| {
            let ids: Vec<StatusId> =
                timelines::public(q, Viewer::Anonymous, Origin::Local, false, &Page::first(POSTS), now)?;
            Ok(posts::views(q, &ids, Viewer::Anonymous, now)?)
        })
        .await?;
    let mut head = Head::of_server("Welcome", &settings.short_description, ask.api.addresses.at("/"));
    head.is_indexed = views.iter().all(|view| view.author.is_indexable);
    Ok(Landing {
        frame: Frame::of(ask).await?,
        around: Around::of(head),
        description: settings.short_description.clone(),
        domain: ask.api.addresses.web_domain.clone(),
        registrations: settings.registrations,
        listed: Listed::whole(&render::statuses(&views, &cx), &cx)?,
    })
}
