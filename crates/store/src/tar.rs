//! Files one after the other in one stream, as every `tar` reads them (POSIX ustar), and nothing of what else there is:
//! no folders, no links, no names that lead elsewhere.
//!
//! Source: <https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html>, "ustar Interchange Format".

use std::io::{self, Read, Write};

use aws_lc_rs::digest;

/// Bytes of a block.
pub const BLOCK: usize = 512;
/// The largest size that eleven octal digits say, in bytes.
const LARGEST: u64 = 0o777_7777_7777;

/// Writes entries.
pub struct Writer<W> {
    out: W,
    digest: digest::Context,
    /// Of the entry that is being written.
    left: u64,
    padding: usize,
    /// Seconds since 1970, for all entries.
    modified_at: u64,
    /// Who may read them, for all entries.
    mode: u32,
}

impl<W: Write> Writer<W> {
    /// An archive whose entries were modified then (seconds since 1970) and may be read by whom `mode` says.
    pub fn new(out: W, modified_at: u64, mode: u32) -> Writer<W> {
        Writer { out, digest: digest::Context::new(&digest::SHA256), left: 0, padding: 0, modified_at, mode }
    }

    /// SHA-256 of everything that was written so far.
    pub(crate) fn digest(&self) -> digest::Digest {
        self.digest.clone().finish()
    }

    /// A whole entry.
    ///
    /// # Errors
    /// When its name does not fit, or it cannot be written.
    pub fn entry(&mut self, name: &str, content: &[u8]) -> io::Result<()> {
        self.begin(name, u64::try_from(content.len()).unwrap_or(u64::MAX))?;
        self.write(content)?;
        self.end()
    }

    /// An entry whose content follows by [`Writer::write`].
    pub(crate) fn begin(&mut self, name: &str, n_bytes: u64) -> io::Result<()> {
        let header = header(name, n_bytes, self.modified_at, self.mode)?;
        self.raw(&header)?;
        self.left = n_bytes;
        self.padding = padding(n_bytes);
        Ok(())
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let left = self.left.checked_sub(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        self.left = left.ok_or_else(|| io::Error::other("more came of a file than it was said to hold"))?;
        self.raw(bytes)
    }

    pub(crate) fn end(&mut self) -> io::Result<()> {
        if self.left > 0 {
            return Err(io::Error::other("less came of a file than it was said to hold"));
        }
        let zeros = [0; BLOCK];
        let padding = zeros.get(..self.padding).unwrap_or_default();
        self.raw(padding)
    }

    /// The end of all; what was written into.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn finish(mut self) -> io::Result<W> {
        self.raw(&[0; 2 * BLOCK])?;
        Ok(self.out)
    }

    fn raw(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.digest.update(bytes);
        self.out.write_all(bytes)
    }
}

fn padding(n_bytes: u64) -> usize {
    let over = usize::try_from(n_bytes % BLOCK as u64).unwrap_or_default();
    (BLOCK - over) % BLOCK
}

/// Where each field of a header begins, and how long it is.
const NAME: (usize, usize) = (0, 100);
const MODE: (usize, usize) = (100, 8);
const OWNER: (usize, usize) = (108, 8);
const GROUP: (usize, usize) = (116, 8);
const SIZE: (usize, usize) = (124, 12);
const MODIFIED_AT: (usize, usize) = (136, 12);
const CHECKSUM: (usize, usize) = (148, 8);
const KIND: (usize, usize) = (156, 1);
const MAGIC: (usize, usize) = (257, 8);
const PREFIX: (usize, usize) = (345, 155);

