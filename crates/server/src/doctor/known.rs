//! What can be the matter, each with its name: the list that docs/hosting/doctor.md explains.

use phiomia_api::doctor::{Finding, Subject, Verdict};

/// One thing that can be the matter.
#[derive(Debug, PartialEq, Eq)]
pub struct Known {
    /// What it is called, in the documentation and for machines.
    pub name: &'static str,
    /// Where it belongs.
    pub subject: Subject,
    /// How bad it is.
    pub verdict: Verdict,
}

impl Known {
    /// It is the matter, and this is what to do.
    pub(super) fn cured(&self, what: impl Into<String>, cure: impl Into<String>) -> Finding {
        Finding { cure: Some(cure.into()), ..self.seen(what) }
    }

    /// It is the matter, and there is nothing to be done, or it is said already.
    pub(super) fn seen(&self, what: impl Into<String>) -> Finding {
        Finding {
            subject: self.subject,
            name: self.name.to_owned(),
            verdict: self.verdict,
            what: what.into(),
            cure: None,
        }
    }
}

/// All is well, in one sentence.
pub(super) fn good(subject: Subject, what: impl Into<String>) -> Finding {
    plain(subject, Verdict::Good, what)
}

/// It cannot be seen from here, and why.
pub(super) fn unknown(subject: Subject, what: impl Into<String>) -> Finding {
    plain(subject, Verdict::Unknown, what)
}

fn plain(subject: Subject, verdict: Verdict, what: impl Into<String>) -> Finding {
    let name = format!("{}-{}", subject.word(), verdict.word());
    Finding { subject, name, verdict, what: what.into(), cure: None }
}

/// Declares what can be the matter with one subject, and the list of it: `ALL`.
macro_rules! known {
    ($($constant:ident = $subject:ident $verdict:ident $name:literal;)*) => {
        $(const $constant: $crate::doctor::known::Known = $crate::doctor::known::Known {
            name: $name,
            subject: phiomia_api::doctor::Subject::$subject,
            verdict: phiomia_api::doctor::Verdict::$verdict,
        };)*
        /// What can be the matter.
        pub(super) const ALL: &[$crate::doctor::known::Known] = &[$($constant),*];
    };
}
pub(super) use known;
