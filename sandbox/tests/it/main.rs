//! The practice systems over real sockets.

mod akten;
mod client;
mod control;
mod faults;
mod mailbox;
mod portal;
mod seed;
mod ssbtek;
