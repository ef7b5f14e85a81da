//! WAV: a head, and samples as they are. Other chunks (names, places, dates) are left out.

use phiomia_model::media::SoundTrack;

use crate::{
    Kept, Piece, Unfit,
    playable::Found,
    source::{Bytes, Source, cut, wrong},
};

/// Most chunks that are looked at.
const MOST_CHUNKS: usize = 4_096;

/// What the chunk `fmt ` says.
struct Format {
    sound: SoundTrack,
    bytes_a_second: u32,
    chunk: Vec<u8>,
}

pub(crate) fn probe(source: &mut Source<'_>) -> Result<Found, Unfit> {
    let mut at = 12_u64;
    let (mut format, mut data) = (None, None);
    for _ in 0..MOST_CHUNKS {
        let Ok([a, b, c, d, w, x, y, z]) = source.array::<8>(at) else { break };
        let length = u64::from(u32::from_le_bytes([w, x, y, z]));
        let body = at.saturating_add(8);
        match &[a, b, c, d] {
            b"fmt " if format.is_none() => format = Some(self::format(source, body, length)?),
            b"data" => {
                // What was recorded without knowing how long it would be says zero or as much as can be said.
                let left = source.length().saturating_sub(body);
                data = Some((body, if length == 0 { left } else { length.min(left) }));
                break;
            }
            _ => {}
        }
        at = body.saturating_add(length).saturating_add(length & 1);
    }
    let (Format { sound, bytes_a_second, chunk }, (from, n)) =
        format.zip(data.filter(|(_, n)| *n > 0)).ok_or_else(|| wrong("it has no sound"))?;
    let mut head = b"RIFF".to_vec();
    let n_chunk = u32::try_from(chunk.len()).map_err(|_| cut())?;
    let n_data = u32::try_from(n).map_err(|_| cut())?;
    let odd = n & 1;
    head.extend(n_data.saturating_add(20).saturating_add(n_chunk).saturating_add(n_data & 1).to_le_bytes());
    head.extend(b"WAVEfmt ");
    head.extend(n_chunk.to_le_bytes());
    head.extend(chunk);
    head.extend(b"data");
    head.extend(n_data.to_le_bytes());
    Ok(Found {
        kept: Kept::Wav,
        duration_ms: n.saturating_mul(1_000) / u64::from(bytes_a_second.max(1)),
        film: None,
        sound: Some(sound),
        pieces: vec![Piece::Bytes(head), Piece::Copy(from, n), Piece::Zeros(odd)],
        cover: None,
    })
}

fn format(source: &mut Source<'_>, at: u64, length: u64) -> Result<Format, Unfit> {
    if !(16..=64).contains(&length) {
        return Err(wrong("it does not say how it is encoded"));
    }
    let chunk = source.bytes(at, usize::try_from(length).map_err(|_| cut())?)?;
    let mut body = Bytes(&chunk);
    let mut short = || body.array().map(u16::from_le_bytes).ok_or_else(cut);
    let (mut tag, channels) = (short()?, short()?);
    let rate_hz = body.u32_le().ok_or_else(cut)?;
    let bytes_a_second = body.u32_le().ok_or_else(cut)?;
    // The longer form has the same number further behind.
    if tag == 0xfffe {
        tag = chunk.get(24..26).and_then(|two| two.try_into().ok()).map(u16::from_le_bytes).ok_or_else(cut)?;
    }
    let codec = match tag {
        1 => "pcm",
        3 => "pcm_float",
        6 => "alaw",
        7 => "mulaw",
        2 | 17 => return Err(Unfit::Foreign { codec: "ADPCM".to_owned() }),
        0x55 => return Err(Unfit::Foreign { codec: "MP3 in WAV".to_owned() }),
        _ => return Err(Unfit::Foreign { codec: format!("WAV of kind {tag}") }),
    };
    let sound = SoundTrack { codec: codec.to_owned(), rate_hz, channels: u32::from(channels) };
    // Padded to an even length, as all chunks.
    let mut chunk = chunk;
    if chunk.len() % 2 == 1 {
        chunk.push(0);
    }
    Ok(Format { sound, bytes_a_second, chunk })
}
