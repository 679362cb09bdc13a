//! What a space does, seen from outside.

mod codec;
mod expressions;
mod files;
mod given_configs;
mod mistakes_in_expressions;
mod mistakes_in_params;
mod round_trips;
mod spaces;

use temper_space::{Config, RequireSpec, Space, SpaceError, SpaceSpec};

/// The `[space]` table.
fn spec(space: &str) -> SpaceSpec {
    toml::from_str(space).expect("the test's [space] parses")
}

/// The space of a `[space]` and a `[require]` table.
fn try_space(space: &str, require: &str) -> Result<Space, SpaceError> {
    let require: RequireSpec = toml::from_str(require).expect("the test's [require] parses");
    Space::new(&spec(space), &require)
}

/// The space of a `[space]` table that has no mistake.
fn space(space: &str) -> Space {
    try_space(space, "").expect("the test's space is valid")
}

/// A config, written as TOML.
fn config(config: &str) -> Config {
    toml::from_str(config).expect("the test's config parses")
}

/// Checks the mistake in a `[space]` table: its path, message and help.
fn mistake(space: &str, path: &str, message: &str, help: &str) {
    mistake_with(space, "", path, message, help);
}

/// [`mistake`] with a `[require]` table.
fn mistake_with(space: &str, require: &str, path: &str, message: &str, help: &str) {
    let error = try_space(space, require).expect_err("the test's space has a mistake");
    assert_eq!(error.to_string(), message);
    assert_eq!(error.path().join("."), path, "{message}");
    assert_eq!(error.help().as_deref(), Some(help), "{message}");
}

/// A space with every type, nested conditions, derived parameters and a require.
const FINETUNE: &str = r#"
momentum = { type = "float", low = 0.0, high = 0.99, when = { optimizer = "sgd" } }
nesterov = { type = "choice", values = [true, false], when = { optimizer = "sgd", layers = [2, 3] } }
learning_rate = { type = "float", low = 1e-6, high = 1e-3, log = true, default = 2e-5 }
dropout = { type = "float", low = 0.0, high = 0.3, step = 0.1 }
batch_size = { type = "ordinal", values = [64, 8, 32, 16] }
optimizer = { type = "choice", values = ["adamw", "sgd"] }
decay = { type = "int", low = 1, high = 100, log = true, when = { nesterov = true } }
hidden_size = { type = "int", low = 128, high = 512, step = 64 }
num_heads = { type = "ordinal", values = [2, 4, 8] }
layers = { type = "int", low = 1, high = 4 }
schedule = "cosine"
intermediate_size = { derive = "hidden_size * 8 / 3", multiple_of = 64 }
"#;
