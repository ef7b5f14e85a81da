//! Conversations of direct posts.

use phiomia_model::{ConversationId, Noun, Refusal};
use phiomia_social::conversations as verbs;
use phiomia_store::db::conversations;

use crate::{
    gate::{Answer, Ask, Member, empty, json, paged},
    render,
};

/// `GET /api/v1/conversations`: paged by the ids of the newest posts.
pub async fn list(ask: Ask<Member>) -> Answer {
    let (me, page, now) = (ask.me.account, ask.page(20, 40), ask.api.now());
    let (keys, views) = ask.api.db.read(move |q| Ok(conversations::page(q, me, &page, now)?)).await?;
    let cx = ask.api.cx().await?;
    let list: Vec<_> = views.iter().map(|view| render::conversation(view, &cx)).collect();
    let keys: Vec<i64> = keys.iter().map(|id| id.0).collect();
    paged(&list, ask.link(&keys, &page))
}

/// `DELETE /api/v1/conversations/:id`: out of the list; the posts stay.
pub async fn delete(ask: Ask<Member>) -> Answer {
    let (id, me) = (ask.id::<ConversationId>(Noun::Record)?, ask.me.account);
    ask.api.db.write(move |tx| verbs::hide(tx, me, id)).await?;
    empty()
}

/// `POST /api/v1/conversations/:id/read`
pub async fn read(ask: Ask<Member>) -> Answer {
    mark(&ask, false).await
}

/// `POST /api/v1/conversations/:id/unread`
pub async fn unread(ask: Ask<Member>) -> Answer {
    mark(&ask, true).await
}

async fn mark(ask: &Ask<Member>, is_unread: bool) -> Answer {
    let (id, me) = (ask.id::<ConversationId>(Noun::Record)?, ask.me.account);
    let view = ask
        .api
        .db
        .write(move |tx| {
            verbs::set_unread(tx, me, id, is_unread)?;
            Ok(conversations::view(tx, me, id, tx.now())?.ok_or(Refusal::NotFound(Noun::Record))?)
        })
        .await?;
    json(&render::conversation(&view, &ask.api.cx().await?))
}
