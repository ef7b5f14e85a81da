//! Somebody changes how they show themselves and how they post.

use phiomia_model::{
    AccountId, Error, Event, Handle, Job, Noun, Outgoing, Refusal,
    account::{Field, PictureEdit, ProfileEdit, ProfileMention, ProfilePicture, keep_verified},
};
use phiomia_store::{
    Tx,
    db::{
        accounts::{self, AccountView, ProfileColumns},
        defaults,
        federation::{actors, aliases},
        users,
    },
};

use crate::{Social, outgoing::tell};

/// Sites that may credit one person.
const MOST_ATTRIBUTION_DOMAINS: usize = 10;

/// Changes `me`'s profile and posting defaults. A field whose value stays what it was keeps its verification.
///
/// # Errors
/// Refused when something is too long or too many (`422`, in Mastodon's words).
pub fn edit(tx: &Tx<'_>, social: &Social, me: AccountId, change: &ProfileEdit) -> Result<(), Error> {
    check(social, change)?;
    let attribution_domains = change.attribution_domains.as_deref().map(site_names).transpose()?;
    let old = accounts::view(tx, me)?.ok_or(Refusal::NotFound(Noun::Account))?;
    let fields = change.fields.as_deref().map(|fields| filled(fields, &old.fields));
    accounts::update_profile(
        tx,
        me,
        &ProfileColumns {
            display_name: change.display_name.as_deref().map(str::trim),
            note: change.note.as_deref(),
            fields: fields.as_deref(),
            is_locked: change.is_locked,
            is_bot: change.is_bot,
            is_discoverable: change.is_discoverable,
            is_indexable: change.is_indexable,
            hides_collections: change.hides_collections,
            attribution_domains: attribution_domains.as_deref(),
            shows_media: change.shows_media,
            shows_media_replies: change.shows_media_replies,
            shows_featured: change.shows_featured,
        },
    )?;
    let mut to = defaults::find(tx, me)?.ok_or(Refusal::NotFound(Noun::Account))?;
    let before = to.clone();
    to.visibility = change.default_visibility.unwrap_or(to.visibility);
    to.is_sensitive = change.default_sensitive.unwrap_or(to.is_sensitive);
    if let Some(language) = &change.default_language {
        to.language.clone_from(language);
    }
    to.quote_policy = change.default_quote_policy.unwrap_or(to.quote_policy);
    if to != before {
        defaults::update(tx, me, &to)?;
    }
    hang(tx, &old, change)?;
    if change.note.is_some() || fields.is_some() {
        let note = change.note.as_deref().unwrap_or(&old.note);
        let named = named(tx, social, note, fields.as_deref().unwrap_or(&old.fields))?;
        if named != old.mentions {
            users::set_mentions(tx, me, &named)?;
        }
    }
    if fields.is_some_and(|fields| fields.iter().any(|field| field.verified_at.is_none() && is_address(&field.value))) {
        tx.enqueue(&Job::VerifyLinks { account: me })?;
    }
    tell(tx, Outgoing::ProfileChanged { account: me })?;
    tx.announce(Event::AccountTouched { account: me });
    Ok(())
}

/// Whom these texts name, as far as they are known here: nobody is looked up elsewhere for a profile.
fn named(tx: &Tx<'_>, social: &Social, note: &str, fields: &[Field]) -> Result<Vec<ProfileMention>, Error> {
    let own = social.addresses.own_domains();
    let texts = [note].into_iter().chain(fields.iter().map(|field| field.value.as_str()));
    let mut handles = Vec::new();
    for handle in texts.flat_map(|text| phiomia_text::references(text, &own).mentions) {
        if !handles.contains(&handle) {
            handles.push(handle);
        }
    }
    let found = accounts::by_handles(tx, &handles)?;
    let people = accounts::map(tx, &found.iter().map(|(_, id)| *id).collect::<Vec<_>>())?;
    let mention = |(handle, id): &(Handle, AccountId)| {
        let person = people.get(id).filter(|person| !person.is_deleted && !person.is_suspended)?;
        Some(ProfileMention { handle: handle.to_string(), username: person.username.clone(), url: person.url.clone() })
    };
    Ok(found.iter().filter_map(mention).collect())
}

/// Pages behind these values of fields were seen to link back to the profile. Fields that were changed meanwhile stay as
/// they are.
///
/// # Errors
/// The database failed.
pub fn links_verified(tx: &Tx<'_>, account: AccountId, values: &[String]) -> Result<(), Error> {
    let Some(view) = accounts::view(tx, account)? else { return Ok(()) };
    let mut fields = view.fields.clone();
    let now = tx.now();
    for field in fields.iter_mut().filter(|field| values.contains(&field.value)) {
        field.verified_at.get_or_insert(now);
    }
    accounts::update_profile(tx, account, &ProfileColumns { fields: Some(&fields), ..ProfileColumns::default() })?;
    tx.announce(Event::AccountTouched { account });
    Ok(())
}

/// Domains as they are compared with those of pages; of an address its host.
fn site_names(typed: &[String]) -> Result<Vec<String>, Refusal> {
    let mut names = Vec::new();
    for text in typed.iter().map(|text| text.trim()).filter(|text| !text.is_empty()) {
        let host = text.split_once("://").map_or(text, |(_, rest)| rest).split(['/', '?', '#']).next();
        let name = host.and_then(phiomia_text::domain_name);
        let name = name
            .ok_or_else(|| Refusal::validation(&format!("Attribution domains: {text} is not a valid domain name")))?;
        if !names.contains(&name) {
            names.push(name);
        }
    }
    Ok(names)
}

