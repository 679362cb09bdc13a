//! Checkpoints from the Hugging Face hub, for which a server on loopback stands.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::{fs, io, thread};

use crate::lab::{Lab, end};

/// Serves the files of a folder as the model `tester/tiny`, until the test ends.
fn serve(folder: PathBuf) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = listener.local_addr().expect("it is bound");
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // A client that goes away early is its own affair.
            let _ = answer(stream, &folder);
        }
    });
    format!("http://{address}")
}

fn answer(mut stream: TcpStream, folder: &Path) -> io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let request = lines.next().unwrap_or_else(|| Ok(String::new()))?;
    let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
    let headers: Vec<_> = lines.map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
    let body = match path.strip_prefix("/tester/tiny/resolve/main/") {
        Some(file) => fs::read(folder.join(file)).ok(),
        None if path.starts_with("/api/models/tester/tiny") => Some(listing(folder)?),
        None => None,
    };
    let Some(body) = body else {
        return stream.write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n");
    };
    let range = headers.iter().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        let range = value.trim().strip_prefix("bytes=")?;
        let (first, last) = range.split_once('-')?;
        name.eq_ignore_ascii_case("range").then(|| (first.to_owned(), last.to_owned()))
    });
    let (first, last) = range.unwrap_or_default();
    let first: usize = first.parse().unwrap_or(0);
    let last: usize = last.parse().unwrap_or(usize::MAX).min(body.len() - 1);
    let head = format!(
        "HTTP/1.1 206 Partial Content\r\nx-repo-commit: {}\r\netag: \"{}\"\r\n\
         content-range: bytes {first}-{last}/{}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        "a".repeat(40),
        body.len(),
        body.len(),
        last + 1 - first,
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(&body[first..=last])
}

fn listing(folder: &Path) -> io::Result<Vec<u8>> {
    let names = fs::read_dir(folder)?.flatten();
    let siblings: Vec<_> = names
        .map(|entry| serde_json::json!({"rfilename": entry.file_name().to_string_lossy()}))
        .collect();
    let listing = serde_json::json!({"sha": "a".repeat(40), "siblings": siblings});
    Ok(listing.to_string().into_bytes())
}

#[test]
fn a_model_on_the_hub_is_fetched_once_and_used_like_one_on_the_disk() {
    let lab = Lab::new();
    let tiny = Path::new(env!("CARGO_MANIFEST_DIR")).join("../temper-train/reference/tiny/f32");
    let endpoint = serve(tiny.clone());
    let generate = |model: &str, endpoint: &str| {
        let arguments = ["generate", "--model", model, "--prompt", "the loss"];
        let mut command = lab.command(&arguments);
        command.env("HF_HOME", lab.path("cache")).env("HF_ENDPOINT", endpoint);
        end(command.spawn())
    };
    let here = generate(&tiny.display().to_string(), &endpoint).ok();
    assert_eq!(generate("hf://tester/tiny", &endpoint).ok().stdout, here.stdout);
    let missing = generate("hf://tester/other", &endpoint).with_code(2);
    assert!(missing.stderr.contains("`tester/other` could not be fetched"), "{}", missing.stderr);
    assert!(missing.stderr.contains("check the name"), "{}", missing.stderr);
}
