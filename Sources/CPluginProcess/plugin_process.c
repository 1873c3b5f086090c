// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "plugin_process.h"
#include "process_filter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PLUGIN_SOCKET = 3, FAILURE_PIPE = 4 };

// The stack of a process's first thread, which the limit of memory does not count, and the threads of its user: the
// server, whose limit is higher, must still get threads.
enum { MOST_STACK = 8 << 20, MOST_THREADS = 4096 };

// What the new process reports if it cannot start the program.
struct failure {
    int number;
    int step;
};

enum { STEP_DESCRIPTORS, STEP_SESSION, STEP_LIMITS, STEP_USER, STEP_PRIVILEGES, STEP_FILTER, STEP_EXECUTE };

static const char *const STEPS[] = {
    "giving it its descriptors", "giving it a session", "limiting it", "switching to its user",
    "taking privileges from it", "filtering its system calls", "running it",
};

// MARK: the new process, which calls only functions that are allowed after 'fork'

static _Noreturn void fail(int pipe, int step) {
    struct failure failure = {errno, step};
    (void)!write(pipe, &failure, sizeof failure);
    _exit(127);
}

static void reset_signals(void) {
    // Ignored signals stay ignored across 'execve', and Python, for one, relies on the default actions.
    for (int number = 1; number < NSIG; number++) signal(number, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/// Leaves descriptors 0 to 4, where 4 closes by itself when the program runs.
static void place_descriptors(int channel, int output, int failures) {
    // Moved out of the way first, since the numbers can overlap.
    int moved_failures = fcntl(failures, F_DUPFD_CLOEXEC, 16);
    if (moved_failures < 0) fail(failures, STEP_DESCRIPTORS);
    int moved_channel = fcntl(channel, F_DUPFD_CLOEXEC, 16);
    int moved_output = fcntl(output, F_DUPFD_CLOEXEC, 16);
    int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (moved_channel < 0 || moved_output < 0 || nothing < 0) fail(moved_failures, STEP_DESCRIPTORS);
    if (nothing != 0 && dup2(nothing, 0) < 0) fail(moved_failures, STEP_DESCRIPTORS);
    if (nothing == 0 && fcntl(0, F_SETFD, 0) < 0) fail(moved_failures, STEP_DESCRIPTORS);
    if (dup2(moved_output, 1) < 0 || dup2(moved_output, 2) < 0) fail(moved_failures, STEP_DESCRIPTORS);
    if (dup2(moved_channel, PLUGIN_SOCKET) < 0) fail(moved_failures, STEP_DESCRIPTORS);
    if (dup3(moved_failures, FAILURE_PIPE, O_CLOEXEC) < 0) fail(moved_failures, STEP_DESCRIPTORS);
    if (syscall(SYS_close_range, FAILURE_PIPE + 1, ~0U, 0) < 0) fail(FAILURE_PIPE, STEP_DESCRIPTORS);
}

/// Lowers a limit; one that is lower already stays.
static bool limit(int resource, uint64_t most) {
    struct rlimit both;
    if (getrlimit(resource, &both) < 0) return false;
    if (both.rlim_max > most) both.rlim_max = most;
    if (both.rlim_cur > both.rlim_max) both.rlim_cur = both.rlim_max;
    return setrlimit(resource, &both) == 0;
}

static bool limit_all(const struct grantor_process_limits *limits) {
    return limit(RLIMIT_NOFILE, limits->descriptors) && limit(RLIMIT_CORE, 0) && limit(RLIMIT_STACK, MOST_STACK)
        && limit(RLIMIT_NPROC, MOST_THREADS);
}

/// Gives the process another user and group, with the system's calls: those of the C library concern all threads, of
/// which only one is left after 'fork'.
static bool switch_user(const struct grantor_process_limits *limits) {
    if (!limits->switches_user) return true;
    uid_t user = limits->user;
    gid_t group = limits->group;
    return syscall(SYS_setgroups, 0, NULL) == 0 && syscall(SYS_setresgid, group, group, group) == 0
        && syscall(SYS_setresuid, user, user, user) == 0;
}

/// Gives up everything that root may do, so that a program under root has only root's files.
static bool drop_capabilities(void) {
    // Fails for users without rights, who have none to lose, and for numbers that the kernel does not have.
    for (int number = 0; number < 64; number++) prctl(PR_CAPBSET_DROP, number, 0, 0, 0);
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0, 0, 0}};
    return syscall(SYS_capset, &header, none) == 0;
}

