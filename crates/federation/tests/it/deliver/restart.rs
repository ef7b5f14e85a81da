//! Processes end in order, die, and work side by side.

use std::{collections::BTreeMap, time::Duration};

use phiomia_federation::{Deliverer, DeliverySettings};
use phiomia_store::Entropy;
use phiomia_testkit::on_both_engines;

use crate::{
    neighbour::{Answer, Neighbour},
    town::{Letter, QUICK, Town, quick, until},
};

/// How often each text came.
fn times(neighbour: &Neighbour) -> BTreeMap<String, usize> {
    let mut times = BTreeMap::new();
    for body in neighbour.bodies() {
        *times.entry(body).or_default() += 1;
    }
    times
}

/// A neighbour that takes its time, and forty letters for it.
async fn with_letters(town: &Town) -> Neighbour {
    let neighbour = Neighbour::open(|_, _| Answer::status(202).after(Duration::from_millis(20))).await;
    for n in 0..40 {
        town.sends(&Letter::post(&format!("letter{n}")), &[neighbour.inbox("/inbox")]).await;
    }
    neighbour
}

on_both_engines! {
    async fn what_a_dead_process_had_in_hand_goes_out_with_the_next(town: Town) {
        let neighbour = with_letters(&town).await;
        let mut town = town;
        town.begins();
        until("some came", async || neighbour.came().len() >= 10).await;
        town.dies();
        assert!(town.n_waiting().await > 0);
        assert!(town.host(&neighbour.host()).await.is_some());
        town.again(DeliverySettings { first_retry: QUICK, ..quick() });
        town.begins();
        town.is_done().await;
        let times = times(&neighbour);
        assert_eq!(times.len(), 40, "nothing is lost");
        let n_twice = times.values().filter(|n| **n == 2).count();
        assert!(times.values().all(|n| *n <= 2) && n_twice <= 16, "{times:?}");
        town.stops().await;
    }

    async fn an_ordinary_stop_gives_everything_back(town: Town) {
        let neighbour = with_letters(&town).await;
        let mut town = town;
        town.begins();
        until("some came", async || neighbour.came().len() >= 10).await;
        town.stops().await;
        let n_left = town.n_waiting().await;
        assert!(n_left > 0 && n_left <= 30);
        // Longer than anything here may take: only what was given back can be taken.
        town.again(DeliverySettings { lease: Duration::from_secs(600), ..quick() });
        town.begins();
        town.is_done().await;
        assert_eq!(times(&neighbour).len(), 40);
        assert_eq!(neighbour.came().len(), 40, "what was in flight was waited for");
        town.stops().await;
    }

    async fn two_processes_share_the_work(town: Town) {
        let mut neighbours = Vec::new();
        for _ in 0..6 {
            neighbours.push(with_letters(&town).await);
        }
        let mut town = town;
        town.begins();
        let other = Deliverer::start(town.federation.clone(), Entropy::system()).unwrap();
        town.is_done().await;
        other.stop(Duration::from_secs(2)).await;
        town.stops().await;
        for neighbour in &neighbours {
            assert!(times(neighbour).values().all(|n| *n == 1));
            assert_eq!(neighbour.came().len(), 40);
            assert!(neighbour.most_at_once() <= 4);
        }
    }
}
