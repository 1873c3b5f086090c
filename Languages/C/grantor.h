// SPDX-License-Identifier: Apache-2.0
// Writes a plugin of Grantor in C: the client of Docs/PluginProtocol.md, in one header that needs only the C library.
//
// Describe the plugin as JSON, and answer calls with a function. A plugin serves one call after the other; for calls at
// the same time, set 'instances' in the configuration. The same source becomes a program, or with -DGRANTOR_LIBRARY a
// library that the server loads.
//
// If an attribute of the description has no 'type', the function also has to check values. Then the call has the role
// -1 and the function 'check_attributes'. To the input {"values":[{"name":"color","value":"green"}]}, an answer is
// {"answer":7,"output":{"problems":["must be red or blue"]}}, with null for a valid value. Such a call may come while
// another one waits in 'grantor_ask', since the reply may depend on it. It makes no host calls.
#ifndef GRANTOR_H
#define GRANTOR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef GRANTOR_LIBRARY
#include <pthread.h>
#else
#include <unistd.h>
#endif

enum { GRANTOR_SOCKET = 3, GRANTOR_LARGEST = 1 << 20, GRANTOR_LARGEST_ANSWER = 2 << 20, GRANTOR_DEEPEST = 64 };

// MARK: reading JSON

/// A part of a JSON text that holds one value; without one, 'start' is NULL.
struct grantor_value {
    const char *start, *end;
};

static const char *grantor_skip_space(const char *at, const char *end) {
    while (at < end && strchr(" \t\r\n", *at)) at++;
    return at;
}

/// The end of the string that begins at a place; NULL if it has none.
static const char *grantor_end_of_string(const char *at, const char *end) {
    for (at++; at < end; at++) {
        if (*at == '"') return at + 1;
        if (*at == '\\') at++;
    }
    return NULL;
}

/// The end of the value that begins at a place; NULL if it has none.
static const char *grantor_end_of_value(const char *at, const char *end) {
    int depth = 0;
    while (at && at < end) {
        if (*at == '"') at = grantor_end_of_string(at, end);
        else if (strchr("{[", *at)) depth++, at++;
        else if (strchr("}]", *at)) depth--, at++;
        else if (depth > 0) at++;
        else while (at < end && !strchr(",}] \t\r\n", *at)) at++;
        if (depth == 0) return at;
        if (depth < 0 || depth > GRANTOR_DEEPEST) return NULL;
    }
    return NULL;
}

static bool grantor_is(struct grantor_value value, char first) { return value.start && *value.start == first; }

/// The value of a member of an object.
static inline struct grantor_value grantor_member(struct grantor_value object, const char *name) {
    struct grantor_value none = {NULL, NULL};
    size_t length = strlen(name);
    if (!grantor_is(object, '{')) return none;
    const char *at = grantor_skip_space(object.start + 1, object.end);
    while (at < object.end && *at == '"') {
        const char *behind = grantor_end_of_string(at, object.end);
        if (!behind) return none;
        bool is_found = (size_t)(behind - at) == length + 2 && memcmp(at + 1, name, length) == 0;
        at = grantor_skip_space(behind, object.end);
        if (at >= object.end || *at != ':') return none;
        at = grantor_skip_space(at + 1, object.end);
        const char *last = grantor_end_of_value(at, object.end);
        if (!last) return none;
        if (is_found) return (struct grantor_value){at, last};
        at = grantor_skip_space(last, object.end);
        if (at < object.end && *at == ',') at = grantor_skip_space(at + 1, object.end);
    }
    return none;
}

/// An element of an array, counted from 0.
static inline struct grantor_value grantor_element(struct grantor_value array, int place) {
    struct grantor_value none = {NULL, NULL};
    if (!grantor_is(array, '[')) return none;
    const char *at = grantor_skip_space(array.start + 1, array.end);
    while (at < array.end && *at != ']') {
        const char *last = grantor_end_of_value(at, array.end);
        if (!last) return none;
        if (place-- == 0) return (struct grantor_value){at, last};
        at = grantor_skip_space(last, array.end);
        if (at < array.end && *at == ',') at = grantor_skip_space(at + 1, array.end);
    }
    return none;
}

/// A whole number; a fallback for any other value.
static inline long long grantor_integer(struct grantor_value value, long long fallback) {
    if (!value.start || !strchr("-0123456789", *value.start)) return fallback;
    char digits[24] = {0};
    size_t length = (size_t)(value.end - value.start);
    if (length >= sizeof digits) return fallback;
    memcpy(digits, value.start, length);
    return strtoll(digits, NULL, 10);
}

