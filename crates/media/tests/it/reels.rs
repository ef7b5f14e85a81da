//! Films and sounds to begin with: written by hand, with samples that are words.

fn boxed(kind: &[u8], body: &[u8]) -> Vec<u8> {
    [&u32::try_from(body.len() + 8).unwrap().to_be_bytes()[..], kind, body].concat()
}

fn numbers(numbers: &[u32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_be_bytes()).collect()
}

/// A film of four pictures and a sound of one sample, a track of positions, and its contents at the end.
pub struct Mp4 {
    pub codec: [u8; 4],
    pub profile: u8,
    pub size: (u16, u16),
    /// Of a thousand a second, for each picture.
    pub ticks: u32,
    pub is_on_its_side: bool,
    /// How far from the truth the offsets are.
    pub shift: u32,
    /// Whether all chunks are the first.
    pub is_folded: bool,
}

impl Default for Mp4 {
    fn default() -> Mp4 {
        Mp4 {
            codec: *b"avc1",
            profile: 100,
            size: (640, 360),
            ticks: 500,
            is_on_its_side: false,
            shift: 0,
            is_folded: false,
        }
    }
}

impl Mp4 {
    pub fn bytes(&self) -> Vec<u8> {
        let data = b"frame-1!frame-2!secret track sound-1!frame-3!frame-4!";
        let mut file = boxed(b"ftyp", b"qt  \0\0\0\0qt  ");
        let start = u32::try_from(file.len()).unwrap() + 8 + self.shift;
        file.extend(boxed(b"mdat", data));
        let second = if self.is_folded { start } else { start + 37 };
        let film = self.track(b"vide", &self.picture(), (self.ticks, 4), 8, &[(start, 2), (second, 2)], 2);
        let sound = self.track(b"soun", &sound(), (2_000, 1), 8, &[(start + 29, 1)], 1);
        let places = self.track(b"meta", &boxed(b"mebx", &[0; 8]), (2_000, 1), 13, &[(start + 16, 1)], 1);
        let words = boxed(b"udta", &boxed(b"\xa9xyz", b"\0\x0c\0\0secret place"));
        let head = [numbers(&[0, 7, 7, 1_000, 2_000]), vec![0; 80]].concat();
        let moov = [boxed(b"mvhd", &head), places, film, sound, words].concat();
        file.extend(boxed(b"moov", &moov));
        file.extend(boxed(b"uuid", b"0123456789abcdefsecret place"));
        file
    }

    fn picture(&self) -> Vec<u8> {
        let mut entry = vec![0; 24];
        entry.extend(self.size.0.to_be_bytes());
        entry.extend(self.size.1.to_be_bytes());
        entry.extend([0; 50]);
        entry.extend(boxed(b"avcC", &[1, self.profile, 0, 31]));
        boxed(&self.codec, &entry)
    }

    fn track(
        &self,
        handler: &[u8],
        entry: &[u8],
        (ticks, n): (u32, u32),
        size: u32,
        chunks: &[(u32, u32)],
        each: u32,
    ) -> Vec<u8> {
        let stsd = [numbers(&[0, 1]), entry.to_vec()].concat();
        let offsets: Vec<u32> = chunks.iter().map(|(offset, _)| *offset).collect();
        let n_chunks = u32::try_from(offsets.len()).unwrap();
        let table = [
            boxed(b"stsd", &stsd),
            boxed(b"stts", &numbers(&[0, 1, n, ticks])),
            boxed(b"stsz", &[numbers(&[0, 0, n]), numbers(&vec![size; usize::try_from(n).unwrap()])].concat()),
            boxed(b"stsc", &numbers(&[0, 1, 1, each, 1])),
            boxed(b"stco", &[numbers(&[0, n_chunks]), numbers(&offsets)].concat()),
        ];
        let information = boxed(b"minf", &boxed(b"stbl", &table.concat()));
        let handled = boxed(b"hdlr", &[&[0; 8], handler, &[0; 12], b"secret place\0"].concat());
        let media = [boxed(b"mdhd", &numbers(&[0, 7, 7, 1_000, ticks * n, 0])), handled, information].concat();
        let matrix = if self.is_on_its_side { [0, 0x1_0000, 0, 0xffff_0000] } else { [0x1_0000, 0, 0, 0] };
        let head = [numbers(&[7, 1, 1, 1, 0, 2_000, 0, 0, 0, 0]), numbers(&matrix), vec![0; 28]].concat();
        boxed(b"trak", &[boxed(b"tkhd", &head), boxed(b"mdia", &media)].concat())
    }
}

