//! Other values for some parameters of a copy.

use rand::RngExt;
use temper_core::{Config, Rng, Value};
use temper_space::{Domain, Param, Space};

use super::{Course, PbtOptions};

/// How often other values are looked for that the space allows.
const TRIES: u32 = 100;

/// The configuration with other values of the parameters that change; all others as they are. The
/// same one if none is allowed.
pub(super) fn explore(
    space: &Space,
    from: &Config,
    course: &Course<'_>,
    options: &PbtOptions,
    rng: &mut Rng,
) -> Config {
    for _ in 0..TRIES {
        let changed = change(space, from, &course.changing, options, rng);
        if let Ok(config) = space.complete(changed)
            && config != *from
        {
            return config;
        }
    }
    from.clone()
}

fn change(
    space: &Space,
    from: &Config,
    changing: &[&str],
    options: &PbtOptions,
    rng: &mut Rng,
) -> Config {
    let mut config = Config::new();
    for param in space.params() {
        if param.condition().is_some_and(|condition| !condition.holds(&config)) {
            continue;
        }
        let value = match from.get(param.name()) {
            // Another value of another parameter brought it in.
            None => param.domain().decode(rng.random()),
            Some(value) if !changing.contains(&param.name()) => value.clone(),
            Some(_) if rng.random_bool(options.resample_probability) => {
                param.domain().decode(rng.random())
            }
            Some(value) => perturb(param, value, options.factor, rng),
        };
        config.insert(param.name(), value);
    }
    config
}

/// A number some way up or down, or down or up where that leads out of the domain; a choice, which
/// has no such neighbours, drawn anew.
fn perturb(param: &Param, value: &Value, factor: f64, rng: &mut Rng) -> Value {
    let domain = param.domain();
    let factor = if rng.random() { factor } else { 1.0 / factor };
    let moved = [factor, 1.0 / factor].map(|factor| scaled(domain, value, factor));
    let other = moved.into_iter().flatten().find(|moved| moved != value);
    // At 0, for example, no factor leads away.
    other.unwrap_or_else(|| domain.decode(rng.random()))
}

/// The number times the factor, inside of the domain: of whole numbers and steps at least the next
/// one, of ordinals the next one. `None` where there are no neighbours.
fn scaled(domain: &Domain, value: &Value, factor: f64) -> Option<Value> {
    match domain {
        Domain::Float(float) if float.step.is_none() => {
            Some(Value::Float((value.as_f64()? * factor).clamp(float.low, float.high)))
        }
        Domain::Float(_) | Domain::Int(_) => {
            let moved = domain.decode(domain.encode(&Value::Float(value.as_f64()? * factor)));
            let is_moved = moved != *value;
            Some(if is_moved { moved } else { beside(domain, value, factor)? })
        }
        Domain::Ordinal(_) => beside(domain, value, factor),
        Domain::Choice(_) | Domain::Const(_) => None,
    }
}

/// The next level up if the factor is above 1, otherwise down; `None` at the end.
fn beside(domain: &Domain, value: &Value, factor: f64) -> Option<Value> {
    let levels = domain.levels()?;
    let index = (0..levels.min(MOST_LEVELS)).find(|index| domain.level(*index) == *value)?;
    let next = if factor > 1.0 { index + 1 } else { index.checked_sub(1)? };
    (next < levels).then(|| domain.level(next))
}

/// Of more levels than this, a factor leads from one to another, unless it is near 1.
const MOST_LEVELS: u64 = 100_000;

/// What is different, for people: "`learning_rate` 0.001 -> 0.0012".
pub(super) fn differences(from: &Config, to: &Config) -> String {
    let changed = to.iter().filter(|(name, value)| from.get(name) != Some(value));
    let told = changed.map(|(name, value)| match from.get(name) {
        Some(before) => format!("{name} {} -> {}", short(before), short(value)),
        None => format!("{name} {}", short(value)),
    });
    let gone = from.iter().filter(|(name, _)| !to.contains(name));
    let all: Vec<_> = told.chain(gone.map(|(name, _)| format!("without {name}"))).collect();
    if all.is_empty() { "nothing else is allowed".to_owned() } else { all.join(", ") }
}

/// Four significant digits.
fn short(value: &Value) -> String {
    match value {
        Value::Float(number) => {
            let rounded: f64 = format!("{number:.3e}").parse().unwrap_or(*number);
            rounded.to_string()
        }
        other => other.to_string(),
    }
}
