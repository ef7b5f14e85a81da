//! What is measured and how it is printed.

use std::{
    cell::Cell,
    rc::Rc,
    time::{Duration, Instant},
};

use crate::client::{Answer, Broken, Connection};

/// What a load gave.
#[derive(Clone, Debug, Default)]
pub struct Load {
    pub n_requests: usize,
    pub n_failed: usize,
    pub seconds: f64,
    /// Of each request, sorted.
    latencies: Vec<Duration>,
    /// Processor time of the server's process.
    pub cpu: Duration,
}

impl Load {
    pub fn per_second(&self) -> f64 {
        count(self.n_requests) / self.seconds
    }
    pub fn cpu_ms(&self) -> f64 {
        self.cpu.as_secs_f64() * 1e3 / count(self.n_requests.max(1))
    }
    pub fn percentile_ms(&self, percent: usize) -> f64 {
        let at = (self.latencies.len().saturating_sub(1)) * percent / 100;
        self.latencies.get(at).map_or(0.0, |l| l.as_secs_f64() * 1e3)
    }
    pub fn row(&self, name: &str, concurrency: usize) -> String {
        format!(
            "| {name} | {concurrency} | {:.0} | {:.2} | {:.2} | {:.3} | {} |",
            self.per_second(),
            self.percentile_ms(50),
            self.percentile_ms(99),
            self.cpu_ms(),
            self.n_failed
        )
    }
}

pub const HEAD: &str =
    "| load | clients | requests/s | p50 ms | p99 ms | CPU ms per request | failed |\n|---|---|---|---|---|---|---|";

#[expect(clippy::cast_precision_loss, reason = "counts of a benchmark are far below 2^52")]
pub fn count(n: usize) -> f64 {
    n as f64
}

/// Repeats a request on `concurrency` connections for some seconds. `next` gives path and form (`None`: GET) of the n-th.
pub async fn load(
    address: &str,
    process: u32,
    tokens: &[String],
    concurrency: usize,
    seconds: u64,
    next: impl Fn(usize) -> (String, Option<String>) + Send + Sync + 'static,
) -> Load {
    let tokens = tokens.to_vec();
    repeat(address, process, concurrency, seconds, 200, async move |connection: &mut Connection, n: usize| {
        let token = tokens.get(n % concurrency % tokens.len().max(1)).map(String::as_str);
        match next(n) {
            (path, None) => connection.get(&path, token).await,
            (path, Some(form)) => connection.post(&path, token.unwrap_or_default(), form).await,
        }
    })
    .await
}

/// Repeats what `act` does on `concurrency` connections for some seconds; an answer of another status has failed.
pub async fn repeat<A>(address: &str, process: u32, concurrency: usize, seconds: u64, expected: u16, act: A) -> Load
where
    A: AsyncFn(&mut Connection, usize) -> Result<Answer, Broken> + 'static,
{
    let (act, is_over) = (Rc::new(act), Rc::new(Cell::new(false)));
    let cpu_before = cpu(process);
    let begun = Instant::now();
    let clients = tokio::task::LocalSet::new();
    let tasks: Vec<_> = (0..concurrency)
        .map(|worker| {
            let (act, is_over, address) = (act.clone(), is_over.clone(), address.to_owned());
            clients.spawn_local(async move {
                let (mut latencies, mut n_failed, mut n) = (Vec::new(), 0, worker);
                let Ok(mut connection) = Connection::open(&address).await else { return (latencies, 1) };
                while !is_over.get() {
                    let sent = Instant::now();
                    let answer = act(&mut connection, n).await;
                    n += concurrency;
                    match answer {
                        Ok(answer) if answer.status == expected => latencies.push(sent.elapsed()),
                        Ok(_) => n_failed += 1,
                        Err(_) => return (latencies, n_failed + 1),
                    }
                }
                (latencies, n_failed)
            })
        })
        .collect();
    let all = clients.run_until(async {
        tokio::time::sleep(Duration::from_secs(seconds)).await;
        is_over.set(true);
        let mut all = Load::default();
        for task in tasks {
            let (latencies, n_failed) = task.await.unwrap();
            all.latencies.extend(latencies);
            all.n_failed += n_failed;
        }
        all
    });
    let mut all = all.await;
    all.seconds = begun.elapsed().as_secs_f64();
    all.cpu = cpu(process).saturating_sub(cpu_before);
    all.n_requests = all.latencies.len();
    all.latencies.sort_unstable();
    all
}

/// Processor time a process has used, all threads, user and system.
pub fn cpu(process: u32) -> Duration {
    let text = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    // The name in brackets may hold blanks; the fields after it do not. 14 and 15 are user and system time in ticks.
    let after = text.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks: u64 = after.split_whitespace().skip(11).take(2).filter_map(|f| f.parse::<u64>().ok()).sum();
    // Linux on every architecture we build for: 100 ticks a second.
    Duration::from_millis(ticks * 10)
}

/// Resident memory of a process in MB.
pub fn resident_mb(process: u32) -> f64 {
    let text = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = text.lines().find(|l| l.starts_with("VmRSS:")).unwrap_or_default();
    let kb: usize = line.split_whitespace().nth(1).and_then(|n| n.parse().ok()).unwrap_or_default();
    count(kb) / 1024.0
}

/// The most memory that a process was resident with, in MB.
pub fn peak_mb(process: u32) -> f64 {
    let text = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = text.lines().find(|l| l.starts_with("VmHWM:")).unwrap_or_default();
    let kb: usize = line.split_whitespace().nth(1).and_then(|n| n.parse().ok()).unwrap_or_default();
    count(kb) / 1024.0
}

/// How many small durable appends the disk takes in a second, one after the other: what one fsync per post allows.
pub fn fsyncs_per_second(folder: &std::path::Path) -> f64 {
    use std::io::Write as _;
    let path = folder.join("fsync-probe");
    let mut file = std::fs::File::create(&path).unwrap();
    let begun = Instant::now();
    let mut n = 0_usize;
    while begun.elapsed() < Duration::from_secs(3) {
        file.write_all(&[7; 4096]).unwrap();
        file.sync_data().unwrap();
        n += 1;
    }
    let rate = count(n) / begun.elapsed().as_secs_f64();
    let _ = std::fs::remove_file(path);
    rate
}
