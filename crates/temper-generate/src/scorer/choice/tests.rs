use serde_json::json;

use super::*;
use crate::EvaluationSet;

/// Which of London, Paris, a dog and Vitamin C the output names.
fn named(output: &str) -> Option<usize> {
    let choices = ["London", "Paris", "a dog", "Vitamin C"].map(str::to_owned);
    Choice { letters: Letters::new() }.named(output, &choices)
}

fn item(answer: &str, choices: &[&str]) -> Item {
    let line = json!({"prompt": "?", "answer": answer, "choices": choices});
    let set = EvaluationSet::from_jsonl(&line.to_string(), "set.jsonl".as_ref()).unwrap();
    set.items()[0].clone()
}

#[test]
fn a_letter_is_read_however_it_is_set_apart() {
    for output in [
        "B",
        "b",
        "(b)",
        "(B)",
        "[B]",
        "B.",
        "B)",
        "B:",
        "B,",
        "**B**",
        "**B.**",
        "*B*",
        "\"B\"",
        " B \n",
        "B\nbecause",
        "B. Paris",
        "B) Paris",
        "(B) Paris",
        "**B) Paris**",
        "B - Paris",
        "B – it is",
        "B because it is the capital.",
        "B is the correct answer.",
        "**B** is right.",
        "Option B",
        "I choose option B.",
        "I think it's B.",
        "It's (B), I think.",
        "So it is **B**.",
        "B, I think",
        "$\\boxed{B}$",
        "D.C. is none, so B",
    ] {
        assert_eq!(named(output), Some(1), "{output}");
    }
    assert_eq!(named("I think it's A."), Some(0));
    assert_eq!(named("A is right"), Some(0));
}

#[test]
fn what_is_called_the_answer_counts_more_than_what_else_is_named() {
    for output in [
        "Answer: B",
        "answer: b",
        "ANSWER: B",
        "**Answer:** B",
        "Answer:\nB",
        "The answer is B",
        "The answer is B.",
        "The answer is (b).",
        "the answer is **B**",
        "The correct answer is: B) Paris",
        "The correct answer is option B.",
        "The answer to the question is B because A is in England.",
        "The best choice would be B",
        "The answer is Paris.",
        "It is not London. The answer is Paris, I'd say.",
        "Not A. The answer is B",
        "A. London is in England. B. Paris is in France. The answer is B.",
        "The answer is B. The other option A is wrong.",
        "Answer: A? No. The answer is B.",
        "The answer is not A. Answer: B",
    ] {
        assert_eq!(named(output), Some(1), "{output}");
    }
    assert_eq!(named("The answer is a dog"), Some(2));
    assert_eq!(named("The answer is vitamin C."), Some(3));
}

#[test]
fn a_text_is_found_in_any_case_as_words_of_its_own() {
    for output in ["Paris", "paris", "**Paris**", "The capital is Paris.", "A city: Paris"] {
        assert_eq!(named(output), Some(1), "{output}");
    }
    assert_eq!(named("A dog."), Some(2));
    assert_eq!(named("You need vitamin C."), Some(3));
}

#[test]
fn nothing_is_named_by_several_letters_or_texts_or_by_words() {
    for output in [
        "",
        "E",
        "A city",
        "A cat is an animal.",
        "I don't know.",
        "Parisian",
        "London or Paris",
        "A or B",
        "A and B",
        "A, B",
        "(A) and (B)",
        "A/B",
        "The answer is A or B.",
        "Both A and B",
        "(A) London (B) Paris (C) a dog (D) Vitamin C",
        "A. London\nB. Paris\nC. a dog\nD. Vitamin C",
        "The answer is not London.\nOr is it Paris?",
        "None of them",
    ] {
        assert_eq!(named(output), None, "{output}");
    }
}

#[test]
fn the_longer_of_two_choices_counts_where_one_is_part_of_the_other() {
    let cities = item("B", &["New York", "New York City"]);
    let score = |output| Choice { letters: Letters::new() }.score(output, &cities);
    assert_eq!(score("I say New York City."), Ok(1.0));
    assert_eq!(score("I say New York."), Ok(0.0));
}

#[test]
fn choices_in_scripts_without_spaces_are_found() {
    let cities = item("東京", &["大阪", "東京"]);
    assert_eq!(Choice { letters: Letters::new() }.score("首都は東京です。", &cities), Ok(1.0));
}

#[test]
fn an_item_needs_choices_and_answers_that_name_one() {
    let check = |item: Item| Choice { letters: Letters::new() }.check(&item);
    check(item("paris", &["London", "Paris"])).unwrap();
    check(item("b", &["London", "Paris"])).unwrap();
    let said = check(item("D", &["London", "Paris"])).unwrap_err().to_string();
    let expected = "`choice`: item \"1\" has the answer \"D\", which names none of its choices";
    assert_eq!(said, expected);
    let mut open = item("B", &["London", "Paris"]);
    open.choices.clear();
    assert_eq!(check(open).unwrap_err().to_string(), "`choice`: item \"1\" has no `choices`");
}
