//! `phiomia account list` and `show`.

use phiomia_model::{Noun, Refusal};
use phiomia_store::db::users::{self, Standing, UserView};
use serde_json::{Value, json};

use super::super::{Failure, desk::Desk, print};

/// Rows read at a time.
const PAGE: i64 = 500;

/// Prints all accounts.
pub async fn list(desk: &Desk, as_json: bool) -> Result<(), Failure> {
    let mut all: Vec<UserView> = Vec::new();
    loop {
        let after = all.last().map(|user| user.account_id);
        let page = desk.db.read(move |q| Ok(users::list(q, after, PAGE)?)).await?;
        if page.is_empty() {
            break;
        }
        all.extend(page);
    }
    all.retain(|user| user.deleted_at.is_none());
    if as_json {
        return print(&Value::Array(all.iter().map(to_json).collect()).to_string());
    }
    let lines = all.iter().map(|user| {
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
        desk.db.read(move |q| users::find(q, account)?.ok_or_else(|| Refusal::NotFound(Noun::Account).into())).await?;
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

fn to_json(user: &UserView) -> Value {
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
        "has_two_factor": user.otp_confirmed_at.is_some(),
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
