//! The name server at which the records of a zone are changed, by signed messages.
//! [RFC 2136](https://www.rfc-editor.org/rfc/rfc2136)

use std::time::Duration;

use phiomia_store::Clock;
use tokio::{net::TcpStream, time::timeout};

use super::{
    Record, RecordKind, new_id, over, question,
    tsig::{Distrust, TsigKey},
    wire::{self, Entry, Message, Question, class, flag, kind},
};

/// A connection, and an exchange.
const PATIENCE: Duration = Duration::from_secs(10);

/// Numbers of answers. <https://www.iana.org/assignments/dns-parameters/#dns-parameters-6>
const NO_SUCH_NAME: u16 = 3;
const REFUSED: u16 = 5;
const IS_THERE: u16 = 7;
const NOT_RESPONSIBLE: u16 = 9;
const NOT_IN_ZONE: u16 = 10;
const BAD_SIGNATURE: u16 = 16;
const BAD_KEY: u16 = 17;
const BAD_TIME: u16 = 18;

/// A server, and the key that it knows.
#[derive(Clone, Debug)]
pub struct Primary {
    /// Host and port.
    place: String,
    key: TsigKey,
    clock: Clock,
}

/// All records of one kind at one name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// Which.
    pub kind: RecordKind,
    /// Seconds.
    pub ttl: u32,
    /// What they say, in some order.
    pub values: Vec<Record>,
}

/// What is to be otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// These and no others of this kind; without any the kind is not there.
    Set(Held),
    /// One more.
    Add {
        /// Seconds.
        ttl: u32,
        /// A text.
        value: Record,
    },
    /// One less.
    Remove(Record),
}

/// Why nothing was changed, or nothing is known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unchanged {
    /// There is no connection, or it broke off.
    #[error("it cannot be reached: {0}")]
    Unreachable(String),
    /// It knows no key of that name, or one for another way of signing.
    #[error("it does not know the key")]
    UnknownKey,
    /// Its key of that name is another one.
    #[error("its key is another one")]
    WrongKey,
    /// The clocks are too far apart. How many seconds its clock is before ours, if it says so.
    #[error("its clock is another one")]
    Clock(Option<i64>),
    /// The answer is not signed by it.
    #[error("its answer is not signed with the key")]
    Unsigned,
    /// The name is in no zone of this server.
    #[error("it is not responsible for the name")]
    NotResponsible,
    /// The key may not do this.
    #[error("it refuses")]
    Refused,
    /// The name is an alias (`CNAME`).
    #[error("the name is an alias")]
    Alias,
    /// Something else: the number that it gave.
    #[error("it failed (code {0})")]
    Failed(u16),
    /// A name that cannot be written, or an answer that cannot be read.
    #[error("{0}")]
    Nonsense(&'static str),
}

impl Primary {
    /// `place`: host and port.
    #[must_use]
    pub fn new(place: String, key: TsigKey, clock: Clock) -> Primary {
        Primary { place, key, clock }
    }

    /// The zone that a name is in.
    ///
    /// # Errors
    /// See [`Unchanged`].
    pub async fn zone_of(&self, name: &str) -> Result<String, Unchanged> {
        let answer = self.ask(&self.question(name, RecordKind::Soa)?).await?;
        // Other servers' zones are looked up by many a server, but not answered for.
        let is_its_own = answer.flags & flag::AUTHORITATIVE != 0;
        let mut all = answer.answers.iter().chain(&answer.authority);
        let found = all.find(|entry| entry.kind == kind::SOA).filter(|_| is_its_own);
        match (answer.code(), found) {
            (0 | NO_SUCH_NAME, Some(entry)) => Ok(entry.name.clone()),
            (0 | NO_SUCH_NAME | REFUSED, _) => Err(Unchanged::NotResponsible),
            (code, _) => Err(failure(code)),
        }
    }

    /// All records of a kind at a name, as the server itself has them; `None` when there are none.
    ///
    /// # Errors
    /// See [`Unchanged`].
    pub async fn held(&self, name: &str, kind: RecordKind) -> Result<Option<Held>, Unchanged> {
        let answer = self.ask(&self.question(name, kind)?).await?;
        match answer.code() {
            0 | NO_SUCH_NAME => {}
            // Servers that look nothing up for others refuse so what is in none of their zones.
            REFUSED => return Err(Unchanged::NotResponsible),
            code => return Err(failure(code)),
        }
        let name = name.to_ascii_lowercase();
        let there: Vec<&Entry> =
            answer.answers.iter().filter(|entry| entry.kind == kind.code() && entry.name == name).collect();
        let Some(first) = there.first() else { return Ok(None) };
        let values = there.iter().map(|entry| entry.record().ok_or(Unchanged::Nonsense("its answer does not read")));
        Ok(Some(Held { kind, ttl: first.ttl, values: values.collect::<Result<_, _>>()? }))
    }

