//! What only PostgreSQL has: certificates, poolers, and servers that die and come back.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use phiomia_store::{
    Clock, Db,
    db::{self, Opener, PostgresSettings, Settings, settings},
};

use super::cluster::Cluster;

fn open(address: &str) -> Result<Db, String> {
    let settings = PostgresSettings::parse(address).map_err(|e| e.to_string())?;
    match Db::open(Settings::Postgres(Box::new(settings)), Clock::system(), Opener::Server) {
        Ok(opened) => Ok(opened.db),
        Err(phiomia_model::Error::Broken(fault)) => Err(fault.chain()),
        Err(phiomia_model::Error::Refused(refusal)) => Err(refusal.to_string()),
    }
}

#[test]
fn certificates_are_checked_as_far_as_sslmode_asks_on_postgres() {
    let cluster = Cluster::start();
    let ca = cluster.authority();
    let at = |host: &str, mode: &str| {
        open(&format!("postgres://postgres@{host}:{}/postgres?sslmode={mode}", cluster.port)).map(Db::close)
    };
    let with_ca = |host: &str, mode: &str| at(host, &format!("{mode}&sslrootcert={}", ca.display()));
    for mode in ["disable", "allow", "prefer", "require"] {
        assert_eq!(at("127.0.0.1", mode), Ok(()), "{mode}");
    }
    // The certificate is for `localhost`, signed by an authority that nobody else knows.
    assert_eq!(with_ca("localhost", "verify-full"), Ok(()));
    assert_eq!(with_ca("127.0.0.1", "verify-ca"), Ok(()));
    assert!(with_ca("127.0.0.1", "verify-full").is_err_and(|e| e.contains("certificate")));
    assert!(at("localhost", "verify-full").is_err_and(|e| e.contains("certificate")));
    assert!(at("localhost", "verify-ca").is_err_and(|e| e.contains("certificate")));
}

#[test]
fn statements_work_without_preparing_them_as_behind_a_pooler_on_postgres() {
    let cluster = Cluster::start();
    let address = format!("postgres://postgres@127.0.0.1:{}/postgres?prepared_statements=false", cluster.port);
    let db = open(&address).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        db.write(|tx| {
            settings::set(tx, "a", "1")?;
            Ok(tx.enqueue(&phiomia_model::Job::Tidy)?)
        })
        .await
        .unwrap();
        let seen = db
            .read(|q| Ok((settings::get(q, "a")?, settings::get(q, "b")?, db::jobs::counts(q)?.len())))
            .await
            .unwrap();
        assert_eq!(seen, (Some("1".into()), None, 1));
    });
}

#[test]
fn a_server_that_dies_and_comes_back_loses_nothing_that_was_acknowledged_on_postgres() {
    let cluster = Cluster::start();
    let db = open(&format!("postgres://postgres@127.0.0.1:{}/postgres", cluster.port)).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let is_over = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = (0..8)
        .map(|writer| {
            let (db, is_over) = (db.clone(), is_over.clone());
            runtime.spawn(async move {
                let mut done = Vec::new();
                let mut n = 0;
                while !is_over.load(Ordering::Relaxed) {
                    let key = format!("w{writer}-{n}");
                    n += 1;
                    let name = key.clone();
                    if db.write(move |tx| Ok(settings::set(tx, &name, "1")?)).await.is_ok() {
                        done.push(key);
                    }
                }
                done
            })
        })
        .collect();
    for _ in 0..3 {
        std::thread::sleep(Duration::from_millis(300));
        cluster.crash();
        cluster.begin();
    }
    std::thread::sleep(Duration::from_millis(300));
    is_over.store(true, Ordering::Relaxed);
    runtime.block_on(async {
        let mut acknowledged = Vec::new();
        for writer in writers {
            acknowledged.extend(writer.await.unwrap());
        }
        let kept: std::collections::HashSet<String> =
            db.read(|q| Ok(settings::all(q)?)).await.unwrap().into_iter().map(|(name, _)| name).collect();
        assert!(acknowledged.len() > 50, "only {} writes", acknowledged.len());
        let lost: Vec<_> = acknowledged.iter().filter(|key| !kept.contains(*key)).collect();
        assert!(lost.is_empty(), "{} of {} acknowledged writes are lost", lost.len(), acknowledged.len());
    });
}
