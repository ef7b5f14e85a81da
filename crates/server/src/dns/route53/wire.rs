//! What Route 53 says and is told, in XML.

use std::fmt::Write as _;

use quick_xml::{
    de::from_str,
    escape::{escape, resolve_predefined_entity},
    events::{BytesRef, Event},
    reader::Reader,
};
use serde::{Deserialize, de::DeserializeOwned};

const NAMESPACE: &str = "https://route53.amazonaws.com/doc/2013-04-01/";

pub(super) fn read<T: DeserializeOwned>(body: &[u8]) -> Option<T> {
    from_str(std::str::from_utf8(body).ok()?).ok()
}

/// Names as Route 53 writes them end with a dot, and have signs that are rare as `\052`.
fn is(theirs: &str, ours: &str) -> bool {
    theirs.trim_end_matches('.').eq_ignore_ascii_case(ours)
}

/// The last part of `/hostedzone/Z1`.
fn id(text: &str) -> &str {
    text.rsplit('/').next().unwrap_or_default()
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Zones {
    hosted_zones: HostedZones,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct HostedZones {
    #[serde(default)]
    hosted_zone: Vec<HostedZone>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct HostedZone {
    id: String,
    name: String,
    config: Option<ZoneConfig>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ZoneConfig {
    private_zone: Option<String>,
}

impl Zones {
    /// The number of the zone with this name that everybody sees.
    pub(super) fn public(&self, name: &str) -> Option<String> {
        let is_private =
            |zone: &HostedZone| zone.config.as_ref().and_then(|config| config.private_zone.as_deref()) == Some("true");
        let found = self.hosted_zones.hosted_zone.iter().find(|zone| is(&zone.name, name) && !is_private(zone));
        found.map(|zone| id(&zone.id).to_owned())
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Listed {
    resource_record_sets: RecordSets,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RecordSets {
    #[serde(default)]
    resource_record_set: Vec<RecordSet>,
}

/// All records of one kind at a name, or one of several with a routing policy.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct RecordSet {
    name: String,
    #[serde(rename = "Type")]
    pub(super) kind: String,
    set_identifier: Option<String>,
    #[serde(rename = "TTL")]
    ttl: Option<u32>,
    resource_records: Option<Records>,
    alias_target: Option<AliasTarget>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Records {
    #[serde(default)]
    resource_record: Vec<Record>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Record {
    value: String,
}

#[derive(Clone, Debug, Deserialize)]
struct AliasTarget {
    #[serde(rename = "DNSName")]
    name: String,
}

impl Listed {
    /// Those at a name: the list goes on with those that follow it.
    pub(super) fn at(self, name: &str) -> Vec<RecordSet> {
        let all = self.resource_record_sets.resource_record_set.into_iter();
        all.filter(|set| is(&set.name, name)).collect()
    }
}

impl RecordSet {
    pub(super) fn ttl(&self) -> u32 {
        self.ttl.unwrap_or_default()
    }

    /// The thing of Amazon's that it stands for.
    pub(super) fn alias(&self) -> Option<&str> {
        self.alias_target.as_ref().map(|target| target.name.trim_end_matches('.'))
    }

    pub(super) fn is_one_of_several(&self) -> bool {
        self.set_identifier.is_some()
    }

    /// As they are written there: texts in quotes.
    pub(super) fn values(&self) -> impl Iterator<Item = &str> {
        let records = self.resource_records.iter().flat_map(|records| &records.resource_record);
        records.map(|record| record.value.as_str())
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Changed {
    change_info: ChangeInfo,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ChangeInfo {
    id: String,
    status: String,
}

impl Changed {
    pub(super) fn id(&self) -> &str {
        id(&self.change_info.id)
    }

    pub(super) fn is_everywhere(&self) -> bool {
        self.change_info.status == "INSYNC"
    }
}

/// A text as it is written there.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{text}\"")
}

/// These and no others.
pub(super) fn upsert(name: &str, kind: &str, ttl: u32, values: &[String]) -> String {
    change("UPSERT", name, kind, ttl, values)
}

/// Exactly these go, or nothing does.
pub(super) fn delete(name: &str, kind: &str, ttl: u32, values: &[String]) -> String {
    change("DELETE", name, kind, ttl, values)
}

fn change(action: &str, name: &str, kind: &str, ttl: u32, values: &[String]) -> String {
    let records = values.iter().fold(String::new(), |mut all, value| {
        // A text takes whatever is written into it.
        let _ = write!(all, "<ResourceRecord><Value>{}</Value></ResourceRecord>", escape(value));
        all
    });
    format!(
        "<Change><Action>{action}</Action><ResourceRecordSet><Name>{}.</Name><Type>{kind}</Type><TTL>{ttl}</TTL>\
         <ResourceRecords>{records}</ResourceRecords></ResourceRecordSet></Change>",
        escape(name)
    )
}

/// All of them, or none.
pub(super) fn batch(changes: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><ChangeResourceRecordSetsRequest xmlns=\"{NAMESPACE}\"><ChangeBatch>\
         <Changes>{changes}</Changes></ChangeBatch></ChangeResourceRecordSetsRequest>"
    )
}

/// Why something was refused.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Trouble {
    pub(super) code: Option<String>,
    pub(super) messages: Vec<String>,
}

impl Trouble {
    /// There are several forms; the words stand in elements of the same names in all of them.
    pub(super) fn read(body: &[u8]) -> Trouble {
        let mut trouble = Trouble::default();
        let Ok(text) = std::str::from_utf8(body) else { return trouble };
        let mut reader = Reader::from_str(text);
        let mut words = String::new();
        loop {
            match reader.read_event() {
                Ok(Event::Start(element)) => {
                    words.clear();
                    if element.local_name().as_ref() == b"InvalidChangeBatch" {
                        trouble.code = Some("InvalidChangeBatch".to_owned());
                    }
                }
                Ok(Event::Text(part)) => words.push_str(&part.decode().unwrap_or_default()),
                Ok(Event::GeneralRef(sign)) => words.push_str(&character(&sign)),
                Ok(Event::End(element)) => {
                    let said = std::mem::take(&mut words).trim().to_owned();
                    match element.local_name().as_ref() {
                        b"Code" => trouble.code = Some(said),
                        b"Message" if !said.is_empty() => trouble.messages.push(said),
                        _ => {}
                    }
                }
                Ok(Event::Eof) | Err(_) => return trouble,
                Ok(_) => {}
            }
        }
    }

    /// In its own words.
    pub(super) fn text(&self) -> Option<String> {
        match (&self.code, self.messages.join(" ")) {
            (Some(code), messages) if messages.is_empty() => Some(code.clone()),
            (Some(code), messages) => Some(format!("{code}: {messages}")),
            (None, messages) => (!messages.is_empty()).then_some(messages),
        }
    }
}

/// `&quot;` or `&#34;`.
fn character(sign: &BytesRef<'_>) -> String {
    if let Ok(Some(character)) = sign.resolve_char_ref() {
        return character.to_string();
    }
    let name = sign.decode().unwrap_or_default();
    resolve_predefined_entity(&name).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail")]
    use super::*;

    const LISTED: &str = r#"<?xml version="1.0"?>
        <ListResourceRecordSetsResponse xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><ResourceRecordSets>
        <ResourceRecordSet><Name>social.example.org.</Name><Type>A</Type><TTL>300</TTL><ResourceRecords>
        <ResourceRecord><Value>192.0.2.1</Value></ResourceRecord><ResourceRecord><Value>192.0.2.2</Value></ResourceRecord>
        </ResourceRecords></ResourceRecordSet>
        <ResourceRecordSet><Name>social.example.org.</Name><Type>AAAA</Type><AliasTarget><HostedZoneId>Z2</HostedZoneId>
        <DNSName>d1.cloudfront.net.</DNSName><EvaluateTargetHealth>false</EvaluateTargetHealth></AliasTarget></ResourceRecordSet>
        <ResourceRecordSet><Name>www.example.org.</Name><Type>A</Type><SetIdentifier>one</SetIdentifier><Weight>1</Weight>
        <TTL>60</TTL><ResourceRecords><ResourceRecord><Value>192.0.2.3</Value></ResourceRecord></ResourceRecords>
        </ResourceRecordSet></ResourceRecordSets><IsTruncated>false</IsTruncated><MaxItems>100</MaxItems>
        </ListResourceRecordSetsResponse>"#;

    #[test]
    fn the_records_of_a_name_are_told_from_those_that_follow() {
        let listed = || read::<Listed>(LISTED.as_bytes()).unwrap();
        let sets = listed().at("social.example.org");
        assert_eq!(sets.len(), 2);
        assert_eq!((sets[0].ttl(), sets[0].values().collect::<Vec<_>>()), (300, vec!["192.0.2.1", "192.0.2.2"]));
        assert_eq!(sets[1].alias(), Some("d1.cloudfront.net"));
        assert!(listed().at("www.example.org")[0].is_one_of_several());
        let empty = "<ListResourceRecordSetsResponse><ResourceRecordSets/></ListResourceRecordSetsResponse>";
        assert!(read::<Listed>(empty.as_bytes()).unwrap().at("a").is_empty());
    }

    #[test]
    fn a_zone_is_found_by_its_whole_name_and_not_when_it_is_private() {
        let zone = |id: &str, name: &str, private: bool| {
            format!(
                "<HostedZone><Id>/hostedzone/{id}</Id><Name>{name}.</Name><Config><PrivateZone>{private}</PrivateZone>\
                 </Config></HostedZone>"
            )
        };
        let text = format!(
            "<R><HostedZones>{}{}{}</HostedZones></R>",
            zone("Z1", "example.org", true),
            zone("Z2", "example.org", false),
            zone("Z3", "example.org.uk", false)
        );
        let zones: Zones = read(text.as_bytes()).unwrap();
        assert_eq!(zones.public("example.org").as_deref(), Some("Z2"));
        assert_eq!(zones.public("org"), None);
    }

    #[test]
    fn what_was_refused_is_said_in_its_own_words_whatever_its_form() {
        let read = |text: &str| Trouble::read(text.as_bytes()).text();
        let usual = "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>User x is not authorized\
                     </Message></Error><RequestId>1</RequestId></ErrorResponse>";
        assert_eq!(read(usual).as_deref(), Some("AccessDenied: User x is not authorized"));
        let batch = "<InvalidChangeBatch><Messages><Message>one &quot;a&#34;</Message><Message>two</Message></Messages></InvalidChangeBatch>";
        assert_eq!(read(batch).as_deref(), Some("InvalidChangeBatch: one \"a\" two"));
        assert_eq!(read("<html>"), None);
        assert_eq!(read("Bad gateway"), None);
    }

    #[test]
    fn what_is_told_is_written_as_xml() {
        let change = upsert("a&b.example", "TXT", 60, &[quoted("x<y")]);
        assert!(change.contains("<Name>a&amp;b.example.</Name><Type>TXT</Type><TTL>60</TTL>"), "{change}");
        assert!(change.contains("<Value>&quot;x&lt;y&quot;</Value>"), "{change}");
        assert!(batch(&change).contains("<ChangeBatch><Changes><Change><Action>UPSERT"));
    }
}
