// SPDX-License-Identifier: Apache-2.0
//! The plugin of odd.py.
use grantor::{object, Failure, Host, Json, Plugin};

struct Odd {
    word: String,
}

impl Plugin for Odd {
    fn describe(&mut self, settings: &Json) -> Json {
        self.word = settings.get("word").text().unwrap_or("even").to_string();
        object! {
            "protocol" => 1, "host_calls" => vec!["digest".into()],
            "settings" => vec![object! {"key" => "word", "type" => "string", "default" => "even"}],
            "attributes" => vec![object! {"name" => "half", "default" => 0, "expectation" => "an even number"}],
            "endpoints" => vec![object! {"methods" => vec!["POST".into()], "path" => "/odd",
                "caller" => object! {"client" => "confidential"}}],
        }
    }

    fn call(&mut self, _: &str, _: usize, input: &Json, host: &mut Host) -> Result<Json, Failure> {
        let pad = "x".repeat(input.get("size").integer().unwrap_or(0) as usize);
        match input.get("do").text() {
            Some("ask") => host.ask("digest", object! {"text" => pad.as_str()}),
            Some("panic") => panic!("as the input says"),
            _ => Ok(Json::Text(pad)),
        }
    }

    fn check_attributes(&mut self, values: &[Json]) -> Vec<Option<String>> {
        let is_even = |value: &Json| value.get("value").integer().map_or(false, |number| number % 2 == 0);
        values.iter().map(|value| (!is_even(value)).then(|| format!("must be {}", self.word))).collect()
    }
}

grantor::plugin!(Odd { word: String::new() });
