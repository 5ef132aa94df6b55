//! `otinterp points` from the outside: planted maps, geodesics, minibatches against an exact solver, files, errors.

use crate::common::room::Room;
use pathfinding::prelude::{Matrix, kuhn_munkres_min};
use serde_json::Value;

fn json(room: &Room, args: &str) -> Value {
    room.json(&format!("points {args}"))
}

/// Knuth's MMIX congruential generator, in `[0, 1)`.
fn unit(state: &mut u64) -> f64 {
    *state = state
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407);
    (*state >> 40) as f64 / (1u64 << 24) as f64
}

/// `n` points as CSV, and as numbers.
fn points(room: &Room, name: &str, n: usize, d: usize, seed: u64) -> Vec<Vec<f64>> {
    let mut state = seed;
    let rows: Vec<Vec<f64>> = (0..n)
        .map(|_| (0..d).map(|_| unit(&mut state)).collect())
        .collect();
    write(room, name, &rows);
    rows
}

fn write(room: &Room, name: &str, rows: &[Vec<f64>]) {
    let line = |row: &Vec<f64>| row.iter().map(f64::to_string).collect::<Vec<_>>().join(",");
    let text: Vec<String> = rows.iter().map(line).collect();
    room.write(name, text.join("\n").as_bytes());
}

fn table(room: &Room, name: &str) -> (Vec<String>, Vec<Vec<f64>>) {
    let text = std::fs::read_to_string(room.path(name)).unwrap();
    let mut lines = text.lines();
    let head = lines
        .next()
        .unwrap()
        .split(',')
        .map(str::to_owned)
        .collect();
    let number = |f: &str| {
        if f.is_empty() {
            f64::NAN
        } else {
            f.parse().unwrap()
        }
    };
    (
        head,
        lines.map(|l| l.split(',').map(number).collect()).collect(),
    )
}

/// The numbers of a NPY file of `f64`, with its shape as NumPy writes it.
fn npy(bytes: &[u8]) -> (String, Vec<f64>) {
    let length = u16::from_le_bytes([bytes[8], bytes[9]]) as usize;
    let header = String::from_utf8(bytes[10..10 + length].to_vec()).unwrap();
    assert!(header.contains("<f8"), "{header}");
    let shape = header.split("'shape': ").nth(1).unwrap();
    let shape = shape[..=shape.find(')').unwrap()]
        .replace(' ', "")
        .replace(",)", ")");
    let data = bytes[10 + length..].chunks_exact(8);
    (
        shape,
        data.map(|b| f64::from_le_bytes(b.try_into().unwrap()))
            .collect(),
    )
}

fn squared(x: &[f64], y: &[f64]) -> f64 {
    x.iter().zip(y).map(|(x, y)| (x - y).powi(2)).sum()
}

/// The gradient of a convex function is optimal (Brenier): here x -> D x + s, D diagonal and positive.
#[test]
fn a_planted_map_its_velocities_and_its_geodesic_are_found() {
    let room = Room::new();
    let x = points(&room, "x.csv", 80, 3, 1);
    let image = |p: &[f64]| vec![2.0 * p[0] + 1.0, 0.5 * p[1], p[2] - 3.0];
    let y: Vec<Vec<f64>> = x.iter().rev().map(|p| image(p)).collect();
    write(&room, "y.csv", &y);
    let report = json(
        &room,
        "x.csv y.csv --coupling pi.csv --map map.csv --velocities v.npy --times 0,0.25,1 --positions at.npy",
    );
    let cost: f64 = x.iter().map(|p| squared(p, &image(p))).sum::<f64>() / 80.0;
    assert!(
        (report["cost"].as_f64().unwrap() - cost).abs() < 1e-9,
        "{report}"
    );
    let (head, coupling) = table(&room, "pi.csv");
    assert_eq!(
        (head, coupling.len()),
        (vec!["source".into(), "target".into(), "mass".into()], 80)
    );
    for row in &coupling {
        assert_eq!(row[1], 79.0 - row[0]);
        assert!((row[2] - 1.0 / 80.0).abs() < 1e-12);
    }
    let (_, map) = table(&room, "map.csv");
    let (shape, velocities) = npy(&std::fs::read(room.path("v.npy")).unwrap());
    assert_eq!(shape, "(80,3)");
    let (shape, at) = npy(&std::fs::read(room.path("at.npy")).unwrap());
    assert_eq!(shape, "(3,80,3)");
    for (i, p) in x.iter().enumerate() {
        for k in 0..3 {
            let (from, to) = (p[k], image(p)[k]);
            assert!((map[i][k] - to).abs() < 1e-12);
            assert!((velocities[3 * i + k] - (to - from)).abs() < 1e-12);
            for (t, time) in [0.0, 0.25, 1.0].into_iter().enumerate() {
                let found = at[(t * 80 + i) * 3 + k];
                assert!((found - (from + time * (to - from))).abs() < 1e-12);
            }
        }
    }
}

