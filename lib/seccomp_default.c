/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "seccomp_default.h"

#include <errno.h>

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

/* What is not here or below is refused with EPERM (docs/formats/seccomp.md: what is left out, and why). */
static const char *const allowed[] = {
    /* files: contents */
    "read", "write", "readv", "writev", "pread64", "pwrite64", "preadv", "pwritev", "preadv2", "pwritev2",
    "lseek", "sendfile", "splice", "tee", "vmsplice", "copy_file_range", "readahead", "fadvise64",
    "fallocate", "ftruncate", "truncate", "fsync", "fdatasync", "sync_file_range", "syncfs", "sync",
    "cachestat",
    /* files: descriptors */
    "open", "openat", "openat2", "creat", "close", "close_range", "dup", "dup2", "dup3", "fcntl", "flock",
    "ioctl", "pipe", "pipe2", "memfd_create", "memfd_secret", "eventfd", "eventfd2", "signalfd", "signalfd4",
    "timerfd_create", "timerfd_settime", "timerfd_gettime",
    /* files: names and attributes */
    "stat", "lstat", "fstat", "newfstatat", "statx", "statfs", "fstatfs", "access", "faccessat", "faccessat2",
    "getdents", "getdents64", "getcwd", "chdir", "fchdir", "rename", "renameat", "renameat2", "mkdir",
    "mkdirat", "rmdir", "link", "linkat", "unlink", "unlinkat", "symlink", "symlinkat", "readlink",
    "readlinkat", "chmod", "fchmod", "fchmodat", "fchmodat2", "chown", "fchown", "lchown", "fchownat",
    "umask", "utime", "utimes", "futimesat", "utimensat", "setxattr", "lsetxattr", "fsetxattr", "getxattr",
    "lgetxattr", "fgetxattr", "listxattr", "llistxattr", "flistxattr", "removexattr", "lremovexattr",
    "fremovexattr", "inotify_init", "inotify_init1", "inotify_add_watch", "inotify_rm_watch",
    "name_to_handle_at",
    /* waiting for files */
    "select", "pselect6", "poll", "ppoll", "epoll_create", "epoll_create1", "epoll_ctl", "epoll_wait",
    "epoll_pwait", "epoll_pwait2", "io_setup", "io_destroy", "io_submit", "io_cancel", "io_getevents",
    "io_pgetevents",
    /* memory */
    "mmap", "munmap", "mremap", "mprotect", "madvise", "brk", "msync", "mincore", "mlock", "mlock2",
    "munlock", "mlockall", "munlockall", "pkey_alloc", "pkey_free", "pkey_mprotect", "membarrier", "mseal",
    "map_shadow_stack",
    /* processes */
    "fork", "vfork", "execve", "execveat", "exit", "exit_group", "wait4", "waitid", "getpid", "getppid",
    "gettid", "getpgid", "getpgrp", "setpgid", "getsid", "setsid", "pidfd_open", "pidfd_send_signal", "prctl",
    "arch_prctl", "set_tid_address", "set_robust_list", "get_robust_list", "rseq", "restart_syscall",
    "getrusage", "times", "sysinfo", "uname", "getcpu", "prlimit64", "getrlimit", "setrlimit",
    /* users and rights: no more than the policy's capabilities allow */
    "getuid", "geteuid", "getgid", "getegid", "getresuid", "getresgid", "getgroups", "setuid", "setgid",
    "setreuid", "setregid", "setresuid", "setresgid", "setfsuid", "setfsgid", "setgroups", "capget", "capset",
    "seccomp", "landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self",
    /* scheduling */
    "sched_yield", "sched_getaffinity", "sched_setaffinity", "sched_getparam", "sched_setparam",
    "sched_getscheduler", "sched_setscheduler", "sched_getattr", "sched_setattr", "sched_get_priority_max",
    "sched_get_priority_min", "sched_rr_get_interval", "getpriority", "setpriority", "ioprio_get",
    "ioprio_set",
    /* signals */
    "kill", "tkill", "tgkill", "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "rt_sigsuspend",
    "rt_sigpending", "rt_sigtimedwait", "rt_sigqueueinfo", "rt_tgsigqueueinfo", "sigaltstack", "pause",
    "alarm", "getitimer", "setitimer",
    /* threads */
    "futex", "futex_waitv", "futex_wait", "futex_wake", "futex_requeue",
    /* time: reading it and waiting */
    "time", "gettimeofday", "clock_gettime", "clock_getres", "clock_nanosleep", "nanosleep", "timer_create",
    "timer_delete", "timer_settime", "timer_gettime", "timer_getoverrun",
    /* network */
    "socketpair", "bind", "listen", "accept", "accept4", "connect", "getsockname", "getpeername", "sendto",
    "recvfrom", "sendmsg", "recvmsg", "sendmmsg", "recvmmsg", "shutdown", "setsockopt", "getsockopt",
    /* System V and POSIX IPC: its own namespace */
    "shmget", "shmat", "shmdt", "shmctl", "semget", "semop", "semtimedop", "semctl", "msgget", "msgsnd",
    "msgrcv", "msgctl", "mq_open", "mq_unlink", "mq_timedsend", "mq_timedreceive", "mq_notify",
    "mq_getsetattr",
    /* randomness */
    "getrandom"};

