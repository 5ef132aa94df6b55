//! Figure of `compare`: rows of labelled tiles on white.

use super::text::Typeface;
use image::imageops::{self, FilterType};
use image::{Rgb, RgbImage};

/// Tiles narrower than this are enlarged, so that their labels fit.
const NARROWEST_TILE_PX: u32 = 160;

/// A picture with what is written above and below it.
pub struct Cell {
    image: RgbImage,
    head: Option<String>,
    foot: Option<String>,
}

impl Cell {
    /// A picture, with a line above it if there is one.
    pub fn new(image: RgbImage, head: Option<String>) -> Self {
        Self {
            image,
            head,
            foot: None,
        }
    }

    /// The same with a line below it.
    pub fn with_foot(self, foot: String) -> Self {
        Self {
            foot: Some(foot),
            ..self
        }
    }
}

/// Tiles side by side, centred, with a label to their left.
pub struct Row {
    /// Lines of the label.
    pub label: &'static [&'static str],
    /// The tiles, all of one size.
    pub cells: Vec<Cell>,
}

/// Rows of tiles of one size.
#[derive(Default)]
pub struct Figure {
    /// From top to bottom.
    pub rows: Vec<Row>,
}

/// Lengths in pixels.
struct Layout {
    columns: u32,
    /// Width of a column: of a tile, or of what stands above narrow ones.
    column: u32,
    tile: (u32, u32),
    label_width: u32,
    gap: u32,
    margin: u32,
    line: u32,
}

impl Figure {
    /// Draws the figure, at most `max_width` pixels wide where that leaves tiles of 1 pixel, and tiles not higher than that
    /// together.
    pub fn draw(&self, max_width: u32) -> anyhow::Result<RgbImage> {
        let (typeface, layout) = self.layout(max_width)?;
        let heights: Vec<u32> = self.rows.iter().map(|row| layout.row_height(row)).collect();
        let width = layout.left() + layout.columns_width(layout.columns) + layout.margin;
        let height = 2 * layout.margin + heights.iter().sum::<u32>() - layout.gap;
        let mut image = RgbImage::from_pixel(width, height, Rgb([255; 3]));
        let mut top = layout.margin;
        for (row, height) in self.rows.iter().zip(heights) {
            layout.draw_row(&mut image, &typeface, row, top);
            top += height;
        }
        Ok(image)
    }

    /// The type is sized after the tiles, and the tiles fill what the labels leave.
    fn layout(&self, max_width: u32) -> anyhow::Result<(Typeface, Layout)> {
        let cells = self.rows.iter().flat_map(|r| &r.cells);
        let (w, h) = cells.map(|c| c.image.dimensions()).next().unwrap_or((1, 1));
        let columns = self.rows.iter().map(|r| r.cells.len()).max().unwrap_or(1) as u32;
        let wanted = w * NARROWEST_TILE_PX.div_ceil(w).max(1);
        let type_px = (wanted.min(max_width / (columns + 1)) as f32 / 11.0).clamp(15.0, 30.0);
        let typeface = Typeface::new(type_px)?;
        let labels = self.rows.iter().flat_map(|r| r.label);
        let label_width = labels.map(|l| typeface.width(l)).max().unwrap_or(0);
        let (gap, margin) = ((type_px / 2.0) as u32, type_px as u32);
        let fixed = 2 * margin + label_width + columns * gap;
        let tile_w = wanted.min(max_width.saturating_sub(fixed) / columns).max(1);
        let scaled = |n: u32, by: u32, of: u32| (u64::from(n) * u64::from(by)).div_ceil(of.into());
        let tile_h = scaled(h, tile_w, w);
        let most_h = (max_width / self.rows.len().max(1) as u32).max(1);
        let tile = match u32::try_from(tile_h) {
            Ok(tile_h) if tile_h <= most_h => (tile_w, tile_h),
            // Thinner than the screen is high: no wider than its height allows.
            _ => (scaled(w, most_h, h).min(tile_w.into()) as u32, most_h),
        };
        let layout = Layout {
            columns,
            column: tile.0.max(tile_w.min(NARROWEST_TILE_PX)),
            tile,
            label_width,
            gap,
            margin,
            line: typeface.line_height(),
        };
        Ok((typeface, layout))
    }
}

impl Layout {
    /// Where the tiles begin.
    fn left(&self) -> u32 {
        self.margin + self.label_width + self.gap
    }

    fn columns_width(&self, columns: u32) -> u32 {
        columns * (self.column + self.gap) - self.gap
    }

    fn head_height(&self, row: &Row) -> u32 {
        let any = row.cells.iter().any(|c| c.head.is_some());
        if any { self.line + self.gap / 2 } else { 0 }
    }

    /// From the top of a row to the top of the next.
    fn row_height(&self, row: &Row) -> u32 {
        let any_foot = row.cells.iter().any(|c| c.foot.is_some());
        let foot = if any_foot {
            self.line + self.gap / 2
        } else {
            0
        };
        self.head_height(row) + self.tile.1 + foot + self.gap
    }

    fn draw_row(&self, image: &mut RgbImage, typeface: &Typeface, row: &Row, top: u32) {
        let tile_top = top + self.head_height(row);
        let label_height = row.label.len() as u32 * self.line;
        let mut y = i64::from(tile_top) + (i64::from(self.tile.1) - i64::from(label_height)) / 2;
        for line in row.label {
            let x = self.margin + self.label_width - typeface.width(line).min(self.label_width);
            typeface.draw(image, line, i64::from(x), y);
            y += i64::from(self.line);
        }
        let count = row.cells.len() as u32;
        let spare = self.columns_width(self.columns) - self.columns_width(count.max(1));
        let mut x = self.left() + spare / 2;
        for cell in &row.cells {
            let tile = self.fit(&cell.image);
            let centered =
                |width: u32| i64::from(x) + (i64::from(self.column) - i64::from(width)) / 2;
            imageops::replace(image, &tile, centered(self.tile.0), i64::from(tile_top));
            let centered = |text: &str| centered(typeface.width(text));
            if let Some(head) = &cell.head {
                typeface.draw(image, head, centered(head), i64::from(top));
            }
            if let Some(foot) = &cell.foot {
                let y = tile_top + self.tile.1 + self.gap / 2;
                typeface.draw(image, foot, centered(foot), i64::from(y));
            }
            x += self.column + self.gap;
        }
    }

    /// The picture at the size of a tile: enlarged by whole pixels, made smaller by Lanczos.
    fn fit(&self, picture: &RgbImage) -> RgbImage {
        let (w, h) = self.tile;
        if picture.dimensions() == self.tile {
            return picture.clone();
        }
        let filter = if w > picture.width() {
            FilterType::Nearest
        } else {
            FilterType::Lanczos3
        };
        imageops::resize(picture, w, h, filter)
    }
}
