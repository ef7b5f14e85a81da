//! Who may sign up: e-mail domains, e-mail addresses and network addresses that are barred.

use std::net::IpAddr;

use phiomia_model::{AccountId, CanonicalEmailBlockId, Cidr, EmailDomainBlockId, Fault, IpBlockId, Page, Time};

use crate::{
    db::{
        keyset::keysets,
        query::{Query, Tx},
        sql::{Sql, queries},
        value::{FromRow, Row},
    },
    secret::digest_of,
};

/// Days of tries that are kept.
const TRIES_KEPT: i64 = 7;
/// Longest network address in text.
const NOWHERE: &str = "";

macro_rules! range_columns {
    () => {
        "id, addresses, severity, comment, expires_at, created_at"
    };
}

keysets! {
    EMAIL_DOMAINS = anew "id", "select id, domain, allows_with_approval, created_at from email_domain_blocks where true";
    RANGES = anew "id", concat!("select ", range_columns!(), " from ip_blocks where true");
    EMAILS = anew "id", "select id, hash from canonical_email_blocks where true";
}

queries! {
    EMAIL_DOMAIN = Sql::Same("select id, domain, allows_with_approval, created_at from email_domain_blocks where id = $1");
    NEAREST_EMAIL_DOMAIN = Sql::Same("select id, domain, allows_with_approval, created_at from email_domain_blocks
        where domain in texts($1) order by allows_with_approval, length(domain) desc limit 1");
    ANY_EMAIL_DOMAIN = Sql::Same("select 1 where exists (select 1 from email_domain_blocks)");
    EMAIL_DOMAIN_NAMED = Sql::Same("select 1 from email_domain_blocks where domain = $1");
    INSERT_EMAIL_DOMAIN = Sql::Same("insert into email_domain_blocks (id, domain, allows_with_approval, created_at)
        values ($1, $2, $3, $4)");
    DELETE_TRIES = Sql::Same("delete from email_domain_tries where block_id = $1");
    DELETE_EMAIL_DOMAIN = Sql::Same("delete from email_domain_blocks where id = $1");
    COUNT_TRY = Sql::Same("insert into email_domain_tries (block_id, day, address, n) values ($1, $2, $3, 1)
        on conflict (block_id, day, address) do update set n = email_domain_tries.n + 1");
    TRIES = Sql::Same("select block_id, day, count(*), cast(sum(n) as bigint) from email_domain_tries
        where block_id in ids($1) and day > $2 group by block_id, day");
    FORGET_TRIES = Sql::Same("delete from email_domain_tries where day <= $1");
    RANGE = Sql::Same(concat!("select ", range_columns!(), " from ip_blocks where id = $1"));
    RANGES_IN_FORCE = Sql::Same(concat!("select ", range_columns!(), " from ip_blocks
        where expires_at is null or expires_at > $1 order by id"));
    RANGE_NAMED = Sql::Same("select id from ip_blocks where addresses = $1");
    SET_RANGE = Sql::Same("insert into ip_blocks (id, addresses, severity, comment, expires_at, created_at)
        values ($1, $2, $3, $4, $5, $6)
        on conflict (id) do update set addresses = excluded.addresses, severity = excluded.severity,
            comment = excluded.comment, expires_at = excluded.expires_at");
    DELETE_RANGE = Sql::Same("delete from ip_blocks where id = $1");
    FORGET_RANGES = Sql::Same("delete from ip_blocks where expires_at is not null and expires_at <= $1");
    EMAIL = Sql::Same("select id, hash from canonical_email_blocks where id = $1");
    EMAIL_HASHED = Sql::Same("select id, hash from canonical_email_blocks where hash = $1");
    INSERT_EMAIL = Sql::Same("insert into canonical_email_blocks (id, hash, account_id, created_at)
        values ($1, $2, $3, $4) on conflict (hash) do nothing");
    DELETE_EMAIL = Sql::Same("delete from canonical_email_blocks where id = $1");
    DELETE_EMAILS_OF = Sql::Same("delete from canonical_email_blocks where account_id = $1");
    SET_ORIGIN = Sql::Same("update users set sign_up_address = $2, sign_up_app_id = $3 where account_id = $1");
}

/// An e-mail domain nobody signs up with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmailDomain {
    /// Its number.
    pub id: EmailDomainBlockId,
    /// The domain; what lies below it is barred, too.
    pub domain: String,
    /// Sign-ups are looked at by staff, and not refused.
    pub allows_with_approval: bool,
    /// Since when.
    pub created_at: Time,
}

impl FromRow for EmailDomain {
    fn from_row(row: &mut Row<'_>) -> Result<EmailDomain, Fault> {
        Ok(EmailDomain {
            id: row.next()?,
            domain: row.next()?,
            allows_with_approval: row.next()?,
            created_at: row.next()?,
        })
    }
}

/// How strict a rule about network addresses is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum IpSeverity {
    /// Sign-ups are looked at by staff.
    SignUpRequiresApproval,
    /// No sign-ups.
    SignUpBlock,
    /// Nothing at all.
    NoAccess,
}

impl IpSeverity {
    /// The word of the API, also in the database.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            IpSeverity::SignUpRequiresApproval => "sign_up_requires_approval",
            IpSeverity::SignUpBlock => "sign_up_block",
            IpSeverity::NoAccess => "no_access",
        }
    }

    /// The severity with this word.
    #[must_use]
    pub fn of(word: &str) -> Option<IpSeverity> {
        [IpSeverity::SignUpRequiresApproval, IpSeverity::SignUpBlock, IpSeverity::NoAccess]
            .into_iter()
            .find(|severity| severity.word() == word)
    }
}

/// Network addresses under a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IpBlock {
    /// Its number.
    pub id: IpBlockId,
    /// Which.
    pub addresses: Cidr,
    /// How strict it is.
    pub severity: IpSeverity,
    /// Why.
    pub comment: String,
    /// It holds until then.
    pub expires_at: Option<Time>,
    /// Since when.
    pub created_at: Time,
}

impl FromRow for IpBlock {
    fn from_row(row: &mut Row<'_>) -> Result<IpBlock, Fault> {
        let unreadable = |what: &str| Fault::new(format!("reading {what} of a rule about network addresses"));
        Ok(IpBlock {
            id: row.next()?,
            addresses: row.next::<String>()?.parse().map_err(|_| unreadable("the addresses"))?,
            severity: IpSeverity::of(&row.next::<String>()?).ok_or_else(|| unreadable("the severity"))?,
            comment: row.next()?,
            expires_at: row.next()?,
            created_at: row.next()?,
        })
    }
}

impl IpBlock {
    /// Whether it holds at a moment.
    #[must_use]
    pub fn is_in_force(&self, now: Time) -> bool {
        self.expires_at.is_none_or(|at| at > now)
    }
}

/// The strictest rule for an address, of those that hold.
#[must_use]
pub fn strictest(blocks: &[IpBlock], address: IpAddr, now: Time) -> Option<IpSeverity> {
    let holds = |block: &&IpBlock| block.is_in_force(now) && block.addresses.contains(address);
    blocks.iter().filter(holds).map(|block| block.severity).max()
}

/// An e-mail address nobody signs up with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CanonicalEmail {
    /// Its number.
    pub id: CanonicalEmailBlockId,
    /// SHA-256 of the normalised address, in hexadecimal.
    pub hash: String,
}

impl FromRow for CanonicalEmail {
    fn from_row(row: &mut Row<'_>) -> Result<CanonicalEmail, Fault> {
        Ok(CanonicalEmail { id: row.next()?, hash: row.next()? })
    }
}

/// What is kept of an e-mail address: the hash of what is left of it without upper case, without dots in front of the at
/// sign and without what follows a plus there, as Mastodon does it.
#[must_use]
pub fn canonical_hash(email: &str) -> String {
    let email = email.trim().to_lowercase();
    let (name, domain) = email.split_once('@').unwrap_or((&email, ""));
    let name = name.replace('.', "");
    let name = name.split('+').next().unwrap_or_default();
    digest_of(&format!("{name}@{domain}"))
}

/// A page of barred e-mail domains, newest first.
///
/// # Errors
/// The database failed.
pub fn email_domains(q: &Query<'_>, page: &Page) -> Result<Vec<EmailDomain>, Fault> {
    EMAIL_DOMAINS.page(q, page, &[])
}

/// One barred e-mail domain.
///
/// # Errors
/// The database failed.
pub fn email_domain(q: &Query<'_>, id: EmailDomainBlockId) -> Result<Option<EmailDomain>, Fault> {
    q.row(&EMAIL_DOMAIN, (id,))
}

/// The strictest rule for e-mail addresses of a domain: about itself or one above it.
///
/// # Errors
/// The database failed.
pub fn email_domain_for(q: &Query<'_>, domain: &str) -> Result<Option<EmailDomain>, Fault> {
    let domain = domain.to_lowercase();
    let mut names = vec![domain.clone()];
    let mut rest = domain.as_str();
    while let Some((_, above)) = rest.split_once('.') {
        names.push(above.to_owned());
        rest = above;
    }
    q.row(&NEAREST_EMAIL_DOMAIN, (names.as_slice(),))
}

/// Whether there is any rule about e-mail domains.
///
/// # Errors
/// The database failed.
pub fn is_any_email_domain(q: &Query<'_>) -> Result<bool, Fault> {
    q.exists(&ANY_EMAIL_DOMAIN, ())
}

/// Whether exactly this e-mail domain is barred.
///
/// # Errors
/// The database failed.
pub fn is_email_domain(q: &Query<'_>, domain: &str) -> Result<bool, Fault> {
    q.exists(&EMAIL_DOMAIN_NAMED, (domain,))
}

/// Bars an e-mail domain.
///
/// # Errors
/// The database failed.
pub fn bar_email_domain(tx: &Tx<'_>, domain: &str, allows_with_approval: bool) -> Result<EmailDomain, Fault> {
    let block = EmailDomain {
        id: EmailDomainBlockId(tx.new_id()),
        domain: domain.to_owned(),
        allows_with_approval,
        created_at: tx.now(),
    };
    tx.execute(&INSERT_EMAIL_DOMAIN, (block.id, domain, allows_with_approval, block.created_at))?;
    Ok(block)
}

/// Lifts that, and forgets who tried.
///
/// # Errors
/// The database failed.
pub fn lift_email_domain(tx: &Tx<'_>, id: EmailDomainBlockId) -> Result<(), Fault> {
    tx.execute(&DELETE_TRIES, (id,))?;
    tx.execute(&DELETE_EMAIL_DOMAIN, (id,)).map(|_| ())
}

/// Counts a try to sign up with a barred domain.
///
/// # Errors
/// The database failed.
pub fn count_try(tx: &Tx<'_>, id: EmailDomainBlockId, address: Option<&str>) -> Result<(), Fault> {
    tx.execute(&COUNT_TRY, (id, tx.now().as_days(), address.unwrap_or(NOWHERE))).map(|_| ())
}

/// Tries of the last week: which domain, which day, by how many addresses, how many.
///
/// # Errors
/// The database failed.
pub fn tries(
    q: &Query<'_>,
    ids: &[EmailDomainBlockId],
    now: Time,
) -> Result<Vec<(EmailDomainBlockId, i64, i64, i64)>, Fault> {
    let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
    q.rows(&TRIES, (&ids, now.as_days() - TRIES_KEPT))
}

/// A page of rules about network addresses, newest first.
///
/// # Errors
/// The database failed.
pub fn ranges(q: &Query<'_>, page: &Page) -> Result<Vec<IpBlock>, Fault> {
    RANGES.page(q, page, &[])
}

/// One rule about network addresses.
///
/// # Errors
/// The database failed.
pub fn range(q: &Query<'_>, id: IpBlockId) -> Result<Option<IpBlock>, Fault> {
    q.row(&RANGE, (id,))
}

/// All rules about network addresses that hold.
///
/// # Errors
/// The database failed.
pub fn ranges_in_force(q: &Query<'_>, now: Time) -> Result<Vec<IpBlock>, Fault> {
    q.rows(&RANGES_IN_FORCE, (now,))
}

/// The rule about exactly these addresses.
///
/// # Errors
/// The database failed.
pub fn range_named(q: &Query<'_>, addresses: Cidr) -> Result<Option<IpBlockId>, Fault> {
    q.value(&RANGE_NAMED, (addresses.to_string(),))
}

/// Writes a rule about network addresses.
///
/// # Errors
/// The database failed.
pub fn set_range(tx: &Tx<'_>, block: &IpBlock) -> Result<(), Fault> {
    let IpBlock { id, addresses, severity, comment, expires_at, created_at } = block;
    let values = (*id, addresses.to_string(), severity.word(), comment, *expires_at, *created_at);
    tx.execute(&SET_RANGE, values).map(|_| ())
}

/// Removes a rule about network addresses.
///
/// # Errors
/// The database failed.
pub fn lift_range(tx: &Tx<'_>, id: IpBlockId) -> Result<(), Fault> {
    tx.execute(&DELETE_RANGE, (id,)).map(|_| ())
}

/// A page of barred e-mail addresses, newest first.
///
/// # Errors
/// The database failed.
pub fn emails(q: &Query<'_>, page: &Page) -> Result<Vec<CanonicalEmail>, Fault> {
    EMAILS.page(q, page, &[])
}

/// One barred e-mail address.
///
/// # Errors
/// The database failed.
pub fn email(q: &Query<'_>, id: CanonicalEmailBlockId) -> Result<Option<CanonicalEmail>, Fault> {
    q.row(&EMAIL, (id,))
}

/// The barred e-mail address with this hash.
///
/// # Errors
/// The database failed.
pub fn email_hashed(q: &Query<'_>, hash: &str) -> Result<Option<CanonicalEmail>, Fault> {
    q.row(&EMAIL_HASHED, (hash,))
}

/// Bars an e-mail address; `account`: because that one is suspended. Twice is once.
///
/// # Errors
/// The database failed.
pub fn bar_email(tx: &Tx<'_>, hash: &str, account: Option<AccountId>) -> Result<(), Fault> {
    let id = CanonicalEmailBlockId(tx.new_id());
    tx.execute(&INSERT_EMAIL, (id, hash, account, tx.now())).map(|_| ())
}

/// Lifts that.
///
/// # Errors
/// The database failed.
pub fn lift_email(tx: &Tx<'_>, id: CanonicalEmailBlockId) -> Result<(), Fault> {
    tx.execute(&DELETE_EMAIL, (id,)).map(|_| ())
}

/// Lifts what came with the suspension of an account.
///
/// # Errors
/// The database failed.
pub fn lift_emails_of(tx: &Tx<'_>, account: AccountId) -> Result<(), Fault> {
    tx.execute(&DELETE_EMAILS_OF, (account,)).map(|_| ())
}

/// Notes where somebody signed up from, and with which app.
///
/// # Errors
/// The database failed.
pub fn set_origin(tx: &Tx<'_>, account: AccountId, address: Option<&str>, app: Option<i64>) -> Result<(), Fault> {
    tx.execute(&SET_ORIGIN, (account, address, app)).map(|_| ())
}

/// Throws away what holds no longer. Part of `Job::Tidy`.
///
/// # Errors
/// The database failed.
pub fn tidy(tx: &Tx<'_>) -> Result<(), Fault> {
    tx.execute(&FORGET_TRIES, (tx.now().as_days() - TRIES_KEPT,))?;
    tx.execute(&FORGET_RANGES, (tx.now(),)).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_mailbox_has_one_hash_however_it_is_written() {
        let plain = canonical_hash("alice@example.org");
        for same in ["Alice@Example.org", "a.l.i.c.e@example.org", "alice+spam@example.org", " a.lice+x+y@EXAMPLE.org "]
        {
            assert_eq!(canonical_hash(same), plain, "{same}");
        }
        assert_ne!(canonical_hash("alice@ex.ample.org"), plain);
        assert_eq!(plain, digest_of("alice@example.org"));
    }

    #[test]
    fn of_several_rules_for_an_address_the_strictest_that_holds_counts() {
        let rule = |addresses: &str, severity, expires_at| IpBlock {
            id: IpBlockId(1),
            addresses: addresses.parse().unwrap_or_else(|e: String| panic!("{e}")),
            severity,
            comment: String::new(),
            expires_at,
            created_at: Time(0),
        };
        let rules = [
            rule("192.0.2.0/24", IpSeverity::SignUpRequiresApproval, None),
            rule("192.0.2.7", IpSeverity::NoAccess, Some(Time(10))),
            rule("2001:db8::/32", IpSeverity::SignUpBlock, None),
        ];
        let at = |address: &str, now| address.parse().ok().and_then(|address| strictest(&rules, address, Time(now)));
        assert_eq!(at("192.0.2.7", 5), Some(IpSeverity::NoAccess));
        assert_eq!(at("192.0.2.7", 10), Some(IpSeverity::SignUpRequiresApproval));
        assert_eq!((at("2001:db8::1", 5), at("198.51.100.1", 5)), (Some(IpSeverity::SignUpBlock), None));
    }
}
