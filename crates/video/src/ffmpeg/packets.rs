//! Encoded packets in a file, until they are muxed.

use super::library::failed;
use crate::clip::{Error, Result};
use crate::ffi::stream::{SideData, flags_and_side_data, set_flags_and_side_data};
use ffmpeg_next::Packet;
use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::Path;

/// Stands for a time that is not known; FFmpeg's own number for it.
const NO_TIME: i64 = i64::MIN;

/// Packets being written, one after the other.
pub(super) struct PacketWriter(BufWriter<File>);

/// Packets being read in the order in which they were written.
pub(super) struct PacketReader(BufReader<File>);

impl PacketWriter {
    /// Appends to a file.
    pub(super) fn append(path: &Path) -> Result<Self> {
        let file = OpenOptions::new().append(true).open(path)?;
        Ok(Self(BufWriter::new(file)))
    }

    /// Writes one packet: its times, flags, side data and bytes, numbers with the low byte first.
    pub(super) fn write(&mut self, packet: &Packet) -> Result<()> {
        let out = &mut self.0;
        let (flags, side_data) = flags_and_side_data(packet);
        for number in [
            packet.pts().unwrap_or(NO_TIME),
            packet.dts().unwrap_or(NO_TIME),
            packet.duration(),
            flags.into(),
        ] {
            out.write_all(&number.to_le_bytes())?;
        }
        write_length(out, side_data.len())?;
        for SideData { kind, bytes } in side_data {
            out.write_all(&[kind])?;
            write_bytes(out, &bytes)?;
        }
        Ok(write_bytes(out, packet.data().unwrap_or_default())?)
    }

    /// Hands everything to the system.
    pub(super) fn flush(&mut self) -> Result<()> {
        Ok(self.0.flush()?)
    }
}

impl PacketReader {
    /// Reads a file from its beginning.
    pub(super) fn open(path: &Path) -> Result<Self> {
        Ok(Self(BufReader::new(File::open(path)?)))
    }

    /// The next packet; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Packet>> {
        let reader = &mut self.0;
        let mut first = [0; 8];
        if reader.read(&mut first[..1])? == 0 {
            return Ok(None);
        }
        reader.read_exact(&mut first[1..])?;
        let pts_ticks = i64::from_le_bytes(first);
        let (dts_ticks, duration, flags) = (
            read_number(reader)?,
            read_number(reader)?,
            read_number(reader)?,
        );
        let mut side_data = Vec::new();
        for _ in 0..read_length(reader)? {
            let mut kind = [0];
            reader.read_exact(&mut kind)?;
            side_data.push(SideData {
                kind: kind[0],
                bytes: read_bytes(reader)?,
            });
        }
        let mut packet = Packet::copy(&read_bytes(reader)?);
        let time = |ticks| (ticks != NO_TIME).then_some(ticks);
        packet.set_pts(time(pts_ticks));
        packet.set_dts(time(dts_ticks));
        packet.set_duration(duration);
        let flags = i32::try_from(flags).map_err(|_| damaged())?;
        set_flags_and_side_data(&mut packet, flags, &side_data)
            .map_err(|why| failed("reading what was encoded", why))?;
        Ok(Some(packet))
    }
}

fn write_length(out: &mut impl Write, length: usize) -> io::Result<()> {
    let length = u32::try_from(length).map_err(|_| io::ErrorKind::InvalidData)?;
    out.write_all(&length.to_le_bytes())
}

fn write_bytes(out: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    write_length(out, bytes.len())?;
    out.write_all(bytes)
}

fn read_number(reader: &mut impl Read) -> io::Result<i64> {
    let mut bytes = [0; 8];
    reader.read_exact(&mut bytes)?;
    Ok(i64::from_le_bytes(bytes))
}

fn read_length(reader: &mut impl Read) -> io::Result<usize> {
    let mut bytes = [0; 4];
    reader.read_exact(&mut bytes)?;
    Ok(u32::from_le_bytes(bytes) as usize)
}

fn read_bytes(reader: &mut impl Read) -> Result<Vec<u8>> {
    let length = read_length(reader)?;
    let mut bytes = Vec::new();
    if reader.take(length as u64).read_to_end(&mut bytes)? < length {
        return Err(damaged());
    }
    Ok(bytes)
}

fn damaged() -> Error {
    let why = "what was encoded is damaged";
    Error::Io(io::Error::new(io::ErrorKind::InvalidData, why))
}
