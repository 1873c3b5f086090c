// SPDX-License-Identifier: Apache-2.0
//! A grant in Rust: a client shows a badge, and each badge gets a few tokens a day.
use grantor::{authorization, invalid_grant, object, parameter, Failure, Host, Json, Plugin};
use std::time::{SystemTime, UNIX_EPOCH};

const DAY: i64 = 86400;

struct Badges {
    limit: i64,
}

impl Plugin for Badges {
    fn describe(&mut self, settings: &Json) -> Json {
        self.limit = settings.get("limit").integer().unwrap_or(3);
        object! {
            "protocol" => 1, "version" => "1.0.0", "summary" => "tokens for badges",
            "host_calls" => vec!["digest".into(), "store.read".into()],
            "settings" => vec![object! {"key" => "limit", "type" => "integer", "default" => 3, "minimum" => 1,
                "maximum" => 100, "help" => "how many tokens a badge gets in a day"}],
            "collections" => vec![object! {"name" => "badge-use", "retention" => DAY}],
            "grants" => vec![object! {"grant_type" => "urn:example:badge", "key" => "badge", "parameters" => vec![
                object! {"name" => "badge", "required" => true, "longest" => 100, "secret" => true, "example" => "badge-1"}]}],
        }
    }

    fn call(&mut self, _: &str, _: usize, request: &Json, host: &mut Host) -> Result<Json, Failure> {
        // The digest, because what clients send may be secret and the store can be read by others.
        let digest = host.ask("digest", object! {"text" => parameter(request, "badge").unwrap_or("")})?;
        let key = Json::Array(vec!["badge-use".into(), digest]);
        let records = host.ask("store.read", object! {"keys" => vec![key.clone()]})?;
        let found = records.elements().first().unwrap_or(&Json::Null);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs() as i64);
        let end = found.get("expires_at").integer().filter(|end| *end > now);
        let count = end.and(found.get("value").get("count").integer()).unwrap_or(0) + 1;
        if count > self.limit {
            return Err(invalid_grant("the badge has been used too often today"));
        }
        let record = object! {"key" => key, "value" => object! {"count" => count}, "expires_at" => end.unwrap_or(now + DAY)};
        let write = match found.get("version").integer() {
            Some(version) => object! {"write" => "replace", "record" => record, "if_version" => version},
            None => object! {"write" => "create", "record" => record},
        };
        Ok(authorization(request, vec![write]))
    }
}

grantor::plugin!(Badges { limit: 3 });
