use std::fs;

use super::super::tests::{item, line};
use super::*;

fn build(options: &Value, folder: &str) -> Result<Box<dyn Scorer>, String> {
    let made = ENTRY.build(options.as_object().unwrap(), &Surroundings::without_judges(folder));
    made.map_err(|error| error.to_string())
}

/// What a shell script makes of the output `it`.
fn run_script(script: &str) -> Result<f64, String> {
    let scorer = build(&json!({"command": ["sh", "-c", script]}), ".").unwrap();
    scorer.score("it", &item(json!("any"))).map_err(|failure| failure.to_string())
}

#[test]
fn the_last_line_is_the_score_as_a_number_or_an_object() {
    for (script, score) in [
        ("echo 0.25", 0.25),
        ("echo 0; echo; echo ' 1 '; echo", 1.0),
        ("printf 0.5", 0.5),
        (r#"echo '{"score": 0.75, "why": "it rhymes"}'"#, 0.75),
        ("echo trouble >&2; echo 1", 1.0),
        ("cat > /dev/null; echo 1", 1.0),
    ] {
        assert_eq!(run_script(script), Ok(score), "{script}");
    }
}

#[test]
fn what_gives_no_score_says_why() {
    for (script, said) in [
        ("echo one >&2; echo two >&2; exit 3", "`sh` ended (exit status: 3): two"),
        ("kill -9 $$", "`sh` ended (signal: 9 (SIGKILL))"),
        ("true", "`sh` printed nothing"),
        ("echo why >&2", "`sh` printed nothing: why"),
        ("echo 1; echo done", "`sh` printed no number in its last line, but \"done\""),
        ("echo '{}'", "`sh` printed no number in its last line, but \"{}\""),
        ("echo 1.5", "`sh` gave the score 1.5, which is not from 0 to 1"),
        ("echo -1", "`sh` gave the score -1, which is not from 0 to 1"),
        ("echo nan", "`sh` gave the score NaN, which is not from 0 to 1"),
    ] {
        assert_eq!(run_script(script), Err(said.into()), "{script}");
    }
}

#[test]
fn the_program_reads_the_output_and_its_item_in_the_folder_of_the_study() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    let scorer = build(&json!({"command": ["sh", "-c", "cat > read.json; echo 1"]}), path).unwrap();
    let read = || -> Value {
        serde_json::from_slice(&fs::read(folder.path().join("read.json")).unwrap()).unwrap()
    };
    let asked =
        line(json!({"id": "7", "prompt": "?", "answer": 1, "choices": ["x"], "output": "y"}));
    assert_eq!(scorer.score("a\n\0😀", &asked), Ok(1.0));
    let expected = json!({
        "output": "a\n\0😀",
        "id": "7",
        "prompt": "?",
        "answers": ["1"],
        "choices": ["x"],
        "fields": {"output": "y"},
    });
    assert_eq!(read(), expected);
    let messages = json!([{"role": "user", "content": "?"}]);
    scorer.score("it", &line(json!({"messages": messages, "answer": 1}))).unwrap();
    assert_eq!(read()["messages"], messages);
}

#[test]
fn a_program_that_reads_nothing_of_a_long_output_still_scores() {
    let scorer = build(&json!({"command": ["sh", "-c", "echo 1"]}), ".").unwrap();
    assert_eq!(scorer.score(&"long ".repeat(200_000), &item(json!("any"))), Ok(1.0));
}

#[test]
fn a_program_that_takes_too_long_is_killed() {
    let options = json!({"command": ["sleep", "1000"], "timeout": 0.01});
    let failure = build(&options, ".").unwrap().score("it", &item(json!("any"))).unwrap_err();
    assert_eq!(failure.to_string(), "`sleep` took longer than 10ms");
}

#[test]
fn what_a_program_leaves_behind_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    // It is read to its end once nobody holds it open any more.
    let reader = std::thread::spawn(move || fs::read(pipe).unwrap());
    let options = json!({"command": ["sh", "-c", "exec 3> pipe; sleep 1000 & echo 1"]});
    let scorer = build(&options, folder.path().to_str().unwrap()).unwrap();
    assert_eq!(scorer.score("it", &item(json!("any"))), Ok(1.0));
    assert_eq!(reader.join().unwrap(), b"");
}

#[test]
fn a_program_that_is_not_there_is_found_before_anything_runs() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    fs::write(folder.path().join("score.py"), "print(1)").unwrap();
    for name in ["no-such-program", "./no-such-program", "./score.py", "./"] {
        let error = build(&json!({"command": [name]}), path).unwrap_err();
        let expected =
            format!("`command`: `command` names the program `{name}`, which is not there");
        assert_eq!(error, expected);
    }
    let mode = fs::Permissions::from_mode(0o755);
    fs::set_permissions(folder.path().join("score.py"), mode).unwrap();
    build(&json!({"command": ["./score.py"]}), path).unwrap();
    build(&json!({"command": ["sh"]}), "").unwrap();
    for (options, said) in [
        (json!({}), "missing field `command`"),
        (json!({"command": []}), "`command` is empty"),
        (json!({"command": ["sh"], "timeout": 0}), "`timeout` is 0, but must be above 0"),
    ] {
        let error = build(&options, ".").unwrap_err();
        assert!(error.contains(said), "{error}");
    }
}
