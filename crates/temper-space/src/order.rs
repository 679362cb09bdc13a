//! Which comes first when some name others.

/// The order in which every item comes after the items that it names, and otherwise stays where
/// it is. `parents[i]` are the items that item `i` names.
///
/// # Errors
///
/// A circle: items of which each names the next, and the last the first.
pub(crate) fn topological(parents: &[Vec<usize>]) -> Result<Vec<usize>, Vec<usize>> {
    let mut placed = vec![false; parents.len()];
    let mut order = Vec::with_capacity(parents.len());
    while order.len() < parents.len() {
        let ready = |&item: &usize| !placed[item] && parents[item].iter().all(|&p| placed[p]);
        let Some(next) = (0..parents.len()).find(ready) else {
            return Err(circle(parents, &placed));
        };
        placed[next] = true;
        order.push(next);
    }
    Ok(order)
}

/// Follows, from an item that is not placed, a parent that is not placed, until one comes twice.
fn circle(parents: &[Vec<usize>], placed: &[bool]) -> Vec<usize> {
    let mut walk: Vec<usize> = Vec::new();
    let mut next = (0..parents.len()).find(|&item| !placed[item]);
    while let Some(item) = next {
        if let Some(start) = walk.iter().position(|&earlier| earlier == item) {
            return walk.split_off(start);
        }
        walk.push(item);
        next = parents[item].iter().copied().find(|&parent| !placed[parent]);
    }
    walk
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_stay_where_they_are_unless_they_name_a_later_one() {
        assert_eq!(topological(&[vec![], vec![0], vec![]]), Ok(vec![0, 1, 2]));
        assert_eq!(topological(&[vec![2], vec![], vec![]]), Ok(vec![1, 2, 0]));
    }

    #[test]
    fn a_circle_is_reported_without_the_items_that_lead_to_it() {
        assert_eq!(topological(&[vec![1], vec![2], vec![1]]), Err(vec![1, 2]));
        assert_eq!(topological(&[vec![0]]), Err(vec![0]));
    }
}
