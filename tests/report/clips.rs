//! Pages of clips: what is shown, and cuts as `retime` finds them.

use crate::common::clips::{events, report};
use crate::common::room::Room;
use crate::common::texture::texture;
use crate::page::{MOST_FRAMES, Page, mean};
use serde_json::Value;

const SIZE: (usize, usize) = (160, 120);

/// Y4M of scenes of a texture each, so many frames long, that move to the right by 4 px a frame; 25 frames a second. Chroma is that of a
/// colour of its own for each.
fn clip(scenes: &[usize]) -> Vec<u8> {
    let (width, height) = SIZE;
    let mut out = format!("YUV4MPEG2 W{width} H{height} F25:1 Ip A1:1 C420jpeg\n").into_bytes();
    for (scene, &frames) in scenes.iter().enumerate() {
        for frame in 0..frames {
            out.extend(b"FRAME\n");
            for y in 0..height {
                for x in 0..width {
                    let (x, y) = (
                        x as f64 - 4.0 * frame as f64 + 3000.0 * scene as f64,
                        y as f64,
                    );
                    out.push(texture(x, y, scene).clamp(16.0, 235.0) as u8);
                }
            }
            let chroma = [[90, 160], [160, 100], [128, 128]][scene % 3];
            for code in chroma {
                out.extend(std::iter::repeat_n(code, width * height / 4));
            }
        }
    }
    out
}

fn room(scenes: &[usize]) -> Room {
    let room = Room::new();
    room.write("clip.y4m", &clip(scenes));
    room
}

/// The cuts that `retime` reports.
fn retimed(room: &Room, args: &str) -> Value {
    let lines = room.ok(&format!(
        "retime clip.y4m --factor 2 --method hold -o out.y4m -y --json {args}"
    ));
    events(&report(&lines), "done")[0]["cuts"].clone()
}

fn names(page: &Page) -> Vec<&str> {
    page.frames()
        .iter()
        .map(|f| f["name"].as_str().unwrap())
        .collect()
}

#[test]
fn cuts_are_those_of_retime_and_the_list_is_read_by_it() {
    let room = room(&[8, 7, 9]);
    let made = room.json("report clip.y4m -o page.html");
    assert_eq!(made["kind"], "clip");
    assert_eq!(made["cuts"], retimed(&room, ""));
    let page = Page::read(&room, "page.html");
    page.decodes();
    let cuts = &page.data["cuts"];
    assert_eq!(cuts["frames"], serde_json::json!([8, 15]));
    assert_eq!(cuts["file"], "clip.cuts.txt");
    assert_eq!(page.html.matches("class=\"no-cut\"").count(), 2);
    assert_eq!(page.html.matches("<img src=\"data:image/jpeg").count(), 4);
    assert!(page.html.contains("frame 8, 0.32 s"));
    // As the page writes it, with one cut taken out.
    let head = cuts["head"].as_str().unwrap();
    room.write("clip.cuts.txt", format!("{head}\n15\n").as_bytes());
    let kept = retimed(&room, "--cuts clip.cuts.txt");
    assert_eq!(kept, serde_json::json!([{"frame": 15, "time_s": 0.6}]));
    room.write("clip.cuts.txt", format!("{head}\n").as_bytes());
    assert_eq!(
        retimed(&room, "--cuts clip.cuts.txt"),
        serde_json::json!([])
    );
}

#[test]
fn a_part_is_counted_as_retime_counts_it() {
    let room = room(&[8, 16]);
    for part in ["--range 5f-14f", "--start 0.2", "--end 12f"] {
        let made = room.json(&format!("report clip.y4m -o page.html -y {part}"));
        assert_eq!(made["cuts"], retimed(&room, part), "{part}");
        assert_eq!(made["cuts"].as_array().unwrap().len(), 1, "{part}");
        let page = Page::read(&room, "page.html");
        page.decodes();
        assert_eq!(page.frames()[0]["name"], "0 s, source frame 0", "{part}");
    }
}

