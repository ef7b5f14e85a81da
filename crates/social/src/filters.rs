//! What somebody does not want to see, or only behind a warning. Nobody but the owner knows of a filter, and nothing is
//! taken away because of one: apps are told what it matches, and do what it says.

use phiomia_model::{
    AccountId, Error, Event, Fault, FilterAction, FilterContext, FilterId, FilterKeywordId, FilterStatusId, Noun,
    Refusal, StatusId, Time, Viewer, limits::LIMITS,
};
use phiomia_store::{
    Tx,
    db::{
        filters::{self, FilterKeyword, FilterStatus, FilterView},
        statuses,
    },
};

/// The longest that a filter may have to go, in seconds: a hundred years.
const LONGEST: i64 = 3_155_760_000;

/// What is to be different about a filter; `None` leaves it as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FilterEdit {
    /// What it is called.
    pub title: Option<String>,
    /// Where it applies, in the API's words.
    pub contexts: Option<Vec<String>>,
    /// What a match does.
    pub action: Option<FilterAction>,
    /// For how many seconds from now it applies; `Some(None)`: for ever.
    pub expires_in: Option<Option<i64>>,
    /// What it looks for.
    pub keywords: Vec<KeywordEdit>,
}

/// What is to be different about a phrase.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeywordEdit {
    /// Which; `None` for a new one.
    pub id: Option<FilterKeywordId>,
    /// The phrase.
    pub keyword: Option<String>,
    /// At the borders of words alone, which is how a new one begins.
    pub is_whole_word: Option<bool>,
    /// It goes.
    pub is_removed: bool,
}

/// A filter with one phrase, by which it is called: how filters were before Mastodon 4.0.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PhraseEdit {
    /// The phrase.
    pub phrase: Option<String>,
    /// Where it applies, in the API's words.
    pub contexts: Option<Vec<String>>,
    /// Takes posts away, or only warns.
    pub hides: Option<bool>,
    /// At the borders of words alone.
    pub is_whole_word: Option<bool>,
    /// For how many seconds from now it applies; `Some(None)`: for ever.
    pub expires_in: Option<Option<i64>>,
}

/// `me` makes a filter.
///
/// # Errors
/// Refused when it says not what it is called or where it applies, a phrase is none, or there are too many (`422`).
pub fn create(tx: &Tx<'_>, me: AccountId, how: &FilterEdit) -> Result<FilterView, Error> {
    if filters::n_of_account(tx, me)? >= LIMITS.filters {
        return Err(Refusal::validation("You have reached the maximum number of filters").into());
    }
    let blank = FilterView {
        id: FilterId(tx.new_id()),
        title: String::new(),
        contexts: Vec::new(),
        action: FilterAction::default(),
        expires_at: None,
        keywords: Vec::new(),
        statuses: Vec::new(),
    };
    let filter = changed(blank, how, tx.now())?;
    filters::insert(tx, me, &filter)?;
    edit_keywords(tx, me, &filter, &how.keywords)?;
    told(tx, me, filter.id)
}

/// `me` changes a filter.
///
/// # Errors
/// Refused when `me` has no such filter, or it no such phrase (`404`), and as [`create`].
pub fn update(tx: &Tx<'_>, me: AccountId, id: FilterId, how: &FilterEdit) -> Result<FilterView, Error> {
    let filter = changed(own(tx, me, id)?, how, tx.now())?;
    filters::update(tx, &filter)?;
    edit_keywords(tx, me, &filter, &how.keywords)?;
    told(tx, me, id)
}

/// `me` deletes a filter.
///
/// # Errors
/// Refused when `me` has no such filter (`404`).
pub fn delete(tx: &Tx<'_>, me: AccountId, id: FilterId) -> Result<(), Error> {
    own(tx, me, id)?;
    filters::delete(tx, id)?;
    tx.announce(Event::FiltersChanged { account: me });
    Ok(())
}

/// `me` lets a filter look for one phrase more.
///
/// # Errors
/// Refused when `me` has no such filter (`404`), the phrase is none, or there are too many (`422`).
pub fn add_keyword(
    tx: &Tx<'_>,
    me: AccountId,
    id: FilterId,
    keyword: &str,
    is_whole_word: Option<bool>,
) -> Result<FilterKeyword, Error> {
    own(tx, me, id)?;
    let new = FilterKeyword {
        filter: id,
        id: FilterKeywordId(tx.new_id()),
        keyword: checked(keyword, "Keyword")?.to_owned(),
        is_whole_word: is_whole_word.unwrap_or(true),
    };
    filters::add_keyword(tx, &new)?;
    check_room(tx, me)?;
    tx.announce(Event::FiltersChanged { account: me });
    Ok(new)
}

/// `me` changes a phrase.
///
/// # Errors
/// Refused when `me` has no such phrase (`404`), it would be none, or there would be too much (`422`).
pub fn change_keyword(
    tx: &Tx<'_>,
    me: AccountId,
    id: FilterKeywordId,
    keyword: Option<&str>,
    is_whole_word: Option<bool>,
) -> Result<FilterKeyword, Error> {
    let old = own_keyword(tx, me, id)?;
    let new = FilterKeyword {
        keyword: keyword.map_or(Ok(old.keyword.as_str()), |text| checked(text, "Keyword"))?.to_owned(),
        is_whole_word: is_whole_word.unwrap_or(old.is_whole_word),
        ..old
    };
    filters::change_keyword(tx, &new)?;
    check_room(tx, me)?;
    tx.announce(Event::FiltersChanged { account: me });
    Ok(new)
}

