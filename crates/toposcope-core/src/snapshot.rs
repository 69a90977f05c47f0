//! The container that state is saved in: framed, versioned, checksummed. What is in a section is its owner's business.
//!
//! ```text
//! "TOPOSCPE" kind(4) version(u32) length(u64) crc32(u32)        length = of everything, crc32 of what stands before it
//! tag(4) length(u64) payload crc32(u32)                         once per section; crc32 of all that stands before it
//! ```
//! Little-endian. Bytes to be read are taken for hostile: every length is checked against what is really there before
//! anything is allocated, and a single wrong bit anywhere is an [`Error::Snapshot`].

use std::ops::RangeInclusive;

use crate::Error;

const MAGIC: &[u8; 8] = b"TOPOSCPE";
const HEADER: usize = 28;
const SECTION_HEADER: usize = 12;
const CRC: usize = 4;

/// What kind of state a snapshot holds.
pub type Tag = [u8; 4];

fn damaged(reason: impl Into<String>) -> Error {
    Error::Snapshot {
        reason: reason.into(),
    }
}

/// Writes a snapshot, section by section.
#[derive(Debug)]
pub struct SnapshotWriter {
    bytes: Vec<u8>,
}

impl SnapshotWriter {
    /// An empty snapshot of this kind and format version.
    pub fn new(kind: Tag, version: u32) -> Self {
        let mut bytes = MAGIC.to_vec();
        bytes.extend(kind);
        bytes.extend(version.to_le_bytes());
        bytes.resize(HEADER, 0);
        Self { bytes }
    }

    /// Appends a section that `fill` writes.
    pub fn section(&mut self, tag: Tag, fill: impl FnOnce(&mut SectionWriter)) {
        let start = self.bytes.len();
        self.bytes.extend(tag);
        self.bytes.extend([0; 8]);
        fill(&mut SectionWriter {
            bytes: &mut self.bytes,
        });
        let length = (self.bytes.len() - start - SECTION_HEADER) as u64;
        self.bytes[start + 4..start + SECTION_HEADER].copy_from_slice(&length.to_le_bytes());
        let crc = crc32fast::hash(&self.bytes[start..]);
        self.bytes.extend(crc.to_le_bytes());
    }

    /// The finished snapshot.
    #[must_use]
    pub fn finish(mut self) -> Vec<u8> {
        let length = self.bytes.len() as u64;
        self.bytes[16..24].copy_from_slice(&length.to_le_bytes());
        let crc = crc32fast::hash(&self.bytes[..24]);
        self.bytes[24..HEADER].copy_from_slice(&crc.to_le_bytes());
        self.bytes
    }
}

/// Writes the values of one section.
#[derive(Debug)]
pub struct SectionWriter<'a> {
    bytes: &'a mut Vec<u8>,
}

impl SectionWriter<'_> {
    /// One byte.
    pub fn u8(&mut self, value: u8) {
        self.bytes.push(value);
    }

    /// Eight bytes.
    pub fn u64(&mut self, value: u64) {
        self.bytes.extend(value.to_le_bytes());
    }

    /// Four bytes: the bits.
    pub fn f32(&mut self, value: f32) {
        self.bytes.extend(value.to_le_bytes());
    }

    /// Eight bytes: the bits.
    pub fn f64(&mut self, value: f64) {
        self.bytes.extend(value.to_le_bytes());
    }

    /// A flag, then the value if there is one.
    pub fn option<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) {
        self.u8(u8::from(value.is_some()));
        if let Some(value) = value {
            write(self, value);
        }
    }

    /// A count, then the items.
    pub fn list<T>(&mut self, items: &[T], mut write: impl FnMut(&mut Self, &T)) {
        self.u64(items.len() as u64);
        for item in items {
            write(self, item);
        }
    }
}

/// Reads a snapshot, section by section, in the order in which they were written.
#[derive(Debug)]
pub struct SnapshotReader<'a> {
    rest: &'a [u8],
    version: u32,
}

impl<'a> SnapshotReader<'a> {
    /// Checks the header.
    ///
    /// # Errors
    /// [`Error::Snapshot`] if the bytes are no snapshot, of another kind or version, cut short, or damaged.
    pub fn new(bytes: &'a [u8], kind: Tag, version: u32) -> Result<Self, Error> {
        Self::new_of(bytes, kind, version..=version)
    }

