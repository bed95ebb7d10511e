/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys.h"

#include <cpuid.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define FAULT_STACK_SIZE 32768 /* room for a frame with AVX-512 and AMX state */

/* Repeat a call as long as a signal cuts it short; its value, or -errno. */
#define RETRY(call)                                                                                          \
    __extension__({                                                                                          \
        long retry_r;                                                                                        \
        do                                                                                                   \
            retry_r = (long) (call);                                                                         \
        while (retry_r < 0 && errno == EINTR);                                                               \
        retry_r < 0 ? -(long) errno : retry_r;                                                               \
    })

int sys_open(const char *path, int flags, unsigned int mode)
{
    return (int) RETRY(open(path, flags | O_CLOEXEC | O_NOCTTY, mode));
}

int sys_close(int fd)
{
    return close(fd) < 0 ? -errno : 0; /* never repeated: Linux has closed it even when it says EINTR */
}

ssize_t sys_read(int fd, void *buf, size_t len)
{
    return RETRY(read(fd, buf, len));
}

ssize_t sys_pread(int fd, void *buf, size_t len, uint64_t offset_bytes)
{
    if (offset_bytes > INT64_MAX)
        return -EOVERFLOW;
    return RETRY(pread(fd, buf, len, (off_t) offset_bytes));
}

ssize_t sys_write(int fd, const void *buf, size_t len)
{
    return RETRY(write(fd, buf, len));
}

int sys_dup_to(int fd, int to)
{
    return (int) RETRY(dup2(fd, to));
}

int sys_owner(int fd, uid_t uid, gid_t gid)
{
    return (int) RETRY(fchown(fd, uid, gid));
}

int sys_mkdir(const char *path, unsigned int mode)
{
    return (int) RETRY(mkdir(path, mode));
}

int sys_rmdir(const char *path)
{
    return (int) RETRY(rmdir(path));
}

int sys_chown(const char *path, uid_t uid, gid_t gid)
{
    return (int) RETRY(lchown(path, uid, gid));
}

/* One record of getdents64(2) as the kernel writes it. */
struct dirent_head {
    uint64_t inode;
    int64_t offset;
    uint16_t length;
    uint8_t type;
    char name[];
};

static int add_name(struct sys_names *names, const char *name)
{
    size_t len = strlen(name);

    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return 0;
    if (names->count == SYS_NAMES_MAX)
        return -E2BIG;
    if (len >= SYS_NAME_MAX)
        return -ENAMETOOLONG;
    memcpy(names->name[names->count], name, len + 1);
    names->count++;
    return 0;
}

int sys_list_dir(const char *path, struct sys_names *names)
{
    _Alignas(struct dirent_head) char buf[2048];
    AUTO_FD fd = sys_open(path, O_RDONLY | O_DIRECTORY, 0);

    if (fd < 0)
        return fd;
    names->count = 0;
    for (;;) {
        long n = RETRY(syscall(SYS_getdents64, fd, buf, sizeof buf));
        int r = 0;

        if (n <= 0)
            return (int) n;
        for (long at = 0; at < n && r == 0;) {
            const struct dirent_head *d = (const void *) (buf + at);

            r = add_name(names, d->name);
            at += d->length;
        }
        if (r < 0)
            return r;
    }
}

int sys_unlink(const char *path)
{
    return (int) RETRY(unlink(path));
}

int sys_exchange(const char *a, const char *b)
{
    return (int) RETRY(syscall(SYS_renameat2, AT_FDCWD, a, AT_FDCWD, b, RENAME_EXCHANGE));
}

ssize_t sys_read_link(const char *path, char *buf, size_t cap)
{
    return RETRY(readlink(path, buf, cap));
}

int sys_mount(const char *source, const char *target, const char *type, unsigned long flags, const char *data)
{
    return (int) RETRY(mount(source, target, type, flags, data));
}

int sys_umount(const char *target)
{
    return (int) RETRY(umount2(target, UMOUNT_NOFOLLOW));
}

