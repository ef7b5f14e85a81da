//! Files in, pictures out: what a file is, and what is kept of it. Pure: bytes in, bytes out.
//!
//! What a stranger made is decoded in a child process alone ([`wire`]); this room does not know where it runs.

mod boxes;
mod film;
mod foreign;
pub mod heif;
mod picture;
mod playable;
mod poster;
mod purpose;
mod sniff;
mod sound;
mod source;
mod unfit;
pub mod wire;

pub use foreign::{CONVERTED_TYPES, Foreign, ForeignFilm, demuxer};
pub use heif::{Still, StillCodec};
pub use picture::{Picture, Version, decode_jpeg, decode_veiled_webp, prepare};
pub use playable::{Container, Kept, N_TELLING, PLAYABLE_TYPES, Piece, Playable, Remade, probe};
pub use poster::poster;
pub use purpose::Purpose;
pub use sniff::{Format, PICTURE_TYPES};
pub use source::File;
pub use unfit::Unfit;
