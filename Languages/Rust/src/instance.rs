// SPDX-License-Identifier: Apache-2.0
//! The values of a plugin.

use crate::{object, Failure, Host, Json, Plugin};
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::{Mutex, PoisonError};

type Value = Box<dyn Plugin + Send>;

/// Makes a value of the plugin.
pub type Make = Box<dyn Fn() -> Value + Send + Sync>;

/// The plugin with its settings. Each call that runs at the same time as others has a value of the plugin to itself,
/// and so has a check of attributes for which another call waits.
pub(crate) struct Instance {
    make: Make,
    settings: Json,
    idle: Mutex<Vec<Value>>,
}

impl Instance {
    pub(crate) fn new(make: Make) -> Instance {
        Instance { make, settings: Json::Null, idle: Mutex::new(Vec::new()) }
    }

    /// Answers the call `describe`, by which the plugin learns its settings.
    pub(crate) fn describe(&mut self, input: &Json) -> Result<Json, Failure> {
        if input.get("protocol").integer().unwrap_or(1) != 1 {
            return Err(Failure::Other("this plugin speaks version 1 of the protocol".to_string()));
        }
        self.settings = input.get("settings").clone();
        guarded(|| {
            let (value, description) = self.made();
            self.idle = Mutex::new(vec![value]);
            Ok(description)
        })
    }

    /// Has the plugin answer any other call.
    pub(crate) fn serve(&self, message: &Json, host: &mut Host) -> Result<Json, Failure> {
        let input = message.get("input");
        guarded(|| match (message.get("function").text().unwrap_or(""), message.get("role").integer()) {
            (function, Some(role)) => self.with(|value| value.call(function, role as usize, input, host)),
            ("check_attributes", None) => self.with(|value| check(value, input.get("values").elements())),
            _ => Ok(Json::Null),
        })
    }

    fn made(&self) -> (Value, Json) {
        let mut value = (self.make)();
        let description = value.describe(&self.settings);
        (value, description)
    }

    fn with<T>(&self, body: impl FnOnce(&mut dyn Plugin) -> T) -> T {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut value = idle.unwrap_or_else(|| self.made().0);
        let result = body(&mut *value);
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(value);
        result
    }
}

/// Turns a panic into a failure of the call.
fn guarded(body: impl FnOnce() -> Result<Json, Failure>) -> Result<Json, Failure> {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|_| Err(Failure::Other("the plugin panicked".to_string())))
}

fn check(plugin: &mut dyn Plugin, values: &[Json]) -> Result<Json, Failure> {
    let found = plugin.check_attributes(values);
    if found.len() != values.len() {
        let (found, expected) = (found.len(), values.len());
        let what = format!("'check_attributes' returned {found} results for {expected} values");
        return Err(Failure::Other(format!("{what}; a plugin with an attribute without 'type' has to implement it")));
    }
    let problems = found.into_iter().map(|problem| problem.map_or(Json::Null, Json::Text));
    Ok(object! {"problems" => Json::Array(problems.collect())})
}
