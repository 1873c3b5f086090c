// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "process_filter.h"
#include "plugin_process.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

// MARK: what is refused

// Newer than the headers of some systems, but the same number on each architecture.
enum { FCHMODAT2 = 452 };

// Calls that change files, reach the network or other processes, or gain rights. A process gets EPERM for them.
static const int REFUSED[] = {
    // Other programs and processes.
    SYS_execveat, SYS_ptrace, SYS_process_vm_readv, SYS_process_vm_writev, SYS_kcmp, SYS_pidfd_open, SYS_pidfd_getfd,
    SYS_pidfd_send_signal, SYS_tkill, SYS_rt_sigqueueinfo, SYS_rt_tgsigqueueinfo, SYS_migrate_pages, SYS_move_pages,
    SYS_setpriority, SYS_ioprio_set, SYS_sched_setscheduler, SYS_sched_setparam, SYS_sched_setattr,
    SYS_sched_setaffinity, SYS_setpgid, SYS_setsid,
#ifdef SYS_process_madvise
    SYS_process_madvise,
#endif
#ifdef SYS_process_mrelease
    SYS_process_mrelease,
#endif
    // The network, and whatever else a socket reaches.
    SYS_socket, SYS_socketpair, SYS_bind, SYS_connect, SYS_listen, SYS_accept, SYS_accept4,
    // Memory that the limit does not count.
    SYS_memfd_create, SYS_shmget, SYS_shmat, SYS_mq_open, SYS_msgget, SYS_semget,
#ifdef SYS_memfd_secret
    SYS_memfd_secret,
#endif
    // Locks and leases, which would keep the server from its own files.
    SYS_flock,
    // Namespaces, mounts and the system.
    SYS_unshare, SYS_setns, SYS_mount, SYS_umount2, SYS_pivot_root, SYS_chroot, SYS_swapon, SYS_swapoff, SYS_reboot,
    SYS_sethostname, SYS_setdomainname, SYS_settimeofday, SYS_clock_settime, SYS_adjtimex, SYS_clock_adjtime,
    SYS_init_module, SYS_finit_module, SYS_delete_module, SYS_kexec_load, SYS_syslog, SYS_acct, SYS_quotactl,
    SYS_personality, SYS_vhangup, SYS_open_by_handle_at, SYS_name_to_handle_at, SYS_fanotify_init,
#ifdef SYS_open_tree
    SYS_open_tree, SYS_move_mount, SYS_fsopen, SYS_fsconfig, SYS_fsmount, SYS_fspick,
#endif
#ifdef SYS_mount_setattr
    SYS_mount_setattr,
#endif
#ifdef SYS_quotactl_fd
    SYS_quotactl_fd,
#endif
    // Doors into the kernel that a plugin does not need.
    SYS_bpf, SYS_perf_event_open, SYS_userfaultfd, SYS_add_key, SYS_request_key, SYS_keyctl, SYS_io_setup,
    SYS_io_uring_setup, SYS_io_uring_enter, SYS_io_uring_register,
    // Files.
    SYS_mkdirat, SYS_unlinkat, SYS_renameat2, SYS_linkat, SYS_symlinkat, SYS_mknodat, SYS_truncate, SYS_ftruncate,
    SYS_fchmod, SYS_fchmodat, FCHMODAT2, SYS_fchown, SYS_fchownat, SYS_utimensat, SYS_setxattr, SYS_lsetxattr, SYS_fsetxattr,
    SYS_removexattr, SYS_lremovexattr, SYS_fremovexattr, SYS_sync, SYS_syncfs, SYS_inotify_init1,
#ifdef SYS_renameat
    SYS_renameat,
#endif
    // Other users.
    SYS_setuid, SYS_setgid, SYS_setreuid, SYS_setregid, SYS_setresuid, SYS_setresgid, SYS_setgroups, SYS_setfsuid,
    SYS_setfsgid, SYS_capset,
#ifdef __x86_64__
    SYS_fork, SYS_vfork, SYS_creat, SYS_mkdir, SYS_rmdir, SYS_unlink, SYS_rename, SYS_link, SYS_symlink, SYS_mknod,
    SYS_chmod, SYS_chown, SYS_lchown, SYS_utime, SYS_utimes, SYS_futimesat, SYS_iopl, SYS_ioperm, SYS_modify_ldt,
    SYS_uselib, SYS_kexec_file_load, SYS_inotify_init,
#endif
};

// MARK: the filter