    /// [`Self::new`] of any of these versions.
    ///
    /// # Errors
    /// As there.
    pub fn new_of(
        bytes: &'a [u8],
        kind: Tag,
        versions: RangeInclusive<u32>,
    ) -> Result<Self, Error> {
        if !bytes.starts_with(MAGIC) {
            return Err(damaged("not a toposcope checkpoint"));
        }
        if bytes.len() < HEADER {
            return Err(damaged(format!(
                "cut short: {} bytes, the header alone has {HEADER}",
                bytes.len()
            )));
        }
        let stored = u32_at(bytes, 24);
        let length = u64::from(u32_at(bytes, 16)) | u64::from(u32_at(bytes, 20)) << 32;
        if crc32fast::hash(&bytes[..24]) != stored {
            return Err(damaged("damaged: the header's checksum does not match"));
        }
        if bytes[8..12] != kind {
            let (found, wanted) = (name(&bytes[8..12]), name(&kind));
            return Err(damaged(format!("holds {found}, expected {wanted}")));
        }
        let version = u32_at(bytes, 12);
        if !versions.contains(&version) {
            let (first, last) = (versions.start(), versions.end());
            let read = if first == last {
                format!("version {last}")
            } else {
                format!("versions {first} to {last}")
            };
            return Err(damaged(format!(
                "format version {version}; this release reads {read}"
            )));
        }
        if length != bytes.len() as u64 {
            return Err(damaged(format!(
                "cut short or overlong: {} bytes, the header says {length}",
                bytes.len()
            )));
        }
        Ok(Self {
            rest: &bytes[HEADER..],
            version,
        })
    }

    /// The version of the format, which decides what is in the sections.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// Reads the next section with `read`, which has to use it up.
    ///
    /// # Errors
    /// [`Error::Snapshot`] if it is not the section of this tag, damaged, or not what `read` takes.
    pub fn section<T>(
        &mut self,
        tag: Tag,
        read: impl FnOnce(&mut SectionReader<'a>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let missing = || damaged(format!("section {} is missing or cut short", name(&tag)));
        if self.rest.len() < SECTION_HEADER + CRC {
            return Err(missing());
        }
        let room = (self.rest.len() - SECTION_HEADER - CRC) as u64;
        let length = u64::from(u32_at(self.rest, 4)) | u64::from(u32_at(self.rest, 8)) << 32;
        if self.rest[..4] != tag || length > room {
            return Err(missing());
        }
        let (section, rest) = self.rest.split_at(SECTION_HEADER + length as usize);
        if crc32fast::hash(section) != u32_at(rest, 0) {
            return Err(damaged(format!(
                "damaged: the checksum of section {} does not match",
                name(&tag)
            )));
        }
        self.rest = &rest[CRC..];
        let mut reader = SectionReader {
            rest: &section[SECTION_HEADER..],
        };
        let value = read(&mut reader)?;
        if reader.rest.is_empty() {
            Ok(value)
        } else {
            Err(damaged(format!("section {} is overlong", name(&tag))))
        }
    }

    /// To be called after the last section.
    ///
    /// # Errors
    /// [`Error::Snapshot`] if there is more.
    pub fn finish(self) -> Result<(), Error> {
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err(damaged("more sections than expected"))
        }
    }
}

fn name(tag: &[u8]) -> String {
    tag.escape_ascii().to_string()
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

/// Reads the values of one section.
#[derive(Debug)]
pub struct SectionReader<'a> {
    rest: &'a [u8],
}

