//! What is left to send reaches other servers, whatever they answer and whatever becomes of us.

mod followers;
mod hosts;
mod leaving;
mod order;
mod outcomes;
mod restart;
