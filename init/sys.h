/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sys: the only door from PID 1 to the kernel. sys_linux.c calls it, tests/fake/fake_sys.c pretends.
 *
 * Every call returns >= 0, or -errno; errno itself is read nowhere else. EINTR never comes out: sys_linux.c
 * repeats the call, so a caller may treat every negative value as a failure. Every descriptor is made
 * close-on-exec. What the kernel hands over (file contents, names, messages) was chosen by whoever the
 * caller's header names; nothing is judged here.
 */
#ifndef NACRE_SYS_H
#define NACRE_SYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define SYS_NAME_MAX 64  /* bytes of a folder entry's name, the NUL included */
#define SYS_NAMES_MAX 64 /* entries of a folder that we ever list */
#define SYS_HELPER_FD 3  /* where a child finds the socket to PID 1 */
#define SYS_LISTEN_FD 4  /* and one that listens, if it gets one */
#define SYS_FOREVER (-1) /* as a time-out */

struct sys_names {
    size_t count;
    char name[SYS_NAMES_MAX][SYS_NAME_MAX];
};

/* A program to start. Its signals are unblocked, it leads its own session, and nothing is open in it but
 * 0, 1, 2 and, where they are given, SYS_HELPER_FD and SYS_LISTEN_FD. */
struct sys_spawn {
    const char *path;
    char *const *argv; /* ends with NULL */
    char *const *envp; /* ends with NULL */
    int input;         /* becomes 0; -1: PID 1's own, which is /dev/null */
    int output;        /* becomes 1 and 2; -1: /dev/null */
    int socket;        /* becomes SYS_HELPER_FD; -1: none */
    int listener;      /* becomes SYS_LISTEN_FD; -1: none */
    int namespaces;    /* CLONE_NEW* bits */
    bool terminal;     /* make input the controlling terminal */
};

/* How a child ended. */
struct sys_end {
    pid_t pid;
    int status; /* exit status, or the signal's number */
    bool by_signal;
};

/* Files and folders */
int sys_open(const char *path, int flags, unsigned int mode);
int sys_close(int fd); /* the descriptor is gone, whatever is returned */
ssize_t sys_read(int fd, void *buf, size_t len);
ssize_t sys_pread(int fd, void *buf, size_t len, uint64_t offset_bytes);
ssize_t sys_write(int fd, const void *buf, size_t len);
int sys_dup_to(int fd, int to); /* `to` stays open over an execve: for 0, 1 and 2 */
int sys_owner(int fd, uid_t uid, gid_t gid);
int sys_mkdir(const char *path, unsigned int mode);
int sys_rmdir(const char *path);
int sys_unlink(const char *path);
int sys_exchange(const char *a, const char *b);                 /* each becomes the other, in one step */
int sys_chown(const char *path, uid_t uid, gid_t gid);          /* does not follow a link */
int sys_list_dir(const char *path, struct sys_names *names);    /* without . and ..; -E2BIG, -ENAMETOOLONG */
ssize_t sys_read_link(const char *path, char *buf, size_t cap); /* no NUL is added */
int sys_mount(const char *source, const char *target, const char *type, unsigned long flags,
              const char *data);
int sys_umount(const char *target);

/* Sockets */
int sys_socket(int domain, int type, int protocol);
int sys_socket_pair(int fds[2]);               /* AF_UNIX, SOCK_SEQPACKET */
int sys_listen(const char *path, int backlog); /* the same kind, a new file at path; does not block */
int sys_ioctl(int fd, unsigned long request, void *arg);
/* One message, without waiting: -EAGAIN when the peer has not read the ones before. */
ssize_t sys_send(int fd, const void *buf, size_t len);
/* One message; its whole length even if cap was smaller; 0: the peer is gone. */
ssize_t sys_recv(int fd, void *buf, size_t cap);
int sys_wait_readable(int fd, int timeout_ms); /* 1: readable or the peer is gone; 0: time is up */
int sys_wait_writable(int fd, int timeout_ms); /* 1: takes bytes; 0: time is up */

/* Processes and signals */
pid_t sys_spawn(const struct sys_spawn *spawn); /* also fails when the execve does */
/* Reap pid, or any child with -1. Returns its pid, 0 when the time is up, -ECHILD when there is none. */
pid_t sys_wait_child(pid_t pid, int timeout_ms, struct sys_end *end);
int sys_kill(pid_t pid, int signal);
/* Block all signals; a fault in PID 1 itself syncs and powers off. */
int sys_signals_init(void);
/* Wait for a signal, or until fd (-1: none) is readable or its peer is gone. *signal is the number of one
 * that was pending, or 0. Returns 1 when fd is readable, else 0: a signal, or the time is up. */
int sys_wait_event(int fd, int timeout_ms, int *signal);
int sys_protect_self(void); /* not dumpable, no core file */
int sys_lock_memory(const void *p, size_t len);
void sys_unlock_memory(const void *p, size_t len); /* after it has been wiped */

/* Randomness and clocks */
ssize_t sys_random(void *buf, size_t len); /* without waiting: -EAGAIN before the kernel's pool is seeded */
int sys_cpu_random(uint64_t *value);       /* RDRAND; -ENOSYS: the CPU has none, -EIO: it gives nothing */
uint64_t sys_now_ns(void);                 /* CLOCK_MONOTONIC */
int64_t sys_clock_s(void);                 /* CLOCK_REALTIME, seconds */
int sys_set_clock_s(int64_t seconds);
void sys_sleep_ms(unsigned int ms);

/* The end */
void sys_sync(void);
void sys_power_off(
    void); /* power off, or restart where there is no power switch; returns only if both fail */

/* A descriptor that is closed on every way out of the scope: AUTO_FD fd = sys_open(...); */
static inline void sys_close_auto(const int *fd)
{
    if (*fd >= 0)
        (void) sys_close(*fd); /* nothing can be done about it */
}
#define AUTO_FD __attribute__((cleanup(sys_close_auto))) int

#endif
