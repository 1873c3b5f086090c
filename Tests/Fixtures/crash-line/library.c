// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>

// A library that is no plugin of its own, to be named by its code alone.
__attribute__((noinline)) void library_crash(volatile int *place) { *place = 1; }
void library_exit(void) { exit(0); }
void library_abort(void) { abort(); }