#[test]
fn weights_split_and_the_sparse_matrix_has_its_members() {
    let room = Room::new();
    room.write("x.csv", b"x,y,weight\n0,0,2\n10,0,1\n9,9,0\n");
    room.write("y.csv", b"x,y,weight\n0,1,1\n0,-1,1\n10,1,1\n");
    let report = json(&room, "x.csv y.csv --coupling pi.csv --map m.csv");
    assert!((report["cost"].as_f64().unwrap() - 1.0).abs() < 1e-12);
    let (_, coupling) = table(&room, "pi.csv");
    let expected = [[0.0, 0.0], [0.0, 1.0], [1.0, 2.0]];
    for (row, expected) in coupling.iter().zip(expected) {
        assert_eq!(row[..2], expected);
        assert!((row[2] - 1.0 / 3.0).abs() < 1e-12);
    }
    let (_, map) = table(&room, "m.csv");
    // The mean of two targets; the target; and the point without mass stays.
    let expected = [[0.0, 0.0], [10.0, 1.0], [9.0, 9.0]];
    for (row, expected) in map.iter().zip(expected) {
        assert!(squared(row, &expected) < 1e-20, "{row:?}");
    }
    room.ok("points x.csv y.csv --coupling pi.npz");
    let bytes = std::fs::read(room.path("pi.npz")).unwrap();
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    let mut member = |name: &str| {
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut zip.by_name(name).unwrap(), &mut bytes).unwrap();
        bytes
    };
    assert!(member("format.npy").ends_with(b"coo") && member("format.npy").len() == 131);
    let (shape, data) = npy(&member("data.npy"));
    assert_eq!(shape, "(3)");
    assert!((data.iter().sum::<f64>() - 1.0).abs() < 1e-12);
    for (name, last) in [("row.npy", 1i64), ("col.npy", 2), ("shape.npy", 3)] {
        assert!(member(name).ends_with(&last.to_le_bytes()), "{name}");
    }
}

/// Twenty seeded batches of 256 pairs cost what the Hungarian method's assignments of the same points cost.
#[test]
fn minibatches_are_optimal_seeded_and_cover_the_clouds() {
    let room = Room::new();
    let (n, size) = (20 * 256, 256);
    let x = points(&room, "x.csv", n, 2, 11);
    let y = points(&room, "y.csv", n + 100, 2, 12);
    let args = "x.csv y.csv --batch 256 --seed 3 --pairs";
    let report = json(&room, &format!("{args} a.csv --velocities v.npy"));
    let costs = report["costs"].as_array().unwrap();
    assert_eq!(costs.len(), 20);
    let (head, rows) = table(&room, "a.csv");
    assert_eq!(head[..4], ["batch", "source", "target", "x0_1"]);
    let mut seen = vec![false; n];
    for (number, batch) in rows.chunks_exact(size).enumerate() {
        let source: Vec<usize> = batch.iter().map(|r| r[1] as usize).collect();
        let target: Vec<usize> = batch.iter().map(|r| r[2] as usize).collect();
        for (row, (&i, &j)) in batch.iter().zip(source.iter().zip(&target)) {
            assert_eq!(
                (row[0], &row[3..5], &row[5..7]),
                (number as f64, &x[i][..], &y[j][..])
            );
            assert!(!std::mem::replace(&mut seen[i], true), "drawn twice");
        }
        let unit = (1u64 << 40) as f64;
        let cost = Matrix::from_fn(size, size, |(i, j)| {
            (unit * squared(&x[source[i]], &y[target[j]])).round() as i64
        });
        let truth = kuhn_munkres_min(&cost).0 as f64 / unit / size as f64;
        let found = costs[number].as_f64().unwrap();
        assert!(
            (found - truth).abs() < 1e-9,
            "batch {number}: {found}, exactly {truth}"
        );
        let pairs: f64 = batch
            .iter()
            .map(|r| squared(&r[3..5], &r[5..7]))
            .sum::<f64>()
            / size as f64;
        assert!((pairs - truth).abs() < 1e-9);
    }
    let (shape, v) = npy(&std::fs::read(room.path("v.npy")).unwrap());
    assert_eq!(shape, "(5120,2)");
    assert!((v[0] - (rows[0][5] - rows[0][3])).abs() < 1e-12);
    // The same seed gives the same file on any number of threads, another one another.
    room.ok(&format!("points {args} b.csv --threads 1"));
    room.ok("points x.csv y.csv --batch 256 --seed 4 --pairs c.csv");
    let read = |name: &str| std::fs::read(room.path(name)).unwrap();
    assert_eq!(read("a.csv"), read("b.csv"));
    assert_ne!(read("a.csv"), read("c.csv"));
    room.ok("points x.csv y.csv --batch 100 --batches 2 --pairs d.npy");
    assert_eq!(npy(&read("d.npy")).0, "(200,2,2)");
}

