// SPDX-License-Identifier: Apache-2.0
#ifndef GRANTOR_CRASH_LINE_H
#define GRANTOR_CRASH_LINE_H

/// Installs the handlers that write one line to standard error when the process crashes or 'exit' is called.
///
/// Call it once, at the start. The line names the plugin, if it is known. After that, the handlers that were installed
/// before run as if these did not exist, so that Swift's backtrace and the exit status stay the same.
void grantor_crash_install(void);

/// Says what the calling thread is doing, such as "plugin 'a', request 'b'", in case it crashes.
///
/// The string must stay alive until the next call on the same thread; NULL says that no plugin is running. The first
/// note of a thread also protects it.
void grantor_crash_note(const char *note);

/// Gives the calling thread a stack of its own for signals, so that a stack overflow on it can be reported.
///
/// Returns 0, or the error number. The stack is freed when the thread ends.
int grantor_crash_protect_thread(void);

/// Says that the code of a loaded library belongs to a plugin, so that a crash in it is reported without a note.
///
/// The path is that given to 'dlopen'. The library must stay loaded. Does nothing if no such library is loaded.
void grantor_crash_library(const char *path, const char *plugin);

/// Says that the program is about to end by itself, so that calling 'exit' is no longer reported.
void grantor_crash_ending(void);

#endif
