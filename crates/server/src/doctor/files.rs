//! Uploaded files: whether the folder or the bucket takes, gives back and deletes one.

use phiomia_api::doctor::{Finding, Subject};
use phiomia_model::Fault;

use super::{
    Practice,
    known::{good, known, unknown},
};
use crate::house::shelf;

known! {
    NOT_OPENED = Files Fault "files-not-opened";
    AWAY = Files Fault "files-away";
    NO_RIGHTS = Files Fault "files-no-rights";
    NOT_PUBLIC = Files Warning "files-not-public";
    MOVING = Files Warning "files-moving";
}

/// What was seen of files that did open.
struct Seen {
    place: String,
    checked: Result<(), Fault>,
    public: Result<(), Fault>,
    is_moving: bool,
}

/// Looks and judges.
pub(super) async fn examine(practice: &Practice) -> Vec<Finding> {
    let files = match &practice.files {
        Ok(files) => files,
        Err(None) => {
            return vec![unknown(Subject::Files, "Where files are stands in the database, which does not open")];
        }
        Err(Some(why)) => {
            return vec![NOT_OPENED.cured(why.clone(), "See the settings s3.* and the rights of the data folder")];
        }
    };
    let random = || shelf::random(&practice.entropy);
    let (checked, public) = match (random(), random()) {
        (Ok(one), Ok(other)) => (files.check(one).await, files.check_public(other).await),
        (Err(fault), _) | (_, Err(fault)) => return vec![unknown(Subject::Files, fault.chain())],
    };
    let place = files.place();
    judge(&Seen { place: files.name(place.shelf), checked, public, is_moving: place.is_moving })
}

fn judge(seen: &Seen) -> Vec<Finding> {
    let place = &seen.place;
    let mut findings = Vec::new();
    match &seen.checked {
        Err(fault) if fault.is_transient() => findings.push(AWAY.cured(
            format!("Files in {place} cannot be reached now: {}", fault.chain()),
            "See whether that server answers, s3.endpoint and the way out (`phiomia media check`)",
        )),
        Err(fault) => findings.push(NO_RIGHTS.cured(
            format!("Files in {place} cannot be written, read and deleted: {}", fault.chain()),
            "Disk: give the data folder to the user that the server runs as (chown -R). Bucket: the key needs s3:PutObject, \
             s3:GetObject, s3:DeleteObject and s3:ListBucket (docs/hosting/s3.md)",
        )),
        Ok(()) => findings.push(good(Subject::Files, format!("{place} takes, gives back and deletes files"))),
    }
    if let (Ok(()), Err(fault)) = (&seen.checked, &seen.public) {
        findings.push(NOT_PUBLIC.cured(
            format!("Files are not seen at their public address: {}", fault.chain()),
            "Allow everybody to read the bucket, or what stands before it (docs/hosting/s3.md); or set s3.hand_out = \"proxied\"",
        ));
    }
    if seen.is_moving {
        findings.push(MOVING.cured(
            format!("Files are on their way to {place}, and not all are there"),
            "`phiomia media move --to s3` or `--to disk` brings the rest",
        ));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_that_works_and_shows_nothing_is_named() {
        let names = |checked, public, is_moving| {
            let seen = Seen { place: "the bucket b".to_owned(), checked, public, is_moving };
            judge(&seen).into_iter().map(|finding| finding.name).collect::<Vec<_>>()
        };
        let denied = || Err(Fault::new("HTTP 403"));
        assert_eq!(names(Ok(()), denied(), false), ["files-good", "files-not-public"]);
        assert_eq!(names(denied(), denied(), true), ["files-no-rights", "files-moving"]);
        assert_eq!(names(Err(Fault::new("timed out").transient()), Ok(()), false), ["files-away"]);
    }
}
