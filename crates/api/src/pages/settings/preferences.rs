//! How somebody posts when they do not say otherwise, and the language of pages and mails.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use phiomia_model::{Error, Noun, QuotePolicy, Refusal, Visibility, account::ProfileEdit};
use phiomia_social::{
    profiles,
    users::{self, UserEdit},
};
use phiomia_store::db::defaults::{self, PostingDefaults};

use super::{
    super::{Browser, Frame, page, redirect, sign_in},
    Fields, complaint, is_language_tag, is_saved,
};
use crate::gate::Ask;

const HERE: &str = "/settings/preferences";

/// Languages to choose from, each in its own words. One that was set by an app and is not here stays on offer.
const LANGUAGES: [(&str, &str); 40] = [
    ("ar", "العربية"),
    ("be", "Беларуская"),
    ("bg", "Български"),
    ("bn", "বাংলা"),
    ("ca", "Català"),
    ("cs", "Čeština"),
    ("cy", "Cymraeg"),
    ("da", "Dansk"),
    ("de", "Deutsch"),
    ("el", "Ελληνικά"),
    ("en", "English"),
    ("eo", "Esperanto"),
    ("es", "Español"),
    ("et", "Eesti"),
    ("eu", "Euskara"),
    ("fa", "فارسی"),
    ("fi", "Suomi"),
    ("fr", "Français"),
    ("ga", "Gaeilge"),
    ("gl", "Galego"),
    ("he", "עברית"),
    ("hi", "हिन्दी"),
    ("hu", "Magyar"),
    ("id", "Bahasa Indonesia"),
    ("is", "Íslenska"),
    ("it", "Italiano"),
    ("ja", "日本語"),
    ("ko", "한국어"),
    ("lt", "Lietuvių"),
    ("nl", "Nederlands"),
    ("no", "Norsk"),
    ("pl", "Polski"),
    ("pt", "Português"),
    ("ro", "Română"),
    ("ru", "Русский"),
    ("sv", "Svenska"),
    ("tr", "Türkçe"),
    ("uk", "Українська"),
    ("vi", "Tiếng Việt"),
    ("zh", "中文"),
];

/// One choice of a list: its value, its words, whether it is chosen.
type Choice = (String, String, bool);

#[derive(Template)]
#[template(path = "settings_preferences.html")]
struct PreferencesPage {
    frame: Frame,
    here: &'static str,
    is_saved: bool,
    error: Option<String>,
    visibilities: Vec<Choice>,
    quote_policies: Vec<Choice>,
    languages: Vec<Choice>,
    locales: Vec<Choice>,
    is_sensitive: bool,
}

/// `GET /settings/preferences`.
///
/// # Errors
/// A fault.
pub async fn show(ask: Ask<Browser>) -> Result<Response, Error> {
    answer(&ask, StatusCode::OK, None).await
}

/// `POST /settings/preferences`: the whole form, with Mastodon's names.
///
/// # Errors
/// A fault.
pub async fn update(ask: Ask<Browser>) -> Result<Response, Error> {
    let Some(account) = ask.me.account() else { return sign_in::first(&ask, HERE) };
    let social = ask.api.social();
    let saved = match read(&ask) {
        Ok((profile, user)) => {
            let write = ask.api.db.write(move |tx| {
                profiles::edit(tx, &social, account, &profile)?;
                users::modify(tx, account, &user)
            });
            write.await
        }
        Err(refusal) => Err(refusal.into()),
    };
    match saved {
        Ok(()) => redirect(&ask, "/settings/preferences?saved=1"),
        Err(error) => answer(&ask, StatusCode::UNPROCESSABLE_ENTITY, Some(complaint(error)?)).await,
    }
}

/// What was sent. What is not one of the choices did not come from our form.
fn read(ask: &Ask<Browser>) -> Result<(ProfileEdit, UserEdit), Refusal> {
    let user = Fields::of(ask, "user");
    let settings = user.within("settings_attributes");
    let wrong = |what: &str| Refusal::validation(&format!("{what} is not included in the list"));
    let visibility = settings.text("default_privacy").parse().ok().filter(|v| *v != Visibility::Direct);
    let quote_policy: Option<QuotePolicy> = settings.text("default_quote_policy").parse().ok();
    let language = Some(settings.text("default_language")).filter(|code| !code.is_empty());
    let locale = user.text("locale");
    if language.as_ref().is_some_and(|code| !is_language_tag(code)) {
        return Err(wrong("Posting language"));
    }
    if !is_language_tag(&locale) {
        return Err(wrong("Interface language"));
    }
    let profile = ProfileEdit {
        default_visibility: Some(visibility.ok_or_else(|| wrong("Posting privacy"))?),
        default_sensitive: Some(settings.is_ticked("default_sensitive")),
        default_language: Some(language),
        default_quote_policy: Some(quote_policy.ok_or_else(|| wrong("Who can quote"))?),
        ..ProfileEdit::default()
    };
    Ok((profile, UserEdit { locale: Some(locale), ..UserEdit::default() }))
}

async fn answer(ask: &Ask<Browser>, status: StatusCode, error: Option<String>) -> Result<Response, Error> {
    let Some(account) = ask.me.account() else { return sign_in::first(ask, HERE) };
    let kept = ask.api.db.read(move |q| Ok(defaults::find(q, account)?)).await?;
    let kept = kept.ok_or(Refusal::NotFound(Noun::Account))?;
    let frame = Frame::of(ask).await?;
    page(ask, status, &PreferencesPage::of(&kept, frame, error.is_none() && is_saved(ask), error))
}

impl PreferencesPage {
    fn of(kept: &PostingDefaults, frame: Frame, is_saved: bool, error: Option<String>) -> PreferencesPage {
        let visibility = |v: Visibility, words: &str| (v.word().to_owned(), words.to_owned(), v == kept.visibility);
        let policy = |p: QuotePolicy, words: &str| (p.word().to_owned(), words.to_owned(), p == kept.quote_policy);
        PreferencesPage {
            frame,
            here: HERE,
            is_saved,
            error,
            visibilities: vec![
                visibility(Visibility::Public, "Public: everybody, also in public timelines"),
                visibility(Visibility::Unlisted, "Quiet public: everybody, but in no public timeline"),
                visibility(Visibility::Private, "Followers only"),
            ],
            quote_policies: vec![
                policy(QuotePolicy::Public, "Everybody"),
                policy(QuotePolicy::Followers, "Followers"),
                policy(QuotePolicy::Nobody, "Only you"),
            ],
            languages: languages(kept.language.as_deref()),
            locales: languages(Some(&kept.locale)),
            is_sensitive: kept.is_sensitive,
        }
    }
}

fn languages(chosen: Option<&str>) -> Vec<Choice> {
    let choice = |(code, name): (&str, &str)| (code.to_owned(), name.to_owned(), chosen == Some(code));
    let unlisted = chosen.filter(|code| !LANGUAGES.iter().any(|(known, _)| known == code));
    unlisted.map(|code| (code, code)).into_iter().chain(LANGUAGES).map(choice).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_are_tags_and_a_chosen_one_is_always_on_offer() {
        assert!(["de", "pt-BR", "zh-Hant-TW", "gsw"].into_iter().all(is_language_tag));
        assert!(!["", "d", "DE", "de_AT", "de-", "<b>"].into_iter().any(is_language_tag));
        assert_eq!(
            languages(Some("pt-BR")).first().map(|(code, _, is_chosen)| (code.as_str(), *is_chosen)),
            Some(("pt-BR", true))
        );
        assert_eq!(languages(Some("de")).iter().filter(|choice| choice.2).count(), 1);
    }
}
