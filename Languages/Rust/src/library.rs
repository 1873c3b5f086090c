// SPDX-License-Identifier: Apache-2.0
//! The C interface of a library that the server loads (`Docs/PluginProtocol.md`). [`plugin!`](crate::plugin) exports it.

use crate::{instance::Instance, Failure, Host as Services, Json, Make};
use std::ffi::{c_char, c_void};
use std::sync::mpsc::{sync_channel, SyncSender};

/// The block by which the server knows the version of the interface before it loads the library.
#[repr(C)]
pub struct Block {
    pub magic: [u8; 8],
    pub size: u32,
    pub version: u32,
}

/// The block of this version.
pub const BLOCK: Block = Block { magic: *b"GRANTC\0\0", size: 16, version: 1 };

type Reply = unsafe extern "C" fn(*mut c_void, *const c_char, usize);

/// The server, as a library sees it.
#[repr(C)]
pub struct Host {
    version: u32,
    size: u32,
    plugin: *const c_char,
    answer: unsafe extern "C" fn(*const Host, u64, *const c_char, usize),
    ask: unsafe extern "C" fn(*const Host, u64, *const c_char, usize, Reply, *mut c_void),
}

/// What `grantor_describe` does.
///
/// # Safety
/// The arguments must be those that the server passes.
pub unsafe fn describe(make: Make, host: *const Host, call: u64, bytes: *const u8, length: usize) -> *mut c_void {
    let mut instance = Box::new(Instance::new(make));
    let description = instance.describe(read(bytes, length).get("input"));
    answer(host, call, description);
    Box::into_raw(instance) as *mut c_void
}

/// What `grantor_call` does.
///
/// # Safety
/// The arguments must be those that the server passes.
pub unsafe fn call(instance: *mut c_void, host: *const Host, call: u64, bytes: *const u8, length: usize) {
    let message = read(bytes, length);
    let mut ask = |question: Json| ask(host, call, question);
    let result = match (instance as *const Instance).as_ref() {
        Some(instance) => instance.serve(&message, &mut Services { ask: &mut ask }),
        None => Err(Failure::Other("the plugin has not been described".to_string())),
    };
    answer(host, call, result);
}

/// What `grantor_release` does.
///
/// # Safety
/// The instance must be what [`describe`] returned, and must not be used again.
pub unsafe fn release(instance: *mut c_void) {
    if !instance.is_null() {
        drop(Box::from_raw(instance as *mut Instance));
    }
}

unsafe fn read(bytes: *const u8, length: usize) -> Json {
    Json::parse(std::slice::from_raw_parts(bytes, length)).unwrap_or(Json::Null)
}

unsafe fn answer(host: *const Host, call: u64, result: Result<Json, Failure>) {
    let text = crate::answer(call as i64, result);
    ((*host).answer)(host, call, text.as_ptr() as *const c_char, text.len());
}

unsafe fn ask(host: *const Host, call: u64, question: Json) -> Json {
    let (sender, receiver) = sync_channel(1);
    let text = question.to_string();
    let context = Box::into_raw(Box::new(sender)) as *mut c_void;
    ((*host).ask)(host, call, text.as_ptr() as *const c_char, text.len(), take, context);
    receiver.recv().unwrap_or(Json::Null)
}

unsafe extern "C" fn take(context: *mut c_void, bytes: *const c_char, length: usize) {
    let sender = Box::from_raw(context as *mut SyncSender<Json>);
    let _ = sender.send(read(bytes as *const u8, length));
}

/// Makes the program or the library of a plugin; the expression makes a value of the plugin.
///
/// The same source is a program if it is built as one, and a library that the server loads if it is built as a `cdylib`.
#[macro_export]
macro_rules! plugin {
    ($make:expr) => {
        pub fn main() {
            $crate::run(Box::new(|| Box::new($make)))
        }

        #[no_mangle]
        #[used]
        #[link_section = "grantor_c"]
        pub static grantor_library_block: $crate::library::Block = $crate::library::BLOCK;

        #[no_mangle]
        pub unsafe extern "C" fn grantor_describe(
            host: *const $crate::library::Host, call: u64, message: *const u8, length: usize,
        ) -> *mut std::ffi::c_void {
            $crate::library::describe(Box::new(|| Box::new($make)), host, call, message, length)
        }

        #[no_mangle]
        pub unsafe extern "C" fn grantor_call(
            plugin: *mut std::ffi::c_void, host: *const $crate::library::Host, call: u64, message: *const u8,
            length: usize,
        ) {
            $crate::library::call(plugin, host, call, message, length)
        }

        #[no_mangle]
        pub unsafe extern "C" fn grantor_release(plugin: *mut std::ffi::c_void) {
            $crate::library::release(plugin)
        }
    };
}
