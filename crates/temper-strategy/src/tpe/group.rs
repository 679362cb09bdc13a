//! Parameters that exist together.

use temper_space::{Condition, Space};

/// Dimensions whose parameters exist in exactly the same configurations: those that share a
/// condition. Each group has an estimator of its own, over the trials in which it exists, as
/// in Optuna's `TPESampler(multivariate=True, group=True)`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Group {
    /// Ascending; never empty. Its first one answers for all whether the group exists.
    pub(super) axes: Vec<usize>,
    /// Whether it exists only in some configurations.
    pub(super) conditional: bool,
}

impl Group {
    /// The groups of the space, each after those that its condition names: a group's first axis
    /// comes after its parents, and groups are in the order of their first axes.
    pub(super) fn all(space: &Space) -> Vec<Self> {
        let mut conditions: Vec<Option<&Condition>> = Vec::new();
        let mut groups: Vec<Self> = Vec::new();
        for (axis, param) in space.axes().enumerate() {
            let condition = param.condition();
            match conditions.iter().position(|other| *other == condition) {
                Some(group) => groups[group].axes.push(axis),
                None => {
                    conditions.push(condition);
                    groups.push(Self { axes: vec![axis], conditional: condition.is_some() });
                }
            }
        }
        groups
    }

    /// Whether the group exists, of which `active` says it by dimension.
    pub(super) fn exists(&self, active: &[bool]) -> bool {
        active[self.axes[0]]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_with_the_same_condition_are_one_group() {
        let space = r#"{
            "optimizer": {"type": "choice", "values": ["adamw", "sgd"]},
            "momentum": {"type": "float", "low": 0, "high": 1, "when": {"optimizer": "sgd"}},
            "rate": {"type": "float", "low": 0, "high": 1},
            "seed": {"type": "const", "value": 3},
            "nesterov": {"type": "choice", "values": [true, false], "when": {"optimizer": "sgd"}},
            "beta": {"type": "float", "low": 0, "high": 1, "when": {"optimizer": "adamw"}}
        }"#;
        let space = Space::new(&serde_json::from_str(space).unwrap(), &Default::default()).unwrap();
        let names: Vec<_> = space.axes().map(temper_space::Param::name).collect();
        let groups: Vec<Vec<_>> = Group::all(&space)
            .iter()
            .map(|group| group.axes.iter().map(|&axis| names[axis]).collect())
            .collect();
        assert_eq!(groups, [vec!["optimizer", "rate"], vec!["momentum", "nesterov"], vec!["beta"]]);
    }
}
