//! What may be searched: parameters, their domains, conditions and relations, and the codec
//! between configs and the unit cube.
//!
//! ```
//! use temper_space::{RequireSpec, Space, SpaceSpec, Value};
//!
//! let params: SpaceSpec = toml::from_str(
//!     r#"
//!     learning_rate = { type = "float", low = 1e-6, high = 1e-3, log = true }
//!     optimizer = { type = "choice", values = ["adamw", "sgd"] }
//!     momentum = { type = "float", low = 0.0, high = 0.99, when = { optimizer = "sgd" } }
//!     hidden_size = { type = "int", low = 128, high = 512, step = 64 }
//!     num_heads = { type = "ordinal", values = [2, 4, 8] }
//!     intermediate_size = { derive = "hidden_size * 8 / 3", multiple_of = 64 }
//!     "#,
//! )?;
//! let require = RequireSpec::from_iter([("heads_divide", "hidden_size % num_heads == 0")]);
//! let space = Space::new(&params, &require)?;
//! assert_eq!(space.dims(), 5);
//!
//! // A point of the unit cube is a config; completing it makes it runnable.
//! let config = space.decode(&[0.5, 0.1, 0.5, 0.0, 0.9]);
//! let config = space.complete(config)?;
//! assert_eq!(config.get("optimizer"), Some(&Value::from("adamw")));
//! assert_eq!(config.get("momentum"), None); // exists only for sgd
//! assert_eq!(config.get("hidden_size"), Some(&Value::Int(128)));
//! assert_eq!(config.get("intermediate_size"), Some(&Value::Int(320))); // 341.33, rounded
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! What the file says is a [`SpaceSpec`] and a [`RequireSpec`]: serialisable, and not yet
//! checked. [`Space::new`] checks them, and a [`Space`] is valid once built. Each [`Param`] has a
//! [`Domain`]; a [`Config`] gives each a [`Value`].
//!
//! # Expressions
//!
//! `derive` and `[require]` hold expressions, written as in Python: `+ - * / // % **`, `/` being
//! the true division, comparisons, `and or not`, `in`, `a if b else c`, texts in quotes, and the
//! functions `abs ceil exp floor log log2 max min round sqrt`. Unlike in Python, a minus binds
//! more tightly than `**`, and `a ** b ** c` is `(a ** b) ** c`: use parentheses there.

// What the file says.
mod number;
mod one_or_many;
mod param_spec;
mod space_spec;

// One parameter.
mod condition;
mod derived;
mod domain;
mod float_domain;
mod int_domain;
mod param;
mod require;
mod value;

// The space, a file for each thing it does.
mod build;
mod complete;
mod config;
mod probe;
mod space;
mod validate;

// From the file to the space.
mod read_domain;
mod read_expressions;
mod read_params;

// Expressions.
mod expression;
mod functions;
mod place;

// Order, names and errors.
mod error;
mod help;
mod nearest;
mod order;
mod unsatisfied;

pub use condition::Condition;
pub use config::Config;
pub use derived::Derived;
pub use domain::{Domain, Scale};
pub use error::SpaceError;
pub use float_domain::FloatDomain;
pub use int_domain::IntDomain;
pub use nearest::nearest;
pub use number::Number;
pub use one_or_many::OneOrMany;
pub use param::Param;
pub use param_spec::{Confidence, Kind, ParamSpec, Round};
pub use place::Place;
pub use require::Require;
pub use space::Space;
pub use space_spec::{RequireSpec, SpaceSpec};
pub use unsatisfied::Unsatisfied;
pub use value::Value;
