//! Other servers fail, hang and come back, and nobody else waits for them.

use std::time::{Duration, Instant};

use phiomia_store::db::federation::{actors::Inbox, hosts::Standing};
use phiomia_testkit::on_both_engines;
use tokio::net::TcpListener;

use crate::{
    neighbour::{Answer, Neighbour},
    town::{Letter, Town, until},
};

/// Neighbours that take everything at once.
async fn friends(n: usize) -> Vec<Neighbour> {
    let mut friends = Vec::new();
    for _ in 0..n {
        friends.push(Neighbour::friendly().await);
    }
    friends
}

fn inboxes(neighbours: &[Neighbour]) -> Vec<Inbox> {
    neighbours.iter().map(|neighbour| neighbour.inbox("/inbox")).collect()
}

on_both_engines! {
    async fn a_slow_host_keeps_nobody_waiting(town: Town) {
        let slow = Neighbour::open(|_, _| Answer::status(202).after(Duration::from_secs(30))).await;
        let quick = friends(20).await;
        let mut town = town;
        town.begins();
        for n in 0..20 {
            town.sends(&Letter::post(&format!("slow{n}")), &[slow.inbox("/inbox")]).await;
        }
        let begun = Instant::now();
        town.sends(&Letter::post("hello"), &inboxes(&quick)).await;
        until("the quick ones have it", async || quick.iter().all(|quick| quick.came().len() == 1)).await;
        assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
        assert!(slow.most_at_once() <= 4);
        town.stops().await;
    }

    async fn hosts_that_hang_keep_the_living_not_waiting(town: Town) {
        // They take connections and never say anything.
        let mut dead = Vec::new();
        for _ in 0..40 {
            dead.push(TcpListener::bind("127.0.0.1:0").await.unwrap());
        }
        let living = friends(10).await;
        let mut town = town;
        town.begins();
        town.sends(&Letter::post("one"), &inboxes(&living)).await;
        town.is_done().await;
        let address = |dead: &TcpListener| dead.local_addr().unwrap().to_string();
        let theirs = dead.iter().map(|dead| Inbox { url: format!("http://{}/inbox", address(dead)), host: address(dead) });
        town.sends(&Letter::post("two"), &theirs.collect::<Vec<_>>()).await;
        tokio::time::sleep(Duration::from_millis(200)).await;
        let begun = Instant::now();
        town.sends(&Letter::post("three"), &inboxes(&living)).await;
        until("the living have it", async || living.iter().all(|living| living.came().len() == 2)).await;
        assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
        town.stops().await;
    }

    async fn a_host_that_fails_often_is_left_alone_without_using_attempts(town: Town) {
        let neighbour = Neighbour::open(|_, _| Answer::status(500)).await;
        for n in 0..10 {
            town.sends(&Letter::post(&format!("{n}")), &[neighbour.inbox("/inbox")]).await;
        }
        let mut town = town;
        town.begins();
        until("it is left alone", async || town.host(&neighbour.host()).await.is_some_and(|host| host.failures == 5)).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert_eq!(neighbour.came().len(), 5);
        let host = town.host(&neighbour.host()).await.unwrap();
        assert_eq!(host.standing, Standing::Failing);
        assert!(host.next_at.is_some_and(|next| next >= host.blocked_until), "{host:?}");
        neighbour.now(|_, _| Answer::status(202));
        town.is_done().await;
        let came = neighbour.came();
        // 1.2 s, a quarter more or less; the first one alone.
        assert!(came[5].at - came[4].at >= Duration::from_millis(850), "{:?}", came[5].at - came[4].at);
        assert_eq!(came.len(), 15);
        assert_eq!(town.host(&neighbour.host()).await.unwrap().standing, Standing::Proven);
        town.stops().await;
    }

    async fn when_our_own_network_is_down_nobody_is_blamed(town: Town) {
        let mut friends = friends(12).await;
        let all = inboxes(&friends);
        let mut town = town;
        town.begins();
        town.sends(&Letter::post("one"), &all).await;
        town.is_done().await;
        for friend in &mut friends {
            friend.falls_silent().await;
        }
        town.sends(&Letter::post("two"), &all).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(town.n_waiting().await, 12);
        for friend in &friends {
            let host = town.host(&friend.host()).await.unwrap();
            assert_eq!((host.failures, host.failed_days, host.standing), (0, 0, Standing::Proven), "{host:?}");
        }
        for friend in &mut friends {
            friend.speaks_again().await;
        }
        town.is_done().await;
        for friend in &friends {
            assert_eq!(friend.bodies(), ["one", "two"]);
        }
        town.stops().await;
    }

    async fn a_few_dead_hosts_are_blamed_and_keep_the_living_not_waiting(town: Town) {
        let mut dead = friends(5).await;
        let living = friends(1).await;
        let all: Vec<Inbox> = inboxes(&dead).into_iter().chain(inboxes(&living)).collect();
        let mut town = town;
        town.begins();
        town.sends(&Letter::post("0"), &all).await;
        town.is_done().await;
        for friend in &mut dead {
            friend.falls_silent().await;
        }
        let mut n_sent = 1;
        until("the dead are known as such", async || {
            town.sends(&Letter::post(&n_sent.to_string()), &all).await;
            n_sent += 1;
            until("the living one has it", async || living.iter().all(|living| living.came().len() == n_sent)).await;
            let mut n_failing = 0;
            for friend in &dead {
                n_failing += usize::from(town.host(&friend.host()).await.unwrap().standing == Standing::Failing);
            }
            n_failing == dead.len()
        })
        .await;
        town.stops().await;
    }
}