static _Noreturn void run(
    char *const arguments[], const struct grantor_process_limits *limits, pid_t server, int channel, int output,
    int failures) {
    reset_signals();
    place_descriptors(channel, output, failures);
    if (setsid() < 0 || chdir("/") < 0) fail(FAILURE_PIPE, STEP_SESSION);
    umask(077);
    if (!limit_all(limits)) fail(FAILURE_PIPE, STEP_LIMITS);
    if (!switch_user(limits)) fail(FAILURE_PIPE, STEP_USER);
    if (!drop_capabilities()) fail(FAILURE_PIPE, STEP_PRIVILEGES);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) fail(FAILURE_PIPE, STEP_PRIVILEGES);
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0) fail(FAILURE_PIPE, STEP_PRIVILEGES);
    // The server may have ended before the signal was asked for.
    if (getppid() != server) _exit(127);
    char *path = grantor_hide_path(arguments[0]);
    if (path == NULL || !grantor_leave_others_alone() || !grantor_filter_calls(path)) fail(FAILURE_PIPE, STEP_FILTER);
    // Last, since this process still has the memory of the server, which may be more.
    if (!limit(RLIMIT_DATA, limits->memory)) fail(FAILURE_PIPE, STEP_LIMITS);
    char *const environment[] = {NULL};
    execve(path, arguments, environment);
    fail(FAILURE_PIPE, STEP_EXECUTE);
}

// MARK: the server

static void close_all(const int *descriptors, size_t count) {
    for (size_t place = 0; place < count; place++)
        if (descriptors[place] >= 0) close(descriptors[place]);
}

/// Waits until the program runs; returns 0, or the error number of what failed.
static int wait_for_program(int failures, const char **step) {
    struct failure failure;
    ssize_t count;
    do count = read(failures, &failure, sizeof failure);
    while (count < 0 && errno == EINTR);
    if (count != sizeof failure) return 0;
    *step = STEPS[failure.step];
    return failure.number == 0 ? EIO : failure.number;
}

int grantor_process_start(
    char *const arguments[], const struct grantor_process_limits *limits, struct grantor_process *process,
    const char **step) {
    int made[6] = {-1, -1, -1, -1, -1, -1};
    int *channel = made, *output = made + 2, *failures = made + 4;
    *step = "making its descriptors";
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, channel) < 0 || pipe2(output, O_CLOEXEC) < 0
        || pipe2(failures, O_CLOEXEC) < 0 || fcntl(channel[0], F_SETFL, O_NONBLOCK) < 0
        || fcntl(output[0], F_SETFL, O_NONBLOCK) < 0) {
        int number = errno;
        close_all(made, 6);
        return number;
    }
    pid_t server = getpid();
    // The child must not run the server's signal handlers before it has reset them.
    sigset_t every, former;
    sigfillset(&every);
    pthread_sigmask(SIG_SETMASK, &every, &former);
    pid_t pid = fork();
    if (pid == 0) run(arguments, limits, server, channel[1], output[1], failures[1]);
    int number = errno;
    pthread_sigmask(SIG_SETMASK, &former, NULL);
    int theirs[] = {channel[1], output[1], failures[1]};
    close_all(theirs, 3);
    if (pid < 0) {
        *step = "making a process";
        int ours[] = {channel[0], output[0], failures[0]};
        close_all(ours, 3);
        return number;
    }
    *process = (struct grantor_process){pid, channel[0], output[0], (int)syscall(SYS_pidfd_open, pid, 0)};
    number = wait_for_program(failures[0], step);
    if (number == 0 && process->end < 0) {
        *step = "watching it";
        number = errno;
    }
    close(failures[0]);
    if (number != 0) grantor_process_end(process);
    return number;
}

int grantor_process_end(struct grantor_process *process) {
    if (process->pid > 0) {
        kill(-process->pid, SIGKILL);
        kill(process->pid, SIGKILL);
    }
    int descriptors[] = {process->socket, process->output, process->end};
    close_all(descriptors, 3);
    int status = -1;
    while (process->pid > 0 && waitpid(process->pid, &status, 0) < 0 && errno == EINTR) {}
    *process = (struct grantor_process){-1, -1, -1, -1};
    return status;
}

// MARK: waking a thread

int grantor_wake_make(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

void grantor_wake(int descriptor) { (void)eventfd_write(descriptor, 1); }

void grantor_wake_clear(int descriptor) {
    eventfd_t count;
    (void)eventfd_read(descriptor, &count);
}
