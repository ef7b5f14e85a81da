//! JPEG at the size that is wanted, baseline and progressive: made smaller where its waves become pixels, so that neither
//! the pixels nor the waves of the whole picture are ever held. Why it is ours: decision 0030.

mod bits;
mod blocks;
mod codes;
mod colors;
mod frame;
mod scan;
mod waves;

use image::DynamicImage;

use crate::{Unfit, source::Bytes};
use codes::Codes;
use colors::Colors;
use frame::{Component, Frame};
use scan::Scan;
use waves::Waves;

/// Passes over a picture, at most. Encoders make ten, people who want it small twenty; one for each bit of each wave would be
/// thousands, each over the whole picture.
const MOST_SCANS: usize = 500;

/// What is wrong with what is coded: small, because it is asked at every symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wrong {
    Cut,
    Codes,
    Restart,
    Head,
    Order,
}

impl From<Wrong> for Unfit {
    fn from(wrong: Wrong) -> Unfit {
        Unfit::Damaged(
            match wrong {
                Wrong::Cut => "it ends too early",
                Wrong::Codes => "what is coded in it makes no sense",
                Wrong::Restart => "a part of it is missing",
                Wrong::Head => "it says of itself what cannot be",
                Wrong::Order => "its parts are not in the order they must be",
            }
            .to_owned(),
        )
    }
}

/// A JPEG in the smallest of eight sizes that has at least so many pixels across and down, or in its own. Neither turned nor in
/// sRGB: that is done later.
///
/// # Errors
/// What is wrong with the file.
pub fn decode(bytes: &[u8], enough: (u32, u32)) -> Result<DynamicImage, Unfit> {
    let mut reader = Reader::new(enough);
    let canvas = reader.read(bytes)?;
    canvas.image().ok_or_else(|| Wrong::Cut.into())
}

/// Refuses a picture of which a part is missing. That its last two bytes alone are not there does no harm.
pub(super) fn check_end(bytes: &[u8]) -> Result<(), Unfit> {
    let mut rest = bytes;
    while let Some((marker, after)) = next_marker(rest) {
        rest = match marker {
            0xd9 => return Ok(()),
            0xd8 => after,
            _ => segment(after).map_or(&[][..], |(_, rest)| rest),
        };
    }
    decode(bytes, (1, 1)).map(drop)
}

/// The next marker and what follows it. What lies before it, coded bits too, is passed over.
fn next_marker(mut bytes: &[u8]) -> Option<(u8, &[u8])> {
    loop {
        let at = bytes.iter().position(|byte| *byte == 0xff)?;
        match bytes.get(at + 1..)? {
            [0xff, ..] => bytes = bytes.get(at + 1..)?,
            [0 | 0x01 | 0xd0..=0xd7, rest @ ..] => bytes = rest,
            [marker, rest @ ..] => return Some((*marker, rest)),
            [] => return None,
        }
    }
}

/// What a marker says, by the length before it, and what follows.
fn segment(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<2>()?;
    rest.split_at_checked(usize::from(u16::from_be_bytes(*length)).checked_sub(2)?)
}

/// What was read so far.
struct Reader {
    enough: (u32, u32),
    frame: Option<Frame>,
    quantisers: [Option<[u16; 64]>; 4],
    firsts: [Option<Codes>; 4],
    rests: [Option<Codes>; 4],
    /// Units between two places where reading may begin again; 0: there are none.
    restart: usize,
    is_jfif: bool,
    adobe: Option<u8>,
    n_scans: usize,
}

impl Reader {
    fn new(enough: (u32, u32)) -> Reader {
        Reader {
            enough,
            frame: None,
            quantisers: [None; 4],
            firsts: [const { None }; 4],
            rests: [const { None }; 4],
            restart: 0,
            is_jfif: false,
            adobe: None,
            n_scans: 0,
        }
    }

