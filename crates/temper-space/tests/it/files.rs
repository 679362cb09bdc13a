//! How spaces are written: TOML from a person, JSON from a protocol.

use temper_space::{
    Confidence, Kind, Number, OneOrMany, Param, ParamSpec, Space, SpaceSpec, Value,
};

use crate::{FINETUNE, config, spec};

#[test]
fn json_and_toml_say_the_same() {
    let json: SpaceSpec = serde_json::from_str(
        r#"{
            "lr": {"type": "float", "low": 1e-6, "high": 1e-3, "log": true},
            "bs": {"type": "int", "low": 1, "high": 8},
            "opt": {"type": "categorical", "choices": ["adamw", "sgd"]},
            "momentum": {"type": "float", "low": 0, "high": 0.9, "when": {"opt": ["sgd"]}},
            "seed": 7
        }"#,
    )
    .unwrap();
    let toml = spec(
        r#"
        lr = { type = "float", low = 1e-6, high = 1e-3, log = true }
        bs = { type = "int", low = 1, high = 8 }
        opt = { type = "choice", values = ["adamw", "sgd"] }
        momentum = { type = "float", low = 0, high = 0.9, when = { opt = ["sgd"] } }
        seed = { type = "const", value = 7 }
        "#,
    );
    assert_eq!(json, toml);
    let space = Space::new(&json, &Default::default()).unwrap();
    assert_eq!(space.spec(), &toml);
    let names: Vec<_> = space.axes().map(Param::name).collect();
    assert_eq!(names, ["lr", "bs", "opt", "momentum"]);
}

#[test]
fn a_spec_comes_back_from_the_log_in_its_order_and_without_empty_keys() {
    let written = spec(FINETUNE);
    let json = serde_json::to_string(&written).unwrap();
    assert!(!json.contains("null"), "{json}");
    let read: SpaceSpec = serde_json::from_str(&json).unwrap();
    assert_eq!(read, written);
    assert!(read.0.keys().eq(written.0.keys()));
    assert_eq!(spec(&toml::to_string(&written).unwrap()), written);
}

#[test]
fn a_plain_value_is_a_constant() {
    let spec = spec("a = \"adamw\"\nb = 8\nc = 0.5\nd = true");
    let constants = [Value::from("adamw"), 8.into(), 0.5.into(), true.into()];
    for (param, value) in spec.0.values().zip(constants) {
        assert_eq!(param, &ParamSpec::constant(value));
        assert_eq!(param.r#type, Some(Kind::Const));
    }
}

#[test]
fn a_confidence_is_kept_with_its_default() {
    let written = spec(
        "lr = { type = 'float', low = 0, high = 1, default = 0.5, confidence = 'medium' }\n\
         dropout = { type = 'float', low = 0, high = 1, default = 0.1 }",
    );
    let read = serde_json::from_str(&serde_json::to_string(&written).unwrap()).unwrap();
    let space = Space::new(&read, &Default::default()).unwrap();
    assert_eq!(space.param("lr").unwrap().confidence(), Some(Confidence::Medium));
    assert_eq!(space.param("dropout").unwrap().confidence(), None);
    assert!(Confidence::Low < Confidence::Medium && Confidence::Medium < Confidence::High);
}

#[test]
fn numbers_keep_their_64_bits() {
    let spec =
        spec("x = { type = \"int\", low = -9223372036854775808, high = 9223372036854775807 }");
    assert_eq!(spec.0["x"].low, Some(Number::Int(i64::MIN)));
    assert_eq!(spec.0["x"].high, Some(Number::Int(i64::MAX)));
    let space = Space::new(&spec, &Default::default()).unwrap();
    assert!(space.validate(&config("x = 9223372036854775807")).is_ok());
}

#[test]
fn a_condition_takes_one_value_or_a_list() {
    let when = |text: &str| spec(&format!("x = {{ when = {{ y = {text} }} }}")).0["x"].when.clone();
    let accepted = |text: &str| when(text).unwrap()["y"].clone();
    assert_eq!(accepted("\"a\""), OneOrMany::One("a".into()));
    assert_eq!(accepted("[\"a\", 2]").as_slice(), [Value::from("a"), 2.into()]);
    for plain in [Value::Bool(true), 8.into(), 0.5.into()] {
        assert_eq!(accepted(&plain.to_string()), OneOrMany::One(plain));
    }
}

/// The text that the error of a `[space]` table points at, and its message.
fn refusal(text: &str) -> (String, String) {
    let error = toml::from_str::<SpaceSpec>(text).expect_err("the table has a mistake");
    (text[error.span().expect("the mistake has a place")].to_owned(), error.message().to_owned())
}

#[test]
fn an_unknown_key_is_pointed_at() {
    let (place, message) = refusal("a = 1\nlr = { type = \"float\", lo = 1.0, high = 2.0 }");
    assert_eq!(place, "lo");
    assert!(message.starts_with("unknown field `lo`, expected one of `type`, `low`"), "{message}");
}

#[test]
fn a_value_of_the_wrong_kind_is_pointed_at() {
    let (place, message) = refusal("lr = { type = \"float\", low = \"small\" }");
    assert_eq!(place, "\"small\"");
    assert_eq!(message, "invalid type: string \"small\", expected a number");
    let (place, message) = refusal("lr = { type = \"real\" }");
    assert_eq!(place, "\"real\"");
    assert!(message.starts_with("unknown variant `real`, expected one of `float`"), "{message}");
    let (place, message) = refusal("lr = { confidence = \"sure\" }");
    assert_eq!(place, "\"sure\"");
    assert!(message.contains("expected one of `low`, `medium`, `high`"), "{message}");
    let (place, message) = refusal("lr = [1, 2]");
    assert_eq!(place, "[1, 2]");
    assert!(message.contains("expected a table such as { type = \"float\""), "{message}");
    let (place, _) = refusal("lr = { default = nan }");
    assert_eq!(place, "nan");
}