int sys_socket(int domain, int type, int protocol)
{
    return (int) RETRY(socket(domain, type | SOCK_CLOEXEC, protocol));
}

int sys_socket_pair(int fds[2])
{
    return (int) RETRY(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds));
}

int sys_listen(const char *path, int backlog)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    size_t len = strlen(path);
    int fd, r;

    if (len >= sizeof at.sun_path)
        return -ENAMETOOLONG;
    memcpy(at.sun_path, path, len + 1);
    fd = sys_socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return fd;
    r = bind(fd, (const struct sockaddr *) &at, sizeof at) < 0 || listen(fd, backlog) < 0 ? -errno : fd;
    if (r < 0)
        (void) close(fd);
    return r;
}

int sys_ioctl(int fd, unsigned long request, void *arg)
{
    /* musl declares the request as int; the kernel reads 32 bits of it. */
    return (int) RETRY(syscall(SYS_ioctl, fd, request, arg));
}

ssize_t sys_send(int fd, const void *buf, size_t len)
{
    return RETRY(send(fd, buf, len, MSG_NOSIGNAL | MSG_DONTWAIT));
}

ssize_t sys_recv(int fd, void *buf, size_t cap)
{
    return RETRY(recv(fd, buf, cap, MSG_TRUNC)); /* descriptors that come along are dropped by the kernel */
}

ssize_t sys_random(void *buf, size_t len)
{
    return RETRY(getrandom(buf, len, GRND_NONBLOCK));
}

int sys_cpu_random(uint64_t *value)
{
    enum { TRIES = 10 }; /* Intel's advice: more than ten failures in a row mean a broken generator */
    unsigned int a, b, c, d;
    unsigned long long got;

    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_RDRND))
        return -ENOSYS;
    for (int i = 0; i < TRIES; i++) {
        unsigned char ok;

        __asm__ volatile("rdrand %0; setc %1" : "=r"(got), "=qm"(ok) : : "cc");
        if (ok) {
            *value = got;
            return 0;
        }
    }
    return -EIO;
}

uint64_t sys_now_ns(void)
{
    struct timespec t = {0};

    (void) clock_gettime(CLOCK_MONOTONIC, &t); /* cannot fail */
    return (uint64_t) t.tv_sec * 1000000000U + (uint64_t) t.tv_nsec;
}

int64_t sys_clock_s(void)
{
    struct timespec t = {0};

    (void) clock_gettime(CLOCK_REALTIME, &t); /* cannot fail */
    return t.tv_sec;
}

int sys_set_clock_s(int64_t seconds)
{
    struct timespec t = {.tv_sec = seconds};

    return clock_settime(CLOCK_REALTIME, &t) < 0 ? -errno : 0;
}

void sys_sleep_ms(unsigned int ms)
{
    struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = (long) (ms % 1000) * 1000000L};

    while (nanosleep(&t, &t) < 0 && errno == EINTR)
        ;
}

int sys_lock_memory(const void *p, size_t len)
{
    return (int) RETRY(mlock(p, len));
}

void sys_unlock_memory(const void *p, size_t len)
{
    (void) munlock(p, len); /* it is about to be freed */
}

/* What is left of a time-out that began at start_ns; never negative. */
static int time_left_ms(int timeout_ms, uint64_t start_ns)
{
    uint64_t spent_ms = (sys_now_ns() - start_ns) / 1000000U;

    if (timeout_ms < 0)
        return -1;
    return spent_ms >= (uint64_t) timeout_ms ? 0 : timeout_ms - (int) spent_ms;
}

static int wait_events(int fd, short events, int timeout_ms)
{
    uint64_t start_ns = sys_now_ns();

    for (;;) {
        struct pollfd p = {.fd = fd, .events = events};
        int r = poll(&p, 1, time_left_ms(timeout_ms, start_ns));

        if (r >= 0)
            return r;
        if (errno != EINTR)
            return -errno;
    }
}

int sys_wait_readable(int fd, int timeout_ms)
{
    return wait_events(fd, POLLIN, timeout_ms);
}