#define ALLOW SECCOMP_ACTION_ALLOW
#define ANSWER SECCOMP_ACTION_ERRNO
#define MASK SECCOMP_OP_MASKED_EQ
#define LOW32 UINT64_C(0xffffffff)  /* the kernel takes these arguments as 32 bits and looks at no more */
#define TYPE_BITS UINT64_C(0170000) /* S_IFMT */
/* CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID and NEWNET; clone(2) knows no NEWTIME */
#define NAMESPACES UINT64_C(0x7e020000)

/* mknod: a FIFO, a socket or a plain file (type 0 is one too), never a device node.
 * clone: threads and processes, but no new namespace. clone3's flags lie in memory, where no filter sees
 * them: libc falls back to clone. socket: AF_UNIX, AF_INET, AF_INET6. personality: PER_LINUX, and the
 * question which one it is. */
static const struct seccomp_default_rule allow_rules[] = {
    {"mknod",       ALLOW,  0,      1, {1, MASK, TYPE_BITS, 0010000}},
    {"mknod",       ALLOW,  0,      1, {1, MASK, TYPE_BITS, 0140000}},
    {"mknod",       ALLOW,  0,      1, {1, MASK, TYPE_BITS, 0100000}},
    {"mknod",       ALLOW,  0,      1, {1, MASK, TYPE_BITS, 0}      },
    {"mknodat",     ALLOW,  0,      1, {2, MASK, TYPE_BITS, 0010000}},
    {"mknodat",     ALLOW,  0,      1, {2, MASK, TYPE_BITS, 0140000}},
    {"mknodat",     ALLOW,  0,      1, {2, MASK, TYPE_BITS, 0100000}},
    {"mknodat",     ALLOW,  0,      1, {2, MASK, TYPE_BITS, 0}      },
    {"clone",       ALLOW,  0,      1, {0, MASK, NAMESPACES, 0}     },
    {"clone3",      ANSWER, ENOSYS, 0, {0}                          },
    {"socket",      ALLOW,  0,      1, {0, MASK, LOW32, 1}          },
    {"socket",      ALLOW,  0,      1, {0, MASK, LOW32, 2}          },
    {"socket",      ALLOW,  0,      1, {0, MASK, LOW32, 10}         },
    {"personality", ALLOW,  0,      1, {0, MASK, LOW32, 0}          },
    {"personality", ALLOW,  0,      1, {0, MASK, LOW32, LOW32}      },
};

/* Bytes pushed into a terminal's input (TIOCSTI, TIOCLINUX), and another line discipline (TIOCSETD). */
static const struct seccomp_default_rule guard_rules[] = {
    {"ioctl", ANSWER, EPERM, 1, {1, MASK, LOW32, 0x5412}},
    {"ioctl", ANSWER, EPERM, 1, {1, MASK, LOW32, 0x541c}},
    {"ioctl", ANSWER, EPERM, 1, {1, MASK, LOW32, 0x5423}},
};

const struct seccomp_default_filter seccomp_default_allow = {
    .action = ANSWER,
    .errno_ret = EPERM,
    .allowed = allowed,
    .allowed_count = COUNT(allowed),
    .rules = allow_rules,
    .rule_count = COUNT(allow_rules),
};
const struct seccomp_default_filter seccomp_default_guard = {
    .action = ALLOW,
    .rules = guard_rules,
    .rule_count = COUNT(guard_rules),
};
