//! A server on this machine that answers as it is told to: also late, wrongly, or not at all.
#![allow(dead_code, reason = "it is compiled into each target, and none needs all of it")]

mod message;
mod reply;

use std::io::{BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use serde_json::json;

pub(crate) use message::Seen;
pub(crate) use reply::Reply;

/// An address at which nobody listens: the port of tcpmux, which no machine has had for decades. A
/// free one might be taken by another test.
pub(crate) const DESERTED: &str = "http://127.0.0.1:1/v1";

/// A server that counts and keeps what it was asked. It ends with this value.
pub(crate) struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: Option<JoinHandle<()>>,
}

struct Shared {
    seen: Mutex<Vec<Seen>>,
    ended: AtomicBool,
    reply: Box<Decide>,
}

/// What to reply to a request, by its number.
type Decide = dyn Fn(usize, &Seen) -> Reply + Send + Sync;

impl Server {
    /// Gives one reply after the other, in the order in which requests come. Past the last one it
    /// refuses, as no test should get there.
    pub(crate) fn scripted(replies: impl IntoIterator<Item = Reply>) -> Self {
        let replies: Vec<Reply> = replies.into_iter().collect();
        Self::answering(move |index, _| {
            let error = json!({"error": {"message": format!("no reply to request {index}")}});
            replies.get(index).cloned().unwrap_or_else(|| Reply::json(400, &error))
        })
    }

    /// Gives every request the same reply.
    pub(crate) fn always(reply: Reply) -> Self {
        Self::answering(move |_, _| reply.clone())
    }

    /// Replies to the requests, counted from 0, as `reply` says; it may wait, each connection has a
    /// thread.
    pub(crate) fn answering(reply: impl Fn(usize, &Seen) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("this machine has a free port");
        let address = listener.local_addr().expect("it is bound");
        let shared = Arc::new(Shared {
            seen: Mutex::default(),
            ended: AtomicBool::new(false),
            reply: Box::new(reply),
        });
        let accepting = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || accept(&listener, &shared))
        };
        Self { address, shared, accepting: Some(accepting) }
    }

    /// The base of its addresses.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// What it was asked, in order.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.shared.seen().clone()
    }

    /// How often it was asked, but for greetings.
    pub(crate) fn count(&self) -> usize {
        self.shared.seen().iter().filter(|seen| !is_greeting(seen)).count()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(self.address)); // wakes the thread, which sees that it is over
        if let Some(accepting) = self.accepting.take() {
            drop(accepting.join());
        }
    }
}

impl Shared {
    fn seen(&self) -> MutexGuard<'_, Vec<Seen>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn reply_to(&self, seen: &Seen) -> Reply {
        let mut all = self.seen();
        let index = all.len();
        all.push(seen.clone());
        drop(all); // `reply` may wait for other requests
        (self.reply)(index, seen)
    }
}

/// Whether it is only asked to find out whether anybody is there.
pub(crate) fn is_greeting(seen: &Seen) -> bool {
    seen.body["messages"][0]["content"] == "Hi" && seen.body["max_tokens"] == 1
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for stream in listener.incoming() {
        if shared.ended.load(Ordering::SeqCst) {
            return;
        }
        let (Ok(stream), shared) = (stream, Arc::clone(shared)) else { continue };
        thread::spawn(move || serve(&stream, &shared));
    }
}

/// Replies to the requests of one connection until one of both ends it.
fn serve(stream: &TcpStream, shared: &Shared) {
    let mut reader = BufReader::new(stream);
    while let Some(seen) = Seen::read(&mut reader) {
        let reply = shared.reply_to(&seen);
        let Some(bytes) = reply.bytes() else {
            // It is silent until the other one loses patience.
            return drop(Seen::read(&mut reader));
        };
        let mut writer = stream;
        if writer.write_all(&bytes).is_err() || reply.ends_connection() {
            return;
        }
    }
}
