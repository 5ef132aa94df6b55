//! Value noise: a texture without end, the same on every machine.
#![allow(dead_code, reason = "each generator uses its part")]

/// From `a` at t = 0 to `b` at t = 1.
pub fn mix(a: f64, b: f64, t: f64) -> f64 {
    a + t * (b - a)
}

/// Value noise in [0, 1]: random values on the whole numbers, joined by a quintic step.
pub fn noise(x: f64, y: f64, seed: u32) -> f64 {
    let (x0, y0) = (x.floor(), y.floor());
    let smooth = |t: f64| t * t * t * (t * (t * 6.0 - 15.0) + 10.0);
    let (tx, ty) = (smooth(x - x0), smooth(y - y0));
    let value = |dx: i64, dy: i64| lattice(x0 as i64 + dx, y0 as i64 + dy, seed);
    let top = mix(value(0, 0), value(1, 0), tx);
    let bottom = mix(value(0, 1), value(1, 1), tx);
    mix(top, bottom, ty)
}

/// A value in [0, 1) for a point of the lattice: an integer hash by multiplication and shifts.
pub fn lattice(x: i64, y: i64, seed: u32) -> f64 {
    let mut h = seed
        .wrapping_mul(0x9E37_79B1)
        .wrapping_add((x as u32).wrapping_mul(0x85EB_CA77))
        .wrapping_add((y as u32).wrapping_mul(0xC2B2_AE3D));
    h = (h ^ (h >> 15)).wrapping_mul(0x2C1B_3C6D);
    h = (h ^ (h >> 12)).wrapping_mul(0x297A_2D39);
    f64::from((h ^ (h >> 15)) >> 8) / f64::from(1u32 << 24)
}
