//! Whether the output is JSON of a certain shape.

use std::fmt;
use std::fs;

use boon::{CompileError, Compiler, SchemaIndex, Schemas, SchemeUrlLoader};
use serde::Deserialize;
use serde_json::Value;

use super::json::texts;
use super::option::{OptionKind, ScorerOption, read_options};
use super::registry::Entry;
use super::{ScoreFailure, Scorer, ScorerError, Surroundings};
use crate::Item;

pub(super) const ENTRY: Entry = Entry {
    name: "json_schema",
    summary: "1 if the output is JSON, as of `json`, that conforms to a JSON Schema",
    options: &[
        ScorerOption {
            name: "schema",
            kind: OptionKind::Table,
            summary: "the schema, of draft 2020-12 unless its `$schema` says otherwise",
        },
        ScorerOption {
            name: "schema_file",
            kind: OptionKind::Text,
            summary: "the JSON file with the schema, in place of `schema`",
        },
    ],
    make: |options, surroundings| {
        let schema = schema(read_options(ENTRY.name, options)?, surroundings)
            .map_err(|message| ScorerError::BadOptions { owner: ENTRY.name, message })?;
        Ok(Box::new(schema))
    },
};

/// Where the schema is to the compiler, which wants to know.
const PLACE: &str = "schema:/";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    schema: Option<Value>,
    schema_file: Option<String>,
}

struct JsonSchema {
    schemas: Schemas,
    index: SchemaIndex,
}

impl Scorer for JsonSchema {
    fn score(&self, output: &str, _: &Item) -> Result<f64, ScoreFailure> {
        let conforms = |text| {
            serde_json::from_str(text)
                .is_ok_and(|value| self.schemas.validate(&value, self.index).is_ok())
        };
        Ok(f64::from(u8::from(texts(output).any(conforms))))
    }
}

impl fmt::Debug for JsonSchema {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("JsonSchema").finish_non_exhaustive()
    }
}

fn schema(settings: Settings, surroundings: &Surroundings<'_>) -> Result<JsonSchema, String> {
    match (settings.schema, settings.schema_file) {
        (Some(schema), None) => {
            compile(schema).map_err(|error| format!("`schema` is not one: {error}"))
        }
        (None, Some(file)) => {
            let path = surroundings.path(file);
            let wrong = |problem: String| format!("`schema_file` {}: {problem}", path.display());
            let text = fs::read_to_string(&path).map_err(|error| wrong(error.to_string()))?;
            let schema =
                serde_json::from_str(&text).map_err(|error| wrong(format!("not JSON: {error}")))?;
            compile(schema).map_err(|error| wrong(format!("not a schema: {error}")))
        }
        (Some(_), Some(_)) => Err("both `schema` and `schema_file`, of which one counts".into()),
        (None, None) => Err("neither `schema` nor `schema_file`, of which one is needed".into()),
    }
}

/// Compiles a schema that refers to nothing but itself and the drafts: nothing else is loaded.
fn compile(schema: Value) -> Result<JsonSchema, String> {
    let mut compiler = Compiler::new();
    compiler.use_loader(Box::new(SchemeUrlLoader::new()));
    let mut schemas = Schemas::new();
    let index = compiler
        .add_resource(PLACE, schema)
        .and_then(|()| compiler.compile(PLACE, &mut schemas))
        .map_err(|error| told(&error))?;
    Ok(JsonSchema { schemas, index })
}

/// What is wrong with a schema, in one line and without the place that the compiler was told.
fn told(error: &CompileError) -> String {
    let (said, heading) = match error {
        CompileError::LoadUrlError { url, .. } => {
            return format!("it refers to {url}, and nothing beside it is read");
        }
        CompileError::ValidationError { src, .. } => (src.to_string(), 1),
        error => (format!("{error:#}"), 0),
    };
    let lines = said.lines().skip(heading).map(|line| line.trim_start_matches([' ', '-']));
    lines.collect::<Vec<_>>().join("; ").replace(PLACE, "")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::tests::item;
    use super::*;

    fn build(options: &Value, folder: &str) -> Result<Box<dyn Scorer>, String> {
        let surroundings = Surroundings::without_judges(folder);
        let made = ENTRY.build(options.as_object().unwrap(), &surroundings);
        made.map_err(|error| error.to_string())
    }

    fn score(schema: &Value, output: &str) -> f64 {
        let scorer = build(&json!({"schema": schema}), ".").unwrap();
        scorer.score(output, &item(json!("any"))).unwrap()
    }

    #[test]
    fn json_conforms_alone_or_in_a_fence() {
        let schema = json!({
            "type": "object",
            "properties": {"age": {"$ref": "#/$defs/age"}, "name": {"pattern": "^\\p{Lu}"}},
            "required": ["age"],
            "$defs": {"age": {"type": "integer", "minimum": 0}},
        });
        for output in [r#"{"age": 7}"#, "So:\n```json\n{\"age\": 7, \"name\": \"Ada\"}\n```"] {
            assert_eq!(score(&schema, output), 1.0, "{output}");
        }
        for output in [r#"{"age": -7}"#, r#"{"age": 7, "name": "ada"}"#, "{}", "7", "", "{age: 7}"]
        {
            assert_eq!(score(&schema, output), 0.0, "{output}");
        }
    }

    #[test]
    fn a_schema_may_be_of_an_older_draft() {
        let id = "http://json-schema.org/draft-04/schema#";
        let schema = json!({"$schema": id, "maximum": 7, "exclusiveMaximum": true});
        assert_eq!((score(&schema, "6"), score(&schema, "7")), (1.0, 0.0));
    }

    #[test]
    fn a_schema_file_is_looked_for_beside_the_study_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_str().unwrap();
        fs::write(folder.path().join("list.json"), r#"{"type": "array"}"#).unwrap();
        fs::write(folder.path().join("bad.json"), "{").unwrap();
        let scorer = build(&json!({"schema_file": "list.json"}), path).unwrap();
        assert_eq!(scorer.score("[1]", &item(json!("any"))), Ok(1.0));
        for (file, said) in [("none.json", "No such file"), ("bad.json", "not JSON: EOF")] {
            let error = build(&json!({"schema_file": file}), path).unwrap_err();
            assert!(error.contains(&format!("/{file}: {said}")), "{error}");
        }
    }

    #[test]
    fn what_is_no_schema_is_refused() {
        for (options, said) in [
            (json!({}), "`json_schema`: neither `schema` nor"),
            (json!({"schema": {}, "schema_file": "x"}), "`json_schema`: both `schema` and"),
            (json!({"schema": {"type": "text"}}), "`schema` is not one: at '/type': "),
            (json!({"schema": {"pattern": "("}}), "`schema` is not one: at '/pattern': "),
            (json!({"schema": {"$ref": "#/$defs/none"}}), "json-pointer in #/$defs/none not found"),
            (json!({"schema": {"$ref": "https://a.com/s"}}), "it refers to https://a.com/s, and"),
            (
                json!({"schema": {"$ref": "file:///etc/hosts"}}),
                "it refers to file:///etc/hosts, and",
            ),
        ] {
            let error = build(&options, ".").unwrap_err();
            assert!(error.contains(said) && error.lines().count() == 1, "{error}");
        }
    }
}