fn is_address(value: &str) -> bool {
    let value = value.trim();
    ["https://", "http://"].iter().any(|scheme| value.starts_with(scheme)) && !value.contains(char::is_whitespace)
}

/// Hangs other pictures, or says something else of those that hang; the files of what was taken down go.
fn hang(tx: &Tx<'_>, old: &AccountView, change: &ProfileEdit) -> Result<(), Error> {
    let mut gone = Vec::new();
    let mut next = |before: &Option<ProfilePicture>, change: &PictureEdit| {
        let mut after = match &change.picture {
            None => before.clone(),
            Some(after) => {
                gone.extend(before.iter().flat_map(ProfilePicture::files).map(|file| file.key.clone()));
                after.clone()
            }
        };
        if let (Some(picture), Some(description)) = (&mut after, &change.description) {
            description.trim().clone_into(&mut picture.description);
        }
        after
    };
    let avatar = next(&old.own_avatar, &change.avatar);
    let header = next(&old.own_header, &change.header);
    if (&avatar, &header) != (&old.own_avatar, &old.own_header) {
        users::set_pictures(tx, old.id, avatar.as_ref(), header.as_ref())?;
    }
    if !gone.is_empty() {
        tx.enqueue(&Job::DropFiles { keys: gone })?;
    }
    Ok(())
}

/// Adds another name of `me`: an account elsewhere that shall be able to move here. Twice is once.
///
/// # Errors
/// The database failed.
pub fn add_alias(tx: &Tx<'_>, me: AccountId, uri: &str) -> Result<(), Error> {
    aliases::add(tx, me, uri)?;
    tell(tx, Outgoing::ProfileChanged { account: me })?;
    Ok(())
}

/// Takes another name of `me` away; whether it was one.
///
/// # Errors
/// The database failed.
pub fn remove_alias(tx: &Tx<'_>, me: AccountId, uri: &str) -> Result<bool, Error> {
    let was_there = aliases::remove(tx, me, uri)?;
    if was_there {
        tell(tx, Outgoing::ProfileChanged { account: me })?;
    }
    Ok(was_there)
}

/// `me` goes to `target`, which names `me` among its other names: followers everywhere follow on.
///
/// # Errors
/// Refused when `target` does not name `me`, or is `me` (`422`).
pub fn move_to(tx: &Tx<'_>, me: AccountId, target: AccountId) -> Result<(), Error> {
    let mine = accounts::view(tx, me)?.ok_or(Refusal::NotFound(Noun::Account))?;
    let names = match actors::find(tx, target)? {
        Some(row) => row.also_known_as,
        None => aliases::of(tx, target)?,
    };
    if me == target || !names.contains(&mine.uri) {
        return Err(Refusal::validation("The new account does not name this one among its aliases").into());
    }
    actors::set_moved(tx, me, Some(target))?;
    tell(tx, Outgoing::Moved { account: me, target })?;
    tell(tx, Outgoing::ProfileChanged { account: me })?;
    tx.enqueue(&Job::MoveFollowers { account: me, target })?;
    tx.announce(Event::AccountTouched { account: me });
    Ok(())
}

/// Somebody here has another key: other servers learn it.
///
/// # Errors
/// The database failed.
pub fn key_changed(tx: &Tx<'_>, me: AccountId) -> Result<(), Error> {
    tell(tx, Outgoing::ProfileChanged { account: me })?;
    // A running server that has the old one in memory hears of it by this.
    tx.announce(Event::AccountTouched { account: me });
    Ok(())
}

fn check(social: &Social, change: &ProfileEdit) -> Result<(), Refusal> {
    let limits = social.limits;
    let too_long = |text: &str, most: usize| text.chars().count() > most;
    if change.display_name.as_deref().is_some_and(|name| too_long(name, limits.display_name_characters)) {
        let most = limits.display_name_characters;
        return Err(Refusal::validation(&format!("Display name is too long (maximum is {most} characters)")));
    }
    if change.note.as_deref().is_some_and(|note| phiomia_text::count(note) > limits.note_characters) {
        return Err(Refusal::validation(&format!("Note character limit of {} exceeded", limits.note_characters)));
    }
    let most = limits.description_characters;
    for description in [&change.avatar.description, &change.header.description].into_iter().flatten() {
        if phiomia_text::length(description.trim()) > most {
            return Err(Refusal::validation(&format!("Description is too long (maximum is {most} characters)")));
        }
    }
    if let Some(fields) = &change.fields {
        if fields.len() > limits.profile_fields {
            let most = limits.profile_fields;
            return Err(Refusal::validation(&format!("Fields can have at most {most} entries")));
        }
        let most = limits.profile_field_characters;
        if fields.iter().any(|f| too_long(&f.name, most) || too_long(&f.value, most)) {
            return Err(Refusal::validation(&format!("Fields are too long (maximum is {most} characters)")));
        }
        if fields.iter().any(|f| f.name.trim().is_empty() && !f.value.trim().is_empty()) {
            return Err(Refusal::validation("Fields need a name for each value"));
        }
    }
    let most = MOST_ATTRIBUTION_DOMAINS;
    if change.attribution_domains.as_ref().is_some_and(|domains| domains.len() > most) {
        return Err(Refusal::validation(&format!("Attribution domains can have at most {most} entries")));
    }
    Ok(())
}

/// Fields with a name; one whose value stays what it was keeps its verification.
fn filled(new: &[Field], old: &[Field]) -> Vec<Field> {
    let mut fields: Vec<Field> = new.iter().filter(|field| !field.name.trim().is_empty()).cloned().collect();
    keep_verified(&mut fields, old);
    fields
}
