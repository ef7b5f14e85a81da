//! Accounts as staff sees them: with e-mail and network addresses, found by state and origin.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use phiomia_model::{AccountId, AppId, Cidr, Fault, Page, Role, Time};

use crate::db::{
    accounts::{self, AccountView},
    keyset::keysets,
    query::{Query, Tx},
    sql::{Sql, queries},
    users::role,
    value::{FromRow, Row, Value},
};

keysets! {
    // $4 origin, $5 state, $6 whether $7 (roles) counts, $8 to $11 beginnings of name, display name, address; a domain,
    // $12 whether $13 (ids) counts.
    LIST = anew "a.id", "select a.id from accounts a left join users u on u.account_id = a.id
        where a.deleted_at is null
            and (cast($4 as text) is null or (cast($4 as text) = 'local') = (a.domain = ''))
            and (cast($5 as text) is null
                or (cast($5 as text) = 'active' and a.suspended_at is null)
                or (cast($5 as text) = 'pending' and u.account_id is not null and u.approved_at is null)
                or (cast($5 as text) = 'disabled' and u.disabled_at is not null)
                or (cast($5 as text) = 'silenced' and a.silenced_at is not null)
                or (cast($5 as text) = 'suspended' and a.suspended_at is not null)
                or (cast($5 as text) = 'sensitized' and a.sensitized_at is not null))
            and (not $6 or u.role in texts($7))
            and (cast($8 as text) is null or a.username_key like cast($8 as text) escape '\\')
            and (cast($9 as text) is null or lower(a.display_name) like cast($9 as text) escape '\\')
            and (cast($10 as text) is null or u.email_key like cast($10 as text) escape '\\')
            and (cast($11 as text) is null or a.domain = cast($11 as text))
            and (not $12 or a.id in ids($13))";
}

