//! A page as it is read back: its data, its pictures, and that it asks for nothing from elsewhere.

use crate::common::room::Room;
use base64::Engine;
use image::RgbImage;
use serde_json::Value;

/// What no page is larger than, bytes, as `docs/guide/report.md` says.
pub const MOST_BYTES: usize = 20_000_000;
/// What no page has more of, as it says.
pub const MOST_FRAMES: usize = 64;

/// A page.
pub struct Page {
    pub html: String,
    /// What its scripts are told.
    pub data: Value,
}

impl Page {
    /// Reads a page of a room, and sees that it is whole, within its bounds, and loads nothing.
    pub fn read(room: &Room, name: &str) -> Self {
        Self::of(std::fs::read(room.path(name)).unwrap())
    }

    /// The same of its bytes.
    pub fn of(bytes: Vec<u8>) -> Self {
        assert!(bytes.len() <= MOST_BYTES, "{} bytes", bytes.len());
        let html = String::from_utf8(bytes).unwrap();
        assert!(html.starts_with("<!doctype html>\n") && html.ends_with("</html>"));
        let begin = "<script type=\"application/json\" id=\"data\">";
        let (_, rest) = html.split_once(begin).unwrap();
        let (json, _) = rest.split_once("</script>").unwrap();
        let data = serde_json::from_str(json).unwrap();
        let page = Self { html, data };
        page.loads_nothing();
        page
    }

    /// Every address is one that holds what it means, and the policy forbids all others.
    fn loads_nothing(&self) {
        let policy = "content=\"default-src &#x27;none&#x27;; img-src data:;";
        assert!(self.html.contains(policy));
        for word in [" src=\"", " href=\"", "url(", " srcset=", "@import"] {
            for (at, _) in self.html.match_indices(word) {
                let address = &self.html[at + word.len()..][..11];
                assert_eq!((word, address), (" src=\"", "data:image/"));
            }
        }
        for word in [
            "http:",
            "https:",
            "fetch(",
            "XMLHttpRequest",
            "import(",
            "WebSocket",
            "<iframe",
            "<link",
        ] {
            assert!(!self.html.contains(word), "{word}");
        }
        // The two scripts and no other.
        assert_eq!(self.html.matches("<script").count(), 2);
    }

    pub fn frames(&self) -> &[Value] {
        let frames = self.data["frames"].as_array().unwrap();
        assert!(frames.len() <= MOST_FRAMES);
        frames
    }

    /// The names of the ways to make a frame.
    pub fn ways(&self) -> Vec<&str> {
        let ways = self.data["ways"].as_array().unwrap();
        ways.iter().map(|way| way.as_str().unwrap()).collect()
    }

    /// A frame's picture as the page shows it.
    pub fn picture(&self, frame: usize, way: usize) -> RgbImage {
        let place = self.frames()[frame]["pictures"][way].as_u64().unwrap() as usize;
        decoded(self.data["pictures"][place].as_str().unwrap(), "jpeg")
    }

    /// Decodes all that is on it, and sees that nothing is left over.
    pub fn decodes(&self) {
        let (width, height) = (self.data["width"].as_u64(), self.data["height"].as_u64());
        let (width, height) = (width.unwrap() as u32, height.unwrap() as u32);
        assert!(width.max(height) <= 960);
        for picture in self.data["pictures"].as_array().unwrap() {
            let picture = decoded(picture.as_str().unwrap(), "jpeg");
            assert!(picture.width() <= width && picture.height() <= height);
        }
        for overlay in self.data["overlays"].as_array().unwrap() {
            let overlay = decoded(overlay.as_str().unwrap(), "png");
            assert!(overlay.width().max(overlay.height()) <= 192);
        }
        let used = |key: &str, of: &dyn Fn(&Value) -> Vec<u64>| {
            let mut used: Vec<u64> = self.frames().iter().flat_map(of).collect();
            used.sort_unstable();
            used.dedup();
            let there = self.data[key].as_array().unwrap().len() as u64;
            assert_eq!(used, (0..there).collect::<Vec<_>>(), "{key}");
        };
        let ways = self.ways().len();
        used("pictures", &|frame| {
            let places = frame["pictures"].as_array().unwrap();
            assert_eq!(places.len(), ways);
            places.iter().map(|place| place.as_u64().unwrap()).collect()
        });
        used("overlays", &|frame| {
            frame["overlay"].as_u64().into_iter().collect()
        });
    }
}

fn decoded(address: &str, kind: &str) -> RgbImage {
    let start = format!("data:image/{kind};base64,");
    let text = address.strip_prefix(&start).unwrap();
    let engine = base64::engine::general_purpose::STANDARD;
    let bytes = engine.decode(text).unwrap();
    image::load_from_memory(&bytes).unwrap().to_rgb8()
}

/// Mean of a picture's green.
pub fn mean(picture: &RgbImage) -> f64 {
    let sum: u64 = picture.pixels().map(|pixel| u64::from(pixel[1])).sum();
    sum as f64 / f64::from(picture.width() * picture.height())
}
