//! Statements: one text for both engines where possible, registered so that a test can prepare every one of them.

use std::sync::OnceLock;

/// A statement's text. Parameters are `$1`, `$2` ... A list is `in ids($1)` (integers) or `in texts($1)`. What is inserted
/// as many rows at once is `rows($1 bigint, $2 text)` in place of `values ($1, $2)`, and run by `Tx::execute_each`.
#[derive(Clone, Copy, Debug)]
pub enum Sql {
    /// Both engines read it.
    Same(&'static str),
    /// The few that need two.
    Differs {
        /// For SQLite.
        sqlite: &'static str,
        /// For PostgreSQL.
        postgres: &'static str,
    },
    /// PostgreSQL plans it once for a connection, whatever the values, and by keys alone: for what is asked all the time, whose
    /// plan depends on no value, and which takes longer to plan than to run. Left to itself it plans anew what has a list,
    /// for it takes every list for ten long.
    ///
    /// What is neither this nor `Anew` is planned as the statement before it in the transaction was: PostgreSQL would
    /// come to the same plan after a few times, and telling it costs a message.
    Once(&'static Sql),
    /// PostgreSQL looks at the values each time: where the best plan depends on them.
    Anew(&'static Sql),
    /// SQLite has another text of it for lists of one, in which they are values: for what is mostly asked for one thing and
    /// has its lists in many places, each of which would be a table in memory.
    Single(&'static Sql),
}

/// How PostgreSQL is to plan a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Planning {
    Once,
    Anew,
    /// As it is told at that moment.
    Either,
}

impl Sql {
    const fn sqlite(&self) -> &'static str {
        match self {
            Sql::Same(text) | Sql::Differs { sqlite: text, .. } => text,
            Sql::Once(sql) | Sql::Anew(sql) | Sql::Single(sql) => sql.sqlite(),
        }
    }

    const fn postgres(&self) -> &'static str {
        match self {
            Sql::Same(text) | Sql::Differs { postgres: text, .. } => text,
            Sql::Once(sql) | Sql::Anew(sql) | Sql::Single(sql) => sql.postgres(),
        }
    }

    const fn is_single(&self) -> bool {
        match self {
            Sql::Same(_) | Sql::Differs { .. } => false,
            Sql::Once(sql) | Sql::Anew(sql) => sql.is_single(),
            Sql::Single(_) => true,
        }
    }

    const fn planning(&self) -> Planning {
        match self {
            Sql::Once(_) => Planning::Once,
            Sql::Anew(_) => Planning::Anew,
            Sql::Single(sql) => sql.planning(),
            Sql::Same(_) | Sql::Differs { .. } => Planning::Either,
        }
    }
}

/// A registered statement with its name, for errors and tests.
#[derive(Debug)]
pub struct Statement {
    /// `timelines::HOME`.
    pub name: &'static str,
    sql: Sql,
    sqlite: OnceLock<String>,
    sqlite_of_one: OnceLock<Option<String>>,
    postgres: OnceLock<String>,
}

impl Statement {
    /// Used by `queries!` alone.
    #[must_use]
    pub const fn new(name: &'static str, sql: Sql) -> Statement {
        Statement { name, sql, sqlite: OnceLock::new(), sqlite_of_one: OnceLock::new(), postgres: OnceLock::new() }
    }

    /// The text SQLite gets: numbered parameters, lists as tables in memory.
    pub fn sqlite(&self) -> &str {
        self.sqlite.get_or_init(|| self.written_for_sqlite(|param| format!("in (select value from rarray({param}))")))
    }

    /// The same for lists of one, if it has such a text.
    pub fn sqlite_of_one(&self) -> Option<&str> {
        let write = || self.sql.is_single().then(|| self.written_for_sqlite(|param| format!("= {param}")));
        self.sqlite_of_one.get_or_init(write).as_deref()
    }

    fn written_for_sqlite(&self, list: impl Fn(&str) -> String) -> String {
        // `$1` is a name in SQLite, numbered by first appearance; `?1` is the number itself.
        let text = lists(self.sql.sqlite(), list);
        rows(&text, |names, _| format!("values ({})", names.join(", "))).replace('$', "?")
    }

    /// How PostgreSQL plans it.
    pub(super) const fn planning(&self) -> Planning {
        self.sql.planning()
    }

