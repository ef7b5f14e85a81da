//! What staff does, and how it is seen from the other side.

mod accounts;
mod domains;
mod guard;
mod hosts;
mod media;
mod reports;
mod sign_ups;
