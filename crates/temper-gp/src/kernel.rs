//! How alike two points are.

/// What a dimension of the unit cube is to the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Axis {
    /// Neighbours are alike: floats, integers, ordinals. Coordinates are those of the value that
    /// will be run, so that the kernel does not see differences that a rounding removes.
    Numeric,
    /// Values without an order: two coordinates are the same value or not.
    Choice,
}

/// How smooth the function is taken to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Smoothness {
    /// Twice differentiable: Matern with `nu = 5/2`.
    #[default]
    Matern52,
    /// Infinitely differentiable: the squared exponential.
    Rbf,
}

/// Half of what an inactive parameter is away from an active one in the middle of its range.
const INACTIVE: f64 = 0.5;

/// The correlation of points: one lengthscale per dimension,
///
/// `k(x, x') = m(r) exp(-sum_c [x_c != x'_c] / l_c)`, `r^2 = sum_i (x_i - x'_i)^2 / l_i^2`,
///
/// with `i` over the numeric axes, `c` over the choices (an exponentiated Hamming distance) and
/// `m` the Matern or the squared-exponential function. An inactive coordinate lies off the axis:
/// both inactive are equal, and one of each differ by at least half the range.
#[derive(Clone, Debug, PartialEq)]
pub struct Kernel {
    axes: Vec<Axis>,
    smoothness: Smoothness,
}

/// The correlation of two points, and how it falls.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Correlation {
    /// `k(x, x')`.
    pub(crate) value: f64,
    /// `-2 dk / d(r^2)`, positive.
    pub(crate) fall: f64,
}

impl Kernel {
    /// A kernel over these dimensions.
    pub fn new(axes: Vec<Axis>, smoothness: Smoothness) -> Self {
        Self { axes, smoothness }
    }

    /// The dimensions.
    pub fn axes(&self) -> &[Axis] {
        &self.axes
    }

    /// The number of dimensions.
    pub fn dims(&self) -> usize {
        self.axes.len()
    }

    /// The number of features of a point: its place, and on the numeric axes whether it is off.
    pub(crate) fn features(&self) -> usize {
        2 * self.dims()
    }

    /// Writes the features of a point, `2 x dims`: the places, then the offsets of inactive ones.
    /// Distances between features are what the kernel measures.
    pub(crate) fn embed(&self, point: &[f64], active: &[bool], features: &mut [f64]) {
        let (places, offsets) = features.split_at_mut(self.dims());
        for (axis, &kind) in self.axes.iter().enumerate() {
            (places[axis], offsets[axis]) = match (kind, active[axis]) {
                (Axis::Numeric, true) => (point[axis] - 0.5, 0.0),
                (Axis::Numeric, false) => (0.0, INACTIVE),
                (Axis::Choice, true) => (point[axis], 0.0),
                (Axis::Choice, false) => (-1.0, 0.0),
            };
        }
    }

    /// The correlation at a squared scaled distance over the numeric axes and a scaled Hamming
    /// distance over the choices.
    pub(crate) fn correlation(&self, squared: f64, hamming: f64) -> Correlation {
        match self.smoothness {
            Smoothness::Matern52 => {
                // Rasmussen and Williams 2006, eq. 4.17.
                let r = (5.0 * squared).sqrt();
                let decay = (-r - hamming).exp();
                Correlation {
                    value: (1.0 + r + r * r / 3.0) * decay,
                    fall: 5.0 / 3.0 * (1.0 + r) * decay,
                }
            }
            Smoothness::Rbf => {
                let value = (-0.5 * squared - hamming).exp();
                Correlation { value, fall: value }
            }
        }
    }
}
