/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "seccomp_default.h"

#include <errno.h>

#define LOW32                                                                                                \
    UINT64_C(0xffffffff) /* of arguments that the kernel takes as 32 bits: the rest is not looked at */

#define ALLOW(name)                                                                                          \
    {                                                                                                        \
        (name), SECCOMP_ACTION_ALLOW, 0, 0,                                                                  \
        {                                                                                                    \
            0                                                                                                \
        }                                                                                                    \
    }
#define KILL(name)                                                                                           \
    {                                                                                                        \
        (name), SECCOMP_ACTION_KILL_PROCESS, 0, 0,                                                           \
        {                                                                                                    \
            0                                                                                                \
        }                                                                                                    \
    }
#define ANSWER(name, error)                                                                                  \
    {                                                                                                        \
        (name), SECCOMP_ACTION_ERRNO, (error), 0,                                                            \
        {                                                                                                    \
            0                                                                                                \
        }                                                                                                    \
    }
#define ALLOW_IF(name, index, mask, value)                                                                   \
    {                                                                                                        \
        (name), SECCOMP_ACTION_ALLOW, 0, 1,                                                                  \
        {                                                                                                    \
            (index), SECCOMP_OP_MASKED_EQ, (mask), (value)                                                   \
        }                                                                                                    \
    }
#define REFUSE_IF(name, index, mask, value)                                                                  \
    {                                                                                                        \
        (name), SECCOMP_ACTION_ERRNO, EPERM, 1,                                                              \
        {                                                                                                    \
            (index), SECCOMP_OP_MASKED_EQ, (mask), (value)                                                   \
        }                                                                                                    \
    }
#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

/* CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID and NEWNET; NEWTIME does not exist in clone(2) */
#define CLONE_NAMESPACES UINT64_C(0x7e020000)

