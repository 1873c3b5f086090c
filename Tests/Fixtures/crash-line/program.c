// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "crash_line.h"

#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

// Ends in the way that its first argument names. The second one is the path of the library.

static volatile int depth;

__attribute__((noinline)) static int recurse(int number) {
    volatile char space[512];
    space[number % 512] = (char)number;
    depth++;
    return number < 0 ? 0 : recurse(number + 1) + space[0];
}

static void former(int number, siginfo_t *info, void *context) {
    (void)info, (void)context;
    if (write(STDERR_FILENO, "the former handler\n", 19) < 0) return;
    signal(number, SIG_DFL);
    if (getenv("FORMER_EXITS")) exit(5);
}

static void *recurse_in_thread(void *note) {
    grantor_crash_note(note);
    return (void *)(long)recurse(0);
}

static void *recurse_unnoted(void *none) {
    (void)none;
    grantor_crash_protect_thread();
    return (void *)(long)recurse(0);
}

static void *dereference(void *barrier) {
    pthread_barrier_wait(barrier);
    *(volatile int *)8 = 1;
    return NULL;
}

static void run(void *(*body)(void *), void *argument, int count) {
    pthread_t threads[8];
    for (int number = 0; number < count; number++) pthread_create(&threads[number], NULL, body, argument);
    for (int number = 0; number < count; number++) pthread_join(threads[number], NULL);
}

static void call(const char *path, const char *name) {
    void *library = dlopen(path, RTLD_NOW);
    grantor_crash_library(path, "quiet");
    void (*function)(void *) = (void (*)(void *))dlsym(library, name);
    function(NULL);
}

static void end_by(const char *way, const char *path) {
    pthread_barrier_t all;
    pthread_barrier_init(&all, NULL, 8);
    if (!strcmp(way, "recursion")) recurse(0);
    if (!strcmp(way, "thread")) run(recurse_in_thread, "plugin 'deep', request 'r2'", 1);
    if (!strcmp(way, "unnoted")) run(recurse_unnoted, NULL, 1);
    if (!strcmp(way, "race")) run(dereference, &all, 8);
    if (!strcmp(way, "null")) *(volatile int *)8 = 1;
    if (!strcmp(way, "bus")) raise(SIGBUS);
    if (!strcmp(way, "system")) raise(SIGSYS);
    if (!strcmp(way, "trap")) raise(SIGTRAP);
    if (!strcmp(way, "illegal")) __builtin_trap();
    if (!strcmp(way, "division")) raise(SIGFPE);
    if (!strcmp(way, "abort")) abort();
    if (!strcmp(way, "dangling")) grantor_crash_note((const char *)16), abort();
    if (!strcmp(way, "exit")) exit(0);
    if (!strcmp(way, "exit-3")) exit(3);
    if (!strcmp(way, "exit-256")) exit(256);
    if (!strcmp(way, "quick-exit")) quick_exit(0);
    if (!strcmp(way, "library")) call(path, "library_crash");
    if (!strcmp(way, "library-abort")) call(path, "library_abort");
    if (!strcmp(way, "library-exit")) call(path, "library_exit");
    if (!strcmp(way, "other") && fork() == 0) kill(getppid(), SIGSEGV), _exit(0);
    if (!strcmp(way, "child") && fork() == 0) exit(0);
    while (wait(NULL) > 0) {}
    if (!strcmp(way, "other")) pause();
}

int main(int count, char **arguments) {
    if (count < 3) return 64;
    struct sigaction action = {.sa_sigaction = former, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    prctl(PR_SET_DUMPABLE, 0);
    if (count > 3) sigaction(SIGSEGV, &action, NULL);
    grantor_crash_install();
    if (strncmp(arguments[1], "library", 7) && strcmp(arguments[1], "unnoted")) {
        grantor_crash_note("plugin 'a', request 'r1'");
    }
    end_by(arguments[1], arguments[2]);
    grantor_crash_ending();
    return 0;
}
