//! Losses of several goals: who dominates whom, and who is alone.

/// Whether the first losses are worse in no goal and better in one.
pub(crate) fn dominates(one: &[f64], other: &[f64]) -> bool {
    let pairs = || one.iter().zip(other);
    pairs().all(|(one, other)| one <= other) && pairs().any(|(one, other)| one < other)
}

/// The crowding distance of each member of a front: how far its neighbours are, in ranges of the
/// front, summed over the goals; infinite at the ends.
///
/// Source: Deb et al., "A Fast and Elitist Multiobjective Genetic Algorithm: NSGA-II", IEEE Trans.
/// Evol. Comput. 6, 2002, section III-B.
pub(crate) fn crowding(front: &[&[f64]]) -> Vec<f64> {
    let mut distances = vec![0.0; front.len()];
    let goals = front.iter().map(|losses| losses.len()).min().unwrap_or(0);
    for goal in 0..goals {
        // Halved, so that differences of the largest losses stay finite.
        let loss = |place: usize| front[place][goal] / 2.0;
        let mut order: Vec<usize> = (0..front.len()).collect();
        order.sort_by(|&one, &other| loss(one).total_cmp(&loss(other)));
        let (first, last) = (order[0], order[front.len() - 1]);
        let range = loss(last) - loss(first);
        if range > 0.0 {
            for neighbours in order.windows(3) {
                distances[neighbours[1]] += (loss(neighbours[2]) - loss(neighbours[0])) / range;
            }
            distances[first] = f64::INFINITY;
            distances[last] = f64::INFINITY;
        }
    }
    distances
}