/* What is not here is refused with EPERM (docs/formats/seccomp.md names the groups left out and why). */
static const struct seccomp_default_rule allow_rules[] = {
    /* files: contents */
    ALLOW("read"),
    ALLOW("write"),
    ALLOW("readv"),
    ALLOW("writev"),
    ALLOW("pread64"),
    ALLOW("pwrite64"),
    ALLOW("preadv"),
    ALLOW("pwritev"),
    ALLOW("preadv2"),
    ALLOW("pwritev2"),
    ALLOW("lseek"),
    ALLOW("sendfile"),
    ALLOW("splice"),
    ALLOW("tee"),
    ALLOW("vmsplice"),
    ALLOW("copy_file_range"),
    ALLOW("readahead"),
    ALLOW("fadvise64"),
    ALLOW("fallocate"),
    ALLOW("ftruncate"),
    ALLOW("truncate"),
    ALLOW("fsync"),
    ALLOW("fdatasync"),
    ALLOW("sync_file_range"),
    ALLOW("syncfs"),
    ALLOW("sync"),
    ALLOW("cachestat"),
    /* files: descriptors */
    ALLOW("open"),
    ALLOW("openat"),
    ALLOW("openat2"),
    ALLOW("creat"),
    ALLOW("close"),
    ALLOW("close_range"),
    ALLOW("dup"),
    ALLOW("dup2"),
    ALLOW("dup3"),
    ALLOW("fcntl"),
    ALLOW("flock"),
    ALLOW("ioctl"),
    ALLOW("pipe"),
    ALLOW("pipe2"),
    ALLOW("memfd_create"),
    ALLOW("memfd_secret"),
    ALLOW("eventfd"),
    ALLOW("eventfd2"),
    ALLOW("signalfd"),
    ALLOW("signalfd4"),
    ALLOW("timerfd_create"),
    ALLOW("timerfd_settime"),
    ALLOW("timerfd_gettime"),
    /* files: names and attributes */
    ALLOW("stat"),
    ALLOW("lstat"),
    ALLOW("fstat"),
    ALLOW("newfstatat"),
    ALLOW("statx"),
    ALLOW("statfs"),
    ALLOW("fstatfs"),
    ALLOW("access"),
    ALLOW("faccessat"),
    ALLOW("faccessat2"),
    ALLOW("getdents"),
    ALLOW("getdents64"),
    ALLOW("getcwd"),
    ALLOW("chdir"),
    ALLOW("fchdir"),
    ALLOW("rename"),
    ALLOW("renameat"),
    ALLOW("renameat2"),
    ALLOW("mkdir"),
    ALLOW("mkdirat"),
    ALLOW("rmdir"),
    ALLOW("link"),
    ALLOW("linkat"),
    ALLOW("unlink"),
    ALLOW("unlinkat"),
    ALLOW("symlink"),
    ALLOW("symlinkat"),
    ALLOW("readlink"),
    ALLOW("readlinkat"),
    ALLOW("chmod"),
    ALLOW("fchmod"),
    ALLOW("fchmodat"),
    ALLOW("fchmodat2"),
    ALLOW("chown"),
    ALLOW("fchown"),
    ALLOW("lchown"),
    ALLOW("fchownat"),
    ALLOW("umask"),
    ALLOW("utime"),
    ALLOW("utimes"),
    ALLOW("futimesat"),
    ALLOW("utimensat"),
    ALLOW("setxattr"),
    ALLOW("lsetxattr"),
    ALLOW("fsetxattr"),
    ALLOW("getxattr"),
    ALLOW("lgetxattr"),
    ALLOW("fgetxattr"),
    ALLOW("listxattr"),
    ALLOW("llistxattr"),
    ALLOW("flistxattr"),
    ALLOW("removexattr"),
    ALLOW("lremovexattr"),
    ALLOW("fremovexattr"),
    ALLOW("inotify_init"),
    ALLOW("inotify_init1"),
    ALLOW("inotify_add_watch"),
    ALLOW("inotify_rm_watch"),
    ALLOW("name_to_handle_at"),
    /* waiting for files */
    ALLOW("select"),
    ALLOW("pselect6"),
    ALLOW("poll"),
    ALLOW("ppoll"),
    ALLOW("epoll_create"),
    ALLOW("epoll_create1"),
    ALLOW("epoll_ctl"),
    ALLOW("epoll_wait"),
    ALLOW("epoll_pwait"),
    ALLOW("epoll_pwait2"),
    ALLOW("io_setup"),
    ALLOW("io_destroy"),
    ALLOW("io_submit"),
    ALLOW("io_cancel"),
    ALLOW("io_getevents"),
    ALLOW("io_pgetevents"),
    /* memory */
    ALLOW("mmap"),
    ALLOW("munmap"),
    ALLOW("mremap"),
    ALLOW("mprotect"),
    ALLOW("madvise"),
    ALLOW("brk"),
    ALLOW("msync"),
    ALLOW("mincore"),
    ALLOW("mlock"),
    ALLOW("mlock2"),
    ALLOW("munlock"),
    ALLOW("mlockall"),
    ALLOW("munlockall"),
    ALLOW("pkey_alloc"),
    ALLOW("pkey_free"),
    ALLOW("pkey_mprotect"),
    ALLOW("membarrier"),
    ALLOW("mseal"),
    ALLOW("map_shadow_stack"),
    /* processes */
    ALLOW("fork"),
    ALLOW("vfork"),
    ALLOW("execve"),
    ALLOW("execveat"),
    ALLOW("exit"),
    ALLOW("exit_group"),
    ALLOW("wait4"),
    ALLOW("waitid"),
    ALLOW("getpid"),
    ALLOW("getppid"),
    ALLOW("gettid"),
    ALLOW("getpgid"),
    ALLOW("getpgrp"),
    ALLOW("setpgid"),
    ALLOW("getsid"),
    ALLOW("setsid"),
    ALLOW("pidfd_open"),
    ALLOW("pidfd_send_signal"),
    ALLOW("prctl"),
    ALLOW("arch_prctl"),
    ALLOW("set_tid_address"),
    ALLOW("set_robust_list"),
    ALLOW("get_robust_list"),
    ALLOW("rseq"),
    ALLOW("restart_syscall"),
    ALLOW("getrusage"),
    ALLOW("times"),
    ALLOW("sysinfo"),
    ALLOW("uname"),
    ALLOW("getcpu"),
    ALLOW("prlimit64"),
    ALLOW("getrlimit"),
    ALLOW("setrlimit"),
    /* users and rights: no more than the policy's capabilities allow */
    ALLOW("getuid"),
    ALLOW("geteuid"),
    ALLOW("getgid"),
    ALLOW("getegid"),
    ALLOW("getresuid"),
    ALLOW("getresgid"),
    ALLOW("getgroups"),
    ALLOW("setuid"),
    ALLOW("setgid"),
    ALLOW("setreuid"),
    ALLOW("setregid"),
    ALLOW("setresuid"),
    ALLOW("setresgid"),
    ALLOW("setfsuid"),
    ALLOW("setfsgid"),
    ALLOW("setgroups"),
    ALLOW("capget"),
    ALLOW("capset"),
    ALLOW("seccomp"),
    ALLOW("landlock_create_ruleset"),
    ALLOW("landlock_add_rule"),
    ALLOW("landlock_restrict_self"),
    /* scheduling */
    ALLOW("sched_yield"),
    ALLOW("sched_getaffinity"),
    ALLOW("sched_setaffinity"),
    ALLOW("sched_getparam"),
    ALLOW("sched_setparam"),
    ALLOW("sched_getscheduler"),
    ALLOW("sched_setscheduler"),
    ALLOW("sched_getattr"),
    ALLOW("sched_setattr"),
    ALLOW("sched_get_priority_max"),
    ALLOW("sched_get_priority_min"),
    ALLOW("sched_rr_get_interval"),
    ALLOW("getpriority"),
    ALLOW("setpriority"),
    ALLOW("ioprio_get"),
    ALLOW("ioprio_set"),
    /* signals */
    ALLOW("kill"),
    ALLOW("tkill"),
    ALLOW("tgkill"),
    ALLOW("rt_sigaction"),
    ALLOW("rt_sigprocmask"),
    ALLOW("rt_sigreturn"),
    ALLOW("rt_sigsuspend"),
    ALLOW("rt_sigpending"),
    ALLOW("rt_sigtimedwait"),
    ALLOW("rt_sigqueueinfo"),
    ALLOW("rt_tgsigqueueinfo"),
    ALLOW("sigaltstack"),
    ALLOW("pause"),
    ALLOW("alarm"),
    ALLOW("getitimer"),
    ALLOW("setitimer"),
    /* threads */
    ALLOW("futex"),
    ALLOW("futex_waitv"),
    ALLOW("futex_wait"),
    ALLOW("futex_wake"),
    ALLOW("futex_requeue"),
    /* time: reading it and waiting */
    ALLOW("time"),
    ALLOW("gettimeofday"),
    ALLOW("clock_gettime"),
    ALLOW("clock_getres"),
    ALLOW("clock_nanosleep"),
    ALLOW("nanosleep"),
    ALLOW("timer_create"),
    ALLOW("timer_delete"),
    ALLOW("timer_settime"),
    ALLOW("timer_gettime"),
    ALLOW("timer_getoverrun"),
    /* network */
    ALLOW("socketpair"),
    ALLOW("bind"),
    ALLOW("listen"),
    ALLOW("accept"),
    ALLOW("accept4"),
    ALLOW("connect"),
    ALLOW("getsockname"),
    ALLOW("getpeername"),
    ALLOW("sendto"),
    ALLOW("recvfrom"),
    ALLOW("sendmsg"),
    ALLOW("recvmsg"),
    ALLOW("sendmmsg"),
    ALLOW("recvmmsg"),
    ALLOW("shutdown"),
    ALLOW("setsockopt"),
    ALLOW("getsockopt"),
    /* System V and POSIX IPC: its own namespace */
    ALLOW("shmget"),
    ALLOW("shmat"),
    ALLOW("shmdt"),
    ALLOW("shmctl"),
    ALLOW("semget"),
    ALLOW("semop"),
    ALLOW("semtimedop"),
    ALLOW("semctl"),
    ALLOW("msgget"),
    ALLOW("msgsnd"),
    ALLOW("msgrcv"),
    ALLOW("msgctl"),
    ALLOW("mq_open"),
    ALLOW("mq_unlink"),
    ALLOW("mq_timedsend"),
    ALLOW("mq_timedreceive"),
    ALLOW("mq_notify"),
    ALLOW("mq_getsetattr"),
    /* randomness */
    ALLOW("getrandom"),
    /* a FIFO, a socket or a plain file, never a device node; type 0 is a plain file too */
    ALLOW_IF("mknod", 1, 0170000, 0010000),
    ALLOW_IF("mknod", 1, 0170000, 0140000),
    ALLOW_IF("mknod", 1, 0170000, 0100000),
    ALLOW_IF("mknod", 1, 0170000, 0),
    ALLOW_IF("mknodat", 2, 0170000, 0010000),
    ALLOW_IF("mknodat", 2, 0170000, 0140000),
    ALLOW_IF("mknodat", 2, 0170000, 0100000),
    ALLOW_IF("mknodat", 2, 0170000, 0),
    /* threads and processes, but no new namespace */
    ALLOW_IF("clone", 0, CLONE_NAMESPACES, 0),
    /* its flags lie in memory, where no filter sees them: libc then falls back to clone */
    ANSWER("clone3", ENOSYS),
    /* AF_UNIX, AF_INET, AF_INET6 */
    ALLOW_IF("socket", 0, LOW32, 1),
    ALLOW_IF("socket", 0, LOW32, 2),
    ALLOW_IF("socket", 0, LOW32, 10),
    /* PER_LINUX, and the question which one it is */
    ALLOW_IF("personality", 0, LOW32, 0),
    ALLOW_IF("personality", 0, LOW32, 0xffffffff),
    /* no program of good will calls these in here */
    KILL("init_module"),
    KILL("finit_module"),
    KILL("delete_module"),
    KILL("kexec_load"),
    KILL("kexec_file_load"),
    KILL("iopl"),
    KILL("ioperm"),
};

/* Bytes pushed into a terminal's input: TIOCSTI, TIOCLINUX; another line discipline: TIOCSETD. */
static const struct seccomp_default_rule guard_rules[] = {
    REFUSE_IF("ioctl", 1, LOW32, 0x5412),
    REFUSE_IF("ioctl", 1, LOW32, 0x541c),
    REFUSE_IF("ioctl", 1, LOW32, 0x5423),
};

const struct seccomp_default_filter seccomp_default_allow = {SECCOMP_ACTION_ERRNO, EPERM, allow_rules,
                                                             COUNT(allow_rules)};
const struct seccomp_default_filter seccomp_default_guard = {SECCOMP_ACTION_ALLOW, 0, guard_rules,
                                                             COUNT(guard_rules)};
