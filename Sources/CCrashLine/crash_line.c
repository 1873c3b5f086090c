// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "crash_line.h"

#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <link.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

// What runs in a signal handler here calls only functions that POSIX allows there, and system calls without a lock.

// MARK: what is known

static _Thread_local const char *current_note;

struct library {
    uintptr_t start, end;
    const char *plugin;
};

enum { MOST_LIBRARIES = 256, DEEPEST = 4096 };

// An entry does not change once the count includes it, so that a signal handler needs no lock to read it.
static struct library libraries[MOST_LIBRARIES];
static atomic_size_t library_count;
static pthread_mutex_t adding = PTHREAD_MUTEX_INITIALIZER;

static const char *plugin_at(uintptr_t address) {
    size_t count = atomic_load_explicit(&library_count, memory_order_acquire);
    for (size_t number = 0; number < count; number++) {
        const struct library *library = &libraries[number];
        if (address >= library->start && address < library->end) return library->plugin;
    }
    return NULL;
}

struct search {
    const char *path;
    uintptr_t start, end;
};

// Finds the executable part of a loaded library.
static int find_library(struct dl_phdr_info *info, size_t size, void *argument) {
    (void)size;
    struct search *search = argument;
    if (!info->dlpi_name || strcmp(info->dlpi_name, search->path) != 0) return 0;
    for (int number = 0; number < info->dlpi_phnum; number++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[number];
        if (part->p_type != PT_LOAD || !(part->p_flags & PF_X)) continue;
        uintptr_t start = info->dlpi_addr + part->p_vaddr, end = start + part->p_memsz;
        if (search->end == 0 || start < search->start) search->start = start;
        if (end > search->end) search->end = end;
    }
    return 1;
}

void grantor_crash_library(const char *path, const char *plugin) {
    struct search search = {.path = path};
    dl_iterate_phdr(find_library, &search);
    if (search.end == 0) return;
    pthread_mutex_lock(&adding);
    size_t count = atomic_load(&library_count);
    if (count < MOST_LIBRARIES && !plugin_at(search.start)) {
        // Kept until the process ends, like the library.
        char *name = strdup(plugin);
        if (name) {
            libraries[count] = (struct library){search.start, search.end, name};
            atomic_store_explicit(&library_count, count + 1, memory_order_release);
        }
    }
    pthread_mutex_unlock(&adding);
}

// A pipe through which memory is read: writing from an address that does not exist is an error, not a fault. Filters of
// system calls allow reading and writing, but may not allow 'process_vm_readv'.
static int probe[2] = {-1, -1};

static bool read_frame(uintptr_t frame, uintptr_t record[2]) {
    ssize_t size = 2 * sizeof record[0];
    return write(probe[1], (const void *)frame, (size_t)size) == size && read(probe[0], record, (size_t)size) == size;
}

// The plugin whose code was running, found by following the frame pointers from the registers of a signal.
static const char *plugin_in(const ucontext_t *context) {
#if defined(__x86_64__)
    uintptr_t address = (uintptr_t)context->uc_mcontext.gregs[REG_RIP];
    uintptr_t frame = (uintptr_t)context->uc_mcontext.gregs[REG_RBP];
#elif defined(__aarch64__)
    uintptr_t address = context->uc_mcontext.pc;
    uintptr_t frame = context->uc_mcontext.regs[29];
#else
    (void)context;
    return NULL;
#endif
#if defined(__x86_64__) || defined(__aarch64__)
    for (int depth = 0; depth < DEEPEST; depth++) {
        const char *plugin = plugin_at(address);
        if (plugin) return plugin;
        // Swift marks the frames of asynchronous functions with this bit.
        frame &= ~((uintptr_t)1 << 60);
        // If code without frame pointers was running, this is not a frame.
        uintptr_t record[2];
        if (!read_frame(frame, record)) return NULL;
        address = record[1];
        uintptr_t next = record[0] & ~((uintptr_t)1 << 60);
        // Callers are further up. The last address is still looked at.
        if (next <= frame) return plugin_at(address);
        frame = next;
    }
    return NULL;
#endif
}

// MARK: the line

struct line {
    char text[1024];
    size_t length;
};

static void add(struct line *line, const char *text) {
    while (*text && line->length < sizeof line->text - 1) {
        unsigned char byte = (unsigned char)*text++;
        line->text[line->length++] = byte < 0x20 || byte == 0x7F ? '?' : (char)byte;
    }
}

