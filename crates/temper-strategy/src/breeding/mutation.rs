//! Small changes to a child.

use rand::RngExt;
use temper_core::Rng;
use temper_space::{Domain, Space};

use crate::cube::{bucket, level_index, level_place, neighbour, reflect};
use crate::normal::draw_normal;

/// Changes each parameter with the probability `rate`: a number by `shift`, by one level at least,
/// and a choice to another value.
///
/// `child`: `dims`.
pub(crate) fn mutate(
    space: &Space,
    child: &mut [f64],
    rate: f64,
    shift: impl Fn(f64, &mut Rng) -> f64,
    rng: &mut Rng,
) {
    for (place, param) in child.iter_mut().zip(space.axes()) {
        if rng.random_bool(rate) {
            *place = changed(param.domain(), *place, &shift, rng);
        }
    }
}

fn changed(
    domain: &Domain,
    place: f64,
    shift: impl Fn(f64, &mut Rng) -> f64,
    rng: &mut Rng,
) -> f64 {
    if let Domain::Choice(values) = domain {
        let levels = values.len() as u64;
        let step = if levels > 1 { rng.random_range(1..levels) } else { 0 };
        return level_place((level_index(place, levels) + step) % levels, levels);
    }
    let moved = shift(place, rng);
    match bucket(domain, place) {
        Some((lower, upper)) if lower < moved && moved < upper => {
            neighbour(domain, (lower, upper), moved - place)
        }
        _ => moved,
    }
}

/// A normal step, reflected at the bounds, whose standard deviation is drawn anew for each: its
/// logarithm is uniform over two decades, from a hundredth of the interval to all of it. So some
/// step is right in every phase of the search; a fixed one is too long at the end, or too short at
/// the start. After Yao, Liu and Lin, "Evolutionary Programming Made Faster", IEEE Trans. Evol.
/// Comput. 3, 1999, who mix near and far steps by a Cauchy distribution.
pub(crate) fn near_or_far(place: f64, rng: &mut Rng) -> f64 {
    let decades: f64 = rng.random();
    let deviation = 10f64.powf(-2.0 * decades);
    reflect(place + deviation * draw_normal(rng))
}

/// Polynomial mutation in the unit interval.
///
/// Source: Deb and Goyal, "A combined genetic adaptive search (`GeneAS`) for engineering design",
/// 1996, with the bounded spread of Deb's code of NSGA-II; Deb et al. 2002 set `eta` to 20.
pub(crate) fn polynomial(place: f64, eta: f64, rng: &mut Rng) -> f64 {
    let draw: f64 = rng.random();
    let spread = |tail: f64, room: f64| {
        let ratio = 2.0 * tail + (1.0 - 2.0 * tail) * room.powf(eta + 1.0);
        1.0 - ratio.powf(1.0 / (eta + 1.0))
    };
    let step = if draw < 0.5 { -spread(draw, 1.0 - place) } else { spread(1.0 - draw, place) };
    (place + step).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use temper_space::{IntDomain, Scale};

    use super::*;

    #[test]
    fn a_mutation_of_discrete_values_always_changes_them() {
        let mut rng = temper_core::stream(7, 0);
        let log = Domain::Int(IntDomain { low: 1, high: 100, scale: Scale::Log, step: 1 });
        let choice = Domain::Choice(vec![1.into(), 2.into(), 3.into()]);
        let ordinal = Domain::Ordinal(vec![1.into(), 2.into()]);
        for domain in [log, choice, ordinal] {
            for _ in 0..1000 {
                let place = domain.encode(&domain.decode(rng.random()));
                for shift in [near_or_far, |place, rng: &mut Rng| polynomial(place, 20.0, rng)] {
                    let moved = changed(&domain, place, shift, &mut rng);
                    assert!((0.0..=1.0).contains(&moved));
                    assert_ne!(domain.decode(moved), domain.decode(place), "{domain} at {place}");
                }
            }
        }
    }

    #[test]
    fn polynomial_mutation_stays_inside_and_is_centred() {
        let mut rng = temper_core::stream(7, 0);
        let moves: Vec<_> = (0..10_000).map(|_| polynomial(0.5, 20.0, &mut rng) - 0.5).collect();
        let mean = moves.iter().sum::<f64>() / 1e4;
        // A move's standard deviation is near 0.06: five standard errors of the mean.
        assert!(mean.abs() < 0.003, "{mean}");
        for place in [0.0, 1e-9, 1.0] {
            assert!((0..1000).all(|_| (0.0..=1.0).contains(&polynomial(place, 20.0, &mut rng))));
        }
    }
}
