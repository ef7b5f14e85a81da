//! `phiomia account list` and `show`.

use phiomia_model::{Error, Noun, Refusal};
use phiomia_store::db::{
    Query, second_factor,
    users::{self, Standing, UserView},
};
use serde_json::{Value, json};

use super::super::{Failure, desk::Desk, print};

/// Rows read at a time.
const PAGE: i64 = 500;

/// Prints all accounts.
pub async fn list(desk: &Desk, as_json: bool) -> Result<(), Failure> {
    let mut all: Vec<(UserView, bool)> = Vec::new();
    loop {
        let after = all.last().map(|(user, _)| user.account_id);
        let page: Vec<_> = desk
            .db
            .read(move |q| users::list(q, after, PAGE)?.into_iter().map(|user| beside(q, user)).collect())
            .await?;
        if page.is_empty() {
            break;
        }
        all.extend(page);
    }
    all.retain(|(user, _)| user.deleted_at.is_none());
    if as_json {
        return print(&Value::Array(all.iter().map(to_json).collect()).to_string());
    }
    let lines = all.iter().map(|(user, _)| {
        let (id, name, role, standing) = (user.account_id, &user.username, user.role, word(user.standing()));
        format!("{id}\t{name}\t{role}\t{standing}\t{}\n", user.email)
    });
    let lines: String = lines.collect();
    if lines.is_empty() { Ok(()) } else { print(&lines) }
}

/// Prints one.
pub async fn show(desk: &Desk, name: &str, as_json: bool) -> Result<(), Failure> {
    let account = desk.account(name).await?;
    let user =
        desk.db.read(move |q| beside(q, users::find(q, account)?.ok_or(Refusal::NotFound(Noun::Account))?)).await?;
    if as_json {
        return print(&to_json(&user).to_string());
    }
    let Value::Object(fields) = to_json(&user) else { return Ok(()) };
    let lines = fields.iter().filter(|(_, value)| !value.is_null()).map(|(name, value)| match value {
        Value::String(text) => format!("{name}: {text}\n"),
        value => format!("{name}: {value}\n"),
    });
    print(&lines.collect::<String>())
}

/// A user, and whether their password alone does not sign them in.
fn beside(q: &Query<'_>, user: UserView) -> Result<(UserView, bool), Error> {
    let has_two_factor = second_factor::is_on(q, user.account_id)?;
    Ok((user, has_two_factor))
}

fn to_json((user, has_two_factor): &(UserView, bool)) -> Value {
    json!({
        "id": user.account_id.to_string(),
        "username": user.username,
        "email": if user.email.is_empty() { Value::Null } else { json!(user.email) },
        "role": user.role.word(),
        "standing": word(user.standing()),
        "locale": user.locale,
        "created_at": user.created_at.to_iso_millis(),
        "confirmed_at": user.confirmed_at.map(|at| at.to_iso_millis()),
        "approved_at": user.approved_at.map(|at| at.to_iso_millis()),
        "disabled_at": user.disabled_at.map(|at| at.to_iso_millis()),
        "suspended_at": user.suspended_at.map(|at| at.to_iso_millis()),
        "has_password": user.password_hash.is_some(),
        "has_two_factor": has_two_factor,
        "last_sign_in_at": user.last_sign_in_at.map(|at| at.to_iso_millis()),
    })
}

fn word(standing: Standing) -> &'static str {
    match standing {
        Standing::Good => "good",
        Standing::Unconfirmed => "unconfirmed",
        Standing::Pending => "pending",
        Standing::Disabled => "disabled",
        Standing::Suspended => "suspended",
    }
}
