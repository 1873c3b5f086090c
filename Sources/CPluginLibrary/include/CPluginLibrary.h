// SPDX-License-Identifier: Apache-2.0
//
// The C interface between the server and a plugin that is a library of any language (Docs/PluginProtocol.md).
// 'Languages/C/grantor.h' and 'Languages/Rust/src/library.rs' have the same declarations.
#ifndef GRANTOR_CPLUGINLIBRARY_H
#define GRANTOR_CPLUGINLIBRARY_H

#include <stddef.h>
#include <stdint.h>

#define GRANTOR_LIBRARY_SECTION "grantor_c"
#define GRANTOR_LIBRARY_MAGIC "GRANTC"
#define GRANTOR_LIBRARY_VERSION 1

/// The block in the section 'grantor_c', which the server reads from the file before any code of the library runs.
struct grantor_library_block {
    char magic[8];
    uint32_t size;
    uint32_t version;
};

/// Takes the reply to a host call: a message of the protocol, which lives until this returns.
typedef void (*grantor_reply)(void *context, const char *message, size_t length);

/// The server, as a library sees it. It lives as long as the process.
struct grantor_host {
    uint32_t version;
    uint32_t size;
    /// The id of the plugin.
    const char *plugin;
    /// Answers a call, once, on any thread. The bytes are copied.
    void (*answer)(const struct grantor_host *host, uint64_t call, const char *message, size_t length);
    /// Makes a host call for a call that has not been answered. The bytes are copied.
    void (*ask)(
        const struct grantor_host *host, uint64_t call, const char *message, size_t length, grantor_reply reply,
        void *context);
};

#if __has_attribute(swift_attr)
#define GRANTOR_SENDABLE __attribute__((swift_attr("@Sendable")))
#else
#define GRANTOR_SENDABLE
#endif

/// The functions that a library exports as 'grantor_describe', 'grantor_call' and 'grantor_release'.
struct GRANTOR_SENDABLE grantor_library {
    void *(*describe)(const struct grantor_host *host, uint64_t call, const char *message, size_t length);
    void (*call)(void *plugin, const struct grantor_host *host, uint64_t call, const char *message, size_t length);
    void (*release)(void *plugin);
};

/// Finds the functions of a library that has been opened.
///
/// - handle: What 'dlopen' returned.
/// - library: Receives the functions.
/// - returns: The name of a function that is missing; NULL if none is.
const char *grantor_library_find(void *handle, struct grantor_library *library);

#endif