    /// Changes records at a name, all or nothing. A name that has become an alias meanwhile stays one.
    ///
    /// # Errors
    /// See [`Unchanged`].
    pub async fn change(&self, zone: &str, name: &str, changes: &[Change]) -> Result<(), Unchanged> {
        let id = new_id().ok_or(Unchanged::Nonsense("the system gave no random bytes"))?;
        let is_no_alias =
            Entry { name: name.to_owned(), kind: kind::CNAME, class: class::NONE, ttl: 0, data: Vec::new() };
        let mut message = Message {
            id,
            flags: flag::UPDATE,
            questions: vec![Question { name: zone.to_owned(), kind: kind::SOA }],
            answers: vec![is_no_alias],
            ..Message::default()
        };
        for change in changes {
            message.authority.extend(entries(name, change).ok_or(Unchanged::Nonsense("a record cannot be written"))?);
        }
        match self.ask(&message).await?.code() {
            0 => Ok(()),
            IS_THERE => Err(Unchanged::Alias),
            code => Err(failure(code)),
        }
    }

    fn question(&self, name: &str, kind: RecordKind) -> Result<Message, Unchanged> {
        let id = new_id().ok_or(Unchanged::Nonsense("the system gave no random bytes"))?;
        // Not to be looked into: what the server itself has is wanted.
        Ok(Message { flags: 0, ..question(id, name, kind) })
    }

    /// One exchange, signed both ways.
    async fn ask(&self, message: &Message) -> Result<Message, Unchanged> {
        let unsigned = message.write().ok_or(Unchanged::Nonsense("a name cannot be written"))?;
        let now = seconds(&self.clock);
        let (signed, proof) = self.key.sign(&unsigned, now).ok_or(Unchanged::Nonsense("the key has no name"))?;
        let exchange = async {
            let mut stream = TcpStream::connect(&self.place).await?;
            over(&mut stream, &signed).await
        };
        let exchanged = timeout(PATIENCE, exchange).await;
        let exchanged = exchanged.map_err(|_| Unchanged::Unreachable("it does not answer".to_owned()))?;
        let bytes = exchanged.map_err(|error| Unchanged::Unreachable(error.to_string()))?;
        let answer = Message::read(&bytes).filter(|answer| answer.id == message.id);
        let answer = answer.ok_or(Unchanged::Nonsense("its answer does not read"))?;
        match self.key.check(&bytes, &answer, &proof, seconds(&self.clock)) {
            Ok(()) => Ok(answer),
            Err(Distrust::Ours(BAD_SIGNATURE, _)) => Err(Unchanged::WrongKey),
            Err(Distrust::Ours(BAD_KEY, _)) => Err(Unchanged::UnknownKey),
            Err(Distrust::Ours(BAD_TIME, theirs)) => {
                let whole = |seconds: u64| i64::try_from(seconds).ok();
                let before = theirs.and_then(|theirs| whole(theirs)?.checked_sub(whole(now)?));
                Err(Unchanged::Clock(before))
            }
            Err(Distrust::Ours(code, _)) => Err(Unchanged::Failed(code)),
            // Who does not sign at all: their refusal is believed, for nothing follows from it.
            Err(Distrust::Theirs) if matches!(answer.code(), REFUSED | NOT_RESPONSIBLE) => Err(failure(answer.code())),
            Err(Distrust::Theirs) => Err(Unchanged::Unsigned),
        }
    }
}

/// Section 2.5: what goes has another class than what comes.
fn entries(name: &str, change: &Change) -> Option<Vec<Entry>> {
    let entry = |kind, class, ttl, data| Entry { name: name.to_owned(), kind, class, ttl, data };
    Some(match change {
        Change::Set(Held { kind, ttl, values }) => {
            let mut all = vec![entry(kind.code(), class::ANY, 0, Vec::new())];
            for value in values {
                all.push(entry(kind.code(), class::INTERNET, *ttl, wire::data(value)?));
            }
            all
        }
        Change::Add { ttl, value } => vec![entry(kind_of(value), class::INTERNET, *ttl, wire::data(value)?)],
        Change::Remove(value) => vec![entry(kind_of(value), class::NONE, 0, wire::data(value)?)],
    })
}

fn kind_of(value: &Record) -> u16 {
    match value {
        Record::Address(address) if address.is_ipv4() => kind::A,
        Record::Address(_) => kind::AAAA,
        Record::Text(_) => kind::TXT,
        Record::Name(_) => kind::CNAME,
    }
}

fn failure(code: u16) -> Unchanged {
    match code {
        REFUSED => Unchanged::Refused,
        NOT_RESPONSIBLE | NOT_IN_ZONE => Unchanged::NotResponsible,
        code => Unchanged::Failed(code),
    }
}

fn seconds(clock: &Clock) -> u64 {
    u64::try_from(clock.now().as_secs()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;

    #[test]
    fn a_kind_is_replaced_by_taking_all_of_it_away_first() {
        let address = Record::Address("192.0.2.1".parse().unwrap());
        let set = Change::Set(Held { kind: RecordKind::A, ttl: 300, values: vec![address.clone()] });
        let said = |change: &Change| -> Vec<(u16, u16, u32, usize)> {
            let all = entries("a.example", change).unwrap();
            all.iter().map(|entry| (entry.kind, entry.class, entry.ttl, entry.data.len())).collect()
        };
        assert_eq!(said(&set), [(1, 255, 0, 0), (1, 1, 300, 4)]);
        let gone = Change::Set(Held { kind: RecordKind::Aaaa, ttl: 300, values: Vec::new() });
        assert_eq!(said(&gone), [(28, 255, 0, 0)]);
        assert_eq!(said(&Change::Remove(Record::Text("x".to_owned()))), [(16, 254, 0, 2)]);
        assert_eq!(said(&Change::Add { ttl: 60, value: address }), [(1, 1, 60, 4)]);
    }
}
