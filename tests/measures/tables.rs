//! Tables as people and programs write them, and point clouds of strange shapes.

use crate::common::room::Room;
use serde_json::Value;
use std::time::{Duration, Instant};

fn value(room: &Room, args: &str) -> f64 {
    room.json(&format!("distance {args}"))["value"]
        .as_f64()
        .unwrap()
}

#[test]
fn an_index_without_a_name_is_left_out_and_named() {
    let room = Room::new();
    // The same three points in another order, as pandas' to_csv and R's write.csv write them.
    room.write("a.csv", b",x,y\n0,0,0\n1,1,0\n2,0,1\n");
    room.write(
        "b.csv",
        b"\"\",\"x\",\"y\"\n\"one\",0,1\n\"two\",0,0\n\"three\",1,0\n",
    );
    room.write("c.csv", b"Unnamed: 0,x,y\n0,0,1\n1,0,0\n2,1,0\n");
    // Written, read and written again: an index of an index.
    room.write("d.csv", b",Unnamed: 0,x,y\n0,0,0,1\n1,1,0,0\n2,2,1,0\n");
    for other in ["b.csv", "c.csv", "d.csv"] {
        let output = room.run(&format!("distance a.csv {other} --json"));
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains(other) && said.contains("index"), "{said}");
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(report["value"], 0.0, "{other}");
        let output = room.run(&format!("points a.csv {other} --json"));
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(report["cost"], 0.0, "{other}");
    }
}

#[test]
fn columns_are_matched_by_their_names() {
    let room = Room::new();
    room.write("xy.csv", b"x,y\n0,0\n3,4\n");
    room.write("yx.csv", b"weight,Y,x\n1,0,0\n1,4,3\n");
    room.write("ab.csv", b"a,b\n0,0\n3,4\n");
    room.write("xz.csv", b"x,z\n0,0\n3,4\n");
    assert_eq!(value(&room, "xy.csv yx.csv"), 0.0);
    assert_eq!(room.json("points xy.csv yx.csv")["cost"], 0.0);
    assert_eq!(value(&room, "xy.csv ab.csv"), 0.0);
    for command in ["distance", "points"] {
        room.fails(
            &format!("{command} xy.csv xz.csv"),
            1,
            &["xz.csv", "x, z", "x, y"],
        );
    }
}

#[test]
fn tables_of_every_sort_are_the_same_table() {
    let room = Room::new();
    room.write("plain.csv", b"1.5,2\n3,4\n");
    for (name, text) in [
        ("bom.csv", &b"\xEF\xBB\xBF1.5,2\r\n3,4\r\n"[..]),
        ("semicolons.csv", b"1.5;2\n3;4\n"),
        ("tabs.tsv", b"1.5\t2\n3\t4\n"),
        ("blanks.txt", b"  1.5   2\n  3   4\n"),
        ("comments.csv", b"# of a day\n\n1.5,2\n# and more\n3,4\n"),
    ] {
        room.write(name, text);
        assert_eq!(
            value(&room, &format!("plain.csv {name} --points")),
            0.0,
            "{name}"
        );
        let piped = room.run_with_stdin("distance plain.csv - --points --json", text.to_vec());
        let piped: Value = serde_json::from_slice(&piped.stdout).unwrap();
        assert_eq!(piped["value"], 0.0, "{name}");
    }
    for (name, text, word) in [
        ("comma.csv", &b"x;y\n1,5;2\n"[..], "decimal comma"),
        ("gap.csv", b"1,,2\n3,4,5\n", "field 2 is empty"),
        ("utf16.csv", b"\xFF\xFE1\0,\x002\0\n\0", "no text"),
    ] {
        room.write(name, text);
        room.fails(&format!("points plain.csv {name}"), 1, &[name, word]);
    }
}

#[test]
fn fields_are_histograms_whatever_file_they_are_in() {
    let room = Room::new();
    room.write("h.csv", b"1,2\n3,4\n");
    let mut pfm = b"Pf\n2 2\n-1.0\n".to_vec();
    pfm.extend([3.0f32, 4.0, 1.0, 2.0].iter().flat_map(|v| v.to_le_bytes()));
    room.write("h.pfm", &pfm);
    assert_eq!(value(&room, "h.csv h.pfm"), 0.0);
}

