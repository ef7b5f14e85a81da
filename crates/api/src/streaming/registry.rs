//! Who listens to what: the index of open streams. Everything here is quick and waits for nothing.

use std::{
    collections::{HashMap, HashSet},
    net::IpAddr,
    time::{Duration, Instant},
};

use bytes::Bytes;
use phiomia_mastodon::stream::{self, StreamEvent, StreamName};
use phiomia_model::{AccountId, ListId, Refusal, TokenId};
use tokio::sync::{mpsc, oneshot};

use super::topic::{Holder, Topic};

/// Events that may wait for one listener; whoever is further behind is closed.
const QUEUE: usize = 64;
/// Streams of one WebSocket.
const MOST_SUBSCRIPTIONS: usize = 100;
/// Open connections of one account, and of one address without an account.
const MOST_PER_PERSON: usize = 100;
/// Open connections in all: at about 10 kB each, a bound for memory.
const MOST: usize = 20_000;
/// A token that was looked at so recently is not looked at again when an event is written.
const TRUSTED: Duration = Duration::from_secs(1);

/// Why the server ends a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Farewell {
    /// The token is worthless now.
    Revoked,
    /// The listener reads slower than things happen.
    Slow,
    /// Events were missed: the client connects again and fetches what it lacks.
    Missed,
    /// The server stops.
    Stopping,
}

/// How events are written to a listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Wire {
    /// As messages of a WebSocket.
    WebSocket,
    /// As server-sent events.
    EventSource,
}

impl Wire {
    /// The word of metrics.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Wire::WebSocket => "websocket",
            Wire::EventSource => "eventsource",
        }
    }
}

/// An open connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct SocketId(u64);

/// The listener's end of what the registry knows of it.
pub(super) struct Ears {
    pub(super) id: SocketId,
    pub(super) events: mpsc::Receiver<Bytes>,
    pub(super) closing: oneshot::Receiver<Farewell>,
}

struct Socket {
    events: mpsc::Sender<Bytes>,
    closing: oneshot::Sender<Farewell>,
    holder: Option<Holder>,
    address: IpAddr,
    wire: Wire,
    subscriptions: Vec<Subscription>,
}

struct Subscription {
    /// The stream's name; together with its topics it says which.
    name: &'static str,
    topics: Vec<Topic>,
}

struct Token {
    checked_at: Instant,
    sockets: HashSet<SocketId>,
}

/// Which listeners of a public topic an event is for.
pub(super) enum Audience<'a> {
    /// Everybody but some.
    Public {
        /// Accounts that were asked about. Who came later is left out: nobody knows how they stand to the author.
        known: &'a HashSet<AccountId>,
        /// Those of them who do not want it, whom the author does not want, or who get it in a form of their own.
        left_out: &'a HashSet<AccountId>,
    },
    /// One account alone.
    Only(AccountId),
}

impl Audience<'_> {
    fn has(&self, account: Option<AccountId>) -> bool {
        match self {
            Audience::Public { known, left_out } => {
                account.is_none_or(|account| known.contains(&account) && !left_out.contains(&account))
            }
            Audience::Only(one) => account == Some(*one),
        }
    }
}

/// One event in its written forms: once for each wire and stream, however many listen.
pub(super) struct Written<'a> {
    event: StreamEvent,
    payload: Option<&'a str>,
    forms: HashMap<(Wire, StreamName), Bytes>,
}

impl<'a> Written<'a> {
    pub(super) fn new(event: StreamEvent, payload: Option<&'a str>) -> Written<'a> {
        Written { event, payload, forms: HashMap::new() }
    }

    fn form(&mut self, wire: Wire, stream: &StreamName) -> Bytes {
        if let Some(form) = self.forms.get(&(wire, stream.clone())) {
            return form.clone();
        }
        let form = Bytes::from(match wire {
            Wire::WebSocket => stream::frame(stream, self.event, self.payload),
            Wire::EventSource => stream::sse(self.event, self.payload),
        });
        self.forms.insert((wire, stream.clone()), form.clone());
        form
    }
}

/// The index.
#[derive(Default)]
pub(super) struct Registry {
    last_id: u64,
    is_stopping: bool,
    sockets: HashMap<SocketId, Socket>,
    /// A socket may listen to a topic by two streams of different names (`user` and `user:notification`).
    topics: HashMap<Topic, HashMap<(SocketId, &'static str), StreamName>>,
    tokens: HashMap<TokenId, Token>,
    accounts: HashMap<AccountId, usize>,
    addresses: HashMap<IpAddr, usize>,
}

impl Registry {
    /// Takes a listener in.
    ///
    /// # Errors
    /// When there are too many, or the server stops.
    pub(super) fn enter(&mut self, holder: Option<Holder>, address: IpAddr, wire: Wire) -> Result<Ears, Refusal> {
        let retry_after = Duration::from_secs(30);
        if self.is_stopping || self.sockets.len() >= MOST {
            return Err(Refusal::Unavailable { retry_after });
        }
        let n_open = match &holder {
            Some(holder) => self.accounts.entry(holder.account).or_default(),
            None => self.addresses.entry(address).or_default(),
        };
        if *n_open >= MOST_PER_PERSON {
            return Err(Refusal::TooMany { retry_after });
        }
        *n_open += 1;
        self.last_id += 1;
        let id = SocketId(self.last_id);
        let (events, heard) = mpsc::channel(QUEUE);
        let (closing, told) = oneshot::channel();
        if let Some(holder) = &holder {
            // The door has just looked at it.
            let fresh = || Token { checked_at: Instant::now(), sockets: HashSet::new() };
            self.tokens.entry(holder.token).or_insert_with(fresh).sockets.insert(id);
        }
        self.sockets.insert(id, Socket { events, closing, holder, address, wire, subscriptions: Vec::new() });
        metrics::gauge!("phiomia_streams", "kind" => wire.word()).increment(1.0);
        Ok(Ears { id, events: heard, closing: told })
    }

