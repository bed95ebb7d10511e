/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "os.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/mount.h>
#include <linux/seccomp.h>
#include <linux/vm_sockets.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

uint64_t os_now_ms(void)
{
    struct timespec t = {0};
    (void) clock_gettime(CLOCK_MONOTONIC, &t); /* cannot fail for this clock */
    return (uint64_t) t.tv_sec * 1000 + (uint64_t) t.tv_nsec / 1000000;
}

int64_t os_clock_s(void)
{
    struct timespec t = {0};
    (void) clock_gettime(CLOCK_REALTIME, &t);
    return t.tv_sec;
}

void os_sleep_ms(uint64_t ms)
{
    uint64_t end = os_now_ms() + ms;
    for (uint64_t now = os_now_ms(); now < end; now = os_now_ms())
        (void) poll(NULL, 0, (int) (end - now < INT_MAX ? end - now : INT_MAX));
}

static int result(int rc)
{
    return rc < 0 ? -errno : rc;
}

int os_close_on_exec(int fd)
{
    return result(fcntl(fd, F_SETFD, FD_CLOEXEC));
}

int os_new_namespaces(int flags)
{
    return result(unshare(flags));
}

static int result_long(long rc)
{
    return rc < 0 ? -errno : (int) rc;
}

/* A mounted tmpfs that is attached nowhere, or -errno. */
static int detached_tmpfs(void)
{
    int fs = result_long(syscall(SYS_fsopen, "tmpfs", FSOPEN_CLOEXEC));
    if (fs < 0)
        return fs;
    int rc = result_long(syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0));
    if (rc == 0)
        rc = result_long(
            syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC,
                    MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC));
    (void) close(fs);
    return rc;
}

int os_empty_root(void)
{
    int root = detached_tmpfs();
    if (root < 0)
        return root;
    int rc = result(fchdir(root));
    if (rc == 0)
        rc = result(chroot("."));
    if (rc == 0)
        rc = result(chdir("/"));
    (void) close(root);
    return rc;
}

int os_drop_bounding(void)
{
    for (int cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
        if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0)
            return -errno;
    return 0;
}

int os_drop_capabilities(void)
{
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {0};
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
        return -errno;
    return result_long(syscall(SYS_capset, &head, none));
}

int os_become(uid_t uid, gid_t gid)
{
    if (setgroups(0, NULL) < 0 || setresgid(gid, gid, gid) < 0 || setresuid(uid, uid, uid) < 0)
        return -errno;
    return 0;
}

int os_limit(int resource, uint64_t value)
{
    struct rlimit limit = {.rlim_cur = value, .rlim_max = value};
    return result(setrlimit(resource, &limit));
}

int os_not_dumpable(void)
{
    return result(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0));
}

int os_no_new_privileges(void)
{
    return result(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
}

int os_filter(const struct sock_fprog *program)
{
    return result(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program, 0, 0));
}

ssize_t os_send_message(int fd, struct span bytes)
{
    for (;;) {
        ssize_t n = send(fd, bytes.data, bytes.len, MSG_NOSIGNAL);
        if (n >= 0 || errno != EINTR)
            return n < 0 ? -errno : n;
    }
}

ssize_t os_receive_message(int fd, void *buf, size_t cap)
{
    for (;;) {
        ssize_t n = recv(fd, buf, cap, MSG_TRUNC);
        if (n >= 0 || errno != EINTR)
            return n < 0 ? -errno : n;
    }
}

static int connect_to(int fd, const struct sockaddr *to, socklen_t len)
{
    int rc = connect(fd, to, len) < 0 ? -errno : 0;
    if (rc == 0 || rc == -EINPROGRESS || rc == -EINTR)
        return fd;
    (void) close(fd);
    return rc;
}

int os_connect(const struct netaddr *addr)
{
    int domain = addr->kind == NETADDR_VSOCK ? AF_VSOCK : AF_INET;
    int fd = socket(domain, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    if (addr->kind == NETADDR_VSOCK) {
        struct sockaddr_vm vm = {.svm_family = AF_VSOCK, .svm_cid = addr->cid, .svm_port = addr->port};
        return connect_to(fd, (const struct sockaddr *) (const void *) &vm, sizeof(vm));
    }
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons((uint16_t) addr->port)};
    memcpy(&in.sin_addr, addr->ip.bytes, sizeof(addr->ip.bytes));
    return connect_to(fd, (const struct sockaddr *) (const void *) &in, sizeof(in));
}

int os_connected(int fd)
{
    int error = 0;
    socklen_t len = sizeof(error);
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
        return -errno;
    return -error;
}

ssize_t os_write(int fd, struct span bytes)
{
    ssize_t n = send(fd, bytes.data, bytes.len, MSG_NOSIGNAL);
    if (n < 0)
        return errno == EINTR || errno == EWOULDBLOCK ? -EAGAIN : -errno;
    return n;
}

ssize_t os_read(int fd, void *buf, size_t cap)
{
    ssize_t n = recv(fd, buf, cap, 0);
    if (n < 0)
        return errno == EINTR || errno == EWOULDBLOCK ? -EAGAIN : -errno;
    return n;
}

void os_close(int fd)
{
    (void) close(fd); /* nothing was written that could still be lost */
}

int os_wait(int fd, int writable, uint64_t timeout_ms)
{
    uint64_t end = os_now_ms() + timeout_ms;
    for (;;) {
        uint64_t now = os_now_ms();
        uint64_t left = end > now ? end - now : 0;
        struct pollfd p = {.fd = fd, .events = (short) (writable ? POLLIN | POLLOUT : POLLIN)};
        int rc = poll(&p, 1, (int) (left < INT_MAX ? left : INT_MAX));
        if (rc > 0)
            return 1;
        if (rc < 0 && errno != EINTR)
            return -errno;
        if (left == 0)
            return 0;
    }
}

int os_poll(struct pollfd *fds, size_t count, uint64_t end_ms)
{
    uint64_t now = os_now_ms();
    uint64_t left = end_ms > now ? end_ms - now : 0;
    int rc = poll(fds, (nfds_t) count, (int) (left < INT_MAX ? left : INT_MAX));
    return rc < 0 && errno != EINTR ? -errno : rc < 0 ? 0 : rc;
}

int os_accept(int listener)
{
    return result(accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK));
}

const char *os_error_text(int error)
{
    static const struct {
        int error;
        const char *text;
    } rows[] = {
        {ECONNREFUSED, "connection refused"         },
        {ECONNRESET,   "connection reset"           },
        {ETIMEDOUT,    "no answer"                  },
        {EHOSTUNREACH, "host unreachable"           },
        {ENETUNREACH,  "network unreachable"        },
        {EPIPE,        "connection closed"          },
        {ENODEV,       "no such transport"          },
        {EAFNOSUPPORT, "address family not built in"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (rows[i].error == error)
            return rows[i].text;
    return "system call failed";
}
