//! Pages of a newest-first list by key: one text, read downwards or upwards.

use phiomia_model::{Fault, Page};

use super::{
    query::Query,
    sql::{Sql, Statement},
    value::{FromRow, Value},
};

/// A list that is read in pages. Parameters: `$1` below, `$2` above, `$3` at most; the list's own from `$4`.
pub(crate) struct Keyset {
    pub(crate) down: Statement,
    pub(crate) up: Statement,
}

impl Keyset {
    pub(crate) const fn new(name: &'static str, down: Sql, up: Sql) -> Keyset {
        Keyset { down: Statement::new(name, down), up: Statement::new(name, up) }
    }

    /// The rows of a page, newest first. `own` are the parameters from `$4` on; `id` tells a row's key.
    pub(crate) fn page<T: FromRow>(&self, q: &Query<'_>, page: &Page, own: &[Value<'_>]) -> Result<Vec<T>, Fault> {
        let mut values = vec![
            Value::Int(page.max_id.unwrap_or(i64::MAX)),
            Value::Int(page.lower().unwrap_or(-1)),
            Value::Int(page.limit),
        ];
        values.extend_from_slice(own);
        if page.is_upward() {
            let mut rows = q.rows(&self.up, values.as_slice())?;
            rows.reverse();
            return Ok(rows);
        }
        q.rows(&self.down, values.as_slice())
    }
}

/// Declares paged lists: `NAME = "the key column", "select … where …";` and their list `KEYSETS`. `once` or `anew`
/// before the key says how PostgreSQL plans it.
macro_rules! keysets {
    ($($(#[$doc:meta])* $name:ident = $($how:ident)? $key:literal, $select:expr;)*) => {
        $(
            $(#[$doc])*
            static $name: $crate::db::keyset::Keyset = $crate::db::keyset::Keyset::new(
                concat!(module_path!(), "::", stringify!($name)),
                $crate::db::keyset::ordered!($($how)? $key, $select, "desc"),
                $crate::db::keyset::ordered!($($how)? $key, $select, "asc"),
            );
        )*
        /// Every paged list of this file.
        pub(crate) static KEYSETS: &[&$crate::db::keyset::Keyset] = &[$(&$name),*];
    };
}
pub(crate) use keysets;

/// The statement of a page in one direction.
macro_rules! ordered {
    (once $key:literal, $select:expr, $direction:literal) => {
        $crate::db::sql::Sql::Once(&$crate::db::keyset::ordered!($key, $select, $direction))
    };
    (anew $key:literal, $select:expr, $direction:literal) => {
        $crate::db::sql::Sql::Anew(&$crate::db::keyset::ordered!($key, $select, $direction))
    };
    ($key:literal, $select:expr, $direction:literal) => {
        $crate::db::sql::Sql::Same(concat!(
            $select,
            " and ",
            $key,
            " < $1 and ",
            $key,
            " > $2 order by ",
            $key,
            " ",
            $direction,
            " limit $3"
        ))
    };
}
pub(crate) use ordered;