    /// Forgets a listener; nothing happens when it is gone already.
    pub(super) fn leave(&mut self, id: SocketId) {
        let _ = self.take_out(id);
    }

    fn take_out(&mut self, id: SocketId) -> Option<Socket> {
        let socket = self.sockets.remove(&id)?;
        for subscription in &socket.subscriptions {
            self.drop_topics(id, subscription);
        }
        match &socket.holder {
            Some(holder) => {
                less(&mut self.accounts, &holder.account);
                if let Some(token) = self.tokens.get_mut(&holder.token) {
                    token.sockets.remove(&id);
                    if token.sockets.is_empty() {
                        self.tokens.remove(&holder.token);
                    }
                }
            }
            None => less(&mut self.addresses, &socket.address),
        }
        metrics::gauge!("phiomia_streams", "kind" => socket.wire.word()).decrement(1.0);
        Some(socket)
    }

    fn drop_topics(&mut self, id: SocketId, subscription: &Subscription) {
        for topic in &subscription.topics {
            let Some(listeners) = self.topics.get_mut(topic) else { continue };
            listeners.remove(&(id, subscription.name));
            if listeners.is_empty() {
                self.topics.remove(topic);
            }
        }
    }

    /// Lets a listener hear a stream. Nothing happens when it does already.
    ///
    /// # Errors
    /// As [`Topic::of`], and for too many streams at once.
    pub(super) fn subscribe(&mut self, id: SocketId, stream: &StreamName) -> Result<(), Refusal> {
        let Some(socket) = self.sockets.get_mut(&id) else { return Ok(()) };
        let topics = Topic::of(stream, socket.holder.as_ref())?;
        if socket.subscriptions.iter().any(|known| known.topics == topics) {
            return Ok(());
        }
        if socket.subscriptions.len() >= MOST_SUBSCRIPTIONS {
            return Err(Refusal::Invalid("Too many subscriptions".to_owned()));
        }
        for topic in &topics {
            let listeners = self.topics.entry(topic.clone()).or_default();
            listeners.insert((id, stream.name()), stream.clone());
        }
        socket.subscriptions.push(Subscription { name: stream.name(), topics });
        Ok(())
    }

    /// Lets a listener hear a stream no longer.
    ///
    /// # Errors
    /// As [`Topic::of`].
    pub(super) fn unsubscribe(&mut self, id: SocketId, stream: &StreamName) -> Result<(), Refusal> {
        let Some(socket) = self.sockets.get_mut(&id) else { return Ok(()) };
        let topics = Topic::of(stream, socket.holder.as_ref())?;
        if let Some(at) = socket.subscriptions.iter().position(|known| known.topics == topics) {
            let subscription = socket.subscriptions.swap_remove(at);
            self.drop_topics(id, &subscription);
        }
        Ok(())
    }

    /// Open connections.
    pub(super) fn n_open(&self) -> usize {
        self.sockets.len()
    }

    /// Whether anybody listens to one of the topics.
    pub(super) fn is_heard(&self, topics: &[Topic]) -> bool {
        topics.iter().any(|topic| self.topics.contains_key(topic))
    }

    /// The accounts that listen to one of the topics.
    pub(super) fn accounts_on(&self, topics: &[Topic]) -> HashSet<AccountId> {
        let listeners = topics.iter().filter_map(|topic| self.topics.get(topic)).flat_map(HashMap::keys);
        listeners.filter_map(|(id, _)| self.sockets.get(id)?.holder.as_ref().map(|holder| holder.account)).collect()
    }

