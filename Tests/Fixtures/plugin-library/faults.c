// SPDX-License-Identifier: Apache-2.0
// A grant whose library has the C interface and misbehaves as the parameter 'do' says.
#include "CPluginLibrary.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef VERSION
#define VERSION GRANTOR_LIBRARY_VERSION
#endif
#ifndef MAGIC
#define MAGIC GRANTOR_LIBRARY_MAGIC
#endif

const struct grantor_library_block grantor_library_block
    __attribute__((used, section(GRANTOR_LIBRARY_SECTION))) = {MAGIC, sizeof grantor_library_block, VERSION};

#ifdef TRAPS
__attribute__((constructor)) static void run(void) { __builtin_trap(); }
#endif
#ifdef TRACE
__attribute__((constructor)) static void run(void) { fclose(fopen(TRACE, "w")); }
#endif

static const char good[] = "{\"output\":{\"v\":1,\"client\":\"a\",\"scope\":[\"read\"]}}";

/// A call in progress.
struct task {
    const struct grantor_host *host;
    uint64_t call;
    char *message;
};

static void answer(const struct task *task, const char *message) {
    task->host->answer(task->host, task->call, message, strlen(message));
}

static bool does(const struct task *task, const char *what) {
    char pair[100];
    snprintf(pair, sizeof pair, "[\"do\",\"%s\"]", what);
    return strstr(task->message, pair);
}

struct reply {
    pthread_mutex_t lock;
    pthread_cond_t arrived;
    char text[2000];
    bool is_there;
};

static void take(void *context, const char *message, size_t length) {
    struct reply *reply = context;
    pthread_mutex_lock(&reply->lock);
    snprintf(reply->text, sizeof reply->text, "%.*s", (int)length, message);
    reply->is_there = true;
    pthread_cond_signal(&reply->arrived);
    pthread_mutex_unlock(&reply->lock);
}

static void drop(void *context, const char *message, size_t length) { (void)context, (void)message, (void)length; }

/// Makes a host call, waits for its reply, and answers with it: as it should be if it has an output, and otherwise with
/// a failure that shows it.
static void ask(const struct task *task, uint64_t call, const char *question, size_t length) {
    struct reply reply = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, "", false};
    task->host->ask(task->host, call, question, length, take, &reply);
    pthread_mutex_lock(&reply.lock);
    while (!reply.is_there) pthread_cond_wait(&reply.arrived, &reply.lock);
    pthread_mutex_unlock(&reply.lock);
    if (strstr(reply.text, "\"output\"")) return answer(task, good);
    for (char *at = reply.text; *at; at++) if (*at == '"') *at = '\'';
    char message[2100];
    snprintf(message, sizeof message, "{\"failure\":\"%s\"}", reply.text);
    answer(task, message);
}

static const char digest[] = "{\"function\":\"digest\",\"input\":{\"text\":\"a\"}}";

static void *later(void *argument) {
    struct task *task = argument;
    if (does(task, "late_answer")) usleep(2500 * 1000);
    else usleep(50 * 1000);
    if (does(task, "ask_elsewhere")) ask(task, task->call, digest, sizeof digest - 1);
    else answer(task, good);
    free(task->message), free(task);
    return NULL;
}

static void *on_thread(struct task *task) {
    pthread_t thread;
    struct task *copy = malloc(sizeof *copy);
    *copy = *task;
    copy->message = strdup(task->message);
    pthread_create(&thread, NULL, later, copy);
    return (void *)thread;
}

static void send_bytes(const struct task *task, char byte, size_t count) {
    char *bytes = malloc(count);
    memset(bytes, byte, count);
    task->host->answer(task->host, task->call, bytes, count);
    free(bytes);
}

static void answer_badly(const struct task *task) {
    if (does(task, "not_json")) answer(task, "{\"output\":");
    else if (does(task, "not_object")) answer(task, "[]");
    else if (does(task, "not_utf8")) answer(task, "{\"output\":\"\xff\"}");
    else if (does(task, "surrogate")) answer(task, "{\"output\":\"\\ud83d\"}");
    else if (does(task, "overlong")) answer(task, "{\"output\":\"\xc0\x80\"}");
    else if (does(task, "malformed")) answer(task, "{\"output\":{\"v\":\"one\"}}");
    else if (does(task, "empty")) task->host->answer(task->host, task->call, "", 0);
    else if (does(task, "null")) task->host->answer(task->host, task->call, NULL, 10);
    else if (does(task, "endless")) task->host->answer(task->host, task->call, "{}", (size_t)-1);
    else if (does(task, "large")) send_bytes(task, ' ', 4 << 20);
    else if (does(task, "deep")) send_bytes(task, '[', 1 << 20);
    else answer(task, good);
}