enum { MOST_INSTRUCTIONS = 1024, NEWEST_KNOWN = 462 };

struct program {
    struct sock_filter code[MOST_INSTRUCTIONS];
    unsigned short count;
};

#define FIELD(name) ((uint32_t)offsetof(struct seccomp_data, name))
#define LOW(argument) (FIELD(args) + 8 * (argument))
#define HIGH(argument) (FIELD(args) + 8 * (argument) + 4)
#define REFUSE(number) (SECCOMP_RET_ERRNO | ((number) & SECCOMP_RET_DATA))

static void add(struct program *program, uint16_t code, uint32_t value, uint8_t yes, uint8_t no) {
    if (program->count < MOST_INSTRUCTIONS)
        program->code[program->count++] = (struct sock_filter){code, yes, no, value};
}

static void load(struct program *program, uint32_t place) { add(program, BPF_LD | BPF_W | BPF_ABS, place, 0, 0); }
static void answer(struct program *program, uint32_t value) { add(program, BPF_RET | BPF_K, value, 0, 0); }

/// Jumps over some instructions unless the loaded word is a value.
static void unless_equal(struct program *program, uint32_t value, uint8_t skipped) {
    add(program, BPF_JMP | BPF_JEQ | BPF_K, value, 0, skipped);
}

/// Refuses a call.
static void refuse(struct program *program, int number) {
    unless_equal(program, (uint32_t)number, 1);
    answer(program, REFUSE(EPERM));
}

/// Refuses a call if its argument has one of some bits.
static void refuse_bits(struct program *program, int number, int argument, uint32_t bits, int error) {
    unless_equal(program, (uint32_t)number, 4);
    load(program, LOW(argument));
    add(program, BPF_JMP | BPF_JSET | BPF_K, bits, 0, 1);
    answer(program, REFUSE(error));
    answer(program, SECCOMP_RET_ALLOW);
}

/// Refuses a call if its argument is a value.
static void refuse_value(struct program *program, int number, int argument, uint32_t value) {
    unless_equal(program, (uint32_t)number, 4);
    load(program, LOW(argument));
    unless_equal(program, value, 1);
    answer(program, REFUSE(EPERM));
    load(program, FIELD(nr));
}

/// Allows a call only if its first argument is this process.
static void only_self(struct program *program, int number, uint32_t self, bool may_be_zero) {
    unless_equal(program, (uint32_t)number, 5);
    load(program, LOW(0));
    add(program, BPF_JMP | BPF_JEQ | BPF_K, self, 2, 0);
    add(program, BPF_JMP | BPF_JEQ | BPF_K, may_be_zero ? 0 : self, 1, 0);
    answer(program, REFUSE(EPERM));
    answer(program, SECCOMP_RET_ALLOW);
}

/// Allows new threads, and refuses new processes and namespaces.
static void only_threads(struct program *program) {
    const uint32_t namespaces = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER
        | CLONE_NEWPID | CLONE_NEWNET;
    unless_equal(program, SYS_clone, 5);
    load(program, LOW(0));
    add(program, BPF_JMP | BPF_JSET | BPF_K, namespaces, 2, 0);
    add(program, BPF_JMP | BPF_JSET | BPF_K, CLONE_THREAD, 0, 1);
    answer(program, SECCOMP_RET_ALLOW);
    answer(program, REFUSE(EPERM));
}

/// Refuses memory that the limit does not count: shared memory without a file, and what grows like a stack.
static void only_counted_memory(struct program *program) {
    unless_equal(program, SYS_mmap, 6);
    load(program, LOW(3));
    add(program, BPF_JMP | BPF_JSET | BPF_K, MAP_GROWSDOWN, 2, 0);
    add(program, BPF_JMP | BPF_JSET | BPF_K, MAP_ANONYMOUS, 0, 2);
    add(program, BPF_JMP | BPF_JSET | BPF_K, MAP_SHARED, 0, 1);
    answer(program, REFUSE(EPERM));
    answer(program, SECCOMP_RET_ALLOW);
}

/// Allows a call only if its second argument is one of some values.
static void only_commands(struct program *program, int number, const uint32_t *values, uint8_t count, int error) {
    unless_equal(program, (uint32_t)number, (uint8_t)(count + 3));
    load(program, LOW(1));
    for (uint8_t place = 0; place < count; place++)
        add(program, BPF_JMP | BPF_JEQ | BPF_K, values[place], (uint8_t)(count - place), 0);
    answer(program, REFUSE(error));
    answer(program, SECCOMP_RET_ALLOW);
}

