// SPDX-License-Identifier: Apache-2.0
//
// Preloaded into a server that runs under valgrind. The main thread of a Swift program waits in sigsuspend with a mask in
// read-only memory; valgrind 3.19 writes to it and crashes. This passes a copy.

#define _GNU_SOURCE
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

int sigsuspend(const sigset_t *mask) {
    unsigned long copy = *(const unsigned long *)mask;
    return (int)syscall(SYS_rt_sigsuspend, &copy, sizeof copy);
}
