// SPDX-License-Identifier: Apache-2.0
#ifndef GRANTOR_PROCESS_FILTER_H
#define GRANTOR_PROCESS_FILTER_H

#include <stdbool.h>

// Functions for a process that is about to run a plugin's program; all of them may be called after 'fork'.

/// Copies a path to a random address; NULL if that fails.
char *grantor_hide_path(const char *path);

/// Lets the kernel refuse calls that a plugin does not need, and 'execve' of anything but this string.
///
/// The program that is run later does not know its address, so it cannot run another one.
bool grantor_filter_calls(const char *path);

/// Lets the kernel refuse writing to files, and reading or tracing processes that do not have the same restriction.
bool grantor_leave_others_alone(void);

#endif