/// Whether a value is a string with these bytes and no escapes.
static inline bool grantor_equals(struct grantor_value value, const char *text) {
    size_t length = strlen(text);
    return grantor_is(value, '"') && (size_t)(value.end - value.start) == length + 2
        && memcmp(value.start + 1, text, length) == 0;
}

/// The first value of a parameter of a token request, as JSON.
static inline struct grantor_value grantor_parameter(struct grantor_value request, const char *name) {
    struct grantor_value all = grantor_member(request, "parameters"), pair;
    for (int place = 0; (pair = grantor_element(all, place)).start; place++)
        if (grantor_equals(grantor_element(pair, 0), name)) return grantor_element(pair, 1);
    return (struct grantor_value){NULL, NULL};
}

// MARK: messages

/// A call of the server.
struct grantor_call {
    long long number;
    struct grantor_value function, input;
    long long role;
};

/// Sends an answer that is written like 'printf'; '%.*s' with GRANTOR_PART inserts a value as it is. The call fails if
/// the answer has more than 2 MiB.
#define GRANTOR_PART(value) (int)((value).end - (value).start), (value).start ? (value).start : ""

__attribute__((format(printf, 1, 2))) static void grantor_send(const char *format, ...);

/// The number of the call that is served.
static long long grantor_number;

/// Writes a message, or the failure of the call that is served if the message fits into no frame; returns its length.
__attribute__((format(printf, 2, 0))) static size_t grantor_format(char *bytes, const char *format, va_list values) {
    int length = vsnprintf(bytes, GRANTOR_LARGEST_ANSWER + 1, format, values);
    if (length > 0 && length <= GRANTOR_LARGEST_ANSWER) return (size_t)length;
    return (size_t)sprintf(
        bytes, "{\"answer\":%lld,\"failure\":\"the answer does not fit into a frame\"}", grantor_number);
}

/// Reads a call.
static struct grantor_call grantor_read_call(struct grantor_value message) {
    return (struct grantor_call){
        grantor_integer(grantor_member(message, "call"), -1), grantor_member(message, "function"),
        grantor_member(message, "input"), grantor_integer(grantor_member(message, "role"), -1)};
}

/// Answers the call 'describe'.
static void grantor_answer_describe(
    const struct grantor_call *call, const char *(*describe)(struct grantor_value settings)) {
    if (grantor_integer(grantor_member(call->input, "protocol"), 1) == 1)
        grantor_send(
            "{\"answer\":%lld,\"output\":%s}", call->number, describe(grantor_member(call->input, "settings")));
    else
        grantor_send(
            "{\"answer\":%lld,\"failure\":\"this plugin speaks version 1 of the protocol\"}", call->number);
}

/// Whether a call checks values of client attributes.
static bool grantor_is_check(const struct grantor_call *call) {
    return call->role < 0 && grantor_equals(call->function, "check_attributes");
}

/// Answers a call with a failure if it cannot make a host call; true if it can.
static inline bool grantor_can_ask(const struct grantor_call *call, const char *function, const char *input) {
    // The rest of the message has less than 100 bytes.
    bool is_large = strlen(function) + strlen(input) > GRANTOR_LARGEST - 100;
    if (!is_large && !grantor_is_check(call)) return true;
    const char *why = is_large ? "a host call does not fit into a frame" : "a check of attributes makes no host calls";
    grantor_send("{\"answer\":%lld,\"failure\":\"%s\"}", call->number, why);
    return false;
}

/// Answers a call with the failure of a host call; false if that did not fail.
static bool grantor_pass_on(const struct grantor_call *call, struct grantor_value reply) {
    static const char *const kinds[][2] = {{"error", "error"}, {"unavailable", "unavailable"}, {"refused", "failure"}};
    for (int place = 0; place < 3; place++) {
        struct grantor_value what = grantor_member(reply, kinds[place][0]);
        if (!what.start) continue;
        grantor_send("{\"answer\":%lld,\"%s\":%.*s}", call->number, kinds[place][1], GRANTOR_PART(what));
        return true;
    }
    return false;
}

#ifndef GRANTOR_LIBRARY
// MARK: frames of a program

/// Ends the process, because the server has closed the socket or something is wrong that no answer can say.
static inline _Noreturn void grantor_end(const char *why) {
    if (why) fprintf(stderr, "%s\n", why);
    exit(why ? 1 : 0);
}