static void add_place(struct line *line, const char *note, const char *plugin) {
    if (note) {
        add(line, " in ");
        add(line, note);
    } else if (plugin) {
        add(line, " in plugin '");
        add(line, plugin);
        add(line, "'");
    } else {
        add(line, ", not in a known plugin");
    }
}

// Writes the line, but does not wait for long if nobody reads it, since the process has to end.
static void write_line(struct line *line) {
    line->text[line->length++] = '\n';
    size_t written = 0;
    signal(SIGPIPE, SIG_IGN);
    while (written < line->length) {
        struct pollfd errors = {.fd = STDERR_FILENO, .events = POLLOUT};
        int ready = poll(&errors, 1, 1000);
        if (ready < 0 && errno == EINTR) continue;
        if (ready <= 0) return;
        ssize_t count = write(STDERR_FILENO, line->text + written, line->length - written);
        if (count > 0) {
            written += (size_t)count;
        } else if (count == 0 || errno != EINTR) {
            return;
        }
    }
}

// MARK: signals

static struct fatal {
    int number;
    const char *name;
    struct sigaction former;
} fatal[] = {
    {.number = SIGSEGV, .name = "SIGSEGV"}, {.number = SIGBUS, .name = "SIGBUS"},
    {.number = SIGILL, .name = "SIGILL"},   {.number = SIGTRAP, .name = "SIGTRAP"},
    {.number = SIGFPE, .name = "SIGFPE"},   {.number = SIGABRT, .name = "SIGABRT"},
    {.number = SIGSYS, .name = "SIGSYS"},
};

enum { FATAL_COUNT = sizeof fatal / sizeof fatal[0] };

static atomic_flag is_reported = ATOMIC_FLAG_INIT;
static atomic_bool is_ending;
// A child process that a plugin forks inherits the handlers, but its end is not the end of the server.
static pid_t server;

static _Thread_local bool has_reported;

// Whether this is the first report. A later thread waits for the first one to end the process, so there is only one line.
static bool is_first(void) {
    if (!atomic_flag_test_and_set(&is_reported)) return has_reported = true;
    // A former handler may call 'exit' on the thread that has reported.
    if (has_reported) return false;
    for (;;) pause();
}

static struct fatal *fatal_signal(int number) {
    size_t place = 0;
    while (place < FATAL_COUNT - 1 && fatal[place].number != number) place++;
    return &fatal[place];
}

static void restore(void) {
    for (size_t number = 0; number < FATAL_COUNT; number++) sigaction(fatal[number].number, &fatal[number].former, NULL);
}

// Whether the instruction that caused the signal causes it again when the handler returns.
static bool comes_again(int number, const siginfo_t *info) {
    return info->si_code > 0 && (number == SIGSEGV || number == SIGBUS || number == SIGILL || number == SIGFPE);
}

static void report_crash(int number, const siginfo_t *info, const ucontext_t *context) {
    if (getpid() != server || !is_first()) return;
    struct line line = {.length = 0};
    add(&line, "grantor: crashed: ");
    add(&line, fatal_signal(number)->name);
    if (info->si_code <= 0 && info->si_pid != server) {
        add(&line, " sent by another process");
    } else {
        add_place(&line, current_note, current_note ? NULL : plugin_in(context));
    }
    write_line(&line);
}

// Calls the former handler of a signal that does not come again, and ends the process.
static void pass_on(int number, siginfo_t *info, void *context) {
    const struct sigaction *former = &fatal_signal(number)->former;
    pthread_sigmask(SIG_SETMASK, &former->sa_mask, NULL);
    if (former->sa_flags & SA_SIGINFO) {
        former->sa_sigaction(number, info, context);
    } else if (former->sa_handler != SIG_DFL) {
        former->sa_handler(number);
    }
    signal(number, SIG_DFL);
    sigset_t only;
    sigemptyset(&only);
    sigaddset(&only, number);
    pthread_sigmask(SIG_UNBLOCK, &only, NULL);
    raise(number);
}

static void crashed(int number, siginfo_t *info, void *context) {
    int error = errno;
    report_crash(number, info, context);
    // A fault comes again when this returns. The former handler then gets it as if this one did not exist.
    restore();
    if (!comes_again(number, info)) pass_on(number, info, context);
    errno = error;
}