    fn read(&mut self, bytes: &[u8]) -> Result<Canvas, Unfit> {
        let mut rest = bytes;
        while let Some((marker, after)) = next_marker(rest) {
            match marker {
                0xd8 => {
                    rest = after;
                    continue;
                }
                0xd9 => return self.drawn(true),
                _ => {}
            }
            let (said, after) = segment(after).ok_or(Wrong::Cut)?;
            rest = after;
            match marker {
                0xc0..=0xc2 => {
                    if self.frame.is_some() {
                        return Err(Wrong::Order.into());
                    }
                    self.frame = Some(Frame::read(said, marker == 0xc2, self.enough)?);
                }
                0xc4 => self.codes(said)?,
                0xc3 | 0xc5..=0xcf => {
                    return Err(Unfit::Unreadable("a JPEG of this rare kind is not taken".to_owned()));
                }
                0xda => {
                    self.n_scans += 1;
                    if self.n_scans > MOST_SCANS {
                        return Err(Unfit::Unreadable(format!("it comes in more than {MOST_SCANS} passes")));
                    }
                    if let Some(canvas) = self.scan(said, &mut rest)? {
                        return Ok(canvas);
                    }
                }
                0xdb => self.table(said)?,
                0xdd => {
                    self.restart = Bytes(said).u16().ok_or(Wrong::Head)?.into();
                }
                0xe0 if said.starts_with(b"JFIF\0") => self.is_jfif = true,
                0xee if said.starts_with(b"Adobe") => self.adobe = said.get(11).copied(),
                _ => {}
            }
        }
        self.drawn(false)
    }

    fn table(&mut self, said: &[u8]) -> Result<(), Wrong> {
        let mut bytes = Bytes(said);
        while let Some(head) = bytes.u8() {
            let mut table = [0; 64];
            for value in &mut table {
                let said = if head >> 4 == 0 { bytes.u8().map(u16::from) } else { bytes.u16() };
                *value = said.ok_or(Wrong::Head)?;
            }
            *self.quantisers.get_mut(usize::from(head & 15)).ok_or(Wrong::Head)? = Some(table);
        }
        Ok(())
    }

    fn codes(&mut self, said: &[u8]) -> Result<(), Wrong> {
        let mut bytes = Bytes(said);
        while let Some(head) = bytes.u8() {
            let counts: [u8; 16] = bytes.array().ok_or(Wrong::Head)?;
            let n = counts.iter().copied().map(usize::from).sum();
            let codes = Codes::of(counts, bytes.slice(n).ok_or(Wrong::Head)?)?;
            let tables = if head >> 4 == 0 { &mut self.firsts } else { &mut self.rests };
            *tables.get_mut(usize::from(head & 15)).ok_or(Wrong::Head)? = Some(codes);
        }
        Ok(())
    }

    /// Reads a scan. A picture that comes in one is drawn while it comes.
    fn scan(&mut self, said: &[u8], rest: &mut &[u8]) -> Result<Option<Canvas>, Unfit> {
        let colors = self.colors();
        let frame = self.frame.as_mut().ok_or(Wrong::Order)?;
        let scan = Scan::read(said, frame)?;
        for part in &scan.parts {
            let component = frame.components.get_mut(part.component).ok_or(Wrong::Head)?;
            if component.quantisers.is_none() {
                component.quantisers = *self.quantisers.get(usize::from(component.table)).ok_or(Wrong::Head)?;
            }
        }
        let tables = scan::Tables { firsts: &self.firsts, rests: &self.rests, restart: self.restart };
        if !frame.is_progressive && scan.parts.len() == frame.components.len() {
            let mut canvas = Canvas::new(frame, colors)?;
            scan.run_by_rows(rest, &tables, frame, |components| canvas.draw(components, 0))?;
            return Ok(Some(canvas));
        }
        if frame.components.iter().all(|component| component.blocks.is_empty()) {
            let n_high = frame.n_high;
            for component in &mut frame.components {
                component.blocks.clear(component.n_wide * component.sampling.1 * n_high);
            }
        }
        scan.run(rest, &tables, frame)?;
        Ok(None)
    }

