//! `phiomia jobs`.

use phiomia_model::{AccountId, Job, JobId};
use phiomia_store::db::jobs;
use phiomia_testkit::{beside, on_both_engines, settings};

use super::kit::Place;

on_both_engines! {
    async fn parked_jobs_are_shown_put_back_and_thrown_away(place: Place) {
        assert_eq!(place.says(&["jobs"]), "");
        let opened = beside(&settings(&place.database)).await;
        let mut ids: Vec<JobId> = opened.db.write(|tx| {
            for account in [1, 2, 3] {
                tx.enqueue(&Job::RebuildHome { account: AccountId(account) })?;
            }
            let claimed = jobs::claim(tx, phiomia_model::job::Lane::Feeds, 2, std::time::Duration::from_secs(60), "test")?;
            for job in &claimed {
                jobs::park(tx, job.id, "it went wrong")?;
            }
            Ok(claimed.into_iter().map(|job| job.id).collect())
        }).await.unwrap();
        ids.sort();
        opened.db.close();

        assert_eq!(place.says(&["jobs"]), "feeds\trebuild_home\t1 waiting\t0 in hand\t2 parked");
        assert_eq!(place.json(&["jobs", "--json"])[0]["parked"], 2);
        let parked = place.json(&["jobs", "parked", "--json"]);
        assert_eq!((parked[0]["error"].as_str(), parked[0]["id"].as_str()), (Some("it went wrong"), Some(ids[0].to_string().as_str())));
        assert_eq!(parked[0]["job"]["kind"], "rebuild_home");

        assert_eq!(place.says(&["jobs", "discard", &ids[0].to_string()]), "");
        assert!(place.refuses(&["jobs", "discard", &ids[0].to_string()]).starts_with("there is no parked job "));
        assert_eq!(place.says(&["jobs", "retry", &ids[1].to_string()]), "1");
        assert!(place.refuses(&["jobs", "retry", &ids[1].to_string()]).starts_with("there is no parked job "));
        assert_eq!(place.says(&["jobs", "retry"]), "0");
        assert_eq!(place.json(&["jobs", "--json"])[0]["waiting"], 2);
    }
}
