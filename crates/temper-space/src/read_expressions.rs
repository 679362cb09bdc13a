//! From the tables to compiled expressions.

use crate::expression::Expression;
use crate::functions::FUNCTIONS;
use crate::nearest::nearest;
use crate::order::topological;
use crate::read_domain::check_keys;
use crate::{Derived, ParamSpec, Place, Require, RequireSpec, SpaceError, SpaceSpec};

/// The derived parameters, in topological order.
pub(crate) fn read_derived(spec: &SpaceSpec) -> Result<Vec<Derived>, SpaceError> {
    let mut derived = Vec::new();
    for (name, param) in &spec.0 {
        let ParamSpec { derive: Some(text), multiple_of, round, .. } = param else {
            continue;
        };
        check_keys(name, param, "derived")?;
        if let Some(multiple_of) = multiple_of.filter(|&unit| unit <= 0) {
            return Err(SpaceError::MultipleOf { param: name.clone(), multiple_of });
        }
        let expression = read_expression(Place::Derived(name.clone()), text, spec)?;
        let (multiple_of, round) = (*multiple_of, *round);
        derived.push(Derived { name: name.clone(), expression, multiple_of, round });
    }
    let position = |name: &String| derived.iter().position(|other| other.name == *name);
    let parents: Vec<Vec<usize>> =
        derived.iter().map(|d| d.variables().iter().filter_map(position).collect()).collect();
    match topological(&parents) {
        Ok(order) => Ok(order.into_iter().map(|index| derived[index].clone()).collect()),
        Err(circle) => {
            let circle = circle.into_iter().map(|index| derived[index].name.clone()).collect();
            Err(SpaceError::DerivedCircle { circle })
        }
    }
}

/// The requires, in the file's order.
pub(crate) fn read_requires(
    spec: &SpaceSpec,
    require: &RequireSpec,
) -> Result<Vec<Require>, SpaceError> {
    let read = |(name, text): (&String, &String)| {
        let expression = read_expression(Place::Require(name.clone()), text, spec)?;
        Ok(Require { name: name.clone(), expression })
    };
    require.0.iter().map(read).collect()
}

fn read_expression(place: Place, text: &str, spec: &SpaceSpec) -> Result<Expression, SpaceError> {
    let is_param = |name: &str| spec.0.contains_key(name);
    let expression = match Expression::compile(text) {
        Ok(expression) => expression.without_functions(is_param),
        Err(detail) => {
            return Err(SpaceError::Syntax { place, expression: text.to_owned(), detail });
        }
    };
    let Some(variable) = expression.variables().iter().find(|name| !is_param(name)) else {
        return Ok(expression);
    };
    let known = spec.0.keys().map(String::as_str).chain(FUNCTIONS);
    let nearest = nearest(variable, known.filter(|name| *name != place.name()));
    let (expression, variable) = (text.to_owned(), variable.clone());
    Err(SpaceError::UnknownVariable { place, expression, variable, nearest })
}