/// Points on few places are as fast as so few points, and what the divergence is does not depend on how their masses are written.
#[test]
fn equal_points_cost_no_more_than_one() {
    let room = Room::new();
    let rows = |stretch: usize| -> String {
        (0..4000)
            .map(|k| format!("{},{}\n", (k * stretch) % 3, (k / 7 * stretch) % 3))
            .collect()
    };
    room.write("a.csv", rows(1).as_bytes());
    room.write("b.csv", rows(5).replace("2,", "1,").as_bytes());
    let merged = |name: &str| {
        let text = std::fs::read_to_string(room.path(name)).unwrap();
        let mut counts = std::collections::BTreeMap::new();
        for line in text.lines() {
            *counts.entry(line.to_owned()).or_insert(0) += 1;
        }
        let rows = counts.iter().map(|(point, n)| format!("{point},{n}\n"));
        format!("x,y,weight\n{}", rows.collect::<String>())
    };
    room.write("ma.csv", merged("a.csv").as_bytes());
    room.write("mb.csv", merged("b.csv").as_bytes());
    let begun = Instant::now();
    let report = room.json("distance a.csv b.csv --points --debiased");
    assert!(
        begun.elapsed() < Duration::from_secs(20),
        "{:?}",
        begun.elapsed()
    );
    let few = room.json("distance ma.csv mb.csv --debiased");
    for key in ["debiased", "debiased_lower", "debiased_upper"] {
        let (all, few) = (report[key].as_f64().unwrap(), few[key].as_f64().unwrap());
        assert!(
            (all - few).abs() < 1e-9 * few.abs().max(1.0),
            "{key}: {all} {few}"
        );
    }
}

#[test]
fn coordinates_of_any_size_scale_the_divergence() {
    let room = Room::new();
    let clouds = |scale: f64, name: &str| {
        for (side, shift) in [("x", 0.0), ("y", 3.0)] {
            let row = |k: u32| {
                let k = f64::from(k);
                format!(
                    "{},{}\n",
                    scale * (k.sin() + shift),
                    scale * (1.7 * k).cos()
                )
            };
            let rows: String = (0..12).map(row).collect();
            room.write(&format!("{side}{name}.csv"), rows.as_bytes());
        }
    };
    clouds(1.0, "1");
    let one = room.json("distance x1.csv y1.csv --points --debiased --p 2");
    let bound = |report: &Value, key: &str| report[key].as_f64().unwrap();
    for (scale, name) in [(1e12, "12"), (1e-12, "m12")] {
        clouds(scale, name);
        let other = room.json(&format!(
            "distance x{name}.csv y{name}.csv --points --debiased"
        ));
        // Both intervals hold the same divergence, times the scale.
        assert!(
            bound(&other, "debiased_lower") / scale <= bound(&one, "debiased_upper") * (1.0 + 1e-9)
        );
        assert!(
            bound(&other, "debiased_upper") / scale >= bound(&one, "debiased_lower") * (1.0 - 1e-9)
        );
        let cost = |name: &str, eps: f64| {
            let report = room.json(&format!("points x{name}.csv y{name}.csv --eps {eps}"));
            report["cost"].as_f64().unwrap()
        };
        let (large, small) = (cost(name, scale * scale), cost("1", 1.0));
        assert!(
            (large / (scale * scale) - small).abs() < 1e-3 * small,
            "{large} {small}"
        );
    }
}

#[test]
fn eps_and_iterations_are_told_as_they_are() {
    let room = Room::new();
    room.write("x.csv", b"0,0\n1,2\n3,1\n");
    room.write("y.csv", b"5,5\n7,6\n6,9\n");
    for command in ["points x.csv y.csv", "distance x.csv y.csv --points"] {
        room.fails(
            &format!("{command} --eps 1e-300"),
            1,
            &["1e-300", "1.2e-38"],
        );
    }
    let said = room.ok("distance x.csv y.csv --points --debiased --eps 1e-12");
    assert!(String::from_utf8(said).unwrap().contains("eps = 1e-12"));
    for most in [1, 7, 100] {
        let report = room.json(&format!(
            "points x.csv y.csv --eps 1e-9 --iterations {most}"
        ));
        let sweeps = report["sweeps"].as_u64().unwrap();
        assert!(sweeps <= most, "{sweeps} of {most}");
    }
}