int sys_wait_writable(int fd, int timeout_ms)
{
    return wait_events(fd, POLLOUT, timeout_ms);
}

/* waitpid without waiting; fills *end when a child is reaped. */
static pid_t reap(pid_t pid, struct sys_end *end)
{
    int status = 0;
    pid_t got;

    do
        got = waitpid(pid, &status, WNOHANG);
    while (got < 0 && errno == EINTR);
    if (got <= 0)
        return got < 0 ? -errno : 0;
    end->pid = got;
    end->by_signal = WIFSIGNALED(status);
    end->status = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
    return got;
}

pid_t sys_wait_child(pid_t pid, int timeout_ms, struct sys_end *end)
{
    uint64_t start_ns = sys_now_ns();
    sigset_t set;

    (void) sigemptyset(&set);
    (void) sigaddset(&set, SIGCHLD);
    for (;;) {
        int left_ms = time_left_ms(timeout_ms, start_ns);
        struct timespec t = {.tv_sec = left_ms / 1000, .tv_nsec = (left_ms % 1000) * 1000000L};
        pid_t got = reap(pid, end);

        if (got != 0 || left_ms == 0)
            return got;
        if (sigtimedwait(&set, NULL, left_ms < 0 ? NULL : &t) < 0 && errno != EAGAIN && errno != EINTR)
            return -errno;
    }
}

int sys_kill(pid_t pid, int signal)
{
    return kill(pid, signal) < 0 ? -errno : 0;
}

/* A fault in PID 1: nothing of the process can be trusted any more, not even its words. */
static _Noreturn void on_fault(int signal)
{
    (void) signal;
    (void) syscall(SYS_sync);
    (void) reboot(RB_POWER_OFF);
    (void) reboot(RB_AUTOBOOT);
    for (;;)
        (void) syscall(SYS_pause);
}

int sys_signals_init(void)
{
    static const int faults[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGSYS, SIGTRAP};
    static _Alignas(16) char stack[FAULT_STACK_SIZE];
    stack_t ss = {.ss_sp = stack, .ss_size = sizeof stack};
    struct sigaction act = {.sa_handler = on_fault, .sa_flags = SA_ONSTACK};
    sigset_t set;

    (void) sigfillset(&set);
    (void) sigfillset(&act.sa_mask);
    if (sigaltstack(&ss, NULL) < 0)
        return -errno;
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        (void) sigdelset(&set, faults[i]);
        if (sigaction(faults[i], &act, NULL) < 0)
            return -errno;
    }
    return sigprocmask(SIG_SETMASK, &set, NULL) < 0 ? -errno : 0;
}

/* Take one signal from the descriptor; 0 when somebody else has taken it. */
static int take_signal(int fd)
{
    struct signalfd_siginfo info;
    long n = RETRY(read(fd, &info, sizeof info));

    if (n == -EAGAIN)
        return 0;
    return n == (long) sizeof info ? (int) info.ssi_signo : -EIO;
}

int sys_wait_event(int fd, int timeout_ms, int *signal)
{
    uint64_t start_ns = sys_now_ns();
    sigset_t set;

    (void) sigfillset(&set);
    AUTO_FD signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (signals < 0)
        return -errno;
    for (;;) {
        struct pollfd p[] = {
            {.fd = signals, .events = POLLIN},
            {.fd = fd,      .events = POLLIN},
        };
        int r = poll(p, 2, time_left_ms(timeout_ms, start_ns));

        if (r < 0 && errno != EINTR)
            return -errno;
        if (r < 0)
            continue;
        int got = p[0].revents != 0 ? take_signal(signals) : 0;
        if (got < 0)
            return got;
        *signal = got;
        return p[1].revents != 0;
    }
}

int sys_protect_self(void)
{
    struct rlimit none = {0};

    if (setrlimit(RLIMIT_CORE, &none) < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
        return -errno;
    return 0;
}

void sys_sync(void)
{
    sync();
}

void sys_power_off(void)
{
    (void) reboot(RB_POWER_OFF);
    (void) reboot(RB_AUTOBOOT);
}
