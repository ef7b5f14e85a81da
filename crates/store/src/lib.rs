//! Everything that outlives a request, on three shelves: the database, files, and what is live; and backups of them.

pub mod aws;
pub mod backup;
pub mod clock;
pub mod db;
pub mod files;
pub mod live;
pub mod recent;
pub mod seal;
pub mod secret;
pub mod tar;

pub use clock::{Clock, IdMaker};
pub use db::{Db, Query, Tx};
pub use secret::{Entropy, Secret, SecretHash};
