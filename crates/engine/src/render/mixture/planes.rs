//! Planes of two pictures: those that can be compared pixel by pixel, and the others.

use super::along::{AnyColors, Colors};
use super::importance::full_size_colors;
use super::spline::Spline;
use crate::frame_pyramid::BrightnessChange;
use crate::picture::{Picture, samples};
use std::array::from_ref;

/// Two pictures of one format and size.
#[derive(Debug)]
pub struct Pair<'a> {
    /// The first and the second.
    pub pictures: [&'a Picture; 2],
    /// Of all their planes.
    pub splines: [&'a [Spline]; 2],
    /// What takes the second picture's values to the first's brightness where the two are compared.
    pub brightness: &'a BrightnessChange,
}

/// The planes of two pictures.
pub struct Planes<'a> {
    /// Height and width of the pictures.
    pub dim: (usize, usize),
    /// The full-size colour planes.
    pub colors: AnyColors<'a>,
    /// How many these are: they are the first ones.
    pub full_size: usize,
    /// All others.
    pub others: Vec<Other<'a>>,
    /// The pictures themselves.
    pub pictures: [&'a Picture; 2],
}

/// A plane that cannot be compared pixel by pixel: subsampled, or alpha.
pub struct Other<'a> {
    /// Of the first picture.
    pub first: &'a Spline,
    /// Of the second.
    pub second: &'a Spline,
    /// How often it is halved, along y and x.
    pub shift: (u8, u8),
}

impl<'a> Planes<'a> {
    /// Of a pair.
    pub fn of(pair: &Pair<'a>) -> Self {
        let [first, _] = pair.pictures;
        let format = first.format();
        let full_size = full_size_colors(first);
        let [firsts, seconds] = pair.splines;
        let scale = 3.0 / (full_size as f32 * format.max_code());
        let brightness = pair.brightness;
        let colors = match (firsts.first_chunk(), seconds.first_chunk()) {
            (Some(firsts), Some(seconds)) if full_size == 3 => AnyColors::Three(Colors {
                firsts,
                seconds,
                brightness,
                scale,
            }),
            _ => AnyColors::One(Colors {
                firsts: from_ref(&firsts[0]),
                seconds: from_ref(&seconds[0]),
                brightness,
                scale,
            }),
        };
        Self {
            dim: (first.height(), first.width()),
            colors,
            full_size,
            others: (full_size..format.plane_count())
                .map(|index| Other {
                    first: &firsts[index],
                    second: &seconds[index],
                    shift: format.plane_shift(index),
                })
                .collect(),
            pictures: pair.pictures,
        }
    }

    /// Some samples of a row of both pictures' full-size colour planes.
    #[inline(always)]
    pub fn rows(&self, y: usize, x: usize, columns: usize) -> impl Iterator<Item = [&'a [f32]; 2]> {
        let [first, second] = self.pictures;
        let at = y * self.dim.1 + x;
        let planes = first.planes().iter().zip(second.planes());
        planes
            .take(self.full_size)
            .map(move |(a, b)| [a, b].map(|plane| &samples(plane)[at..][..columns]))
    }
}