static void install(struct fatal *signal, const sigset_t *blocked) {
    struct sigaction action = {.sa_sigaction = crashed, .sa_flags = SA_SIGINFO | SA_ONSTACK, .sa_mask = *blocked};
    if (sigaction(signal->number, &action, &signal->former) != 0) return;
    // A crash that is ignored would come again and again.
    if (signal->former.sa_handler == SIG_DFL || signal->former.sa_handler == SIG_IGN) {
        signal->former = (struct sigaction){.sa_handler = SIG_DFL};
    }
}

// MARK: exit

enum { SOFTWARE_ERROR = 70, DEEPEST_EXIT = 64 };

// The plugin whose code called 'exit', which is no signal handler, so that the stack can be unwound.
static const char *plugin_calling(void) {
    void *addresses[DEEPEST_EXIT];
    int count = backtrace(addresses, DEEPEST_EXIT);
    for (int number = 0; number < count; number++) {
        const char *plugin = plugin_at((uintptr_t)addresses[number]);
        if (plugin) return plugin;
    }
    return NULL;
}

static void report_exit(int status) {
    if (atomic_load(&is_ending) || getpid() != server || !is_first()) return;
    struct line line = {.length = 0};
    add(&line, "grantor: ended: exit was called");
    add_place(&line, current_note, current_note ? NULL : plugin_calling());
    write_line(&line);
    // Ends at once, since other threads still run. A status of 0 would look like an orderly stop.
    _exit((status & 0xFF) == 0 ? SOFTWARE_ERROR : status);
}

static void exited(int status, void *argument) {
    (void)argument;
    report_exit(status);
}

static void exited_quickly(void) { report_exit(0); }

void grantor_crash_ending(void) { atomic_store(&is_ending, true); }

void grantor_crash_install(void) {
    static atomic_flag is_installed = ATOMIC_FLAG_INIT;
    if (atomic_flag_test_and_set(&is_installed)) return;
    server = getpid();
    if (pipe2(probe, O_CLOEXEC | O_NONBLOCK) != 0) probe[0] = probe[1] = -1;
    sigset_t blocked;
    sigemptyset(&blocked);
    // A second crash while one is reported then ends the process at once.
    for (size_t number = 0; number < FATAL_COUNT; number++) sigaddset(&blocked, fatal[number].number);
    for (size_t number = 0; number < FATAL_COUNT; number++) install(&fatal[number], &blocked);
    on_exit(exited, NULL);
    at_quick_exit(exited_quickly);
    grantor_crash_protect_thread();
}

// MARK: threads

enum { SIGNAL_STACK = 64 * 1024 };

static pthread_key_t stack_key;
static pthread_once_t stack_key_once = PTHREAD_ONCE_INIT;
static int stack_key_error;

static void free_stack(void *memory) {
    stack_t none = {.ss_flags = SS_DISABLE};
    sigaltstack(&none, NULL);
    munmap(memory, SIGNAL_STACK + (size_t)sysconf(_SC_PAGESIZE));
}

static void make_stack_key(void) { stack_key_error = pthread_key_create(&stack_key, free_stack); }

// The lowest page stays without access, so that a handler that needs too much is stopped.
static int give_stack(void) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *memory = mmap(NULL, SIGNAL_STACK + page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    if (memory == MAP_FAILED) return errno;
    stack_t stack = {.ss_sp = memory + page, .ss_size = SIGNAL_STACK};
    int error = mprotect(stack.ss_sp, SIGNAL_STACK, PROT_READ | PROT_WRITE) != 0 ? errno : 0;
    if (!error) error = pthread_setspecific(stack_key, memory);
    if (!error && sigaltstack(&stack, NULL) != 0) {
        error = errno;
        pthread_setspecific(stack_key, NULL);
    }
    if (error) munmap(memory, SIGNAL_STACK + page);
    return error;
}

int grantor_crash_protect_thread(void) {
    static _Thread_local bool is_protected;
    if (is_protected) return 0;
    stack_t current;
    if (sigaltstack(NULL, &current) != 0) return errno;
    if (current.ss_flags & SS_DISABLE) {
        pthread_once(&stack_key_once, make_stack_key);
        int error = stack_key_error ? stack_key_error : give_stack();
        if (error) return error;
    }
    is_protected = true;
    return 0;
}

void grantor_crash_note(const char *note) {
    current_note = note;
    if (note) grantor_crash_protect_thread();
}