queries! {
    USERS = Sql::Same("select account_id, email, locale, role, confirmed_at, approved_at, disabled_at, invite_request,
            sign_up_app_id
        from users where account_id in ids($1)");
    ADDRESSES = Sql::Same("select account_id, address, last_seen_at from sessions
            where account_id in ids($1) and address <> ''
        union all select account_id, sign_up_address, created_at from users
            where account_id in ids($1) and sign_up_address is not null");
    ALL_ADDRESSES = Sql::Same("select distinct account_id, address from sessions where address <> ''
        union select account_id, sign_up_address from users where sign_up_address is not null");
    SET_SILENCED = Sql::Same("update accounts set silenced_at = $2 where id = $1");
    SET_SENSITIZED = Sql::Same("update accounts set sensitized_at = $2 where id = $1");
    FREE_NAME = Sql::Same("update accounts set username_key = '#' || cast(id as text)
        where id = $1 and deleted_at is not null");
    STAFF = Sql::Same("select u.account_id from users u join accounts a on a.id = u.account_id
        where u.role in texts($1) and u.confirmed_at is not null and u.approved_at is not null and u.disabled_at is null
            and a.suspended_at is null and a.deleted_at is null order by u.account_id");
}

/// Which accounts are wanted. `None`: whatever.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Those that live here, or those that do not.
    pub is_local: Option<bool>,
    /// In this state.
    pub state: Option<State>,
    /// With one of these roles.
    pub roles: Option<Vec<Role>>,
    /// Whose name begins so.
    pub username: Option<String>,
    /// Whose display name begins so.
    pub display_name: Option<String>,
    /// Whose e-mail address begins so.
    pub email: Option<String>,
    /// Of this domain.
    pub domain: Option<String>,
    /// Who used one of these network addresses.
    pub ip: Option<Cidr>,
}

/// A state that accounts are found by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Not suspended.
    Active,
    /// Waits to be let in.
    Pending,
    /// Cannot log in.
    Disabled,
    /// Limited.
    Silenced,
    /// Suspended.
    Suspended,
    /// Media show as sensitive.
    Sensitized,
}

impl State {
    /// All of them.
    pub const ALL: [State; 6] =
        [State::Active, State::Pending, State::Disabled, State::Silenced, State::Suspended, State::Sensitized];
    /// The word of the API and of the statement.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            State::Active => "active",
            State::Pending => "pending",
            State::Disabled => "disabled",
            State::Silenced => "silenced",
            State::Suspended => "suspended",
            State::Sensitized => "sensitized",
        }
    }
}

/// An account as staff sees it.
#[derive(Clone, Debug)]
pub struct StaffView {
    /// What everybody sees.
    pub account: Arc<AccountView>,
    /// What only staff sees of those who live here.
    pub user: Option<UserFacts>,
    /// Network addresses they came from, the last one first, each once.
    pub addresses: Vec<(String, Time)>,
}

/// What only staff sees of those who live here.
#[derive(Clone, Debug)]
pub struct UserFacts {
    /// Whose.
    account: AccountId,
    /// Empty without one.
    pub email: String,
    /// Language of pages and mails.
    pub locale: String,
    /// What they may do.
    pub role: Role,
    /// The e-mail address was confirmed.
    pub is_confirmed: bool,
    /// Staff let them in.
    pub is_approved: bool,
    /// The login is disabled.
    pub is_disabled: bool,
    /// Why they want to join.
    pub invite_request: Option<String>,
    /// The app they signed up with.
    pub app: Option<AppId>,
}

impl FromRow for UserFacts {
    fn from_row(row: &mut Row<'_>) -> Result<UserFacts, Fault> {
        Ok(UserFacts {
            account: row.next()?,
            email: row.next()?,
            locale: row.next()?,
            role: role(&row.next::<String>()?)?,
            is_confirmed: row.next::<Option<Time>>()?.is_some(),
            is_approved: row.next::<Option<Time>>()?.is_some(),
            is_disabled: row.next::<Option<Time>>()?.is_some(),
            invite_request: row.next()?,
            app: row.next()?,
        })
    }
}

/// A page of accounts, newest first.
///
/// # Errors
/// The database failed.
pub fn page(q: &Query<'_>, wanted: &Wanted, page: &Page) -> Result<Vec<AccountId>, Fault> {
    let text = |text: &Option<String>| text.as_deref().map(beginning);
    let (username, display_name, email) = (text(&wanted.username), text(&wanted.display_name), text(&wanted.email));
    let roles: Vec<String> = wanted.roles.iter().flatten().map(|role| role.word().to_owned()).collect();
    let ids = match wanted.ip {
        Some(range) => from_addresses(q, range)?,
        None => Vec::new(),
    };
    let origin = wanted.is_local.map(|is_local| if is_local { "local" } else { "remote" });
    let own = [
        value(origin),
        value(wanted.state.map(State::word)),
        Value::Bool(wanted.roles.is_some()),
        Value::Texts(&roles),
        value(username.as_deref()),
        value(display_name.as_deref()),
        value(email.as_deref()),
        value(wanted.domain.as_deref()),
        Value::Bool(wanted.ip.is_some()),
        Value::Ids(&ids),
    ];
    let rows: Vec<(AccountId,)> = LIST.page(q, page, &own)?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

fn value(text: Option<&str>) -> Value<'_> {
    text.map_or(Value::Null, Value::Text)
}

/// Who came from one of these network addresses.
fn from_addresses(q: &Query<'_>, range: Cidr) -> Result<Vec<i64>, Fault> {
    let rows: Vec<(AccountId, String)> = q.rows(&ALL_ADDRESSES, ())?;
    let is_in = |address: &str| address.parse().is_ok_and(|address| range.contains(address));
    let found: HashSet<i64> = rows.iter().filter(|(_, address)| is_in(address)).map(|(id, _)| id.0).collect();
    Ok(found.into_iter().collect())
}

/// A pattern for what begins so, in whatever case.
fn beginning(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 1);
    for c in text.to_lowercase().chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

/// Accounts as staff sees them, in the ids' order; unknown ones are left out.
///
/// # Errors
/// The database failed.
pub fn views(q: &Query<'_>, ids: &[AccountId]) -> Result<Vec<StaffView>, Fault> {
    let numbers: Vec<i64> = ids.iter().map(|id| id.0).collect();
    let found = accounts::views(q, ids)?;
    let users: Vec<UserFacts> = q.rows(&USERS, (&numbers,))?;
    let mut users: HashMap<AccountId, UserFacts> = users.into_iter().map(|user| (user.account, user)).collect();
    let mut addresses: HashMap<AccountId, Vec<(String, Time)>> = HashMap::new();
    for (account, address, used_at) in q.rows::<(AccountId, String, Time)>(&ADDRESSES, (&numbers,))? {
        addresses.entry(account).or_default().push((address, used_at));
    }
    Ok(found
        .into_iter()
        .map(|account| StaffView {
            user: users.remove(&account.id),
            addresses: addresses.remove(&account.id).map(each_once).unwrap_or_default(),
            account,
        })
        .collect())
}

fn each_once(mut addresses: Vec<(String, Time)>) -> Vec<(String, Time)> {
    addresses.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let mut seen = HashSet::new();
    addresses.retain(|(address, _)| seen.insert(address.clone()));
    addresses
}

/// One account as staff sees it.
///
/// # Errors
/// The database failed.
pub fn view(q: &Query<'_>, id: AccountId) -> Result<Option<StaffView>, Fault> {
    Ok(views(q, &[id])?.pop())
}

/// Limits an account, or lifts that.
///
/// # Errors
/// The database failed.
pub fn set_silenced(tx: &Tx<'_>, account: AccountId, since: Option<Time>) -> Result<(), Fault> {
    tx.execute(&SET_SILENCED, (account, since)).map(|_| ())
}

/// Shows an account's media as sensitive, or as it says itself.
///
/// # Errors
/// The database failed.
pub fn set_sensitized(tx: &Tx<'_>, account: AccountId, since: Option<Time>) -> Result<(), Fault> {
    tx.execute(&SET_SENSITIZED, (account, since)).map(|_| ())
}

/// Lets others have the name of an account that is gone and never was seen.
///
/// # Errors
/// The database failed.
pub fn free_name(tx: &Tx<'_>, account: AccountId) -> Result<(), Fault> {
    tx.execute(&FREE_NAME, (account,)).map(|_| ())
}

/// Who has one of these roles and may act.
///
/// # Errors
/// The database failed.
pub fn staff(q: &Query<'_>, roles: &[Role]) -> Result<Vec<AccountId>, Fault> {
    let words: Vec<String> = roles.iter().map(|role| role.word().to_owned()).collect();
    q.column(&STAFF, (words.as_slice(),))
}
