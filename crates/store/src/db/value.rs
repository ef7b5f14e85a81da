//! What goes into a statement and what comes out of a row, the same for both engines.

use phiomia_model::{
    AccountId, AnnouncementId, AppId, CanonicalEmailBlockId, ConversationId, CustomEmojiId, DomainAllowId,
    DomainBlockId, EmailDomainBlockId, Fault, FilterId, FilterKeywordId, FilterStatusId, IpBlockId, JobId, ListId,
    MediaId, NotificationId, NotificationRequestId, PasskeyId, PollId, ReportId, RuleId, ScheduledStatusId, SessionId,
    SeveranceId, StatusId, StrikeId, TagId, Time, TokenId, Visibility,
};

/// One parameter of a statement.
#[derive(Clone, Copy, Debug)]
pub enum Value<'a> {
    /// SQL null of whatever type the place asks for.
    Null,
    /// `bigint`.
    Int(i64),
    /// `boolean`.
    Bool(bool),
    /// `text`.
    Text(&'a str),
    /// `bytea`, `blob`.
    Bytes(&'a [u8]),
    /// A list for `in ids($n)`.
    Ids(&'a [i64]),
    /// A list for `in texts($n)`.
    Texts(&'a [String]),
    /// One column of many rows, for PostgreSQL alone: see [`Query::rows_each`](super::Query::rows_each).
    Column(&'a [Value<'a>]),
}

/// A Rust value that can be a parameter.
pub trait ToValue {
    /// Borrowed as a parameter.
    fn to_value(&self) -> Value<'_>;
}

impl ToValue for Value<'_> {
    fn to_value(&self) -> Value<'_> {
        *self
    }
}
impl ToValue for i64 {
    fn to_value(&self) -> Value<'_> {
        Value::Int(*self)
    }
}
impl ToValue for bool {
    fn to_value(&self) -> Value<'_> {
        Value::Bool(*self)
    }
}
impl ToValue for &str {
    fn to_value(&self) -> Value<'_> {
        Value::Text(self)
    }
}
impl ToValue for String {
    fn to_value(&self) -> Value<'_> {
        Value::Text(self)
    }
}
impl ToValue for &String {
    fn to_value(&self) -> Value<'_> {
        Value::Text(self)
    }
}
impl ToValue for &[u8] {
    fn to_value(&self) -> Value<'_> {
        Value::Bytes(self)
    }
}
impl ToValue for Vec<u8> {
    fn to_value(&self) -> Value<'_> {
        Value::Bytes(self)
    }
}
impl ToValue for &[i64] {
    fn to_value(&self) -> Value<'_> {
        Value::Ids(self)
    }
}
impl ToValue for &Vec<i64> {
    fn to_value(&self) -> Value<'_> {
        Value::Ids(self)
    }
}
impl ToValue for &[String] {
    fn to_value(&self) -> Value<'_> {
        Value::Texts(self)
    }
}
impl ToValue for Time {
    fn to_value(&self) -> Value<'_> {
        Value::Int(self.0)
    }
}
impl ToValue for Visibility {
    fn to_value(&self) -> Value<'_> {
        Value::Int(self.code())
    }
}
impl<T: ToValue> ToValue for Option<T> {
    fn to_value(&self) -> Value<'_> {
        self.as_ref().map_or(Value::Null, ToValue::to_value)
    }
}

