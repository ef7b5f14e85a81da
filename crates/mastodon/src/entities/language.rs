//! Languages people may say they write in.

use serde::Serialize;

/// A language.
#[derive(Serialize, Debug, Clone, Copy, PartialEq, Eq)]
pub struct Language {
    /// Its ISO 639 code. Since 4.2.0.
    pub code: &'static str,
    /// Its name in that language. Since 4.2.0.
    pub name: &'static str,
}

macro_rules! languages {
    ($($code:literal $name:literal)*) => { &[$(Language { code: $code, name: $name }),*] };
}

/// Those of ISO 639-1, by code, and a few that are written here too.
pub const LANGUAGES: &[Language] = languages! {
    "aa" "Afaraf" "ab" "аҧсуа бызшәа" "ae" "avesta" "af" "Afrikaans" "ak" "Akan" "am" "አማርኛ" "an" "aragonés"
    "ar" "اللغة العربية" "as" "অসমীয়া" "ast" "asturianu" "av" "авар мацӀ" "ay" "aymar aru" "az" "azərbaycan dili"
    "ba" "башҡорт теле" "be" "беларуская мова" "bg" "български език" "bh" "भोजपुरी" "bi" "Bislama" "bm" "bamanankan"
    "bn" "বাংলা" "bo" "བོད་ཡིག" "br" "brezhoneg" "bs" "bosanski jezik" "ca" "Català" "ce" "нохчийн мотт" "ch" "Chamoru"
    "ckb" "سۆرانی" "co" "corsu" "cr" "ᓀᐦᐃᔭᐍᐏᐣ" "cs" "čeština" "cu" "ѩзыкъ словѣньскъ" "cv" "чӑваш чӗлхи" "cy" "Cymraeg"
    "da" "dansk" "de" "Deutsch" "dv" "ދިވެހި" "dz" "རྫོང་ཁ" "ee" "Eʋegbe" "el" "Ελληνικά" "en" "English" "eo" "Esperanto"
    "es" "Español" "et" "eesti" "eu" "euskara" "fa" "فارسی" "ff" "Fulfulde" "fi" "suomi" "fj" "Vakaviti" "fo" "føroyskt"
    "fr" "Français" "fy" "Frysk" "ga" "Gaeilge" "gd" "Gàidhlig" "gl" "galego" "gsw" "Schwiizertütsch" "gu" "ગુજરાતી"
    "gv" "Gaelg" "ha" "هَوُسَ" "he" "עברית" "hi" "हिन्दी" "ho" "Hiri Motu" "hr" "Hrvatski" "ht" "Kreyòl ayisyen"
    "hu" "magyar" "hy" "Հայերեն" "hz" "Otjiherero" "ia" "Interlingua" "id" "Bahasa Indonesia" "ie" "Interlingue"
    "ig" "Igbo" "ii" "ꆈꌠ꒿" "ik" "Iñupiaq" "io" "Ido" "is" "Íslenska" "it" "Italiano" "iu" "ᐃᓄᒃᑎᑐᑦ" "ja" "日本語"
    "jbo" "la .lojban." "jv" "basa Jawa" "ka" "ქართული" "kab" "Taqbaylit" "kg" "Kikongo" "ki" "Gĩkũyũ" "kj" "Kuanyama"
    "kk" "қазақ тілі" "kl" "kalaallisut" "km" "ខ្មែរ" "kn" "ಕನ್ನಡ" "ko" "한국어" "kr" "Kanuri" "ks" "कश्मीरी" "ku" "Kurmancî"
    "kv" "коми кыв" "kw" "Kernewek" "ky" "Кыргызча" "la" "latine" "lb" "Lëtzebuergesch" "lg" "Luganda" "li" "Limburgs"
    "ln" "Lingála" "lo" "ລາວ" "lt" "lietuvių kalba" "lu" "Tshiluba" "lv" "latviešu valoda" "mg" "fiteny malagasy"
    "mh" "Kajin M̧ajeļ" "mi" "te reo Māori" "mk" "македонски јазик" "ml" "മലയാളം" "mn" "Монгол хэл" "mr" "मराठी"
    "ms" "Bahasa Melayu" "mt" "Malti" "my" "ဗမာစာ" "na" "Ekakairũ Naoero" "nb" "Norsk bokmål" "nd" "isiNdebele"
    "nds" "Plattdüütsch" "ne" "नेपाली" "ng" "Owambo" "nl" "Nederlands" "nn" "Norsk Nynorsk" "no" "Norsk"
    "nr" "isiNdebele" "nv" "Diné bizaad" "ny" "chiCheŵa" "oc" "occitan" "oj" "ᐊᓂᔑᓈᐯᒧᐎᓐ" "om" "Afaan Oromoo" "or" "ଓଡ଼ିଆ"
    "os" "ирон æвзаг" "pa" "ਪੰਜਾਬੀ" "pi" "पाऴि" "pl" "Polski" "ps" "پښتو" "pt" "Português" "qu" "Runa Simi"
    "rm" "rumantsch grischun" "rn" "Ikirundi" "ro" "Română" "ru" "Русский" "rw" "Ikinyarwanda" "sa" "संस्कृतम्"
    "sc" "sardu" "sco" "Scots" "sd" "सिन्धी" "se" "Davvisámegiella" "sg" "yângâ tî sängö" "si" "සිංහල" "sk" "slovenčina"
    "sl" "slovenščina" "sm" "gagana fa'a Samoa" "sn" "chiShona" "so" "Soomaaliga" "sq" "Shqip" "sr" "српски језик"
    "ss" "SiSwati" "st" "Sesotho" "su" "Basa Sunda" "sv" "Svenska" "sw" "Kiswahili" "szl" "ślůnsko godka" "ta" "தமிழ்"
    "te" "తెలుగు" "tg" "тоҷикӣ" "th" "ไทย" "ti" "ትግርኛ" "tk" "Türkmen" "tl" "Wikang Tagalog" "tn" "Setswana"
    "to" "faka Tonga" "tok" "toki pona" "tr" "Türkçe" "ts" "Xitsonga" "tt" "татар теле" "tw" "Twi" "ty" "Reo Tahiti"
    "ug" "ئۇيغۇرچە" "uk" "Українська" "ur" "اردو" "uz" "Ўзбек" "ve" "Tshivenḓa" "vi" "Tiếng Việt" "vo" "Volapük"
    "wa" "walon" "wo" "Wollof" "xh" "isiXhosa" "yi" "ייִדיש" "yo" "Yorùbá" "za" "Saɯ cueŋƅ" "zh" "中文" "zu" "isiZulu"
};

