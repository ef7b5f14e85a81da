//! Lists of people: what they are called and who is on them. Their timelines are in `timelines`.

use phiomia_model::{AccountId, Fault, ListId, Page, RepliesPolicy};

use super::{
    keyset::keysets,
    query::{Query, Tx},
    sql::{Sql, queries},
    value::{FromRow, Row, Value},
};

queries! {
    OF_OWNER = Sql::Same("select id, account_id, title, replies_policy, is_exclusive from lists
        where account_id = $1 order by id");
    FIND = Sql::Same("select id, account_id, title, replies_policy, is_exclusive from lists where id = $1");
    WITH_MEMBER = Sql::Same("select l.id, l.account_id, l.title, l.replies_policy, l.is_exclusive
        from list_accounts m join lists l on l.id = m.list_id
        where m.account_id = $2 and m.owner_id = $1 order by l.id");
    N_OF_OWNER = Sql::Same("select count(*) from lists where account_id = $1");
    INSERT = Sql::Same("insert into lists (id, account_id, title, replies_policy, is_exclusive, created_at)
        values ($1, $2, $3, $4, $5, $6)");
    UPDATE = Sql::Same("update lists set title = $2, replies_policy = $3, is_exclusive = $4 where id = $1");
    DELETE_FEED = Sql::Same("delete from list_feed where list_id = $1");
    DELETE_MEMBERS = Sql::Same("delete from list_accounts where list_id = $1");
    DELETE = Sql::Same("delete from lists where id = $1");
    ADD = Sql::Same("insert into list_accounts (list_id, account_id, owner_id, created_at) values ($1, $2, $3, $4)
        on conflict (list_id, account_id) do nothing");
    REMOVE = Sql::Same("delete from list_accounts where list_id = $1 and account_id = $2");
    FORGET = Sql::Same("delete from list_accounts where account_id = $2 and owner_id = $1");
}

keysets! {
    MEMBERS = "m.account_id", "select m.account_id from list_accounts m join accounts a on a.id = m.account_id
        where m.list_id = $4 and a.suspended_at is null and a.deleted_at is null";
}

/// A list, as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListView {
    /// Its id.
    pub id: ListId,
    /// Whose it is. Nobody else knows of it.
    pub owner: AccountId,
    /// What it is called.
    pub title: String,
    /// Which replies it shows.
    pub replies_policy: RepliesPolicy,
    /// Its members do not show in home.
    pub is_exclusive: bool,
}

impl FromRow for ListView {
    fn from_row(row: &mut Row<'_>) -> Result<ListView, Fault> {
        Ok(ListView {
            id: row.next()?,
            owner: row.next()?,
            title: row.next()?,
            replies_policy: row
                .next::<String>()?
                .parse()
                .map_err(|e| Fault::because("reading the replies policy of a list", e))?,
            is_exclusive: row.next()?,
        })
    }
}

/// Somebody's lists, oldest first.
///
/// # Errors
/// The database failed.
pub fn of_owner(q: &Query<'_>, owner: AccountId) -> Result<Vec<ListView>, Fault> {
    q.rows(&OF_OWNER, (owner,))
}

/// One of somebody's lists; `None` when there is none or it is somebody else's.
///
/// # Errors
/// The database failed.
pub fn find(q: &Query<'_>, owner: AccountId, list: ListId) -> Result<Option<ListView>, Fault> {
    Ok(get(q, list)?.filter(|view| view.owner == owner))
}

/// A list, whoever's it is: for work that was left for later.
///
/// # Errors
/// The database failed.
pub fn get(q: &Query<'_>, list: ListId) -> Result<Option<ListView>, Fault> {
    q.row(&FIND, (list,))
}

/// Somebody's lists that have this member, oldest first.
///
/// # Errors
/// The database failed.
pub fn with_member(q: &Query<'_>, owner: AccountId, member: AccountId) -> Result<Vec<ListView>, Fault> {
    q.rows(&WITH_MEMBER, (owner, member))
}

/// How many lists somebody has.
///
/// # Errors
/// The database failed.
pub fn n_of_owner(q: &Query<'_>, owner: AccountId) -> Result<i64, Fault> {
    Ok(q.value(&N_OF_OWNER, (owner,))?.unwrap_or_default())
}

/// Who is on a list, by account id, newest account first. Whose list it is is not looked at here.
///
/// # Errors
/// The database failed.
pub fn members(q: &Query<'_>, list: ListId, page: &Page) -> Result<Vec<AccountId>, Fault> {
    Ok(MEMBERS.page::<(AccountId,)>(q, page, &[Value::Int(list.0)])?.into_iter().map(|(id,)| id).collect())
}

/// Makes a list.
///
/// # Errors
/// The database failed.
pub fn insert(tx: &Tx<'_>, list: &ListView) -> Result<(), Fault> {
    let policy = list.replies_policy.word();
    tx.execute(&INSERT, (list.id, list.owner, &list.title, policy, list.is_exclusive, tx.now())).map(|_| ())
}

/// Changes what a list is called and how it behaves.
///
/// # Errors
/// The database failed.
pub fn update(tx: &Tx<'_>, list: &ListView) -> Result<(), Fault> {
    tx.execute(&UPDATE, (list.id, &list.title, list.replies_policy.word(), list.is_exclusive)).map(|_| ())
}

/// Deletes a list with its members and its timeline.
///
/// # Errors
/// The database failed.
pub fn delete(tx: &Tx<'_>, list: ListId) -> Result<(), Fault> {
    for statement in [&DELETE_FEED, &DELETE_MEMBERS, &DELETE] {
        tx.execute(statement, (list,))?;
    }
    Ok(())
}

/// Puts somebody on a list; `false` when they were on it.
///
/// # Errors
/// The database failed.
pub fn add(tx: &Tx<'_>, list: &ListView, member: AccountId) -> Result<bool, Fault> {
    Ok(tx.execute(&ADD, (list.id, member, list.owner, tx.now()))? > 0)
}

/// Takes somebody off a list; `false` when they were not on it.
///
/// # Errors
/// The database failed.
pub fn remove(tx: &Tx<'_>, list: ListId, member: AccountId) -> Result<bool, Fault> {
    Ok(tx.execute(&REMOVE, (list, member))? > 0)
}

/// Takes somebody off all lists of an owner.
///
/// # Errors
/// The database failed.
pub fn forget(tx: &Tx<'_>, owner: AccountId, member: AccountId) -> Result<(), Fault> {
    tx.execute(&FORGET, (owner, member)).map(|_| ())
}
