//! Where files lie: on the disk, in a bucket, or on the way from one to the other.

use std::{
    fmt,
    str::FromStr,
    sync::atomic::{AtomicU8, Ordering},
};

use phiomia_model::Fault;

/// One of the two shelves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shelf {
    /// A folder of this machine.
    Disk,
    /// A bucket of a server that speaks S3.
    S3,
}

impl Shelf {
    /// Its word on the command line and in the table of settings.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Shelf::Disk => "disk",
            Shelf::S3 => "s3",
        }
    }

    /// The one that it is not.
    #[must_use]
    pub const fn other(self) -> Shelf {
        match self {
            Shelf::Disk => Shelf::S3,
            Shelf::S3 => Shelf::Disk,
        }
    }
}

impl fmt::Display for Shelf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// Which shelf gets new files, and whether older ones may still lie on the other. The text is the one of the table of
/// settings: `disk`, `s3`, `moving to disk`, `moving to s3`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Where files are written, and looked for first.
    pub shelf: Shelf,
    /// Whether the other is looked at, too.
    pub is_moving: bool,
}

impl Place {
    /// The name of the setting that keeps it.
    pub const SETTING: &'static str = "files_place";

    /// Everything lies there.
    #[must_use]
    pub const fn at(shelf: Shelf) -> Place {
        Place { shelf, is_moving: false }
    }

    /// Everything is on its way there.
    #[must_use]
    pub const fn moving_to(shelf: Shelf) -> Place {
        Place { shelf, is_moving: true }
    }

    /// Whether a bucket is needed for it.
    #[must_use]
    pub fn needs_bucket(self) -> bool {
        self.shelf == Shelf::S3 || self.is_moving
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_moving {
            f.write_str("moving to ")?;
        }
        self.shelf.fmt(f)
    }
}

impl FromStr for Place {
    type Err = Fault;

    fn from_str(text: &str) -> Result<Place, Fault> {
        match text {
            "disk" => Ok(Place::at(Shelf::Disk)),
            "s3" => Ok(Place::at(Shelf::S3)),
            "moving to disk" => Ok(Place::moving_to(Shelf::Disk)),
            "moving to s3" => Ok(Place::moving_to(Shelf::S3)),
            _ => Err(Fault::new(format!("the setting {} says {text:?}, which is no place", Place::SETTING))),
        }
    }
}

/// A place that changes while files are read and written.
#[derive(Debug)]
pub(super) struct PlaceCell(AtomicU8);

impl PlaceCell {
    pub(super) fn new(place: Place) -> PlaceCell {
        PlaceCell(AtomicU8::new(bits(place)))
    }

    pub(super) fn get(&self) -> Place {
        let bits = self.0.load(Ordering::Acquire);
        Place { shelf: if bits & 1 == 0 { Shelf::Disk } else { Shelf::S3 }, is_moving: bits & 2 != 0 }
    }

    pub(super) fn set(&self, place: Place) {
        self.0.store(bits(place), Ordering::Release);
    }
}

fn bits(place: Place) -> u8 {
    u8::from(place.shelf == Shelf::S3) | (u8::from(place.is_moving) << 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_survives_being_written_and_being_kept_in_a_cell() {
        for shelf in [Shelf::Disk, Shelf::S3] {
            for place in [Place::at(shelf), Place::moving_to(shelf)] {
                assert!(place.to_string().parse::<Place>().is_ok_and(|read| read == place), "{place}");
                assert_eq!(PlaceCell::new(place).get(), place);
            }
        }
        assert!("s4".parse::<Place>().is_err());
    }
}