fn header(name: &str, n_bytes: u64, modified_at: u64, mode: u32) -> io::Result<[u8; BLOCK]> {
    let wrong = |what: &str| io::Error::other(format!("{name} does not fit into an archive: {what}"));
    if n_bytes > LARGEST {
        return Err(wrong("it is larger than 8 GB"));
    }
    let (prefix, name) = split(name).ok_or_else(|| wrong("its name is too long"))?;
    let mut header = [0; BLOCK];
    let mut put = |(at, length): (usize, usize), text: &[u8]| {
        let field = header.iter_mut().skip(at).take(length);
        field.zip(text).for_each(|(to, from)| *to = *from);
    };
    put(NAME, name.as_bytes());
    put(MODE, format!("{mode:07o}\0").as_bytes());
    put(OWNER, b"0000000\0");
    put(GROUP, b"0000000\0");
    put(SIZE, format!("{n_bytes:011o}\0").as_bytes());
    put(MODIFIED_AT, format!("{:011o}\0", modified_at.min(LARGEST)).as_bytes());
    put(KIND, b"0");
    put(MAGIC, b"ustar\x0000");
    put(PREFIX, prefix.as_bytes());
    let checksum = format!("{:06o}\0 ", checksum(&header));
    header.iter_mut().skip(CHECKSUM.0).zip(checksum.as_bytes()).for_each(|(to, from)| *to = *from);
    Ok(header)
}

/// A long name in two parts, cut at a slash.
fn split(name: &str) -> Option<(&str, &str)> {
    if name.len() <= NAME.1 {
        return Some(("", name));
    }
    let cuts = name.match_indices('/').map(|(at, _)| (name.get(..at), name.get(at + 1..)));
    let mut cuts = cuts.filter_map(|(prefix, rest)| Some((prefix?, rest?)));
    cuts.find(|(prefix, rest)| prefix.len() <= PREFIX.1 && rest.len() <= NAME.1)
}

/// The sum of all bytes of a header, those of the checksum itself taken for spaces.
#[must_use]
pub fn checksum(header: &[u8; BLOCK]) -> u32 {
    let own = CHECKSUM.0..CHECKSUM.0 + CHECKSUM.1;
    header.iter().enumerate().map(|(at, byte)| if own.contains(&at) { 32 } else { u32::from(*byte) }).sum()
}

/// An entry of an archive that is read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) n_bytes: u64,
}

/// Reads entries.
pub(crate) struct Reader<R> {
    from: R,
    digest: digest::Context,
    left: u64,
    padding: usize,
}

impl<R: Read> Reader<R> {
    pub(crate) fn new(from: R) -> Reader<R> {
        Reader { from, digest: digest::Context::new(&digest::SHA256), left: 0, padding: 0 }
    }

    /// SHA-256 of everything up to the entry that [`Reader::next`] gives next.
    pub(crate) fn digest(&mut self) -> io::Result<digest::Digest> {
        self.pass_over()?;
        Ok(self.digest.clone().finish())
    }

    /// The next entry; `None` at the end, after which there is nothing more.
    pub(crate) fn next(&mut self) -> io::Result<Option<Entry>> {
        self.pass_over()?;
        let mut header = [0; BLOCK];
        self.exactly(&mut header)?;
        if header.iter().all(|byte| *byte == 0) {
            let mut rest = Vec::new();
            // Up to the end: what compresses looks at its own sum there.
            self.from.by_ref().take(64 * 1024).read_to_end(&mut rest)?;
            return match rest.iter().all(|byte| *byte == 0) {
                true => Ok(None),
                false => Err(broken("something follows its end")),
            };
        }
        let entry = entry(&header)?;
        self.left = entry.n_bytes;
        self.padding = padding(entry.n_bytes);
        Ok(Some(entry))
    }

    /// The whole content of a small entry.
    pub(crate) fn content(&mut self, most: u64) -> io::Result<Vec<u8>> {
        if self.left > most {
            return Err(broken("an entry is larger than any that is written"));
        }
        let mut content = Vec::new();
        self.read_to_end(&mut content)?;
        Ok(content)
    }

    fn pass_over(&mut self) -> io::Result<()> {
        io::copy(self, &mut io::sink())?;
        let mut padding = [0; BLOCK];
        let n = std::mem::take(&mut self.padding);
        if let Some(padding) = padding.get_mut(..n) {
            self.exactly(padding)?;
        }
        Ok(())
    }

    fn exactly(&mut self, into: &mut [u8]) -> io::Result<()> {
        self.from.read_exact(into)?;
        self.digest.update(into);
        Ok(())
    }
}

/// The content of the entry that [`Reader::next`] gave.
impl<R: Read> Read for Reader<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(into.len());
        let Some(into) = into.get_mut(..most) else { return Ok(0) };
        if into.is_empty() {
            return Ok(0);
        }
        let n = self.from.read(into)?;
        if n == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.digest.update(into.get(..n).unwrap_or_default());
        self.left = self.left.saturating_sub(u64::try_from(n).unwrap_or(u64::MAX));
        Ok(n)
    }
}