/// `me` no longer looks for a phrase.
///
/// # Errors
/// Refused when `me` has no such phrase (`404`).
pub fn remove_keyword(tx: &Tx<'_>, me: AccountId, id: FilterKeywordId) -> Result<(), Error> {
    own_keyword(tx, me, id)?;
    filters::remove_keyword(tx, id)?;
    tx.announce(Event::FiltersChanged { account: me });
    Ok(())
}

/// `me` lets a filter name a post.
///
/// # Errors
/// Refused when `me` has no such filter or may not see the post (`404`), the filter names it already, or there are too
/// many (`422`).
pub fn add_status(tx: &Tx<'_>, me: AccountId, id: FilterId, status: StatusId) -> Result<FilterStatus, Error> {
    own(tx, me, id)?;
    if statuses::visible(tx, status, Viewer::Account(me), tx.now())?.is_none() {
        return Err(Refusal::NotFound(Noun::Status).into());
    }
    if filters::n_statuses(tx, me)? >= LIMITS.filter_statuses {
        return Err(Refusal::validation("You have reached the maximum number of filtered posts").into());
    }
    let new = FilterStatus { filter: id, id: FilterStatusId(tx.new_id()), status };
    if !filters::add_status(tx, new)? {
        return Err(Refusal::validation("Status has already been taken").into());
    }
    tx.announce(Event::FiltersChanged { account: me });
    Ok(new)
}

/// `me` lets a filter name a post no longer; the entry that was there.
///
/// # Errors
/// Refused when `me` has no such entry (`404`).
pub fn remove_status(tx: &Tx<'_>, me: AccountId, id: FilterStatusId) -> Result<FilterStatus, Error> {
    let old = filters::status(tx, me, id)?.ok_or(Refusal::NotFound(Noun::Record))?;
    filters::remove_status(tx, id)?;
    tx.announce(Event::FiltersChanged { account: me });
    Ok(old)
}

/// `me` makes a filter of one phrase.
///
/// # Errors
/// As [`create`].
pub fn create_phrase(tx: &Tx<'_>, me: AccountId, how: &PhraseEdit) -> Result<(FilterView, FilterKeyword), Error> {
    let keyword =
        KeywordEdit { keyword: how.phrase.clone(), is_whole_word: how.is_whole_word, ..KeywordEdit::default() };
    let filter = create(tx, me, &FilterEdit { keywords: vec![keyword], ..whole(how) })?;
    let keyword = filter.keywords.first().cloned().ok_or(Refusal::NotFound(Noun::Record))?;
    Ok((filter, keyword))
}

/// `me` changes a phrase and the filter it is in, which has no other.
///
/// # Errors
/// Refused when `me` has no such phrase (`404`), its filter has others and would change for them, too (`422`), and as
/// [`create`].
pub fn update_phrase(
    tx: &Tx<'_>,
    me: AccountId,
    id: FilterKeywordId,
    how: &PhraseEdit,
) -> Result<(FilterView, FilterKeyword), Error> {
    let old = own(tx, me, own_keyword(tx, me, id)?.filter)?;
    let filter = changed(old.clone(), &whole(how), tx.now())?;
    if filter != old && old.keywords.len() > 1 {
        let sentence = "These parameters cannot be changed from this application because they apply to more than one \
                        filter keyword. Use a more recent application or the web interface.";
        return Err(Refusal::Invalid(sentence.to_owned()).into());
    }
    filters::update(tx, &filter)?;
    let keyword = change_keyword(tx, me, id, how.phrase.as_deref(), how.is_whole_word)?;
    Ok((filter, keyword))
}

/// `me` deletes a phrase, and the filter it is in when nothing else is in it: apps that know no other filters could
/// not.
///
/// # Errors
/// Refused when `me` has no such phrase (`404`).
pub fn delete_phrase(tx: &Tx<'_>, me: AccountId, id: FilterKeywordId) -> Result<(), Error> {
    let filter = own(tx, me, own_keyword(tx, me, id)?.filter)?;
    if filter.keywords.len() < 2 && filter.statuses.is_empty() {
        return delete(tx, me, filter.id);
    }
    remove_keyword(tx, me, id)
}

/// Deletes all filters of somebody whose account is erased.
///
/// # Errors
/// The database failed.
pub fn erase_all(tx: &Tx<'_>, owner: AccountId) -> Result<(), Fault> {
    for filter in filters::of_account(tx, owner)? {
        filters::delete(tx, filter.id)?;
    }
    tx.announce(Event::FiltersChanged { account: owner });
    Ok(())
}

fn whole(how: &PhraseEdit) -> FilterEdit {
    FilterEdit {
        title: how.phrase.clone(),
        contexts: how.contexts.clone(),
        action: how.hides.map(|hides| if hides { FilterAction::Hide } else { FilterAction::Warn }),
        expires_in: how.expires_in,
        keywords: Vec::new(),
    }
}