    /// Those of the accounts whose home feed somebody listens to.
    pub(super) fn at_home(&self, accounts: &[AccountId]) -> Vec<AccountId> {
        accounts.iter().filter(|account| self.topics.contains_key(&Topic::Home(**account))).copied().collect()
    }

    /// All accounts whose home feed somebody listens to.
    pub(super) fn everybody_at_home(&self) -> Vec<AccountId> {
        self.accounts.keys().filter(|account| self.topics.contains_key(&Topic::Home(**account))).copied().collect()
    }

    /// Those of the lists that somebody listens to.
    pub(super) fn heard_lists(&self, lists: &[(ListId, AccountId)]) -> Vec<(ListId, AccountId)> {
        let is_heard = |(list, owner): &&(ListId, AccountId)| self.topics.contains_key(&Topic::List(*list, *owner));
        lists.iter().filter(is_heard).copied().collect()
    }

    /// All lists that somebody listens to.
    pub(super) fn all_lists(&self) -> Vec<(ListId, AccountId)> {
        let list = |topic: &Topic| if let Topic::List(list, owner) = topic { Some((*list, *owner)) } else { None };
        self.topics.keys().filter_map(list).collect()
    }

    /// Writes an event to everybody on a topic whom it is for. Who cannot take it is closed.
    pub(super) fn deliver(&mut self, topic: &Topic, audience: Option<&Audience<'_>>, written: &mut Written<'_>) {
        let Some(listeners) = self.topics.get(topic) else { return };
        let mut slow = Vec::new();
        for ((id, _), stream) in listeners {
            let Some(socket) = self.sockets.get(id) else { continue };
            let account = socket.holder.as_ref().map(|holder| holder.account);
            if audience.is_some_and(|audience| !audience.has(account)) {
                continue;
            }
            // The other reason to fail: its task has just ended, and leaves by itself.
            if let Err(mpsc::error::TrySendError::Full(_)) = socket.events.try_send(written.form(socket.wire, stream)) {
                slow.push(*id);
            }
        }
        for id in slow {
            self.close(id, Farewell::Slow);
        }
    }

    /// Ends one stream: from now on it gets nothing, and its task says goodbye.
    pub(super) fn close(&mut self, id: SocketId, why: Farewell) {
        if let Some(socket) = self.take_out(id) {
            let _ = socket.closing.send(why);
        }
    }

    /// Ends the streams that were opened with these tokens.
    pub(super) fn close_tokens(&mut self, tokens: impl IntoIterator<Item = TokenId>) {
        for token in tokens {
            let sockets: Vec<SocketId> =
                self.tokens.get(&token).map(|t| t.sockets.iter().copied().collect()).unwrap_or_default();
            for id in sockets {
                self.close(id, Farewell::Revoked);
            }
        }
    }

    /// Ends all streams.
    pub(super) fn close_all(&mut self, why: Farewell) {
        self.is_stopping |= why == Farewell::Stopping;
        let sockets: Vec<SocketId> = self.sockets.keys().copied().collect();
        for id in sockets {
            self.close(id, why);
        }
    }

    /// The tokens of all streams.
    pub(super) fn all_tokens(&self) -> Vec<TokenId> {
        self.tokens.keys().copied().collect()
    }

    /// The tokens behind those who listen to the topics, but for those that were looked at a moment ago.
    pub(super) fn tokens_to_check(&self, topics: &[Topic]) -> Vec<TokenId> {
        let now = Instant::now();
        let is_due = |token: &Token| now.saturating_duration_since(token.checked_at) > TRUSTED;
        let mut tokens: Vec<TokenId> = topics
            .iter()
            .filter_map(|topic| self.topics.get(topic))
            .flat_map(HashMap::keys)
            .filter_map(|(id, _)| self.sockets.get(id)?.holder.as_ref())
            .map(|holder| holder.token)
            .filter(|token| self.tokens.get(token).is_some_and(is_due))
            .collect();
        tokens.sort_unstable();
        tokens.dedup();
        tokens
    }

