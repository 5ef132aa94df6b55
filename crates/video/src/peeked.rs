//! Reader whose first bytes are looked at before it is known which demuxer reads them.

use std::io::{self, Chain, Cursor, Read};

/// What every Y4M stream begins with.
const Y4M_MAGIC: &[u8] = b"YUV4MPEG2";

/// Reads from a stream that cannot be wound back, its first bytes included.
pub(crate) struct Peeked<R>(Chain<Cursor<Vec<u8>>, R>);

impl<R: Read> Peeked<R> {
    /// Waits for the first bytes.
    pub(crate) fn new(mut rest: R) -> io::Result<Self> {
        let mut first = Vec::new();
        let wanted = Y4M_MAGIC.len() as u64;
        rest.by_ref().take(wanted).read_to_end(&mut first)?;
        Ok(Self(Cursor::new(first).chain(rest)))
    }

    /// Whether it is a Y4M stream.
    pub(crate) fn is_y4m(&self) -> bool {
        self.0.get_ref().0.get_ref() == Y4M_MAGIC
    }

    /// Whether nothing comes at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.get_ref().0.get_ref().is_empty()
    }
}

impl<R: Read> Read for Peeked<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.0.read(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_byte_is_lost() {
        for (bytes, is_y4m) in [
            (&b""[..], false),
            (b"YUV4", false),
            (b"YUV4MPEG2", true),
            (b"YUV4MPEG2 W2 H2\n", true),
            (b"nut/multimedia container\0", false),
        ] {
            let mut stream = Peeked::new(bytes).unwrap();
            assert_eq!(stream.is_y4m(), is_y4m);
            assert_eq!(stream.is_empty(), bytes.is_empty());
            let mut all = Vec::new();
            stream.read_to_end(&mut all).unwrap();
            assert_eq!(all, bytes);
        }
    }
}
