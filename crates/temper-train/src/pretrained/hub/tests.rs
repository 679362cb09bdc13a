//! Tests of names, and of fetching from a server that stands for the hub.

use super::*;

fn named(name: &str) -> Option<(String, String, Option<String>)> {
    Named::parse(name).ok().map(|named| (named.repo, named.revision, named.file))
}

#[test]
fn names_have_an_owner_and_perhaps_a_revision_and_a_file() {
    let main = |repo: &str, file: Option<&str>| {
        Some((repo.to_owned(), "main".to_owned(), file.map(str::to_owned)))
    };
    assert_eq!(named("owner/name"), main("owner/name", None));
    assert_eq!(named("o/n/q4.gguf"), main("o/n", Some("q4.gguf")));
    assert_eq!(named("o/n/deep/q4.gguf"), main("o/n", Some("deep/q4.gguf")));
    let revised = Some(("o/n".to_owned(), "v1".to_owned(), Some("f".to_owned())));
    assert_eq!(named("o/n@v1/f"), revised);
    for malformed in ["", "name", "/name", "owner/", "owner/@v1", "owner/name@", "owner/name/"] {
        let error = Named::parse(malformed).unwrap_err();
        assert!(error.to_string().contains(&format!("hf://{malformed}")), "{error}");
        assert!(error.help().is_some());
    }
}

#[test]
fn paths_are_relative_to_the_base_folder() {
    assert_eq!(locate("model", Path::new("/base")).unwrap(), Path::new("/base/model"));
    assert_eq!(locate("/model", Path::new("/base")).unwrap(), Path::new("/model"));
    assert!(is_on_hub("hf://owner/name") && !is_on_hub("owner/name"));
}

#[cfg(not(feature = "hf-hub"))]
#[test]
fn a_build_that_can_not_fetch_says_how_to_make_one_that_can() {
    let error = locate("hf://owner/name", Path::new("/")).unwrap_err();
    assert_eq!(error.to_string(), "this build can't fetch `owner/name` from the Hugging Face hub");
    assert!(error.help().unwrap().contains("feature `hf-hub`"));
}