static void grantor_read(char *bytes, size_t count) {
    while (count > 0) {
        ssize_t got = read(GRANTOR_SOCKET, bytes, count);
        if (got <= 0) grantor_end(NULL);
        bytes += got, count -= (size_t)got;
    }
}

/// Receives a frame into a buffer that is made for it; free it.
static char *grantor_receive(struct grantor_value *message) {
    unsigned char head[4];
    grantor_read((char *)head, sizeof head);
    size_t length = (size_t)head[0] << 24 | (size_t)head[1] << 16 | (size_t)head[2] << 8 | head[3];
    char *bytes = length <= GRANTOR_LARGEST ? malloc(length + 1) : NULL;
    if (!bytes) grantor_end("a frame is too large");
    grantor_read(bytes, length);
    bytes[length] = 0;
    *message = (struct grantor_value){bytes, bytes + length};
    return bytes;
}

static void grantor_send(const char *format, ...) {
    static char bytes[4 + GRANTOR_LARGEST_ANSWER + 1];
    va_list values;
    va_start(values, format);
    size_t length = grantor_format(bytes + 4, format, values);
    va_end(values);
    for (int place = 0; place < 4; place++) bytes[place] = (char)(length >> (24 - 8 * place));
    for (char *at = bytes, *end = bytes + 4 + length; at < end;) {
        ssize_t count = write(GRANTOR_SOCKET, at, (size_t)(end - at));
        if (count <= 0) grantor_end(NULL);
        at += count;
    }
}

// MARK: calls of a program

/// A message that arrived while a host call waited for its reply.
struct grantor_waiting {
    char *bytes;
    struct grantor_value message;
    struct grantor_waiting *next;
};

static struct grantor_waiting *grantor_queue;
/// The author's function.
static void (*grantor_answer)(const struct grantor_call *call);

static void grantor_serve(const struct grantor_call *call) {
    // It may be a check during another call.
    long long former = grantor_number;
    grantor_number = call->number;
    if (call->role >= 0 || grantor_is_check(call)) grantor_answer(call);
    else grantor_send("{\"answer\":%lld,\"output\":null}", call->number);
    grantor_number = former;
}

static void grantor_keep(char *bytes, struct grantor_value message) {
    struct grantor_waiting *kept = malloc(sizeof *kept), **last = &grantor_queue;
    if (!kept) grantor_end("there is no memory");
    *kept = (struct grantor_waiting){bytes, message, NULL};
    while (*last) last = &(*last)->next;
    *last = kept;
}

/// Waits for the reply to the host call that was made last.
static inline char *grantor_await_reply(long long number, struct grantor_value *message) {
    while (true) {
        char *bytes = grantor_receive(message);
        if (grantor_integer(grantor_member(*message, "reply"), -1) == number) return bytes;
        struct grantor_call call = grantor_read_call(*message);
        bool is_check = grantor_is_check(&call), is_kept = call.number >= 0 && !is_check;
        // The reply may wait for the check.
        if (is_check) grantor_serve(&call);
        if (is_kept) grantor_keep(bytes, *message);
        else free(bytes);
    }
}

/// Makes a host call, whose input is JSON, and waits for its reply.
///
/// Returns the buffer that holds the output, to be freed. If the host call fails, it answers the call with that failure,
/// and returns NULL: do nothing more for the call then.
static inline char *grantor_ask(
    const struct grantor_call *call, const char *function, const char *input, struct grantor_value *output) {
    static long long last;
    struct grantor_value message;
    if (!grantor_can_ask(call, function, input)) return NULL;
    grantor_send(
        "{\"ask\":%lld,\"for\":%lld,\"function\":\"%s\",\"input\":%s}", ++last, call->number, function, input);
    char *bytes = grantor_await_reply(last, &message);
    *output = grantor_member(message, "output");
    if (!grantor_pass_on(call, message)) return bytes;
    free(bytes);
    return NULL;
}

