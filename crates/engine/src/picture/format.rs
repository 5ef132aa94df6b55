//! Pixel format: what a picture's code values mean (colour model, depth, range, matrix).

/// How the colour planes of a picture are to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ColorModel {
    /// One plane of luminance.
    Gray,
    /// Red, green, blue, all full size.
    Rgb,
    /// Luma and two colour differences (Y′CbCr), the latter perhaps subsampled.
    Yuv,
}

/// Which code values stand for black and white (ITU-R BT.709-6 §4, BT.2100-2 table 9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Range {
    /// Luma 16…235, chroma 16…240 at 8 bit, scaled by `2^(depth - 8)` above.
    Limited,
    /// All codes.
    Full,
}

/// The luma weights of a Y′CbCr picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Matrix {
    /// ITU-R BT.601-7: Kr 0.299, Kb 0.114.
    Bt601,
    /// ITU-R BT.709-6: Kr 0.2126, Kb 0.0722.
    Bt709,
    /// ITU-R BT.2020-2, non-constant luminance: Kr 0.2627, Kb 0.0593.
    Bt2020,
}

impl Matrix {
    /// `(Kr, Kb)`; Kg is `1 - Kr - Kb`.
    pub fn kr_kb(self) -> (f32, f32) {
        match self {
            Self::Bt601 => (0.299, 0.114),
            Self::Bt709 => (0.2126, 0.0722),
            Self::Bt2020 => (0.2627, 0.0593),
        }
    }
}

/// What a picture's samples mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Format {
    /// The colour planes.
    pub model: ColorModel,
    /// Chroma planes are `ceil(width / 2^x)` wide; 0 unless `Yuv`.
    pub chroma_shift_x: u8,
    /// Chroma planes are `ceil(height / 2^y)` high; 0 unless `Yuv`.
    pub chroma_shift_y: u8,
    /// Whether an alpha plane (always full range and full size) follows.
    pub alpha: bool,
    /// Bits of a code value, 1…16.
    pub bit_depth: u8,
    /// Which codes are black and white; `Full` for `Gray` and `Rgb` stills.
    pub range: Range,
    /// Luma weights; for `Rgb` and `Gray` those used to compute luma.
    pub matrix: Matrix,
}

impl Format {
    /// Full-range RGB.
    pub const fn rgb(bit_depth: u8) -> Self {
        Self {
            model: ColorModel::Rgb,
            chroma_shift_x: 0,
            chroma_shift_y: 0,
            alpha: false,
            bit_depth,
            range: Range::Full,
            matrix: Matrix::Bt601,
        }
    }

    /// Full-range grey.
    pub const fn gray(bit_depth: u8) -> Self {
        Self {
            model: ColorModel::Gray,
            ..Self::rgb(bit_depth)
        }
    }

    /// The same with an alpha plane.
    pub const fn with_alpha(self) -> Self {
        Self {
            alpha: true,
            ..self
        }
    }

    /// Largest code value, `2^bit_depth - 1`.
    pub fn max_code(&self) -> f32 {
        ((1u32 << self.bit_depth) - 1) as f32
    }

    /// Colour planes, without alpha: 1 or 3.
    pub fn color_planes(&self) -> usize {
        match self.model {
            ColorModel::Gray => 1,
            ColorModel::Rgb | ColorModel::Yuv => 3,
        }
    }

    /// All planes, alpha included.
    pub fn plane_count(&self) -> usize {
        self.color_planes() + usize::from(self.alpha)
    }

    /// Whether plane `index` holds a subsampled colour difference.
    pub fn is_chroma(&self, index: usize) -> bool {
        self.model == ColorModel::Yuv && (index == 1 || index == 2)
    }

    /// `(shift_y, shift_x)` of plane `index`.
    pub fn plane_shift(&self, index: usize) -> (u8, u8) {
        if self.is_chroma(index) {
            (self.chroma_shift_y, self.chroma_shift_x)
        } else {
            (0, 0)
        }
    }

    /// `(height, width)` of plane `index` in a picture of `width × height` pixels.
    pub fn plane_dim(&self, index: usize, width: usize, height: usize) -> (usize, usize) {
        let (sy, sx) = self.plane_shift(index);
        (height.div_ceil(1 << sy), width.div_ceil(1 << sx))
    }

    /// Codes of `(black, white - black)` of the luma or RGB planes, in code values.
    pub fn luma_offset_scale(&self) -> (f32, f32) {
        match self.range {
            Range::Full => (0.0, self.max_code()),
            Range::Limited => (16.0 * self.depth_scale(), 219.0 * self.depth_scale()),
        }
    }

    /// Codes of `(zero, full swing)` of the chroma planes, in code values.
    pub fn chroma_offset_scale(&self) -> (f32, f32) {
        match self.range {
            Range::Full => (128.0 * self.depth_scale(), self.max_code()),
            Range::Limited => (128.0 * self.depth_scale(), 224.0 * self.depth_scale()),
        }
    }

    /// `2^(bit_depth - 8)`: what an 8-bit code value is multiplied by.
    fn depth_scale(&self) -> f32 {
        (f32::from(self.bit_depth) - 8.0).exp2()
    }
}