    /// Tokens were looked at: closes the streams of those that are worth nothing any more.
    pub(super) fn checked(&mut self, asked: &[TokenId], usable: &HashSet<TokenId>) {
        let now = Instant::now();
        for token in usable {
            if let Some(token) = self.tokens.get_mut(token) {
                token.checked_at = now;
            }
        }
        self.close_tokens(asked.iter().filter(|token| !usable.contains(token)).copied());
    }
}

fn less<K: std::hash::Hash + Eq>(counts: &mut HashMap<K, usize>, key: &K) {
    if let Some(n) = counts.get_mut(key) {
        *n = n.saturating_sub(1);
        if *n == 0 {
            counts.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use phiomia_model::Scopes;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    fn holder(account: i64, token: i64) -> Option<Holder> {
        let scopes = Scopes::parse("read").unwrap_or_default();
        Some(Holder { account: AccountId(account), token: TokenId(token), scopes })
    }

    #[test]
    fn who_falls_behind_is_closed_and_nobody_else() -> Result<(), Refusal> {
        let mut registry = Registry::default();
        let mut slow = registry.enter(None, HERE, Wire::WebSocket)?;
        let mut quick = registry.enter(None, HERE, Wire::EventSource)?;
        for ears in [&slow, &quick] {
            registry.subscribe(ears.id, &StreamName::Public)?;
        }
        let topics = Topic::of_public_post(&[], true, false);
        for n in 0..=QUEUE {
            let id = n.to_string();
            for topic in &topics {
                registry.deliver(topic, None, &mut Written::new(StreamEvent::Delete, Some(&id)));
            }
            assert!(quick.events.try_recv().is_ok());
        }
        assert_eq!(slow.closing.try_recv(), Ok(Farewell::Slow));
        assert!(quick.closing.try_recv().is_err());
        assert_eq!(registry.n_open(), 1);
        Ok(())
    }

    #[test]
    fn an_event_is_written_once_for_each_wire_and_stream() -> Result<(), Refusal> {
        let mut registry = Registry::default();
        let mut ears = Vec::new();
        for _ in 0..3 {
            let one = registry.enter(None, HERE, Wire::WebSocket)?;
            registry.subscribe(one.id, &StreamName::Hashtag("cats".into()))?;
            ears.push(one);
        }
        let mut written = Written::new(StreamEvent::Delete, Some("1"));
        let topics = Topic::of_public_post(&["cats".into()], false, true);
        topics.iter().for_each(|topic| registry.deliver(topic, None, &mut written));
        let heard: Vec<_> = ears.iter_mut().filter_map(|one| one.events.try_recv().ok()).map(|b| b.as_ptr()).collect();
        assert_eq!(heard.len(), 3);
        assert!(heard.windows(2).all(|pair| pair.first() == pair.last()));
        Ok(())
    }

    #[test]
    fn whoever_came_after_the_question_is_left_out() -> Result<(), Refusal> {
        let mut registry = Registry::default();
        let mut ears = Vec::new();
        for account in 1..=3 {
            let one = registry.enter(holder(account, account), HERE, Wire::WebSocket)?;
            registry.subscribe(one.id, &StreamName::Public)?;
            ears.push(one);
        }
        let (known, disturbed) = (HashSet::from([AccountId(1), AccountId(2)]), HashSet::from([AccountId(2)]));
        let audience = Audience::Public { known: &known, left_out: &disturbed };
        for topic in Topic::of_public_post(&[], false, false) {
            registry.deliver(&topic, Some(&audience), &mut Written::new(StreamEvent::Delete, Some("1")));
        }
        let heard: Vec<bool> = ears.iter_mut().map(|one| one.events.try_recv().is_ok()).collect();
        assert_eq!(heard, [true, false, false]);
        Ok(())
    }

    #[test]
    fn nothing_is_left_of_those_who_went() -> Result<(), Refusal> {
        let mut registry = Registry::default();
        let one = registry.enter(holder(1, 1), HERE, Wire::WebSocket)?;
        let other = registry.enter(None, HERE, Wire::EventSource)?;
        for stream in [StreamName::User, StreamName::UserNotification, StreamName::Public] {
            registry.subscribe(one.id, &stream)?;
        }
        registry.unsubscribe(one.id, &StreamName::User)?;
        assert!(registry.is_heard(&[Topic::Notifications(AccountId(1))]));
        assert!(!registry.is_heard(&[Topic::Home(AccountId(1))]));
        registry.leave(one.id);
        registry.leave(one.id);
        registry.leave(other.id);
        let Registry { sockets, topics, tokens, accounts, addresses, .. } = registry;
        assert_eq!((sockets.len(), topics.len(), tokens.len(), accounts.len(), addresses.len()), (0, 0, 0, 0, 0));
        Ok(())
    }

    #[test]
    fn when_events_were_missed_everybody_is_closed_and_may_come_again() -> Result<(), Refusal> {
        let mut registry = Registry::default();
        let mut one = registry.enter(None, HERE, Wire::WebSocket)?;
        registry.close_all(Farewell::Missed);
        assert_eq!(one.closing.try_recv(), Ok(Farewell::Missed));
        registry.enter(None, HERE, Wire::WebSocket)?;
        registry.close_all(Farewell::Stopping);
        assert!(matches!(registry.enter(None, HERE, Wire::WebSocket), Err(Refusal::Unavailable { .. })));
        Ok(())
    }
}