#[test]
fn frames_of_the_source_stay_and_those_between_move() {
    let room = room(&[6]);
    let made = room.json("report clip.y4m -o page.html");
    let page = Page::read(&room, "page.html");
    page.decodes();
    assert_eq!(
        page.ways(),
        ["cross-fade", "optimal transport", "source, nearer frame"]
    );
    assert_eq!(page.data["rate"], 50.0);
    assert_eq!(page.data["cuts"]["frames"], serde_json::json!([]));
    assert!(page.html.contains("No cuts were found.") && !page.html.contains("id=\"save-cuts\""));
    let names = names(&page);
    assert_eq!(names.len(), 12);
    assert_eq!(
        names[..3],
        [
            "0 s, source frame 0",
            "0.02 s, between source frames 0 and 1",
            "0.04 s, source frame 1"
        ]
    );
    // 6 of the source, 5 in-betweens by two ways.
    assert_eq!(made["pictures"], 16);
    for frame in (0..10).step_by(2) {
        let places = page.frames()[frame]["pictures"].as_array().unwrap();
        assert!(places.iter().all(|place| place == &places[0]), "{frame}");
    }
    // By transport an in-between is the texture 2 px on, of which the source is 2 px behind or ahead.
    let columns = 20..140;
    let off = |way: usize| {
        let (between, source) = (page.picture(5, way), page.picture(4, 2));
        let pixels = columns.clone().flat_map(|x| (10..110).map(move |y| (x, y)));
        let all = pixels.map(|(x, y)| between[(x + 2, y)][1].abs_diff(source[(x, y)][1]));
        all.map(f64::from).sum::<f64>() / (120.0 * 100.0)
    };
    assert!(3.0 * off(1) < off(0), "{} {}", off(1), off(0));
}

/// Codes of Y4M become colours of a screen: Y 128, Cb 90, Cr 160 is R 173, G 118, B 61 at full range.
#[test]
fn colours_are_those_of_the_clip() {
    let room = Room::new();
    let mut bytes = b"YUV4MPEG2 W32 H32 F25:1 Ip A1:1 C420jpeg XCOLORRANGE=FULL\n".to_vec();
    for frame in 0..3 {
        bytes.extend(b"FRAME\n");
        for (code, count) in [(128 + frame, 1024), (90, 256), (160, 256)] {
            bytes.extend(std::iter::repeat_n(code as u8, count));
        }
    }
    room.write("clip.y4m", &bytes);
    room.ok("report clip.y4m -o page.html");
    let page = Page::read(&room, "page.html");
    let pixel = page.picture(0, 0)[(16, 16)].0;
    for (found, expected) in pixel.into_iter().zip([173, 118, 61]) {
        assert!(found.abs_diff(expected) <= 3, "{pixel:?}");
    }
    assert!((mean(&page.picture(4, 0)) - mean(&page.picture(0, 0)) - 2.0).abs() < 1.0);
}

#[test]
fn a_long_clip_shows_its_first_frames_and_all_cuts() {
    let room = room(&[40, 12]);
    let made = room.json("report clip.y4m --factor 5/2 --preset fast -o page.html");
    let page = Page::read(&room, "page.html");
    page.decodes();
    assert_eq!(page.frames().len(), MOST_FRAMES);
    assert_eq!(
        made["cuts"],
        serde_json::json!([{"frame": 40, "time_s": 1.6}])
    );
    assert!(
        page.html.contains("52 source frames") && page.html.contains("--start begins elsewhere")
    );
    assert_eq!(names(&page)[63], "1.008 s, between source frames 25 and 26");
}

#[test]
fn what_is_no_clip_is_one_line() {
    let room = room(&[2]);
    let one = clip(&[1]);
    room.write("one.y4m", &one);
    room.write(
        "none.y4m",
        &one[..one.iter().position(|b| *b == b'\n').unwrap() + 1],
    );
    room.write("text.y4m", b"no clip");
    room.write("folder/a.txt", b"");
    room.fails(
        "report one.y4m -o p.html",
        1,
        &["one.y4m", "only one frame", "two pictures"],
    );
    room.fails("report none.y4m -o p.html", 1, &["none.y4m", "no frame"]);
    room.fails("report text.y4m -o p.html", 1, &["text.y4m"]);
    room.fails("report folder -o p.html", 1, &["folder"]);
    room.fails(
        "report nowhere.mp4 -o p.html",
        1,
        &["nowhere.mp4", "No such file"],
    );
    room.fails(
        "report clip.y4m --range 9f-12f -o p.html",
        1,
        &["clip.y4m", "--start"],
    );
    room.fails("report clip.y4m --factor 0 -o p.html", 2, &["--factor"]);
    room.fails(
        "report clip.y4m one.y4m -o p.html",
        2,
        &["clip.y4m is a clip"],
    );
    room.fails(
        "report clip.y4m --score --factor 2 -o p.html",
        2,
        &["--factor", "--score"],
    );
}

/// A named pipe is refused before it is opened, where it would wait.
#[cfg(unix)]
#[test]
fn a_named_pipe_is_no_clip_to_read_twice() {
    let room = Room::new();
    let made = std::process::Command::new("mkfifo")
        .arg(room.path("pipe"))
        .status();
    assert!(made.unwrap().success());
    let output = room.run("report pipe -o p.html");
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(
        said.starts_with("otinterp: pipe: ") && said.contains("several times"),
        "{said}"
    );
    assert!(!room.path("p.html").exists());
}