/// Allows what standard libraries do with descriptors of their own.
///
/// Other commands change files that are only open for reading, lock them, or have signals sent to another process.
static void only_own_descriptors(struct program *program) {
    static const uint32_t asked[] = {TCGETS, TIOCGWINSZ, FIONREAD, FIONBIO, FIONCLEX, FIOCLEX};
    static const uint32_t controlled[] = {F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_GETPIPE_SZ};
    only_commands(program, SYS_ioctl, asked, sizeof asked / sizeof *asked, ENOTTY);
    only_commands(program, SYS_fcntl, controlled, sizeof controlled / sizeof *controlled, EPERM);
}

/// Allows running a program only under one address of its path, and ends a process that tries another.
static void only_this_program(struct program *program, uint64_t path) {
    unless_equal(program, SYS_execve, 6);
    load(program, LOW(0));
    unless_equal(program, (uint32_t)path, 3);
    load(program, HIGH(0));
    unless_equal(program, (uint32_t)(path >> 32), 1);
    answer(program, SECCOMP_RET_ALLOW);
    answer(program, SECCOMP_RET_KILL_PROCESS);
}

static void begin(struct program *program) {
    load(program, FIELD(arch));
    add(program, BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0);
    answer(program, SECCOMP_RET_KILL_PROCESS);
    load(program, FIELD(nr));
    // Calls that this code does not know, among them those of the x32 interface.
    add(program, BPF_JMP | BPF_JGT | BPF_K, NEWEST_KNOWN, 0, 1);
    answer(program, REFUSE(ENOSYS));
}

static void write_filter(struct program *program, uint32_t self, uint64_t path) {
    begin(program);
    only_this_program(program, path);
    only_threads(program);
    // The C library falls back to 'clone', whose flags can be read here.
    unless_equal(program, SYS_clone3, 1);
    answer(program, REFUSE(ENOSYS));
    unless_equal(program, SYS_openat2, 1);
    answer(program, REFUSE(ENOSYS));
    const uint32_t writing = O_ACCMODE | O_CREAT | O_TRUNC | O_APPEND;
    refuse_bits(program, SYS_openat, 2, writing, EACCES);
#ifdef SYS_open
    refuse_bits(program, SYS_open, 1, writing, EACCES);
#endif
    only_self(program, SYS_kill, self, true);
    only_self(program, SYS_tgkill, self, false);
    only_self(program, SYS_prlimit64, self, true);
    only_own_descriptors(program);
    // The process must end with the server.
    refuse_value(program, SYS_prctl, 0, PR_SET_PDEATHSIG);
    for (size_t place = 0; place < sizeof REFUSED / sizeof *REFUSED; place++) refuse(program, REFUSED[place]);
    only_counted_memory(program);
    answer(program, SECCOMP_RET_ALLOW);
}

char *grantor_hide_path(const char *path) {
    const size_t size = 1 << 14;
    uint64_t random[2];
    // Not the function of the C library, which need not work after 'fork'.
    if (syscall(SYS_getrandom, random, sizeof random, 0) != sizeof random || strlen(path) >= 4096) return NULL;
    // A random address that the program cannot know, since its memory is another one.
    uintptr_t wanted = (uintptr_t)(random[0] & 0x3fffffffc000) | 0x100000000000;
    char *memory = mmap((void *)wanted, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return NULL;
    return strcpy(memory + random[1] % 8192, path);
}

bool grantor_filter_calls(const char *path) {
    static struct program program;
    program.count = 0;
    write_filter(&program, (uint32_t)getpid(), (uint64_t)(uintptr_t)path);
    if (program.count >= MOST_INSTRUCTIONS) return false;
    struct sock_fprog filter = {program.count, program.code};
    return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) == 0;
}

// MARK: Landlock

bool grantor_keeps_processes_apart(void) {
    return syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) > 0;
}

bool grantor_leave_others_alone(void) {
    // Every way to write that the first version knows. Without a rule, none is allowed anywhere.
    struct landlock_ruleset_attr rules = {
        .handled_access_fs = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR
            | LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR
            | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO
            | LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM,
    };
    int set = (int)syscall(SYS_landlock_create_ruleset, &rules, sizeof rules, 0);
    // Not every kernel has it; the filter of calls stays.
    if (set < 0) return errno == ENOSYS || errno == EOPNOTSUPP;
    bool is_restricted = syscall(SYS_landlock_restrict_self, set, 0) == 0;
    close(set);
    return is_restricted;
}
