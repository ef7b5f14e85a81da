//! What runs, and whether it is what is installed.

use phiomia_api::doctor::{Finding, Subject};

use super::{
    Practice,
    echo::Heard,
    known::{good, known},
};

known! {
    OTHER = Version Warning "version-other";
}

/// Looks and judges.
pub(super) async fn examine(practice: &Practice) -> Vec<Finding> {
    let running = match practice.knock(&practice.prober).await {
        Heard::Us(arrived) => Some(arrived.version),
        _ => None,
    };
    vec![judge(running.as_deref(), env!("CARGO_PKG_VERSION"))]
}

fn judge(running: Option<&str>, installed: &str) -> Finding {
    match running {
        Some(running) if running != installed => OTHER.cured(
            format!("The server that runs is version {running}, and this program is {installed}"),
            "Start the server anew: `systemctl restart phiomia`",
        ),
        _ => good(Subject::Version, format!("phiomia {installed}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_was_not_started_anew_after_an_upgrade_is_named() {
        assert_eq!(judge(Some("0.1.0"), "0.2.0").name, "version-other");
        assert_eq!(judge(Some("0.2.0"), "0.2.0").name, "version-good");
        assert_eq!(judge(None, "0.2.0").name, "version-good");
    }
}
