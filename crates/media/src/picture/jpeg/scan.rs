//! One pass over the picture, or over one of its components.

use super::{
    Unfit, Wrong,
    bits::Bits,
    blocks::{Memory, Pass},
    codes::Codes,
    frame::{Component, Frame},
};
use crate::source::Bytes;

/// What a scan brings.
pub(super) struct Scan {
    pub(super) parts: Vec<Part>,
    kind: Kind,
}

/// A component of which it brings something.
pub(super) struct Part {
    pub(super) component: usize,
    /// Which tables of codes.
    first: u8,
    rest: u8,
}

#[derive(Clone, Copy)]
enum Kind {
    Whole,
    First { low: u8 },
    FirstAgain { low: u8 },
    Rest { from: u8, to: u8, low: u8 },
    RestAgain { from: u8, to: u8, low: u8 },
}

/// What a scan is read with.
pub(super) struct Tables<'a> {
    pub(super) firsts: &'a [Option<Codes>; 4],
    pub(super) rests: &'a [Option<Codes>; 4],
    pub(super) restart: usize,
}

impl Scan {
    pub(super) fn read(said: &[u8], frame: &mut Frame) -> Result<Scan, Wrong> {
        let mut bytes = Bytes(said);
        let n = bytes.u8().ok_or(Wrong::Head)?;
        let mut parts: Vec<Part> = Vec::new();
        for _ in 0..n {
            let [id, tables] = bytes.array().ok_or(Wrong::Head)?;
            let component = frame.components.iter().position(|component| component.id == id).ok_or(Wrong::Head)?;
            if parts.iter().any(|part| part.component == component) {
                return Err(Wrong::Head);
            }
            parts.push(Part { component, first: tables >> 4, rest: tables & 15 });
        }
        let [from, to, depth] = bytes.array().ok_or(Wrong::Head)?;
        if parts.is_empty() {
            return Err(Wrong::Head);
        }
        let kind = if frame.is_progressive { Kind::of(from, to, depth, parts.len())? } else { Kind::Whole };
        for part in &parts {
            let component = frame.components.get_mut(part.component).ok_or(Wrong::Head)?;
            component.came = kind.brings(component.came)?;
            component.is_begun |= matches!(kind, Kind::Whole | Kind::First { .. });
        }
        Ok(Scan { parts, kind })
    }

    /// Into room for all blocks.
    pub(super) fn run(&self, rest: &mut &[u8], tables: &Tables<'_>, frame: &mut Frame) -> Result<(), Wrong> {
        let passes = self.passes(tables)?;
        let mut place = Place::new(rest, tables.restart);
        match (self.parts.as_slice(), passes.as_slice()) {
            // A component that comes alone comes without what nobody sees of it.
            ([part], [pass]) => {
                let component = frame.components.get_mut(part.component).ok_or(Wrong::Head)?;
                for row in 0..component.seen.1 {
                    for column in 0..component.seen.0 {
                        place.next_unit()?;
                        component.blocks.read(
                            row * component.n_wide + column,
                            *pass,
                            &mut place.bits,
                            &mut place.memories[0],
                        )?;
                    }
                }
            }
            _ => {
                for row in 0..frame.n_high {
                    for column in 0..frame.n_wide {
                        self.unit(&passes, &mut place, &mut frame.components, row, column)?;
                    }
                }
            }
        }
        *rest = place.bits.rest();
        Ok(())
    }

    /// Into room for one row of units, of which `done` makes what it wants before the next one comes.
    pub(super) fn run_by_rows(
        &self,
        rest: &mut &[u8],
        tables: &Tables<'_>,
        frame: &mut Frame,
        mut done: impl FnMut(&[Component]),
    ) -> Result<(), Unfit> {
        let passes = self.passes(tables)?;
        let mut place = Place::new(rest, tables.restart);
        for _ in 0..frame.n_high {
            for component in &mut frame.components {
                component.blocks.clear(component.n_wide * component.sampling.1);
            }
            for column in 0..frame.n_wide {
                self.unit(&passes, &mut place, &mut frame.components, 0, column)?;
            }
            done(&frame.components);
        }
        Ok(())
    }