static void ask_badly(const struct task *task) {
    static const char unknown[] = "{\"function\":\"users.find\",\"input\":{\"id\":\"a\"}}";
    if (does(task, "ask_undeclared")) ask(task, task->call, unknown, sizeof unknown - 1);
    else if (does(task, "ask_stranger")) ask(task, 424242, digest, sizeof digest - 1);
    else if (does(task, "ask_malformed")) ask(task, task->call, "[1]", 3);
    else if (does(task, "ask_null")) ask(task, task->call, NULL, 0);
    else if (does(task, "ask_late")) {
        answer(task, good);
        task->host->ask(task->host, task->call, digest, sizeof digest - 1, drop, NULL);
    } else if (does(task, "ask_blindly")) {
        for (int count = 0; count < 1000; count++)
            task->host->ask(task->host, task->call, digest, sizeof digest - 1, NULL, NULL);
        answer(task, good);
    } else ask(task, task->call, digest, sizeof digest - 1);
}

static const char creation[] =
    "{\"function\":\"store.write\",\"input\":{\"writes\":[{\"write\":\"create\",\"record\":"
    "{\"key\":[\"faults\",\"a\"],\"value\":{},\"expires_at\":9999999999}}]}}";

static void authorize(struct task *task) {
    if (does(task, "later") || does(task, "late_answer") || does(task, "ask_elsewhere")) {
        void *thread = on_thread(task);
        // The call holds its thread until another thread has had its host call served.
        if (does(task, "ask_elsewhere")) pthread_join((pthread_t)thread, NULL);
    } else if (does(task, "never")) {
    } else if (does(task, "hang")) {
        usleep(2500 * 1000);
        answer(task, good);
    } else if (does(task, "late_write")) {
        usleep(2500 * 1000);
        ask(task, task->call, creation, sizeof creation - 1);
    } else if (does(task, "twice")) {
        answer(task, good), answer(task, "{\"failure\":\"again\"}");
    } else if (does(task, "stranger")) {
        task->host->answer(task->host, 424242, good, sizeof good - 1);
        answer(task, good);
    } else if (strstr(task->message, "[\"do\",\"ask")) ask_badly(task);
    else answer_badly(task);
}

/// Adds a letter to a file that a test reads, since it has no other way to know of a call.
static void note(const char *letter) {
#ifdef NOTES
    FILE *file = fopen(NOTES, "a");
    fputs(letter, file), fclose(file);
#else
    (void)letter;
#endif
}

void *grantor_describe(const struct grantor_host *host, uint64_t call, const char *message, size_t length) {
    struct task task = {host, call, strndup(message, length)};
    note("d");
    if (strstr(task.message, "\"describe_badly\"")) answer(&task, "{\"output\":{\"protocol\":7}}");
    else if (getenv("FAULTS_DESCRIPTION")) answer(&task, getenv("FAULTS_DESCRIPTION"));
    else answer(&task,
        "{\"output\":{\"protocol\":1,\"summary\":\"faults\",\"host_calls\":[\"digest\",\"store.write\"],"
        "\"collections\":[{\"name\":\"faults\"}],\"grants\":[{\"grant_type\":\"fault\",\"key\":\"fault\","
        "\"parameters\":[{\"name\":\"do\",\"required\":true}]}]}}");
    free(task.message);
    return calloc(1, 1);
}

void grantor_call(void *plugin, const struct grantor_host *host, uint64_t call, const char *message, size_t length) {
    (void)plugin;
    struct task task = {host, call, strndup(message, length)};
    if (strstr(task.message, "\"authorize\"")) authorize(&task);
    else answer(&task, "{\"output\":null}");
    free(task.message);
}

#ifndef NO_RELEASE
void grantor_release(void *plugin) { note("r"), free(plugin); }
#endif
