//! Programs that measure the server from outside, as ratios against limits measured in the same run.
//!
//! `cargo run --release -p phiomia-bench -- http --server target/release/phiomia`
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a measurement that cannot be made shall stop loudly")]

mod backup;
mod bare;
mod beside;
mod client;
mod copy;
mod dead;
mod dice;
mod fanout;
mod figures;
mod grown;
mod hello;
mod http;
mod inbox;
mod kill;
mod kill_federation;
mod neighbours;
mod picture;
mod pictures;
mod server;
mod sockets;
mod world;

use std::path::PathBuf;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(about = "Measures a Phiomia server from outside")]
struct Arguments {
    #[command(subcommand)]
    program: Program,
}

#[derive(Subcommand)]
enum Program {
    /// Start-up, memory, home timeline and posting, beside bare statements and a bare HTTP server.
    Http {
        /// The server's binary.
        #[arg(long, default_value = "target/release/phiomia")]
        server: PathBuf,
        /// `postgres://…` of an empty database; SQLite without it.
        #[arg(long)]
        postgres: Option<String>,
        /// Posts made before reading is measured.
        #[arg(long, default_value_t = 5_000)]
        posts: usize,
        /// Seconds of each measurement.
        #[arg(long, default_value_t = 5)]
        seconds: u64,
    },
    /// Every load at several sizes of database, beside the store by itself and a bare HTTP server.
    Grown {
        /// The server's binary.
        #[arg(long, default_value = "target/release/phiomia")]
        server: PathBuf,
        /// `postgres://…` of an empty database; SQLite without it.
        #[arg(long)]
        postgres: Option<String>,
        /// Numbers of posts, growing.
        #[arg(long, value_delimiter = ',', default_value = "10000,100000,1000000")]
        sizes: Vec<usize>,
        /// People who live there.
        #[arg(long, default_value_t = 2_000)]
        people: usize,
        /// Seconds of each measurement.
        #[arg(long, default_value_t = 3)]
        seconds: u64,
        /// Only reads with this in their name, and no writes.
        #[arg(long)]
        only: Option<String>,
    },
    /// Backups made, verified and restored, beside people who read their home timelines.
    Backup {
        /// The server's binary.
        #[arg(long, default_value = "target/release/phiomia")]
        server: PathBuf,
        /// `postgres://…` of an empty database; SQLite without it.
        #[arg(long)]
        postgres: Option<String>,
        /// How many.
        #[arg(long, default_value_t = 10_000)]
        posts: usize,
        /// People who live there.
        #[arg(long, default_value_t = 2_000)]
        people: usize,
        /// Pictures that are uploaded, each for a post of its own.
        #[arg(long, default_value_t = 300)]
        files: usize,
    },
    /// A move from SQLite to PostgreSQL and back: how long it takes, and how long nobody answers.
    Copy {
        /// The server's binary.
        #[arg(long, default_value = "target/release/phiomia")]
        server: PathBuf,
        /// `postgres://…` of an empty database.
        #[arg(long)]
        postgres: String,
        /// How many.
        #[arg(long, default_value_t = 10_000)]
        posts: usize,
        /// People who live there.
        #[arg(long, default_value_t = 2_000)]
        people: usize,
    },
    /// A photograph on its way to a post, beside libvips making the same files (Debian: libvips-tools).
    Picture {
        /// The server's binary.
        #[arg(long, default_value = "target/release/phiomia")]
        server: PathBuf,
        /// How often.
        #[arg(long, default_value_t = 9)]
        rounds: usize,
        /// A JPEG that comes in passes.
        #[arg(long)]
        progressive: bool,
    },
    /// Pictures of another server that stream in, within a budget that is held at every moment.
    Pictures {
        /// The server's binary.
        #[arg(long, default_value = "target/release/phiomia")]
        server: PathBuf,
        /// `postgres://…` of an empty database; SQLite without it.
        #[arg(long)]
        postgres: Option<String>,
        /// How many, each looked at once.
        #[arg(long, default_value_t = 10_000)]
        pictures: usize,
        /// Megabytes of them that may be kept.
        #[arg(long, default_value_t = 64)]
        budget: u64,
    },
    /// Kills the server at random moments under posting load and looks for what was acknowledged and is lost.
    Kill {
        /// The server's binary.
        #[arg(long, default_value = "target/release/phiomia")]
        server: PathBuf,
        /// `postgres://…` of an empty database; SQLite without it.
        #[arg(long)]
        postgres: Option<String>,
        /// How often it is killed.
        #[arg(long, default_value_t = 20)]
        rounds: usize,
        /// While people post, other servers deliver, or a post goes to other servers.
        #[arg(long, value_parser = ["posts", "inbox", "fanout"], default_value = "posts")]
        load: String,
    },
    /// One post to followers on many hosts, which are all this process: deliveries per second and the price of each.
    Fanout {
        /// The server's binary.
        #[arg(long, default_value = "target/release/phiomia")]
        server: PathBuf,
        /// `postgres://…` of an empty database; SQLite without it.
        #[arg(long)]
        postgres: Option<String>,
        /// How many.
        #[arg(long, default_value_t = 2_000)]
        hosts: usize,
        /// Posts after the first.
        #[arg(long, default_value_t = 3)]
        rounds: usize,
    },
    /// Deliveries to living hosts, with and without many dead ones beside them.
    Dead {
        /// The server's binary.
        #[arg(long, default_value = "target/release/phiomia")]
        server: PathBuf,
        /// `postgres://…` of an empty database; SQLite without it.
        #[arg(long)]
        postgres: Option<String>,
        /// Hosts that take everything at once.
        #[arg(long, default_value_t = 500)]
        living: usize,
        /// Hosts that never answer.
        #[arg(long, default_value_t = 5_000)]
        dead: usize,
        /// Posts to the living, one a second, with and without the dead.
        #[arg(long, default_value_t = 20)]
        posts: usize,
    },
    /// Signed posts from other servers until those who follow their authors see them.
    Inbox {
        /// The server's binary.
        #[arg(long, default_value = "target/release/phiomia")]
        server: PathBuf,
        /// `postgres://…` of an empty database; SQLite without it.
        #[arg(long)]
        postgres: Option<String>,
        /// Who send.
        #[arg(long, default_value_t = 200)]
        actors: usize,
        /// People who live there.
        #[arg(long, default_value_t = 20)]
        people: usize,
        /// Posts, each sent once.
        #[arg(long, default_value_t = 4_000)]
        notes: usize,
        /// Everybody follows all senders, not one reader each.
        #[arg(long)]
        all: bool,
    },
    /// Many open WebSockets that hear nothing, and one post that all of them hear.
    Sockets {
        /// The server's binary.
        #[arg(long, default_value = "target/release/phiomia")]
        server: PathBuf,
        /// `postgres://…` of an empty database; SQLite without it.
        #[arg(long)]
        postgres: Option<String>,
        /// How many.
        #[arg(long, default_value_t = 10_000)]
        sockets: usize,
        /// Seconds for which they are left alone.
        #[arg(long, default_value_t = 60)]
        seconds: u64,
    },
    /// A bare HTTP server with an answer of so many bytes: what no server of this kind is faster than.
    Hello {
        /// Where to listen.
        #[arg(long)]
        listen: String,
        /// Bytes of its answer.
        #[arg(long)]
        bytes: usize,
    },
}

