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

mod instance;
mod json;
pub mod library;
use instance::Instance;
pub use instance::Make;
pub use json::Json;

const LARGEST: usize = 1 << 20;
const LARGEST_ANSWER: usize = 2 << 20;

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

    /// Says what is wrong with each value of the client attributes without `type`, such as "must be even"; `None` for a
    /// valid one. A value has `name`, `under` and `value`, and what is said depends on nothing but it and the settings.
    ///
    /// While a call waits for the reply to a host call, this is asked of another value of the plugin.
    fn check_attributes(&mut self, _values: &[Json]) -> Vec<Option<String>> {
        Vec::new()
    }
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

    /// Makes a host call and waits for its reply, which may wait for a check of attributes. Other calls are kept.
    fn ask(&mut self, call: i64, mut question: Json, instance: &Instance) -> Json {
        self.asked += 1;
        let number = self.asked;
        if let Json::Object(members) = &mut question {
            members.insert(0, ("for".to_string(), Json::Integer(call)));
            members.insert(0, ("ask".to_string(), Json::Integer(number)));
        }
        let text = question.to_string();
        if text.len() > LARGEST {
            return object! {"refused" => "the host call does not fit into a frame"};
        }
        self.send(&text);
        loop {
            let message = self.receive();
            if message.get("reply").integer() == Some(number) {
                return message;
            }
            if message.get("function").text() == Some("check_attributes") {
                self.check(&message, instance);
            } else if message.get("call").integer().is_some() {
                self.waiting.push_back(message);
            }
        }
    }

    fn check(&mut self, message: &Json, instance: &Instance) {
        let mut refuse = |_: Json| object! {"refused" => "a check of attributes makes no host calls"};
        let result = instance.serve(message, &mut Host { ask: &mut refuse });
        self.send(&answer(message.get("call").integer().unwrap_or(-1), result));
    }

    fn send(&mut self, text: &str) {
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
pub fn run(make: Make) -> ! {
    // Descriptor 3 is the socket, and nothing else in the process uses it.
    let socket = unsafe { File::from_raw_fd(3) };
    let mut channel = Channel { socket, waiting: VecDeque::new(), asked: 0 };
    let mut instance = Instance::new(make);
    loop {
        let message = channel.waiting.pop_front().unwrap_or_else(|| channel.receive());
        let Some(number) = message.get("call").integer() else { continue };
        let result = if message.get("function").text() == Some("describe") {
            instance.describe(message.get("input"))
        } else {
            let mut ask = |question: Json| channel.ask(number, question, &instance);
            instance.serve(&message, &mut Host { ask: &mut ask })
        };
        channel.send(&answer(number, result));
    }
}

/// The text that answers a call: a failure if the answer fits into no frame.
fn answer(call: i64, result: Result<Json, Failure>) -> String {
    let text = match result {
        Ok(output) => object! {"answer" => call, "output" => output},
        Err(Failure::Refusal(error)) => object! {"answer" => call, "error" => error},
        Err(Failure::Unavailable(what)) => object! {"answer" => call, "unavailable" => what.as_str()},
        Err(Failure::Abandoned(what)) => object! {"answer" => call, "abandoned" => what.as_str()},
        Err(Failure::Other(what)) => object! {"answer" => call, "failure" => what.as_str()},
    }
    .to_string();
    if text.len() <= LARGEST_ANSWER {
        return text;
    }
    object! {"answer" => call, "failure" => "the answer does not fit into a frame"}.to_string()
}