/// Serves calls until the server closes the socket.
///
/// 'describe' returns the description as JSON. 'answer' sends exactly one answer with 'grantor_send' to a call, which
/// is that of a role or a check of attributes.
static inline _Noreturn void grantor_run(
    const char *(*describe)(struct grantor_value settings), void (*answer)(const struct grantor_call *call)) {
    grantor_answer = answer;
    while (true) {
        struct grantor_value message;
        char *bytes;
        if (grantor_queue) {
            struct grantor_waiting *first = grantor_queue;
            bytes = first->bytes, message = first->message, grantor_queue = first->next;
            free(first);
        } else {
            bytes = grantor_receive(&message);
        }
        struct grantor_call call = grantor_read_call(message);
        grantor_number = call.number;
        if (grantor_equals(call.function, "describe"))
            grantor_answer_describe(&call, describe);
        else if (call.number >= 0)
            grantor_serve(&call);
        free(bytes);
    }
}

/// Makes the program or the library of a plugin; see 'grantor_run'.
#define GRANTOR_PLUGIN(describe, answer) \
    int main(void) { grantor_run(describe, answer); }

#else
// MARK: the library

/// The block by which the server knows the version of the interface before it loads the library.
struct grantor_library_block {
    char magic[8];
    uint32_t size, version;
};

extern const struct grantor_library_block grantor_library_block;
const struct grantor_library_block grantor_library_block
    __attribute__((used, section("grantor_c"), visibility("default"))) = {"GRANTC", 16, 1};

/// The server.
struct grantor_host {
    uint32_t version, size;
    const char *plugin;
    void (*answer)(const struct grantor_host *host, uint64_t call, const char *message, size_t length);
    void (*ask)(
        const struct grantor_host *host, uint64_t call, const char *message, size_t length,
        void (*reply)(void *context, const char *message, size_t length), void *context);
};

/// The settings of a plugin, which are described again when calls of another plugin came between, since what 'describe'
/// keeps is kept only once.
struct grantor_plugin {
    char *input;
    size_t length;
};

/// Calls are served one after the other, as in a program, and each holds 'grantor_turn' until its end. The author's
/// code runs with 'grantor_lock', which a call releases while it waits for the reply to a host call, so that the same
/// plugin can check attributes then. 'grantor_turn' is locked first.
static pthread_mutex_t grantor_turn = PTHREAD_MUTEX_INITIALIZER, grantor_lock = PTHREAD_MUTEX_INITIALIZER;
/// The plugin that was described last; it stays the same as long as a call holds 'grantor_turn'.
static const struct grantor_plugin *grantor_described;
static const struct grantor_host *grantor_server;

static void grantor_send(const char *format, ...) {
    static char bytes[GRANTOR_LARGEST_ANSWER + 1];
    va_list values;
    va_start(values, format);
    size_t length = grantor_format(bytes, format, values);
    va_end(values);
    grantor_server->answer(grantor_server, (uint64_t)grantor_number, bytes, length);
}

/// The reply to a host call, which arrives on another thread.
struct grantor_waiting {
    pthread_mutex_t lock;
    pthread_cond_t arrived;
    bool is_there;
    char *bytes;
    size_t length;
};

static void grantor_take(void *context, const char *message, size_t length) {
    struct grantor_waiting *waiting = context;
    char *copy = malloc(length + 1);
    if (copy) memcpy(copy, message, length), copy[length] = 0;
    pthread_mutex_lock(&waiting->lock);
    waiting->bytes = copy, waiting->length = length, waiting->is_there = true;
    pthread_cond_signal(&waiting->arrived);
    pthread_mutex_unlock(&waiting->lock);
}

/// Makes a host call for the call that is served, and waits for its reply without the lock. Checks may be served in the
/// meantime.
static inline void grantor_exchange(const char *message, size_t length, struct grantor_waiting *waiting) {
    const struct grantor_host *server = grantor_server;
    long long number = grantor_number;
    pthread_mutex_unlock(&grantor_lock);
    server->ask(server, (uint64_t)number, message, length, grantor_take, waiting);
    pthread_mutex_lock(&waiting->lock);
    while (!waiting->is_there) pthread_cond_wait(&waiting->arrived, &waiting->lock);
    pthread_mutex_unlock(&waiting->lock);
    pthread_mutex_lock(&grantor_lock);
    grantor_server = server, grantor_number = number;
}

/// Makes a host call, whose input is JSON, and waits for its reply; as in a program.
static inline char *grantor_ask(
    const struct grantor_call *call, const char *function, const char *input, struct grantor_value *output) {
    struct grantor_waiting waiting = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false, NULL, 0};
    if (!grantor_can_ask(call, function, input)) return NULL;
    size_t room = strlen(function) + strlen(input) + 32;
    char *message = malloc(room);
    if (message) {
        int length = snprintf(message, room, "{\"function\":\"%s\",\"input\":%s}", function, input);
        grantor_exchange(message, (size_t)length, &waiting);
        free(message);
    }
    if (!waiting.bytes) {
        grantor_send("{\"answer\":%lld,\"unavailable\":\"there is no memory\"}", call->number);
        return NULL;
    }
    struct grantor_value reply = {waiting.bytes, waiting.bytes + waiting.length};
    *output = grantor_member(reply, "output");
    if (!grantor_pass_on(call, reply)) return waiting.bytes;
    free(waiting.bytes);
    return NULL;
}