fn main() {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    match arguments.program {
        Program::Http { server, postgres, posts, seconds } => {
            runtime.block_on(http::run(&http::Plan { server, postgres, n_posts: posts, seconds }));
        }
        Program::Grown { server, postgres, sizes, people, seconds, only } => {
            runtime.block_on(grown::run(&grown::Plan { server, postgres, sizes, n_people: people, seconds, only }));
        }
        Program::Backup { server, postgres, posts, people, files } => {
            let plan = backup::Plan { server, postgres, n_posts: posts, n_people: people, n_files: files };
            runtime.block_on(backup::run(&plan));
        }
        Program::Copy { server, postgres, posts, people } => {
            runtime.block_on(copy::run(&copy::Plan { server, postgres, n_posts: posts, n_people: people }));
        }
        Program::Kill { server, postgres, rounds, load } => {
            let postgres = postgres.as_deref();
            match load.as_str() {
                "inbox" => runtime.block_on(kill_federation::inbox(&server, postgres, rounds)),
                "fanout" => runtime.block_on(kill_federation::fanout(&server, postgres, rounds)),
                _ => runtime.block_on(kill::run(&server, postgres, rounds)),
            }
        }
        Program::Sockets { server, postgres, sockets, seconds } => {
            runtime.block_on(sockets::run(&sockets::Plan { server, postgres, n_sockets: sockets, seconds }));
        }
        Program::Fanout { server, postgres, hosts, rounds } => {
            runtime.block_on(fanout::run(&fanout::Plan { server, postgres, n_hosts: hosts, n_rounds: rounds }));
        }
        Program::Dead { server, postgres, living, dead, posts } => {
            let plan = dead::Plan { server, postgres, n_living: living, n_dead: dead, n_posts: posts };
            runtime.block_on(dead::run(&plan));
        }
        Program::Inbox { server, postgres, actors, people, notes, all } => {
            runtime.block_on(inbox::run(&inbox::Plan {
                server,
                postgres,
                n_actors: actors,
                n_people: people,
                n_notes: notes,
                is_followed_by_all: all,
            }));
        }
        Program::Picture { server, rounds, progressive } => {
            picture::run(&picture::Plan { server, rounds, progressive });
        }
        Program::Pictures { server, postgres, pictures, budget } => {
            let plan = pictures::Plan { server, postgres, n_pictures: pictures, budget };
            runtime.block_on(pictures::run(&plan));
        }
        Program::Hello { listen, bytes } => runtime.block_on(hello::run(&listen, bytes)),
    }
}
