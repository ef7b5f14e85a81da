//! What stands above and below a post in its conversation.

use phiomia_model::{AccountId, Fault, StatusId};

use crate::db::{
    by_id::ById,
    query::Query,
    sql::{Sql, queries},
};

queries! {
    ANCESTORS = Sql::Same("with recursive above (id, parent_id, depth) as (
            select id, in_reply_to_id, 0 from statuses where id = $1
            union all
            select s.id, s.in_reply_to_id, a.depth + 1 from above a join statuses s on s.id = a.parent_id
            where a.depth < $2)
        select id from above where depth > 0 order by depth desc");
    DESCENDANTS = Sql::Same("with recursive below (id, parent_id, account_id, parent_account_id, depth) as (
            select id, in_reply_to_id, account_id, in_reply_to_account_id, 0 from statuses where id = $1
            union all
            select s.id, s.in_reply_to_id, s.account_id, s.in_reply_to_account_id, b.depth + 1
            from below b join statuses s on s.in_reply_to_id = b.id
            where b.depth < $2 and s.deleted_at is null)
        select id, parent_id, account_id, parent_account_id from below where depth > 0 limit $3");
}

/// Ids around a status, before anybody's permission to see them was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thread {
    /// From the beginning of the conversation down to the parent.
    pub ancestors: Vec<StatusId>,
    /// Depth first, older answers first, the author's answers to themselves before all.
    pub descendants: Vec<StatusId>,
}

const MOST_ANCESTORS: i64 = 4_096;

/// How much of a thread is read.
#[derive(Clone, Copy, Debug)]
struct Bounds {
    ancestors: i64,
    descendants: i64,
    depth: i64,
}

/// The thread around a status, bounded as Mastodon bounds it: visitors see less of very long ones.
///
/// # Errors
/// The database failed.
pub fn thread(q: &Query<'_>, status: StatusId, is_anonymous: bool) -> Result<Thread, Fault> {
    let bounds = if is_anonymous {
        Bounds { ancestors: 40, descendants: 60, depth: 20 }
    } else {
        Bounds { ancestors: MOST_ANCESTORS, descendants: 4_096, depth: 4_096 }
    };
    let ancestors = q.column(&ANCESTORS, (status, bounds.ancestors))?;
    let rows: Vec<(StatusId, StatusId, AccountId, Option<AccountId>)> =
        q.rows(&DESCENDANTS, (status, bounds.depth, bounds.descendants))?;
    Ok(Thread { ancestors, descendants: depth_first(status, &rows) })
}

/// What a status answers, and what that answers, from the beginning of the conversation down.
///
/// # Errors
/// The database failed.
pub fn ancestors(q: &Query<'_>, status: StatusId) -> Result<Vec<StatusId>, Fault> {
    q.column(&ANCESTORS, (status, MOST_ANCESTORS))
}

fn depth_first(root: StatusId, rows: &[(StatusId, StatusId, AccountId, Option<AccountId>)]) -> Vec<StatusId> {
    let mut children: ById<StatusId, Vec<StatusId>> = ById::default();
    for (id, parent, ..) in rows {
        children.entry(*parent).or_default().push(*id);
    }
    for list in children.values_mut() {
        // Reversed, because the stack below gives the last one first.
        list.sort_unstable_by(|a, b| b.cmp(a));
    }
    let mut order = Vec::with_capacity(rows.len());
    let mut stack = children.remove(&root).unwrap_or_default();
    while let Some(id) = stack.pop() {
        order.push(id);
        stack.extend(children.remove(&id).unwrap_or_default());
    }
    let self_replies: ById<StatusId, bool> =
        rows.iter().map(|(id, _, account, answered)| (*id, *answered == Some(*account))).collect();
    let (mut first, rest): (Vec<StatusId>, Vec<StatusId>) =
        order.into_iter().partition(|id| self_replies.get(id).copied().unwrap_or_default());
    first.extend(rest);
    first
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descendants_come_depth_first_with_the_authors_own_answers_before_all() {
        let row = |id: i64, parent: i64, account: i64, answered: i64| {
            (StatusId(id), StatusId(parent), AccountId(account), Some(AccountId(answered)))
        };
        // 1 by A; 2 by B on 1; 3 by A on 1 (self); 4 by C on 2; 5 by B on 1; 6 by A on 3 (self)
        let rows = [row(5, 1, 2, 1), row(2, 1, 2, 1), row(3, 1, 1, 1), row(4, 2, 3, 2), row(6, 3, 1, 1)];
        let ids: Vec<i64> = depth_first(StatusId(1), &rows).into_iter().map(|s| s.0).collect();
        assert_eq!(ids, [3, 6, 2, 4, 5]);
    }
}