    /// The blocks of all components in one unit.
    fn unit(
        &self,
        passes: &[Pass<'_>],
        place: &mut Place<'_>,
        components: &mut [Component],
        row: usize,
        column: usize,
    ) -> Result<(), Wrong> {
        place.next_unit()?;
        for ((part, pass), memory) in self.parts.iter().zip(passes).zip(&mut place.memories) {
            let component = components.get_mut(part.component).ok_or(Wrong::Head)?;
            let (across, down) = component.sampling;
            for y in row * down..(row + 1) * down {
                for x in column * across..(column + 1) * across {
                    component.blocks.read(y * component.n_wide + x, *pass, &mut place.bits, memory)?;
                }
            }
        }
        Ok(())
    }

    /// What is read of each block of each part.
    fn passes<'a>(&self, tables: &Tables<'a>) -> Result<Vec<Pass<'a>>, Wrong> {
        let of = |tables: &'a [Option<Codes>; 4], n: u8| {
            tables.get(usize::from(n)).and_then(Option::as_ref).ok_or(Wrong::Order)
        };
        self.parts
            .iter()
            .map(|part| {
                let (first, rest) = (|| of(tables.firsts, part.first), || of(tables.rests, part.rest));
                Ok(match self.kind {
                    Kind::Whole => Pass::Whole { first: first()?, rest: rest()? },
                    Kind::First { low } => Pass::First { first: first()?, low },
                    Kind::FirstAgain { low } => Pass::FirstAgain { low },
                    Kind::Rest { from, to, low } => Pass::Rest { rest: rest()?, from, to, low },
                    Kind::RestAgain { from, to, low } => Pass::RestAgain { rest: rest()?, from, to, low },
                })
            })
            .collect()
    }
}

impl Kind {
    fn of(from: u8, to: u8, depth: u8, n_parts: usize) -> Result<Kind, Wrong> {
        let (high, low) = (depth >> 4, depth & 15);
        if from > to || to > 63 || low > 13 || (high != 0 && high != low + 1) {
            return Err(Wrong::Head);
        }
        match (from, to, high) {
            (0, 0, 0) => Ok(Kind::First { low }),
            (0, 0, _) => Ok(Kind::FirstAgain { low }),
            (0, _, _) => Err(Wrong::Head),
            _ if n_parts > 1 => Err(Wrong::Head),
            (_, _, 0) => Ok(Kind::Rest { from, to, low }),
            _ => Ok(Kind::RestAgain { from, to, low }),
        }
    }

    /// Which waves of a component are there to their last bit after it.
    fn brings(self, came: u64) -> Result<u64, Wrong> {
        let (from, to, low) = match self {
            // What came as a whole does not come again.
            Kind::Whole if came != 0 => return Err(Wrong::Order),
            Kind::Whole => (0, 63, 0),
            Kind::First { low } | Kind::FirstAgain { low } => (0, 0, low),
            Kind::Rest { from, to, low } | Kind::RestAgain { from, to, low } => (from, to, low),
        };
        let band = (u64::MAX << from) & (u64::MAX >> (63 - to));
        Ok(if low == 0 { came | band } else { came & !band })
    }
}

/// Where reading is.
struct Place<'a> {
    bits: Bits<'a>,
    memories: [Memory; 4],
    restart: usize,
    /// Units until reading begins again.
    left: usize,
    /// Of the next marker.
    number: u8,
}

impl<'a> Place<'a> {
    fn new(rest: &'a [u8], restart: usize) -> Place<'a> {
        Place { bits: Bits::of(rest), memories: [Memory::default(); 4], restart, left: restart, number: 0 }
    }

    #[inline]
    fn next_unit(&mut self) -> Result<(), Wrong> {
        if self.restart == 0 {
            return Ok(());
        }
        if self.left == 0 {
            self.bits.restart(self.number)?;
            self.number = (self.number + 1) % 8;
            self.memories = [Memory::default(); 4];
            self.left = self.restart;
        }
        self.left -= 1;
        Ok(())
    }
}
