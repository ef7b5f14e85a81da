//! What other softwares send, and what nobody should.

mod hostile;
mod softwares;
