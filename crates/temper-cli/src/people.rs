//! Numbers and configurations as people read them.

use temper_core::{Config, Value};

/// A value for people: six significant digits, without the noise of a float's last ones.
pub(crate) fn number(value: f64) -> String {
    let size = value.abs();
    if value == 0.0 || (1e-4..1e7).contains(&size) {
        let digits = 5 - size.max(1e-4).log10().floor() as i32;
        let text = format!("{value:.*}", usize::try_from(digits.clamp(0, 9)).unwrap_or(0));
        if text.contains('.') {
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        } else {
            text
        }
    } else {
        format!("{value:.5e}")
    }
}

/// So many of a thing, whose name takes an s where they are not one.
pub(crate) fn counted(count: u64, thing: &str) -> String {
    let ending = if count == 1 { "" } else { "s" };
    format!("{count} {thing}{ending}")
}

/// A configuration for people.
pub(crate) fn describe(config: &Config) -> String {
    config
        .iter()
        .map(|(name, value)| format!("{name}={}", short(value)))
        .collect::<Vec<_>>()
        .join(" ")
}

/// A parameter's value for people.
pub(crate) fn short(value: &Value) -> String {
    match value {
        Value::Float(value) => number(*value),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_thing_has_no_s() {
        assert_eq!(
            [0, 1, 2].map(|count| counted(count, "trial")),
            ["0 trials", "1 trial", "2 trials"]
        );
    }

    #[test]
    fn numbers_are_short() {
        for (value, text) in [
            (2.31, "2.31"),
            (0.1 + 0.2, "0.3"),
            (0.000_316_227_766, "0.000316228"),
            (1e-5, "1.00000e-5"),
            (123_456.789, "123457"),
            (-2.5, "-2.5"),
            (0.0, "0"),
            (100.0, "100"),
        ] {
            assert_eq!(number(value), text);
        }
    }
}
