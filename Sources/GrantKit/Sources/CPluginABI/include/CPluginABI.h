// SPDX-License-Identifier: Apache-2.0
//
// The block by which the server checks, before any code of a plugin runs, that the plugin was built for this server.
// The server reads it from the ELF section `grantor_abi` of the file, so it contains no pointers and needs no
// relocation.

#ifndef GRANTOR_CPLUGINABI_H
#define GRANTOR_CPLUGINABI_H

#include <stdint.h>

#define GRANTOR_ABI_MAGIC "GRANTOR"
#define GRANTOR_ABI_SECTION "grantor_abi"
/// The version of the kit. Within a major version, a minor version only adds (decision 0054).
#define GRANTOR_KIT_MAJOR 0
#define GRANTOR_KIT_MINOR 2

/// The version of Swift, such as 60301, if Swift imports this header. In an older language mode, it is the mode's
/// version.
#ifdef __swift__
#define GRANTOR_SWIFT_VERSION __swift__
#else
#define GRANTOR_SWIFT_VERSION 0
#endif

struct grantor_plugin_abi {
    char magic[8];
    uint32_t size;
    uint32_t kit_major;
    uint32_t kit_minor;
    uint32_t swift_version;
    char compiler[112];
};

static const struct grantor_plugin_abi grantor_abi_block
    __attribute__((used, section(GRANTOR_ABI_SECTION))) = {
        GRANTOR_ABI_MAGIC, sizeof(struct grantor_plugin_abi), GRANTOR_KIT_MAJOR, GRANTOR_KIT_MINOR, GRANTOR_SWIFT_VERSION,
        __VERSION__,
};

/// Returns the block of the library that calls this. The call makes the compiler emit the block in that library.
static inline const void *grantor_plugin_abi(void) { return &grantor_abi_block; }

#endif