fn sound() -> Vec<u8> {
    let mut entry = vec![0; 16];
    entry.extend([0, 2, 0, 16, 0, 0, 0, 0]);
    entry.extend((48_000_u32 << 16).to_be_bytes());
    entry.extend(boxed(b"esds", &[0, 0, 0, 0, 3, 19, 0, 1, 0, 4, 0x11, 0x40, 0x15, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]));
    boxed(b"mp4a", &entry)
}

fn element(id: &[u8], body: &[u8]) -> Vec<u8> {
    let length = (body.len() as u64) | 1 << 56;
    [id, &length.to_be_bytes(), body].concat()
}

/// A WebM of two pictures, with words in several places.
pub fn webm() -> Vec<u8> {
    let head = element(b"\x1a\x45\xdf\xa3", &element(b"\x42\x82", b"webm"));
    let info = [
        element(b"\x2a\xd7\xb1", &[0x0f, 0x42, 0x40]),
        element(b"\x44\x89", &2_000_f64.to_be_bytes()),
        element(b"\x7b\xa9", b"secret place"),
    ];
    let video = [element(b"\xb0", &[1, 64]), element(b"\xba", &[240])].concat();
    let track = [
        element(b"\xd7", &[1]),
        element(b"\x83", &[1]),
        element(b"\x86", b"V_VP9"),
        element(b"\x53\x6e", b"secret name"),
        element(b"\xe0", &video),
    ];
    let cluster = [
        element(b"\xe7", &[0]),
        element(b"\xa3", b"\x81\0\0\x80block-1"),
        element(b"\xa0", &element(b"\xa1", b"\x81\x03\xe8\0block-2")),
    ];
    let segment = [
        element(b"\x15\x49\xa9\x66", &info.concat()),
        element(b"\x16\x54\xae\x6b", &element(b"\xae", &track.concat())),
        element(b"\x1f\x43\xb6\x75", &cluster.concat()),
        element(b"\x12\x54\xc3\x67", b"secret place"),
    ];
    [head, element(b"\x18\x53\x80\x67", &segment.concat())].concat()
}

/// Forty frames of silence, with tags before and behind.
pub fn mp3(cover: &[u8]) -> Vec<u8> {
    let picture = [&b"\0image/png\0\x03secret\0"[..], cover].concat();
    let length = u32::try_from(picture.len()).unwrap().to_be_bytes();
    let frames = [&b"TPE1\0\0\0\x0d\0\0\0secret place"[..], b"APIC", &length, &[0, 0], &picture].concat();
    let n = u8::try_from(frames.len()).unwrap_or(127);
    let mut file = [&b"ID3\x03\0\0"[..], &[0, 0, n >> 7, n & 0x7f], &frames].concat();
    for _ in 0..40 {
        file.extend([0xff, 0xfb, 0x90, 0xc0]);
        file.resize(file.len() + 413, 0);
    }
    file.extend([&b"TAGsecret place"[..], &[b' '; 113]].concat());
    file
}