    /// The text PostgreSQL gets.
    pub fn postgres(&self) -> &str {
        self.postgres.get_or_init(|| {
            let text = lists(self.sql.postgres(), |param| format!("= any({param})"));
            rows(&text, |names, types| {
                let column = |(name, of): (&&str, &&str)| format!("{name}::{of}[]");
                let columns: Vec<String> = names.iter().zip(types).map(column).collect();
                format!("select * from unnest({})", columns.join(", "))
            })
        })
    }
}

/// Replaces `in ids($1)` and `in texts($1)`.
fn lists(text: &str, write: impl Fn(&str) -> String) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after, param)) = next_list(rest) {
        out.push_str(before);
        out.push_str(&write(param));
        rest = after;
    }
    out.push_str(rest);
    out
}

fn next_list(text: &str) -> Option<(&str, &str, &str)> {
    let (at, mark) = ["in ids(", "in texts("]
        .iter()
        .filter_map(|mark| text.find(mark).map(|at| (at, *mark)))
        .min_by_key(|(at, _)| *at)?;
    let (before, list) = text.split_at(at);
    let inside = list.get(mark.len()..)?;
    let (param, after) = inside.split_once(')')?;
    Some((before, after, param))
}

/// Replaces `rows($1 bigint, $2 text)`, of which there is one at most; `write` is given the parameters and their types.
fn rows(text: &str, write: impl Fn(&[&str], &[&str]) -> String) -> String {
    let found = text.split_once("rows($").and_then(|(before, rest)| Some((before, rest.split_once(')')?)));
    let Some((before, (inside, after))) = found else { return text.to_owned() };
    let inside = format!("${inside}");
    let (names, types): (Vec<&str>, Vec<&str>) =
        inside.split(',').filter_map(|parameter| parameter.trim().split_once(' ')).unzip();
    format!("{before}{}{after}", write(&names, &types))
}

/// Declares the statements of a file and its list `ALL`, which `db::statements` gathers.
macro_rules! queries {
    ($($(#[$doc:meta])* $name:ident = $sql:expr;)*) => {
        $(
            $(#[$doc])*
            static $name: $crate::db::sql::Statement = $crate::db::sql::Statement::new(
                concat!(module_path!(), "::", stringify!($name)), $sql);
        )*
        /// Every statement of this file.
        pub(crate) static ALL: &[&$crate::db::sql::Statement] = &[$(&$name),*];
    };
}
pub(crate) use queries;

/// In SQL: whether an account does not want to hear of a domain. Local accounts have an empty domain, which nobody can
/// block.
macro_rules! blocks_domain {
    ($me:literal, $domain:literal) => {
        concat!(
            "exists (select 1 from account_domain_blocks z where z.account_id = ",
            $me,
            " and z.domain = ",
            $domain,
            ")"
        )
    };
}
pub(crate) use blocks_domain;

/// The same for the domains of some accounts, given by their ids. Their domains are looked up first, once where the
/// accounts are the same for all.
macro_rules! blocks_domain_of {
    ($me:literal, $accounts:expr) => {
        concat!(
            "exists (select 1 from account_domain_blocks z where z.account_id = ",
            $me,
            " and z.domain in (select y.domain from accounts y where y.id in (",
            $accounts,
            ")))"
        )
    };
}
pub(crate) use blocks_domain_of;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_and_parameters_are_written_for_each_engine() {
        const TEXT: Sql = Sql::Same("select 1 from a where id in ids($2) and b in texts($1) and c = $2");
        let s = Statement::new("t", Sql::Once(&Sql::Single(&TEXT)));
        assert_eq!(
            s.sqlite(),
            "select 1 from a where id in (select value from rarray(?2)) and b in (select value from rarray(?1)) and c = ?2"
        );
        assert_eq!(s.sqlite_of_one(), Some("select 1 from a where id = ?2 and b = ?1 and c = ?2"));
        assert_eq!(s.postgres(), "select 1 from a where id = any($2) and b = any($1) and c = $2");
        assert_eq!((s.planning(), Statement::new("t", TEXT).sqlite_of_one()), (Planning::Once, None));
    }

    #[test]
    fn rows_are_values_of_one_and_columns_of_many() {
        let s =
            Statement::new("t", Sql::Same("insert into a (b, c) rows($1 bigint, $2 text) on conflict (b) do nothing"));
        assert_eq!(s.sqlite(), "insert into a (b, c) values (?1, ?2) on conflict (b) do nothing");
        assert_eq!(
            s.postgres(),
            "insert into a (b, c) select * from unnest($1::bigint[], $2::text[]) on conflict (b) do nothing"
        );
    }
}