    fn colors(&self) -> Colors {
        let ids: Vec<u8> =
            self.frame.iter().flat_map(|frame| &frame.components).map(|component| component.id).collect();
        Colors::of(&ids, self.is_jfif, self.adobe)
    }

    /// What came in several passes. Fine detail may be missing where the file says that it ends.
    fn drawn(&self, is_ended: bool) -> Result<Canvas, Unfit> {
        let colors = self.colors();
        let frame = self.frame.as_ref().ok_or(Wrong::Cut)?;
        let is_there = |component: &Component| if is_ended { component.is_begun } else { component.came == u64::MAX };
        if !frame.components.iter().all(is_there) {
            return Err(Wrong::Cut.into());
        }
        let mut canvas = Canvas::new(frame, colors)?;
        for unit in 0..frame.n_high {
            canvas.draw(&frame.components, unit);
        }
        Ok(canvas)
    }
}

/// The picture as far as it is drawn.
struct Canvas {
    colors: Colors,
    wide: usize,
    high: usize,
    waves: Vec<Waves>,
    /// One row of units of each component, and how long a line of it is.
    strips: Vec<Vec<u8>>,
    stride: usize,
    /// Bytes of all pixels.
    n_bytes: usize,
    pixels: Vec<u8>,
}

impl Canvas {
    fn new(frame: &Frame, colors: Colors) -> Result<Canvas, Wrong> {
        let mut waves = Vec::new();
        for component in &frame.components {
            let quantisers = component.quantisers.as_ref().ok_or(Wrong::Order)?;
            let blocks = &component.blocks;
            waves.push(Waves::new(blocks.in_place(quantisers), blocks.kept, component.becomes));
        }
        let (wide, high, stride) = (frame.width, frame.height, frame.n_wide * frame.unit.0);
        let n_bytes = wide * high * if colors == Colors::Grey { 1 } else { 3 };
        Ok(Canvas {
            colors,
            wide,
            high,
            waves,
            strips: vec![vec![0; stride * frame.unit.1]; frame.components.len()],
            stride,
            n_bytes,
            pixels: Vec::with_capacity(n_bytes),
        })
    }

    /// Draws one row of units.
    fn draw(&mut self, components: &[Component], unit: usize) {
        let Canvas { colors, wide, waves, strips, stride, n_bytes, pixels, .. } = self;
        for ((component, waves), strip) in components.iter().zip(waves).zip(strips.iter_mut()) {
            let (n_wide, n_rows) = (component.n_wide, component.sampling.1);
            let mut blocks = component.blocks.from(unit * n_rows * n_wide);
            for rows in strip.chunks_exact_mut(*stride * component.becomes.1).take(n_rows) {
                for (n, block) in (0..n_wide).zip(&mut blocks) {
                    waves.draw(block, rows, *stride, n * component.becomes.0);
                }
            }
        }
        let mut lines: Vec<_> = strips.iter().map(|strip| strip.chunks_exact(*stride)).collect();
        while pixels.len() < *n_bytes {
            let line: Vec<&[u8]> = lines.iter_mut().filter_map(Iterator::next).collect();
            if line.len() < components.len() {
                break;
            }
            colors.row(&line, *wide, pixels);
        }
    }

    fn image(self) -> Option<DynamicImage> {
        let (wide, high) = u32::try_from(self.wide).ok().zip(u32::try_from(self.high).ok())?;
        match self.colors {
            Colors::Grey => image::GrayImage::from_raw(wide, high, self.pixels).map(DynamicImage::ImageLuma8),
            _ => image::RgbImage::from_raw(wide, high, self.pixels).map(DynamicImage::ImageRgb8),
        }
    }
}