fn own(tx: &Tx<'_>, me: AccountId, id: FilterId) -> Result<FilterView, Error> {
    Ok(filters::find(tx, me, id)?.ok_or(Refusal::NotFound(Noun::Record))?)
}

fn own_keyword(tx: &Tx<'_>, me: AccountId, id: FilterKeywordId) -> Result<FilterKeyword, Error> {
    Ok(filters::keyword(tx, me, id)?.ok_or(Refusal::NotFound(Noun::Record))?)
}

/// The filter as it is now, once its owner's streams were told.
fn told(tx: &Tx<'_>, me: AccountId, id: FilterId) -> Result<FilterView, Error> {
    tx.announce(Event::FiltersChanged { account: me });
    own(tx, me, id)
}

/// A filter as it shall be; what is wrong with it is told in one sentence, in Mastodon's words.
fn changed(old: FilterView, how: &FilterEdit, now: Time) -> Result<FilterView, Refusal> {
    let mut wrong: Vec<String> = Vec::new();
    let title = how.title.clone().unwrap_or(old.title);
    let most = LIMITS.filter_title_characters;
    if title.trim().is_empty() {
        wrong.push("Title can't be blank".to_owned());
    } else if title.chars().count() > most {
        wrong.push(format!("Title is too long (maximum is {most} characters)"));
    }
    let contexts = match &how.contexts {
        None if !old.contexts.is_empty() => Some(old.contexts),
        words => known(words.as_deref().unwrap_or_default()),
    };
    if contexts.as_ref().is_some_and(Vec::is_empty) {
        wrong.push("Context can't be blank".to_owned());
    }
    if contexts.as_ref().is_none_or(Vec::is_empty) {
        wrong.push("Context None or invalid context supplied".to_owned());
    }
    if !wrong.is_empty() {
        return Err(Refusal::validation(&wrong.join(", ")));
    }
    let end = |seconds: i64| Time(now.0.saturating_add(seconds.clamp(-LONGEST, LONGEST).saturating_mul(1_000_000)));
    Ok(FilterView {
        title,
        contexts: contexts.unwrap_or_default(),
        action: how.action.unwrap_or(old.action),
        expires_at: how.expires_in.map_or(old.expires_at, |seconds| seconds.map(end)),
        ..old
    })
}

/// The places that these words mean, each once; `None` when one is no place.
fn known(words: &[String]) -> Option<Vec<FilterContext>> {
    let mut contexts = Vec::new();
    for word in words.iter().map(|word| word.trim()).filter(|word| !word.is_empty()) {
        let context = word.parse().ok()?;
        if !contexts.contains(&context) {
            contexts.push(context);
        }
    }
    Some(contexts)
}

fn edit_keywords(tx: &Tx<'_>, me: AccountId, filter: &FilterView, edits: &[KeywordEdit]) -> Result<(), Error> {
    for edit in edits {
        let text = edit.keyword.as_deref();
        let Some(id) = edit.id else {
            // A row of a form that was left alone is none.
            let is_blank = text.is_none_or(|text| text.trim().is_empty()) && edit.is_whole_word != Some(true);
            if !edit.is_removed && !is_blank {
                let keyword = checked(text.unwrap_or_default(), "Keywords keyword")?.to_owned();
                let is_whole_word = edit.is_whole_word.unwrap_or(true);
                let id = FilterKeywordId(tx.new_id());
                filters::add_keyword(tx, &FilterKeyword { filter: filter.id, id, keyword, is_whole_word })?;
            }
            continue;
        };
        let Some(old) = filter.keywords.iter().find(|keyword| keyword.id == id) else {
            return Err(Refusal::NotFound(Noun::Record).into());
        };
        if edit.is_removed {
            filters::remove_keyword(tx, id)?;
            continue;
        }
        let keyword = text.map_or(Ok(old.keyword.as_str()), |text| checked(text, "Keywords keyword"))?.to_owned();
        let is_whole_word = edit.is_whole_word.unwrap_or(old.is_whole_word);
        filters::change_keyword(tx, &FilterKeyword { filter: filter.id, id, keyword, is_whole_word })?;
    }
    check_room(tx, me)
}

fn checked<'a>(keyword: &'a str, field: &str) -> Result<&'a str, Refusal> {
    let most = LIMITS.filter_keyword_characters;
    if keyword.trim().is_empty() {
        return Err(Refusal::validation(&format!("{field} can't be blank")));
    }
    if keyword.chars().count() > most {
        return Err(Refusal::validation(&format!("{field} is too long (maximum is {most} characters)")));
    }
    Ok(keyword)
}

/// Refuses what would take too long to look for.
fn check_room(tx: &Tx<'_>, me: AccountId) -> Result<(), Error> {
    let ((n, characters), (most, most_characters)) = (filters::keywords_size(tx, me)?, LIMITS.filter_keywords);
    if n > most || characters > most_characters {
        return Err(Refusal::validation("You have reached the maximum number of filter keywords").into());
    }
    Ok(())
}
