// SPDX-License-Identifier: Apache-2.0
#ifndef GRANTOR_PLUGIN_PROCESS_H
#define GRANTOR_PLUGIN_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/// What a plugin's process may use.
struct grantor_process_limits {
    /// The bytes of memory that it can allocate.
    uint64_t memory;
    /// The number of descriptors that it can have open.
    uint64_t descriptors;
    /// Whether it gets another user and group, which only root can give it.
    bool switches_user;
    uid_t user;
    gid_t group;
};

/// A process that has been started.
struct grantor_process {
    pid_t pid;
    /// The server's end of the socket, which does not block.
    int socket;
    /// What the process writes to standard output and standard error; reading does not block.
    int output;
    /// Becomes readable when the process ends.
    int end;
};

/// Starts a program for a plugin.
///
/// It gets descriptor 3 for the protocol, a pipe as standard output and standard error, the root folder, a session of
/// its own, and no environment. It dies with the thread that calls this.
///
/// - arguments: The absolute path of the program and its arguments, ended by NULL.
/// - limits: What it may use.
/// - process: Receives the process.
/// - step: Receives what failed, such as "execve".
///
/// Returns 0, or the error number of the step that failed; then there is no process.
int grantor_process_start(
    char *const arguments[], const struct grantor_process_limits *limits, struct grantor_process *process,
    const char **step);

/// Ends a process with everything in its session's group, waits for it, and closes its descriptors.
///
/// Returns its status as 'waitpid' does, or -1.
int grantor_process_end(struct grantor_process *process);

/// Whether the kernel can keep a process from looking into others of its user, such as the server.
bool grantor_keeps_processes_apart(void);

/// Makes a descriptor by which another thread can wake one that waits for it; -1 if there are no more descriptors.
int grantor_wake_make(void);

/// Makes the descriptor readable.
void grantor_wake(int descriptor);

/// Makes the descriptor unreadable again.
void grantor_wake_clear(int descriptor);

#endif
