//! Minimisation of a smooth function in a box.

/// When to stop.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The most iterations.
    pub iterations: u32,
    /// Stop when an iteration gains less than this much of the value, and when no component of
    /// the projected gradient is larger.
    pub tolerance: f64,
}

/// How many steps the curvature is remembered for.
const MEMORY: usize = 8;
/// The fraction of the promised decrease that a step has to keep (Armijo).
const SUFFICIENT: f64 = 1e-4;
/// How often a step is shortened before the line search gives up.
const SHORTENINGS: u32 = 20;

/// Minimises `f` from `x` within `low <= x <= high` by projected L-BFGS and returns the value
/// reached; `x` becomes the place.
///
/// `f(x, gradient)` returns the value and writes the gradient; a value that is not finite is a
/// place that can't be entered. Liu and Nocedal 1989; bounds by projection with the variables
/// fixed that the gradient pushes against their bound (Bertsekas 1982).
pub fn minimise(
    x: &mut [f64],
    low: &[f64],
    high: &[f64],
    limits: Limits,
    mut f: impl FnMut(&[f64], &mut [f64]) -> f64,
) -> f64 {
    let dims = x.len();
    let mut gradient = vec![0.0; dims];
    let mut value = f(x, &mut gradient);
    let mut pairs: Vec<Pair> = Vec::new();
    let (mut next, mut next_gradient) = (vec![0.0; dims], vec![0.0; dims]);
    for _ in 0..limits.iterations {
        let free: Vec<bool> = (0..dims)
            .map(|i| !(x[i] <= low[i] && gradient[i] > 0.0 || x[i] >= high[i] && gradient[i] < 0.0))
            .collect();
        let steepest = (0..dims).filter(|&i| free[i]).map(|i| gradient[i].abs());
        if !value.is_finite() || steepest.fold(0.0, f64::max) < limits.tolerance {
            break;
        }
        let mut direction = descend(&gradient, &free, &pairs);
        let mut slope = dot(&direction, &gradient);
        if slope >= 0.0 {
            pairs.clear();
            direction = descend(&gradient, &free, &pairs);
            slope = dot(&direction, &gradient);
        }
        // The first step has no scale of its own: a tenth of the way that the units suggest.
        let longest = direction.iter().fold(0.0, |longest: f64, step| longest.max(step.abs()));
        let mut length = if pairs.is_empty() { (0.1 / longest).min(1.0) } else { 1.0 };
        let mut moved = None;
        for _ in 0..SHORTENINGS {
            for i in 0..dims {
                next[i] = (x[i] + length * direction[i]).clamp(low[i], high[i]);
            }
            let candidate = f(&next, &mut next_gradient);
            if candidate <= value + SUFFICIENT * length * slope {
                moved = Some(candidate);
                break;
            }
            length *= 0.4;
        }
        let Some(reached) = moved else { break };
        let step: Vec<f64> = next.iter().zip(x.iter()).map(|(a, b)| a - b).collect();
        let change: Vec<f64> = next_gradient.iter().zip(&gradient).map(|(a, b)| a - b).collect();
        let curvature = dot(&step, &change);
        if curvature > 1e-10 * dot(&change, &change).sqrt() * dot(&step, &step).sqrt() {
            if pairs.len() == MEMORY {
                pairs.remove(0);
            }
            pairs.push(Pair { step, change, curvature });
        }
        let gain = value - reached;
        x.copy_from_slice(&next);
        gradient.copy_from_slice(&next_gradient);
        value = reached;
        if gain <= limits.tolerance * value.abs().max(1.0) {
            break;
        }
    }
    value
}

/// A step and what it did to the gradient.
struct Pair {
    step: Vec<f64>,
    change: Vec<f64>,
    curvature: f64,
}

/// The two-loop recursion (Nocedal and Wright 2006, algorithm 7.4), over the free variables.
fn descend(gradient: &[f64], free: &[bool], pairs: &[Pair]) -> Vec<f64> {
    let mask = |vector: &mut [f64]| {
        vector.iter_mut().zip(free).filter(|(_, free)| !**free).for_each(|(v, _)| *v = 0.0);
    };
    let mut direction: Vec<f64> = gradient.iter().map(|slope| -slope).collect();
    mask(&mut direction);
    let mut weights = vec![0.0; pairs.len()];
    for (pair, weight) in pairs.iter().zip(&mut weights).rev() {
        *weight = dot(&pair.step, &direction) / pair.curvature;
        add(&mut direction, -*weight, &pair.change);
    }
    if let Some(Pair { change, curvature, .. }) = pairs.last() {
        let scale = curvature / dot(change, change);
        direction.iter_mut().for_each(|step| *step *= scale);
    }
    for (pair, weight) in pairs.iter().zip(&weights) {
        let back = dot(&pair.change, &direction) / pair.curvature;
        add(&mut direction, weight - back, &pair.step);
    }
    mask(&mut direction);
    direction
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn add(a: &mut [f64], factor: f64, b: &[f64]) {
    a.iter_mut().zip(b).for_each(|(a, b)| *a += factor * b);
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { iterations: 200, tolerance: 1e-12 };

    fn rosenbrock(x: &[f64], gradient: &mut [f64]) -> f64 {
        let (a, b) = (1.0 - x[0], x[1] - x[0] * x[0]);
        gradient[0] = -2.0 * a - 400.0 * x[0] * b;
        gradient[1] = 200.0 * b;
        a * a + 100.0 * b * b
    }

    #[test]
    fn a_curved_valley_is_followed_to_its_end() {
        let mut x = [-1.2, 1.0];
        let value = minimise(&mut x, &[-2.0; 2], &[2.0; 2], LIMITS, rosenbrock);
        assert!(value < 1e-10 && (x[0] - 1.0).abs() < 1e-4, "{value} {x:?}");
    }

    #[test]
    fn a_minimum_beyond_a_bound_is_found_on_it() {
        let mut x = [-1.2, 1.0];
        minimise(&mut x, &[-2.0; 2], &[0.5, 2.0], LIMITS, rosenbrock);
        assert!((x[0] - 0.5).abs() < 1e-9 && (x[1] - 0.25).abs() < 1e-5, "{x:?}");
    }

    #[test]
    fn places_without_a_value_are_not_entered() {
        let mut x = [0.9];
        let f = |x: &[f64], gradient: &mut [f64]| {
            gradient[0] = 1.0;
            if x[0] < 0.5 { f64::NAN } else { x[0] }
        };
        let value = minimise(&mut x, &[0.0], &[1.0], LIMITS, f);
        assert!((0.5..0.9).contains(&value), "{value}");
    }
}
