// SPDX-License-Identifier: Apache-2.0
#include "CPluginLibrary.h"

#include <dlfcn.h>

const char *grantor_library_find(void *handle, struct grantor_library *library) {
    if (!(library->describe = dlsym(handle, "grantor_describe"))) return "grantor_describe";
    if (!(library->call = dlsym(handle, "grantor_call"))) return "grantor_call";
    if (!(library->release = dlsym(handle, "grantor_release"))) return "grantor_release";
    return NULL;
}
