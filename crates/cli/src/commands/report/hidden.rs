//! Overlay of visibility: where an in-between shows what only one of the two pictures shows, as a small PNG in two colours.

use otinterp::motion::{Motion, MotionField};
use otinterp::picture::Picture;
use otinterp::{Interpolator, LayerMaps};
use png::{BitDepth, ColorType, Encoder};

/// An overlay is at most so long, px: cells of 4 px of a picture of 768 px. 16 colours and the tables take less than 20 kB then.
const LONGEST_SIDE_PX: usize = 192;
/// How clear a colour is told in so many steps.
const STEPS: u8 = 7;
/// Alpha of what is not seen at all in the other picture: the picture shows through.
const MOST_ALPHA: u8 = 190;
/// Of what the first picture alone shows: orange of Okabe & Ito, *Color universal design*, 2008, which colour-blind people tell from the
/// other.
const FIRST_ONLY: [u8; 3] = [230, 159, 0];
/// Of what the second picture alone shows: blue of the same.
const SECOND_ONLY: [u8; 3] = [0, 114, 178];

/// What is known of the layers between two pictures.
pub struct Hidden {
    /// Rows and columns of cells.
    dim: (usize, usize),
    /// Displacements of both pictures' cells, each with how far it is hidden in the other picture.
    sides: [(MotionField, LayerMaps); 2],
}

impl Hidden {
    /// Solves for what the frames between two pictures are rendered by.
    ///
    /// # Errors
    /// As [`Interpolator::between`].
    pub fn between(
        interpolator: &Interpolator,
        a: &Picture,
        b: &Picture,
    ) -> Result<Self, otinterp::Error> {
        let (Motion { forward, backward }, [of_a, of_b]) = interpolator.layers(a, b)?;
        Ok(Self {
            dim: forward.dim(),
            sides: [(forward, of_a), (backward, of_b)],
        })
    }

    /// The overlay of the frame at `t` in `[0, 1]`: each cell stands where its motion has carried it by then, one of the first picture only
    /// before 1, one of the second only after 0. `None` where nothing is hidden.
    ///
    /// # Errors
    /// The encoder's.
    pub fn at(&self, t: f64) -> anyhow::Result<Option<Vec<u8>>> {
        let (height, width) = self.dim;
        let step = height.max(width).div_ceil(LONGEST_SIDE_PX).max(1);
        let (rows, columns) = (height.div_ceil(step), width.div_ceil(step));
        let mut codes = vec![0u8; rows * columns];
        for (side, way) in [t, 1.0 - t]
            .into_iter()
            .enumerate()
            .filter(|(_, way)| *way < 1.0)
        {
            let (motion, layers) = &self.sides[side];
            let per_cell = way as f32 / motion.cell_px() as f32;
            for ((y, x), &seen) in layers.visibility.indexed_iter() {
                let steps = ((1.0 - seen) * f32::from(STEPS)).round() as u8;
                let column = (x as f32 + per_cell * motion.dx[(y, x)]) / step as f32;
                let row = (y as f32 + per_cell * motion.dy[(y, x)]) / step as f32;
                // What leaves the picture is not shown.
                let is_inside =
                    (0.0..columns as f32).contains(&column) && (0.0..rows as f32).contains(&row);
                if steps == 0 || !is_inside {
                    continue;
                }
                let code = &mut codes[row as usize * columns + column as usize];
                if step_of(*code) < steps {
                    *code = steps + STEPS * side as u8;
                }
            }
        }
        if codes.iter().all(|&code| code == 0) {
            return Ok(None);
        }
        png(&codes, (columns, rows)).map(Some)
    }
}

/// How clear a code is.
fn step_of(code: u8) -> u8 {
    if code > STEPS { code - STEPS } else { code }
}

/// Codes of 4 bits, row by row, as PNG with a palette: 0 is clear, then come the steps of both colours.
fn png(codes: &[u8], (columns, rows): (usize, usize)) -> anyhow::Result<Vec<u8>> {
    let mut palette = vec![0; 3];
    let mut alphas = vec![0];
    for colour in [FIRST_ONLY, SECOND_ONLY] {
        for step in 1..=STEPS {
            palette.extend(colour);
            alphas.push((u16::from(MOST_ALPHA) * u16::from(step) / u16::from(STEPS)) as u8);
        }
    }
    let packed: Vec<u8> = codes
        .chunks(columns)
        .flat_map(|row| {
            row.chunks(2)
                .map(|pair| pair[0] << 4 | pair.get(1).copied().unwrap_or(0))
        })
        .collect();
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, columns as u32, rows as u32);
    encoder.set_color(ColorType::Indexed);
    encoder.set_depth(BitDepth::Four);
    encoder.set_palette(palette);
    encoder.set_trns(alphas);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&packed)?;
    writer.finish()?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use otinterp::picture::Plane;

    /// One row of eight cells of 4 px. Cell 1 of the first picture moves by 4 cells and is hidden in the second; cell 6 of the second came
    /// from 2 cells to its left and is hidden by half in the first.
    fn hidden() -> Hidden {
        let side = |cell: usize, dx: f32, seen: f32| {
            let mut motion = MotionField::zeros(2, (4, 32));
            motion.dx[(0, cell)] = dx;
            let mut visibility = Plane::ones((1, 8));
            visibility[(0, cell)] = seen;
            let order = Plane::zeros((1, 8));
            (
                motion,
                LayerMaps {
                    cell_log2: 2,
                    visibility,
                    order,
                },
            )
        };
        Hidden {
            dim: (1, 8),
            sides: [side(1, 16.0, 0.0), side(6, -8.0, 0.5)],
        }
    }

    fn alphas(t: f64) -> Vec<[u8; 4]> {
        let png = hidden().at(t).unwrap().unwrap();
        let image = image::load_from_memory(&png).unwrap().to_rgba8();
        assert_eq!(image.dimensions(), (8, 1));
        image.pixels().map(|p| p.0).collect()
    }

    #[test]
    fn cells_stand_where_their_motion_has_carried_them() {
        let with = |colour: [u8; 3], alpha| [colour[0], colour[1], colour[2], alpha];
        let half = (f64::from(MOST_ALPHA) * 4.0 / 7.0) as u8;
        for (t, first, second) in [
            (0.0, Some(1), None),
            (0.5, Some(3), Some(5)),
            (0.25, Some(2), Some(4)),
            (1.0, None, Some(6)),
        ] {
            for (column, pixel) in alphas(t).into_iter().enumerate() {
                let expected = if Some(column) == first {
                    with(FIRST_ONLY, MOST_ALPHA)
                } else if Some(column) == second {
                    with(SECOND_ONLY, half)
                } else {
                    [0; 4]
                };
                assert_eq!(pixel[3], expected[3], "t = {t}, column {column}");
                assert!(
                    pixel[3] == 0 || pixel == expected,
                    "t = {t}, column {column}"
                );
            }
        }
    }

    #[test]
    fn where_all_is_seen_there_is_no_overlay() {
        let mut all = hidden();
        for (_, layers) in &mut all.sides {
            layers.visibility.fill(1.0);
        }
        assert_eq!(all.at(0.5).unwrap(), None);
    }
}
