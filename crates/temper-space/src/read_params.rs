//! From the `[space]` table to parameters with conditions.

use std::collections::BTreeMap;

use crate::nearest::nearest;
use crate::order::topological;
use crate::read_domain::read_domain;
use crate::{Condition, Param, SpaceError, SpaceSpec};

/// The parameters that are not derived, with their conditions, in topological order.
pub(crate) fn read_params(spec: &SpaceSpec) -> Result<Vec<Param>, SpaceError> {
    let mut params = Vec::new();
    let mut positions = BTreeMap::new();
    for (name, param) in spec.0.iter().filter(|(_, param)| param.derive.is_none()) {
        let (domain, default) = read_domain(name, param)?;
        let confidence = param.confidence;
        if confidence.is_some() && default.is_none() {
            return Err(SpaceError::ConfidenceAlone { param: name.clone() });
        }
        positions.insert(name.as_str(), params.len());
        params.push(Param { name: name.clone(), domain, default, confidence, condition: None });
    }
    let mut parents = Vec::new();
    for index in 0..params.len() {
        let condition = read_condition(&params[index].name, spec, &params, &positions)?;
        parents.push(condition.iter().flat_map(|c| c.0.keys()).map(|p| positions[&**p]).collect());
        params[index].condition = condition;
    }
    match topological(&parents) {
        Ok(order) => Ok(order.into_iter().map(|index| params[index].clone()).collect()),
        Err(circle) => {
            let circle = circle.into_iter().map(|index| params[index].name.clone()).collect();
            Err(SpaceError::ConditionCircle { circle })
        }
    }
}

fn read_condition(
    param: &str,
    spec: &SpaceSpec,
    params: &[Param],
    positions: &BTreeMap<&str, usize>,
) -> Result<Option<Condition>, SpaceError> {
    let Some(when) = spec.0[param].when.as_ref().filter(|when| !when.is_empty()) else {
        return Ok(None);
    };
    let mut condition = BTreeMap::new();
    for (parent, accepted) in when {
        let (param, parent) = (param.to_owned(), parent.clone());
        let Some(&index) = positions.get(&*parent) else {
            if spec.0.contains_key(&parent) {
                return Err(SpaceError::ContinuousParent { param, parent, kind: "derived" });
            }
            let others = positions.keys().copied().filter(|name| *name != param);
            let nearest = nearest(&parent, others);
            return Err(SpaceError::UnknownParent { param, parent, nearest });
        };
        let domain = &params[index].domain;
        if domain.levels().is_none() {
            return Err(SpaceError::ContinuousParent { param, parent, kind: domain.kind() });
        }
        let accepted = accepted.as_slice();
        if accepted.is_empty() {
            return Err(SpaceError::NoAccepted { param, parent });
        }
        let mut values = Vec::with_capacity(accepted.len());
        for value in accepted {
            let Some(own) = domain.canonical(value) else {
                let (value, domain) = (value.clone(), domain.clone());
                return Err(SpaceError::NeverTaken { param, parent, value, domain });
            };
            values.push(own);
        }
        condition.insert(parent, values);
    }
    Ok(Some(Condition(condition)))
}
