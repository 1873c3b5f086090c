// SPDX-License-Identifier: Apache-2.0
//! Writes a plugin of Grantor in Rust: the client of `Docs/PluginProtocol.md`, without dependencies.
//!
//! Implement [`Plugin`] and pass it to [`plugin!`]: the same source becomes a program, or as a `cdylib` a library that
//! the server loads. A program serves one call after the other; for calls at the same time, set `instances` in the
//! configuration.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::io::FromRawFd;
use std::panic::{catch_unwind, AssertUnwindSafe};

mod json;
pub mod library;
pub use json::Json;

const LARGEST: usize = 1 << 20;

/// Why a call has no output.
#[derive(Debug)]
pub enum Failure {
    /// A refusal that the client learns of: `code`, `description`, `reason` and so on.
    Refusal(Json),
    /// Something that may work later; the client is told to try again.
    Unavailable(String),
    /// A job that can never succeed.
    Abandoned(String),
    /// Anything else, for the log.
    Other(String),
}

/// The refusal of a grant that is unknown, expired, revoked or another client's; only the log has the reason.
pub fn invalid_grant(reason: &str) -> Failure {
    let description = "the grant is invalid, expired or revoked";
    Failure::Refusal(object! {"code" => "invalid_grant", "description" => description, "reason" => reason})
}

/// A plugin: its description, and the functions of its roles.
pub trait Plugin {
    /// The description, which depends on nothing but the settings.
    fn describe(&mut self, settings: &Json) -> Json;

    /// Answers a call of a role, which is given by its place in its list in the description.
    fn call(&mut self, function: &str, role: usize, input: &Json, host: &mut Host) -> Result<Json, Failure>;
}

/// The first value of a request's parameter.
pub fn parameter<'a>(request: &'a Json, name: &str) -> Option<&'a str> {
    let pairs = request.get("parameters").elements();
    pairs.iter().find(|pair| pair.elements().first().and_then(Json::text) == Some(name))?.elements().get(1)?.text()
}

/// What is granted: all that the client may have, to the client itself.
pub fn authorization(request: &Json, writes: Vec<Json>) -> Json {
    let allowed = request.get("allowed");
    let mut members = vec![
        ("v".to_string(), Json::Integer(1)),
        ("client".to_string(), request.get("client").get("id").clone()),
        ("scope".to_string(), allowed.get("scope").clone()),
        ("aud".to_string(), allowed.get("audience").clone()),
        ("writes".to_string(), Json::Array(writes)),
    ];
    for (name, member) in [("refresh", "may_refresh"), ("exp", "not_after")] {
        if *allowed.get(member) != Json::Null {
            members.push((name.to_string(), allowed.get(member).clone()));
        }
    }
    Json::Object(members)
}

/// The services of the server, during a call.
pub struct Host<'a> {
    /// Sends a host call and waits for the message that replies to it.
    ask: &'a mut dyn FnMut(Json) -> Json,
}

impl Host<'_> {
    /// Makes a host call that the description declares, and waits for its output.
    pub fn ask(&mut self, function: &str, input: Json) -> Result<Json, Failure> {
        let message = (self.ask)(object! {"function" => function, "input" => input});
        match (message.get("error"), message.get("unavailable"), message.get("refused")) {
            (Json::Null, Json::Null, Json::Null) => Ok(message.get("output").clone()),
            (Json::Null, Json::Null, refused) => Err(Failure::Other(refused.text().unwrap_or("").to_string())),
            (Json::Null, what, _) => Err(Failure::Unavailable(what.text().unwrap_or("").to_string())),
            (error, _, _) => Err(Failure::Refusal(error.clone())),
        }
    }
}

struct Channel {
    socket: File,
    waiting: VecDeque<Json>,
    asked: i64,
}

impl Channel {
    fn receive(&mut self) -> Json {
        let mut head = [0; 4];
        self.read(&mut head);
        let length = u32::from_be_bytes(head) as usize;
        if length > LARGEST {
            end("a frame is too large");
        }
        let mut bytes = vec![0; length];
        self.read(&mut bytes);
        Json::parse(&bytes).unwrap_or_else(|| end("a frame is not JSON"))
    }

    fn read(&mut self, bytes: &mut [u8]) {
        // The server closes the socket to end the process.
        if self.socket.read_exact(bytes).is_err() {
            std::process::exit(0);
        }
    }

    /// Makes a host call and waits for its reply; what else arrives is kept.
    fn ask(&mut self, call: i64, mut question: Json) -> Json {
        self.asked += 1;
        let number = self.asked;
        if let Json::Object(members) = &mut question {
            members.insert(0, ("for".to_string(), Json::Integer(call)));
            members.insert(0, ("ask".to_string(), Json::Integer(number)));
        }
        self.send(&question);
        loop {
            let message = self.receive();
            if message.get("reply").integer() == Some(number) {
                return message;
            }
            self.waiting.push_back(message);
        }
    }

    fn send(&mut self, message: &Json) {
        let text = message.to_string();
        if text.len() > LARGEST {
            end("a message does not fit into a frame");
        }
        let mut frame = (text.len() as u32).to_be_bytes().to_vec();
        frame.extend_from_slice(text.as_bytes());
        if self.socket.write_all(&frame).is_err() {
            std::process::exit(0);
        }
    }
}

fn end(why: &str) -> ! {
    let _ = writeln!(io::stderr(), "{why}");
    std::process::exit(1)
}

/// Serves calls until the server closes the socket.
pub fn run(mut plugin: impl Plugin) -> ! {
    // Descriptor 3 is the socket, and nothing else in the process uses it.
    let socket = unsafe { File::from_raw_fd(3) };
    let mut channel = Channel { socket, waiting: VecDeque::new(), asked: 0 };
    loop {
        let message = channel.waiting.pop_front().unwrap_or_else(|| channel.receive());
        let number = match message.get("call").integer() { Some(number) => number, _ => continue };
        let mut ask = |question: Json| channel.ask(number, question);
        let mut host = Host { ask: &mut ask };
        let result = catch_unwind(AssertUnwindSafe(|| serve(&mut plugin, &message, &mut host)))
            .unwrap_or_else(|_| Err(Failure::Other("the plugin panicked".to_string())));
        let mut answer = crate::message(result);
        if let Json::Object(members) = &mut answer {
            members.insert(0, ("answer".to_string(), Json::Integer(number)));
        }
        channel.send(&answer);
    }
}

/// The message that answers a call, without its number.
fn message(result: Result<Json, Failure>) -> Json {
    match result {
        Ok(output) => object! {"output" => output},
        Err(Failure::Refusal(error)) => object! {"error" => error},
        Err(Failure::Unavailable(what)) => object! {"unavailable" => what.as_str()},
        Err(Failure::Abandoned(what)) => object! {"abandoned" => what.as_str()},
        Err(Failure::Other(what)) => object! {"failure" => what.as_str()},
    }
}

/// Has the plugin answer a message of the server.
fn serve(plugin: &mut dyn Plugin, message: &Json, host: &mut Host) -> Result<Json, Failure> {
    let input = message.get("input");
    match (message.get("function").text().unwrap_or(""), message.get("role").integer()) {
        ("describe", _) => Ok(plugin.describe(input.get("settings"))),
        (function, Some(role)) => plugin.call(function, role as usize, input, host),
        _ => Ok(Json::Null),
    }
}