pub fn flac(cover: &[u8]) -> Vec<u8> {
    let mut stream = vec![0; 34];
    // 44100 a second, two channels, 16 bits, 88200 samples.
    stream[10..18].copy_from_slice(&(44_100_u64 << 44 | 1 << 41 | 15 << 36 | 88_200).to_be_bytes());
    let block = |kind: u8, body: &[u8]| {
        let length = u32::try_from(body.len()).unwrap().to_be_bytes();
        [&[kind][..], &length[1..], body].concat()
    };
    let length = u32::try_from(cover.len()).unwrap().to_be_bytes();
    let picture = [&numbers(&[3, 9])[..], b"image/png", &numbers(&[0, 1, 1, 24, 0]), &length, cover].concat();
    let words = block(0x84, b"\x0c\0\0\0secret place\0\0\0\0");
    [&b"fLaC"[..], &block(0, &stream), &block(6, &picture), &words, &[0xff, 0xf8, 0xc9, 0x18], &[0; 300]].concat()
}

/// Half a second of a sound of 8000 bytes a second, encoded in a way.
pub fn riff(tag: u16) -> Vec<u8> {
    let chunk = |name: &[u8], body: &[u8]| [name, &u32::try_from(body.len()).unwrap().to_le_bytes(), body].concat();
    let format =
        [&tag.to_le_bytes()[..], &[1, 0], &8_000_u32.to_le_bytes(), &8_000_u32.to_le_bytes(), &[1, 0, 8, 0]].concat();
    let list = chunk(b"LIST", b"INFOIART\x0c\0\0\0secret place");
    let chunks = [&b"WAVE"[..], &chunk(b"fmt ", &format), &list, &chunk(b"data", &[0x80; 4_000])].concat();
    chunk(b"RIFF", &chunks)
}

/// A second of Opus in three pages.
pub fn ogg() -> Vec<u8> {
    opus(&[b"LOCATIONsecret place"])
}

/// The same with a picture.
pub fn ogg_with(cover: &[u8]) -> Vec<u8> {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let length = u32::try_from(cover.len()).unwrap().to_be_bytes();
    let picture = [&numbers(&[3, 9])[..], b"image/png", &numbers(&[0, 1, 1, 24, 0]), &length, cover].concat();
    let remark = format!("Metadata_Block_Picture={}", STANDARD.encode(picture));
    opus(&[b"LOCATION=secret place", remark.as_bytes()])
}

fn opus(remarks: &[&[u8]]) -> Vec<u8> {
    let head = [&b"OpusHead\x01\x02"[..], &[0x38, 1], &48_000_u32.to_le_bytes(), &[0, 0, 0]].concat();
    let mut words = b"OpusTags\x04\0\0\0made".to_vec();
    words.extend(u32::try_from(remarks.len()).unwrap().to_le_bytes());
    for remark in remarks {
        words.extend(u32::try_from(remark.len()).unwrap().to_le_bytes());
        words.extend(*remark);
    }
    let pages = [(2, 0, head), (0, 0, words), (4, 48_000 + 0x138, vec![7; 200])];
    let mut file = Vec::new();
    for (n, (flags, granule, body)) in (0_u32..).zip(pages) {
        let granule: u64 = granule;
        let mut page =
            [&b"OggS\0"[..], &[flags], &granule.to_le_bytes(), &5_u32.to_le_bytes(), &n.to_le_bytes()].concat();
        page.extend([0, 0, 0, 0, 1, u8::try_from(body.len()).unwrap()]);
        page.extend(body);
        let sum = crc(&page);
        page[22..26].copy_from_slice(&sum.to_le_bytes());
        file.extend(page);
    }
    file
}

fn crc(page: &[u8]) -> u32 {
    page.iter().fold(0_u32, |sum, byte| {
        (0..8).fold(
            sum ^ u32::from(*byte) << 24,
            |sum, _| {
                if sum >> 31 == 1 { sum << 1 ^ 0x04c1_1db7 } else { sum << 1 }
            },
        )
    })
}

/// Pages whose sum is wrong.
pub fn bad_sums(mut file: &[u8]) -> usize {
    let mut n_bad = 0;
    while !file.is_empty() {
        let (page, rest) = file.split_at(28 + usize::from(file[27]));
        let mut page = page.to_vec();
        let told = u32::from_le_bytes(page[22..26].try_into().unwrap());
        page[22..26].fill(0);
        n_bad += usize::from(crc(&page) != told);
        file = rest;
    }
    n_bad
}