static inline void *grantor_library_describe(
    const struct grantor_host *host, uint64_t number, const char *message, size_t length,
    const char *(*describe)(struct grantor_value settings)) {
    struct grantor_plugin *plugin = malloc(sizeof *plugin);
    char *input = malloc(length);
    pthread_mutex_lock(&grantor_turn);
    pthread_mutex_lock(&grantor_lock);
    grantor_server = host, grantor_number = (long long)number;
    if (plugin && input) {
        memcpy(input, message, length);
        *plugin = (struct grantor_plugin){input, length};
        grantor_described = plugin;
        struct grantor_call call = grantor_read_call((struct grantor_value){input, input + length});
        grantor_answer_describe(&call, describe);
    } else {
        free(plugin), free(input), plugin = NULL;
        grantor_send("{\"failure\":\"there is no memory\"}");
    }
    pthread_mutex_unlock(&grantor_lock);
    pthread_mutex_unlock(&grantor_turn);
    return plugin;
}

/// Takes the lock for a check if its plugin is the one that is described, even while another call waits for a reply.
static bool grantor_enter_check(const struct grantor_plugin *plugin) {
    pthread_mutex_lock(&grantor_lock);
    if (grantor_described == plugin) return true;
    pthread_mutex_unlock(&grantor_lock);
    return false;
}

/// Takes the turn and the lock, and has the plugin of the call described.
static void grantor_enter(
    const struct grantor_plugin *plugin, const char *(*describe)(struct grantor_value settings)) {
    pthread_mutex_lock(&grantor_turn);
    pthread_mutex_lock(&grantor_lock);
    if (!plugin || grantor_described == plugin) return;
    struct grantor_value message = {plugin->input, plugin->input + plugin->length};
    describe(grantor_member(grantor_read_call(message).input, "settings"));
    grantor_described = plugin;
}

static inline void grantor_library_call(
    const struct grantor_plugin *plugin, const struct grantor_host *host, uint64_t number, const char *message,
    size_t length, const char *(*describe)(struct grantor_value settings),
    void (*answer)(const struct grantor_call *call)) {
    static const char nothing[] = "{\"output\":null}";
    struct grantor_call call = grantor_read_call((struct grantor_value){message, message + length});
    bool is_check = grantor_is_check(&call);
    if (call.role < 0 && !is_check) {
        host->answer(host, number, nothing, sizeof nothing - 1);
        return;
    }
    bool has_turn = !is_check || !grantor_enter_check(plugin);
    if (has_turn) grantor_enter(plugin, describe);
    grantor_server = host, grantor_number = (long long)number;
    answer(&call);
    pthread_mutex_unlock(&grantor_lock);
    if (has_turn) pthread_mutex_unlock(&grantor_turn);
}

static inline void grantor_library_release(struct grantor_plugin *plugin) {
    pthread_mutex_lock(&grantor_lock);
    if (grantor_described == plugin) grantor_described = NULL;
    pthread_mutex_unlock(&grantor_lock);
    if (plugin) free(plugin->input);
    free(plugin);
}

/// Makes the program or the library of a plugin.
///
/// 'describe' returns the description as JSON. 'answer' sends exactly one answer with 'grantor_send' to a call, which
/// is that of a role or a check of attributes.
#define GRANTOR_EXPORT __attribute__((visibility("default")))
#define GRANTOR_PLUGIN(describe, answer) \
    GRANTOR_EXPORT void *grantor_describe( \
        const struct grantor_host *host, uint64_t call, const char *message, size_t length) { \
        return grantor_library_describe(host, call, message, length, describe); \
    } \
    GRANTOR_EXPORT void grantor_call( \
        void *plugin, const struct grantor_host *host, uint64_t call, const char *message, size_t length) { \
        grantor_library_call(plugin, host, call, message, length, describe, answer); \
    } \
    GRANTOR_EXPORT void grantor_release(void *plugin) { grantor_library_release(plugin); }

#endif
#endif
