//! Archives in which packs of emoji come: tar as POSIX and GNU write it, whoever made it, read entry by entry.

use std::io::{self, Read};

use phiomia_store::tar::{BLOCK, checksum};

/// Longest name that stands beside a header.
const MOST_NAME: u64 = 4_096;

/// One file of an archive.
#[derive(Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name, folders in front.
    pub name: String,
    /// What is in it; `None`: it is longer than was asked for.
    pub bytes: Option<Vec<u8>>,
}

/// The files of an archive, in order.
pub struct Archive<R> {
    from: R,
}

impl<R: Read> Archive<R> {
    /// Of an archive that is not compressed.
    pub fn new(from: R) -> Archive<R> {
        Archive { from }
    }

    /// The next file, of which no more than `most` bytes are read into memory; folders, links and the like are passed
    /// over. `None` at the end.
    ///
    /// # Errors
    /// When this is no such archive, or it cannot be read.
    pub fn next(&mut self, most: u64) -> io::Result<Option<Entry>> {
        let mut long_name: Option<String> = None;
        loop {
            let Some(header) = self.header()? else { return Ok(None) };
            match header.kind {
                b'0' | 0 => {
                    let bytes = self.content(header.size, most)?;
                    return Ok(Some(Entry { name: long_name.unwrap_or(header.name), bytes }));
                }
                // GNU: the name of the next entry.
                b'L' => {
                    let name = self.content(header.size, MOST_NAME)?.ok_or_else(|| damaged("a name is too long"))?;
                    long_name = Some(text(&name));
                }
                // POSIX: facts of the next entry, a line for each.
                b'x' => {
                    let facts = self.content(header.size, MOST_NAME)?.unwrap_or_default();
                    long_name = path_of(&text(&facts)).or(long_name);
                }
                _ => {
                    self.content(header.size, 0)?;
                    long_name = long_name.filter(|_| header.kind == b'g');
                }
            }
        }
    }

    fn header(&mut self) -> io::Result<Option<Header>> {
        let mut read = Vec::with_capacity(BLOCK);
        (&mut self.from).take(BLOCK as u64).read_to_end(&mut read)?;
        // Some writers leave out the empty blocks at the end.
        if read.is_empty() {
            return Ok(None);
        }
        let block: [u8; BLOCK] = read.try_into().map_err(|_| damaged("it is no tar archive"))?;
        if block.iter().all(|byte| *byte == 0) {
            return Ok(None);
        }
        Header::read(&block).map(Some).ok_or_else(|| damaged("it is no tar archive"))
    }

    /// What belongs to a header, up to the next block.
    fn content(&mut self, size: u64, most: u64) -> io::Result<Option<Vec<u8>>> {
        let block = BLOCK as u64;
        let padded = size.div_ceil(block).saturating_mul(block);
        if size > most {
            let skipped = io::copy(&mut (&mut self.from).take(padded), &mut io::sink())?;
            return if skipped == padded { Ok(None) } else { Err(damaged("it is cut short")) };
        }
        let mut bytes = Vec::new();
        (&mut self.from).take(padded).read_to_end(&mut bytes)?;
        if bytes.len() as u64 != padded {
            return Err(damaged("it is cut short"));
        }
        bytes.truncate(usize::try_from(size).unwrap_or(usize::MAX));
        Ok(Some(bytes))
    }
}

struct Header {
    name: String,
    size: u64,
    kind: u8,
}

impl Header {
    fn read(block: &[u8; BLOCK]) -> Option<Header> {
        if number(block.get(148..156)?)? != u64::from(checksum(block)) {
            return None;
        }
        let mut name = text(block.get(..100)?);
        let prefix = text(block.get(345..500)?);
        if block.get(257..262)? == b"ustar" && !prefix.is_empty() && block.get(262)? == &0 {
            name = format!("{prefix}/{name}");
        }
        Some(Header { name, size: number(block.get(124..136)?)?, kind: *block.get(156)? })
    }
}

/// A number in octal letters.
fn number(field: &[u8]) -> Option<u64> {
    let digits = text(field);
    u64::from_str_radix(digits.trim(), 8).ok()
}

/// What stands before the first zero.
fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes.split(|byte| *byte == 0).next().unwrap_or_default()).into_owned()
}

fn path_of(facts: &str) -> Option<String> {
    let value = |line: &str| line.split_once(' ')?.1.strip_prefix("path=").map(str::to_owned);
    facts.lines().find_map(value)
}

fn damaged(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test shall fail loudly")]
    use phiomia_store::tar::Writer;

    use super::*;

    fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut writer = Writer::new(Vec::new(), 1_700_000_000, 0o644);
        files.iter().for_each(|(name, bytes)| writer.entry(name, bytes).unwrap());
        writer.finish().unwrap()
    }

    #[test]
    fn what_is_written_is_read_again_within_bounds() {
        let large = vec![7_u8; 1_000];
        let written = archive(&[("a.png", b"first"), ("pack/large.png", &large), ("empty", b"")]);
        let mut read = Archive::new(written.as_slice());
        let next = |read: &mut Archive<&[u8]>| read.next(999).unwrap().map(|entry| (entry.name, entry.bytes));
        assert_eq!(next(&mut read), Some(("a.png".to_owned(), Some(b"first".to_vec()))));
        assert_eq!(next(&mut read), Some(("pack/large.png".to_owned(), None)));
        assert_eq!(next(&mut read), Some(("empty".to_owned(), Some(Vec::new()))));
        assert_eq!(next(&mut read), None);
    }

    #[test]
    fn what_is_no_archive_or_is_cut_short_is_said_to_be_so() {
        let why = |bytes: &[u8]| Archive::new(bytes).next(999).unwrap_err().to_string();
        assert_eq!(why(&[1; 600]), "it is no tar archive");
        let mut written = archive(&[("a.png", b"first")]);
        written.truncate(600);
        assert_eq!(why(&written), "it is cut short");
        assert_eq!(Archive::new(&b""[..]).next(999).unwrap(), None);
    }

    #[test]
    fn long_names_of_both_kinds_are_read() {
        let long = format!("{}.png", "n".repeat(150));
        let mut written = archive(&[("././@LongLink", format!("{long}\0").as_bytes()), ("short.png", b"one")]);
        // The kind, and the checksum with it.
        let kinds = |written: &mut Vec<u8>, kind: u8| {
            written[156] = kind;
            let block: [u8; BLOCK] = written[..BLOCK].try_into().unwrap();
            let sum = checksum(&block);
            written[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
        };
        kinds(&mut written, b'L');
        let entry = Archive::new(written.as_slice()).next(999).unwrap().unwrap();
        assert_eq!((entry.name, entry.bytes.unwrap().as_slice()), (long.clone(), &b"one"[..]));
        let facts = format!("20 mtime=1\n165 path={long}\n");
        let mut written = archive(&[("facts", facts.as_bytes()), ("short.png", b"two")]);
        kinds(&mut written, b'x');
        assert_eq!(Archive::new(written.as_slice()).next(999).unwrap().unwrap().name, long);
    }
}