#[test]
fn the_demo_draws_two_clusters() {
    let room = Room::new();
    let report = json(&room, "--demo --map map.csv --plot demo.png");
    assert_eq!(
        (&report["points"][0], &report["eps"]),
        (&200.into(), &0.5.into())
    );
    assert!(report["sweeps"].as_u64().unwrap() <= 200);
    assert!(
        report["marginal_error"].as_f64().unwrap() < 0.01,
        "{report}"
    );
    // The barycentric map parts the cloud in two equal halves, near the clusters' middles.
    let (_, map) = table(&room, "map.csv");
    let upper: Vec<_> = map.iter().filter(|p| p[1] > 0.0).collect();
    assert!(upper.len() >= 90 && upper.len() <= 110, "{}", upper.len());
    let mean = |k: usize| upper.iter().map(|p| p[k]).sum::<f64>() / upper.len() as f64;
    // Entropy pulls the means of those that could go either way towards the middle.
    let (x, y) = (mean(0), mean(1));
    assert!((x - 4.0).abs() < 0.3 && y > 2.5 && y < 3.1, "{x} {y}");
    let picture = image::open(room.path("demo.png")).unwrap().to_rgb8();
    assert!(picture.width() > 1000 && picture.pixels().any(|p| p.0 != [255; 3]));
    room.ok("points --demo");
    let svg = std::fs::read_to_string(room.path("points-demo.svg")).unwrap();
    for word in [
        "displacement interpolation",
        "linear mixing",
        "t = 0.25",
        "<circle",
    ] {
        assert!(svg.contains(word), "{word}");
    }
    room.fails("points --demo", 1, &["points-demo.svg", "-y"]);
}

#[test]
fn entropy_blurs_the_map_towards_the_mean() {
    let room = Room::new();
    points(&room, "x.csv", 40, 2, 21);
    points(&room, "y.csv", 50, 2, 22);
    let exact = json(&room, "x.csv y.csv");
    let (lower, cost) = (
        exact["cost_lower"].as_f64().unwrap(),
        exact["cost"].as_f64().unwrap(),
    );
    assert!(lower <= cost && cost - lower < 1e-9, "{exact}");
    let mut before = cost;
    for eps in ["0.001", "0.01", "0.1", "100"] {
        let report = json(&room, &format!("x.csv y.csv --eps {eps} --map m{eps}.csv"));
        let cost = report["cost"].as_f64().unwrap();
        assert!(
            cost >= before - 1e-4 && report["marginal_error"].as_f64().unwrap() < 1e-3,
            "{report}"
        );
        before = cost;
    }
    let (_, y) = (0, table_of("y.csv", &room));
    let mean = |k: usize| y.iter().map(|p| p[k]).sum::<f64>() / 50.0;
    for row in table(&room, "m100.csv").1 {
        assert!(squared(&row, &[mean(0), mean(1)]) < 1e-4, "{row:?}");
    }
}

fn table_of(name: &str, room: &Room) -> Vec<Vec<f64>> {
    let text = std::fs::read_to_string(room.path(name)).unwrap();
    text.lines()
        .map(|l| l.split(',').map(|f| f.parse().unwrap()).collect())
        .collect()
}

#[test]
fn what_cannot_be_coupled_is_said_in_one_line() {
    let room = Room::new();
    room.write("p2.csv", b"1,2\n3,4\n");
    room.write("p3.csv", b"1,2,3\n");
    room.write("nan.csv", b"1,2\n3,nan\n");
    room.write("w.csv", b"x,weight\n1,1\n2,3\n");
    room.write("none.csv", b"# nothing\n");
    room.flat("grey.png", (2, 2), 9);
    for (args, words) in [
        (
            "p2.csv p3.csv",
            vec!["p2.csv and p3.csv", "2", "3 dimensions"],
        ),
        ("p2.csv nan.csv", vec!["nan.csv", "row 2, column 2"]),
        ("p2.csv none.csv", vec!["none.csv", "no numbers"]),
        ("p2.csv grey.png", vec!["grey.png", "no text"]),
        ("p2.csv gone.csv", vec!["gone.csv", "no such file"]),
        ("p2.csv p2.csv --batch 3", vec!["batch size is 3"]),
        ("w.csv w.csv --batch 2", vec!["mass of a point"]),
        ("p2.csv p2.csv --map p3.csv", vec!["p3.csv", "-y"]),
    ] {
        room.fails(&format!("points {args}"), 1, &words);
    }
    for (args, words) in [
        ("p2.csv", vec!["<DST>"]),
        ("p2.csv p2.csv --eps -1", vec!["--eps"]),
        ("p2.csv p2.csv --coupling pi.npy", vec!["pi.npy", ".npz"]),
        ("p2.csv p2.csv --map m.npz", vec!["m.npz", ".npy"]),
        ("p2.csv p2.csv --plot f.pdf", vec!["f.pdf", ".svg"]),
        ("p2.csv p2.csv --pairs p.csv", vec!["--batch"]),
        ("p2.csv p2.csv --times 2", vec!["--times"]),
    ] {
        room.fails(&format!("points {args}"), 2, &words);
    }
    let many: String = (0..40_000).map(|k| format!("{k},{}\n", k % 7)).collect();
    room.write("many.csv", many.as_bytes());
    room.fails(
        "points many.csv many.csv",
        1,
        &["1600000000 pairs", "--batch"],
    );
    room.fails(
        "points many.csv many.csv --eps 1",
        1,
        &["1600000000 pairs", "--batch"],
    );
}
