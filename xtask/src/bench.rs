//! `cargo xtask bench [NAME] [ARGUMENT]...`: the benchmarks, and nothing that is only tested.

use crate::failure::Failure;
use crate::step::Step;

/// Runs all bench targets, or the one that the first argument names.
pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    command(arguments).run()
}

fn command(arguments: &[String]) -> Step {
    let (target, rest) = match arguments.split_first() {
        Some((name, rest)) if !name.starts_with('-') => (name.as_str(), rest),
        _ => ("*", arguments),
    };
    Step::cargo(&["bench", "--workspace", "--bench", target]).and(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_first_argument_that_is_no_flag_names_the_target() {
        let shown = |arguments: &[&str]| {
            let arguments: Vec<_> = arguments.iter().map(ToString::to_string).collect();
            command(&arguments).to_string()
        };
        assert_eq!(shown(&[]), "cargo bench --workspace --bench '*'");
        assert_eq!(shown(&["--quiet"]), "cargo bench --workspace --bench '*' --quiet");
        assert_eq!(shown(&["gp", "--", "fit"]), "cargo bench --workspace --bench gp -- fit");
    }
}