impl SectionReader<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let Some((first, rest)) = self.rest.split_first_chunk() else {
            return Err(damaged("a section ends in the middle of a value"));
        };
        self.rest = rest;
        Ok(*first)
    }

    /// One byte.
    ///
    /// # Errors
    /// [`Error::Snapshot`] at the end of the section.
    pub fn u8(&mut self) -> Result<u8, Error> {
        Ok(u8::from_le_bytes(self.take()?))
    }

    /// Eight bytes.
    ///
    /// # Errors
    /// [`Error::Snapshot`] at the end of the section.
    pub fn u64(&mut self) -> Result<u64, Error> {
        Ok(u64::from_le_bytes(self.take()?))
    }

    /// Four bytes: the bits.
    ///
    /// # Errors
    /// [`Error::Snapshot`] at the end of the section.
    pub fn f32(&mut self) -> Result<f32, Error> {
        Ok(f32::from_le_bytes(self.take()?))
    }

    /// Eight bytes: the bits.
    ///
    /// # Errors
    /// [`Error::Snapshot`] at the end of the section.
    pub fn f64(&mut self) -> Result<f64, Error> {
        Ok(f64::from_le_bytes(self.take()?))
    }

    /// What [`SectionWriter::option`] wrote.
    ///
    /// # Errors
    /// [`Error::Snapshot`] at the end of the section, or if the flag is neither 0 nor 1.
    pub fn option<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, Error>,
    ) -> Result<Option<T>, Error> {
        match self.u8()? {
            0 => Ok(None),
            1 => read(self).map(Some),
            flag => Err(damaged(format!("flag {flag} where 0 or 1 is expected"))),
        }
    }

    /// What [`SectionWriter::list`] wrote; each item takes at least `least_bytes` (at least 1) of the section.
    ///
    /// # Errors
    /// [`Error::Snapshot`] if the section has no room for so many items, or one of them cannot be read.
    pub fn list<T>(
        &mut self,
        least_bytes: usize,
        mut read: impl FnMut(&mut Self) -> Result<T, Error>,
    ) -> Result<Vec<T>, Error> {
        let count = self.u64()?;
        if count > (self.rest.len() / least_bytes) as u64 {
            return Err(damaged(format!("a list of {count} items has no room")));
        }
        let mut items = Vec::with_capacity(count as usize);
        for _ in 0..count {
            items.push(read(self)?);
        }
        Ok(items)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> Vec<u8> {
        let mut writer = SnapshotWriter::new(*b"TEST", 3);
        writer.section(*b"HEAD", |s| {
            s.u8(7);
            s.option(Some(0.5), SectionWriter::f64);
            s.option(None, SectionWriter::u64);
        });
        writer.section(*b"LIST", |s| s.list(&[1.5, -2.5], |s, &x| s.f32(x)));
        writer.finish()
    }

    fn read(bytes: &[u8]) -> Result<(u8, Option<f64>, Vec<f32>), Error> {
        let mut reader = SnapshotReader::new(bytes, *b"TEST", 3)?;
        let (first, second) = reader.section(*b"HEAD", |s| {
            let values = (s.u8()?, s.option(SectionReader::f64)?);
            s.option(SectionReader::u64)?;
            Ok(values)
        })?;
        let list = reader.section(*b"LIST", |s| s.list(4, SectionReader::f32))?;
        reader.finish()?;
        Ok((first, second, list))
    }

    #[test]
    fn round_trip() {
        assert_eq!(read(&example()), Ok((7, Some(0.5), vec![1.5, -2.5])));
    }

    #[test]
    fn every_flipped_bit_and_every_cut_is_noticed() {
        let bytes = example();
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(read(&flipped).is_err(), "bit {bit}");
        }
        for length in 0..bytes.len() {
            assert!(read(&bytes[..length]).is_err(), "{length} bytes");
        }
        assert!(read(&[bytes, vec![0]].concat()).is_err());
    }

    #[test]
    fn the_reason_is_told() {
        let reason = |bytes: &[u8]| read(bytes).unwrap_err().to_string();
        assert!(reason(b"PK\x03\x04").contains("not a toposcope checkpoint"));
        assert!(reason(&example()[..20]).contains("cut short"));
        assert!(reason(&example()[..60]).contains("cut short or overlong"));
        let other_kind = SnapshotWriter::new(*b"ELSE", 3).finish();
        assert!(reason(&other_kind).contains("holds ELSE, expected TEST"));
        let newer = SnapshotWriter::new(*b"TEST", 4).finish();
        assert!(reason(&newer).contains("format version 4; this release reads version 3"));
        let told = SnapshotReader::new_of(&newer, *b"TEST", 1..=3).unwrap_err();
        assert!(told.to_string().contains("reads versions 1 to 3"));
        let read = SnapshotReader::new_of(&newer, *b"TEST", 3..=4).unwrap();
        assert_eq!(read.version(), 4);
        let empty = SnapshotWriter::new(*b"TEST", 3).finish();
        assert!(reason(&empty).contains("section HEAD is missing"));
    }

    #[test]
    fn lists_are_never_believed() {
        let mut writer = SnapshotWriter::new(*b"TEST", 3);
        writer.section(*b"HEAD", |s| {
            s.u8(0);
            s.u8(0);
            s.u8(2);
        });
        assert!(
            read(&writer.finish())
                .unwrap_err()
                .to_string()
                .contains("flag 2")
        );
        let mut writer = SnapshotWriter::new(*b"TEST", 3);
        writer.section(*b"LIST", |s| s.u64(u64::MAX));
        let bytes = writer.finish();
        let mut reader = SnapshotReader::new(&bytes, *b"TEST", 3).unwrap();
        let list = reader.section(*b"LIST", |s| s.list(4, SectionReader::f32));
        assert!(list.unwrap_err().to_string().contains("no room"));
    }
}
