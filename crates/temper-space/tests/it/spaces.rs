//! Whole spaces: order, conditions, defaults, size and the probe.

use temper_space::{Config, Param, Space, Value};

use crate::{FINETUNE, config, space, try_space};

fn names(space: &Space) -> Vec<&str> {
    space.params().iter().map(Param::name).collect()
}

#[test]
fn a_space_can_be_shared_between_threads() {
    fn shared<T: Clone + std::fmt::Debug + Send + Sync>() {}
    shared::<Space>();
}

#[test]
fn a_parameter_comes_after_those_that_its_condition_names() {
    let space = space(FINETUNE);
    assert_eq!(
        names(&space),
        [
            "learning_rate",
            "dropout",
            "batch_size",
            "optimizer",
            "momentum",
            "hidden_size",
            "num_heads",
            "layers",
            "nesterov",
            "decay",
            "schedule",
        ]
    );
    assert_eq!(space.dims(), 10);
    assert!(space.axes().all(|axis| axis.name() != "schedule"));
    assert!(space.param("decay").is_some() && space.param("intermediate_size").is_none());
    assert_eq!(
        space.param("nesterov").unwrap().condition().unwrap().to_string(),
        "layers is 2 or 3 and optimizer is sgd"
    );
}

#[test]
fn an_inactive_parent_makes_its_children_inactive() {
    let space = space(
        "a = { type = 'choice', values = [1, 2] }\n\
         b = { type = 'choice', values = [1, 2], when = { a = 1 } }\n\
         c = { type = 'choice', values = [1, 2], when = { b = 1 } }",
    );
    assert_eq!(space.decode(&[0.0, 0.0, 0.0]), config("a = 1\nb = 1\nc = 1"));
    assert_eq!(space.decode(&[0.9, 0.0, 0.0]), config("a = 2"));
    // A stray value of b does not wake c up.
    let stray = config("a = 2\nb = 1\nc = 1");
    assert_eq!(space.active(&stray), [true, false, false]);
    assert_eq!(space.encode(&stray), [0.75, 0.5, 0.5]);
}

#[test]
fn a_point_of_the_wrong_length_is_filled_with_the_middle() {
    let space =
        space("a = { type = 'int', low = 1, high = 3 }\nb = { type = 'int', low = 1, high = 3 }");
    assert_eq!(space.decode(&[0.0]), config("a = 1\nb = 2"));
    assert_eq!(space.decode(&[0.0, 1.0, 1.0]), config("a = 1\nb = 3"));
    assert_eq!(space.encode(&Config::new()), [0.5, 0.5]);
}

#[test]
fn constants_are_put_in_and_may_be_parents() {
    let space = space(
        "optimizer = 'sgd'\n\
         momentum = { type = 'choice', values = [0.5, 0.9], when = { optimizer = 'sgd' } }",
    );
    assert_eq!(space.decode(&[0.9]), config("optimizer = 'sgd'\nmomentum = 0.9"));
    let completed = space.complete(config("momentum = 0.9")).unwrap();
    assert_eq!(completed, config("optimizer = 'sgd'\nmomentum = 0.9"));
}

#[test]
fn the_default_config_takes_the_middle_where_there_is_no_default() {
    let space_without = space("a = { type = 'int', low = 1, high = 3 }\nb = 3");
    assert_eq!(space_without.default_config(), None);
    let space = space(FINETUNE);
    let default = space.default_config().unwrap();
    assert_eq!(default.get("learning_rate"), Some(&Value::Float(2e-5)));
    assert_eq!(default.get("batch_size"), Some(&Value::Int(32)));
    assert_eq!(default.get("schedule"), Some(&Value::from("cosine")));
    assert_eq!(default.get("intermediate_size"), None);
    assert_eq!(space.validate(&default), Ok(()));
}

#[test]
fn a_default_is_kept_as_its_domain_writes_it() {
    let space = space(
        "a = { type = 'int', low = 1, high = 3, default = 2.0 }\n\
         b = { type = 'float', low = 0, high = 3, default = 1 }",
    );
    let default = |name: &str| space.param(name).unwrap().default().unwrap().to_string();
    assert_eq!((default("a").as_str(), default("b").as_str()), ("2", "1.0"));
}

#[test]
fn the_size_is_the_product_of_the_levels() {
    assert_eq!(
        space("a = { type = 'int', low = 1, high = 3 }\nb = { type = 'choice', values = [1, 2] }")
            .size(),
        Some(6)
    );
    assert_eq!(space("a = { type = 'float', low = 0, high = 1 }").size(), None);
    assert_eq!(space("a = 1").size(), Some(1));
    let wide = "{ type = 'int', low = 0, high = 9223372036854775807 }";
    assert_eq!(space(&format!("a = {wide}\nb = {wide}")).size(), Some(u64::MAX));
}

#[test]
fn the_probe_finds_the_one_config_of_a_grid() {
    let axes =
        "a = { type = 'int', low = 1, high = 100 }\nb = { type = 'int', low = 1, high = 100 }";
    let space = try_space(axes, "product = 'a * b == 9409'").unwrap();
    assert_eq!(space.probe(), Ok(()));
}

#[test]
fn the_probe_finds_a_small_corner_of_a_cube() {
    let axes: String =
        (0..4).map(|k| format!("x{k} = {{ type = 'float', low = 0, high = 1 }}\n")).collect();
    // 0.15^4 of the cube: ten of 20 000 points.
    let space = try_space(&axes, "corner = 'max(x0, x1, x2, x3) < 0.15'").unwrap();
    assert_eq!(space.probe(), Ok(()));
}

#[test]
fn the_probe_tries_the_defaults_first() {
    let space = try_space(
        "a = { type = 'float', low = 0, high = 1, default = 0.125 }\nb = { type = 'float', low = 0, high = 1 }",
        "exact = 'a == 0.125'",
    )
    .unwrap();
    assert_eq!(space.probe(), Ok(()));
}

#[test]
fn a_space_without_requires_passes_the_probe() {
    assert_eq!(space("").probe(), Ok(()));
    assert_eq!(space(FINETUNE).probe(), Ok(()));
}