/// One cell of a row.
#[derive(Clone, Copy, Debug)]
pub enum Cell<'a> {
    /// SQL null.
    Null,
    /// Integers of every width; SQLite's booleans too.
    Int(i64),
    /// PostgreSQL's booleans.
    Bool(bool),
    /// Text.
    Text(&'a str),
    /// Bytes.
    Bytes(&'a [u8]),
}

/// A Rust value that can be read from a cell.
pub trait FromCell: Sized {
    /// `None` when the cell holds another type.
    fn from_cell(cell: Cell<'_>) -> Option<Self>;
}

impl FromCell for i64 {
    fn from_cell(cell: Cell<'_>) -> Option<i64> {
        match cell {
            Cell::Int(n) => Some(n),
            Cell::Bool(b) => Some(i64::from(b)),
            _ => None,
        }
    }
}
impl FromCell for bool {
    fn from_cell(cell: Cell<'_>) -> Option<bool> {
        match cell {
            Cell::Int(n) => Some(n != 0),
            Cell::Bool(b) => Some(b),
            _ => None,
        }
    }
}
impl FromCell for String {
    fn from_cell(cell: Cell<'_>) -> Option<String> {
        match cell {
            Cell::Text(t) => Some(t.to_owned()),
            _ => None,
        }
    }
}
impl FromCell for Vec<u8> {
    fn from_cell(cell: Cell<'_>) -> Option<Vec<u8>> {
        match cell {
            Cell::Bytes(b) => Some(b.to_vec()),
            _ => None,
        }
    }
}
impl FromCell for Time {
    fn from_cell(cell: Cell<'_>) -> Option<Time> {
        i64::from_cell(cell).map(Time)
    }
}
impl FromCell for Visibility {
    fn from_cell(cell: Cell<'_>) -> Option<Visibility> {
        i64::from_cell(cell).map(Visibility::from_code)
    }
}
impl<T: FromCell> FromCell for Option<T> {
    fn from_cell(cell: Cell<'_>) -> Option<Option<T>> {
        match cell {
            Cell::Null => Some(None),
            other => T::from_cell(other).map(Some),
        }
    }
}

macro_rules! id_values {
    ($($name:ident),*) => {$(
        impl ToValue for $name {
            fn to_value(&self) -> Value<'_> { Value::Int(self.0) }
        }
        impl FromCell for $name {
            fn from_cell(cell: Cell<'_>) -> Option<$name> { i64::from_cell(cell).map($name) }
        }
    )*};
}
id_values!(
    AccountId,
    StatusId,
    NotificationId,
    NotificationRequestId,
    AppId,
    TokenId,
    PasskeyId,
    SessionId,
    TagId,
    FilterId,
    FilterKeywordId,
    FilterStatusId,
    ListId,
    JobId,
    CustomEmojiId,
    RuleId,
    AnnouncementId,
    ConversationId,
    PollId,
    MediaId,
    ReportId,
    ScheduledStatusId,
    DomainBlockId,
    DomainAllowId,
    SeveranceId,
    StrikeId,
    EmailDomainBlockId,
    IpBlockId,
    CanonicalEmailBlockId
);

/// Reads the cells of one row from left to right.
pub struct Row<'a> {
    pub(super) cells: &'a dyn Cells,
    pub(super) at: usize,
    pub(super) statement: &'static str,
}

/// A row of either engine.
pub(super) trait Cells {
    /// The cell at `index`; `None` beyond the last or for a type we do not use.
    fn cell(&self, index: usize) -> Option<Cell<'_>>;
}

impl Row<'_> {
    /// The next cell.
    ///
    /// # Errors
    /// The row has no more cells, or this one holds another type: a fault of ours.
    pub fn next<T: FromCell>(&mut self) -> Result<T, Fault> {
        let index = self.at;
        self.at += 1;
        self.cells.cell(index).and_then(T::from_cell).ok_or_else(|| {
            Fault::new(format!("{}: column {index} is not a {}", self.statement, std::any::type_name::<T>()))
        })
    }
}

/// A Rust value made from a row.
pub trait FromRow: Sized {
    /// Reads the cells in the order of the statement's columns.
    ///
    /// # Errors
    /// A cell is missing or of another type: a fault of ours.
    fn from_row(row: &mut Row<'_>) -> Result<Self, Fault>;
}

/// The parameters of a statement: a tuple of values.
pub trait Params {
    /// Calls `f` with the values side by side.
    fn with<R>(&self, f: impl FnOnce(&[Value<'_>]) -> R) -> R;
}

impl Params for () {
    fn with<R>(&self, f: impl FnOnce(&[Value<'_>]) -> R) -> R {
        f(&[])
    }
}
impl Params for &[Value<'_>] {
    fn with<R>(&self, f: impl FnOnce(&[Value<'_>]) -> R) -> R {
        f(self)
    }
}

macro_rules! tuples {
    ($($($name:ident)+;)*) => {$(
        impl<$($name: ToValue),+> Params for ($($name,)+) {
            #[expect(non_snake_case, reason = "the type parameters name the values too")]
            fn with<R>(&self, f: impl FnOnce(&[Value<'_>]) -> R) -> R {
                let ($($name,)+) = self;
                f(&[$($name.to_value()),+])
            }
        }
        impl<$($name: FromCell),+> FromRow for ($($name,)+) {
            fn from_row(row: &mut Row<'_>) -> Result<Self, Fault> {
                Ok(($(row.next::<$name>()?,)+))
            }
        }
    )*};
}
tuples! {
    A; A B; A B C; A B C D; A B C D E; A B C D E F; A B C D E F G; A B C D E F G H; A B C D E F G H I;
    A B C D E F G H I J; A B C D E F G H I J K; A B C D E F G H I J K L; A B C D E F G H I J K L M;
    A B C D E F G H I J K L M N; A B C D E F G H I J K L M N O; A B C D E F G H I J K L M N O P;
    A B C D E F G H I J K L M N O P Q; A B C D E F G H I J K L M N O P Q S; A B C D E F G H I J K L M N O P Q S T;
    A B C D E F G H I J K L M N O P Q S T U;
}