/// Chinese, which is kept with its region.
const REGIONAL: [&str; 3] = ["zh-CN", "zh-HK", "zh-TW"];

/// The code under which a post of this language is kept: `en` of `en-GB`, `en_US` and `EN`. `None` for what is none of
/// the languages of posts. As in Mastodon, so that who follows somebody in some languages, filters or searches by one
/// finds all of it.
#[must_use]
pub fn language_code(tag: &str) -> Option<&'static str> {
    let tag = tag.trim().replace('_', "-");
    if let Some(regional) = REGIONAL.into_iter().find(|code| code.eq_ignore_ascii_case(&tag)) {
        return Some(regional);
    }
    let first = tag.split('-').next().unwrap_or_default();
    LANGUAGES.iter().map(|language| language.code).find(|code| code.eq_ignore_ascii_case(first))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_kept_as_the_language_it_begins_with() {
        for (tag, code) in [
            ("en", Some("en")),
            ("en-GB", Some("en")),
            ("en_US", Some("en")),
            ("EN", Some("en")),
            ("sr-Latn", Some("sr")),
            ("zh_tw", Some("zh-TW")),
            ("zh-Hant-TW", Some("zh")),
            ("gsw", Some("gsw")),
            ("english", None),
            ("C", None),
            ("", None),
            ("qq", None),
        ] {
            assert_eq!(language_code(tag), code, "{tag}");
        }
    }

    #[test]
    fn every_code_is_there_once_and_in_order() {
        let codes: Vec<_> = LANGUAGES.iter().map(|language| language.code).collect();
        let mut sorted = codes.clone();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(codes, sorted);
        assert!(LANGUAGES.iter().all(|language| !language.name.is_empty()));
    }
}
