//! What is wrong with the server, for its owner.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use phiomia_model::{Error, Noun, Refusal, Role};

use super::super::{Browser, Frame, page, sign_in};
use crate::{
    doctor::{Doctor, Finding, Verdict},
    gate::Ask,
};

const HERE: &str = "/settings/doctor";

#[derive(Template)]
#[template(path = "settings_doctor.html")]
struct DoctorPage {
    frame: Frame,
    here: &'static str,
    /// `None`: nobody has looked yet.
    findings: Option<Vec<Finding>>,
    n_bad: usize,
    is_busy: bool,
}

/// Whether somebody looks after the server.
pub(in crate::pages) fn looks_after(role: Role) -> bool {
    matches!(role, Role::Owner | Role::Admin)
}

/// `GET /settings/doctor`
///
/// # Errors
/// `NotFound` for who does not look after the server.
pub async fn show(ask: Ask<Browser>) -> Result<Response, Error> {
    if ask.me.user.is_none() {
        return sign_in::first(&ask, HERE);
    }
    doctor(&ask)?;
    shown(&ask, None, false).await
}

/// `POST /settings/doctor`: looks, which takes some seconds.
///
/// # Errors
/// As [`show`].
pub async fn create(ask: Ask<Browser>) -> Result<Response, Error> {
    if ask.me.user.is_none() {
        return sign_in::first(&ask, HERE);
    }
    let findings = doctor(&ask)?.examine().await;
    let is_busy = findings.is_none();
    shown(&ask, findings, is_busy).await
}

fn doctor(ask: &Ask<Browser>) -> Result<Doctor, Error> {
    let role = ask.me.user.as_ref().map(|user| user.role);
    let doctor = ask.api.doctor.clone().filter(|_| role.is_some_and(looks_after));
    Ok(doctor.ok_or(Refusal::NotFound(Noun::Record))?)
}

async fn shown(ask: &Ask<Browser>, findings: Option<Vec<Finding>>, is_busy: bool) -> Result<Response, Error> {
    let mut findings = findings;
    if let Some(findings) = &mut findings {
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.verdict));
    }
    let is_bad = |finding: &&Finding| finding.verdict > Verdict::Unknown;
    let n_bad = findings.iter().flatten().filter(is_bad).count();
    let frame = Frame::of(ask).await?;
    page(ask, StatusCode::OK, &DoctorPage { frame, here: HERE, findings, n_bad, is_busy })
}