fn entry(header: &[u8; BLOCK]) -> io::Result<Entry> {
    let field = |(at, length): (usize, usize)| header.get(at..at + length).unwrap_or_default();
    let text = |place| {
        let text = std::str::from_utf8(field(place)).map_err(|_| broken("a name is no text"))?;
        Ok::<&str, io::Error>(text.trim_end_matches('\0'))
    };
    let number = |place| {
        let digits = text(place)?.trim_matches([' ', '\0']);
        u64::from_str_radix(digits, 8).map_err(|_| broken("a number is none"))
    };
    if number(CHECKSUM)? != u64::from(checksum(header)) {
        return Err(broken("a header is not what it was"));
    }
    if !matches!(field(KIND), b"0" | b"\0") || !field(MAGIC).starts_with(b"ustar") {
        return Err(broken("it holds something that no backup holds"));
    }
    let (prefix, name) = (text(PREFIX)?, text(NAME)?);
    let name = if prefix.is_empty() { name.to_owned() } else { format!("{prefix}/{name}") };
    if name.is_empty() || name.split('/').any(|part| matches!(part, "" | "." | "..")) {
        return Err(broken("a name leads elsewhere"));
    }
    Ok(Entry { name, n_bytes: number(SIZE)? })
}

fn broken(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests say what they expect")]

    use super::*;

    fn long_name() -> String {
        format!("files/media/3f/{}/{}", "0".repeat(30), "a".repeat(64))
    }

    fn archive() -> Vec<u8> {
        let mut writer = Writer::new(Vec::new(), 1_700_000_000, 0o600);
        writer.entry("about.json", b"{}").unwrap();
        writer.entry(&long_name(), &[7; BLOCK]).unwrap();
        writer.entry("empty", b"").unwrap();
        writer.finish().unwrap()
    }

    fn read(bytes: &[u8]) -> io::Result<Vec<(String, Vec<u8>)>> {
        let mut reader = Reader::new(bytes);
        let mut all = Vec::new();
        while let Some(entry) = reader.next()? {
            all.push((entry.name, reader.content(10_000)?));
        }
        Ok(all)
    }

    #[test]
    fn what_is_written_is_read() {
        let all = read(&archive()).unwrap();
        let expected =
            [("about.json".to_owned(), b"{}".to_vec()), (long_name(), vec![7; BLOCK]), ("empty".to_owned(), vec![])];
        assert_eq!(all, expected);
    }

    #[test]
    fn writer_and_reader_come_to_the_same_sum() {
        let mut writer = Writer::new(Vec::new(), 0, 0o600);
        writer.entry("one", b"1").unwrap();
        let sum = writer.digest();
        writer.entry("two", b"2").unwrap();
        let bytes = writer.finish().unwrap();
        let mut reader = Reader::new(bytes.as_slice());
        reader.next().unwrap();
        assert_eq!(reader.digest().unwrap().as_ref(), sum.as_ref());
        assert_eq!(reader.next().unwrap().unwrap().name, "two");
    }

    #[test]
    fn a_cut_or_changed_archive_is_none() {
        let whole = archive();
        for cut in [0, 10, BLOCK, BLOCK + 1, 3 * BLOCK, whole.len() - 2 * BLOCK] {
            assert!(read(&whole[..cut]).is_err(), "{cut}");
        }
        for at in [0, 101, 125, 156, 257, 345] {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            assert!(read(&changed).is_err(), "{at}");
        }
        let mut longer = whole;
        longer.push(1);
        assert!(read(&longer).is_err());
    }

    #[test]
    fn names_that_lead_elsewhere_are_refused() {
        for name in ["../up", "/root", "a//b", "a/./b", "a/.."] {
            let mut writer = Writer::new(Vec::new(), 0, 0o600);
            writer.entry(name, b"").unwrap();
            assert!(read(&writer.finish().unwrap()).is_err(), "{name}");
        }
        assert!(Writer::new(Vec::new(), 0, 0o600).entry(&"a".repeat(101), b"").is_err());
    }
}
