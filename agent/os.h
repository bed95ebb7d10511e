/* SPDX-License-Identifier: GPL-2.0-or-later */
/* os: the agent's system calls. Each returns what the call does, or -errno; EINTR is seen nowhere else.
 * agent/filter.c lists what is left of them once the sandbox is closed.
 */
#ifndef NACRE_OS_H
#define NACRE_OS_H

#include "netaddr.h"
#include "span.h"

#include <stdint.h>
#include <sys/types.h>

struct pollfd;
struct sock_fprog;

uint64_t os_now_ms(void); /* CLOCK_MONOTONIC */
int64_t os_clock_s(void); /* CLOCK_REALTIME: chosen by the host */
void os_sleep_ms(uint64_t ms);

/* Before the sandbox is closed */
int os_close_on_exec(int fd);
int os_new_namespaces(int flags);
/* Make an empty, read-only tmpfs the root and the working folder. */
int os_empty_root(void);
int os_drop_bounding(void);     /* the capabilities that could ever come back */
int os_drop_capabilities(void); /* ambient, inheritable, effective, permitted */
int os_become(uid_t uid, gid_t gid);
int os_limit(int resource, uint64_t value); /* soft and hard */
int os_not_dumpable(void);
int os_no_new_privileges(void);
int os_filter(const struct sock_fprog *program);

/* The channel to PID 1: one message a call. */
ssize_t os_send_message(int fd, struct span bytes);
ssize_t os_receive_message(int fd, void *buf,
                           size_t cap); /* the whole length, even if it is more than cap; 0: gone */

/* The connection to the Coordinator, non-blocking. */
int os_connect(const struct netaddr *addr);     /* a socket that is being connected */
int os_connected(int fd);                       /* once it is writable: 0, or why it is not connected */
ssize_t os_write(int fd, struct span bytes);    /* -EAGAIN: not now */
ssize_t os_read(int fd, void *buf, size_t cap); /* 0: closed by the peer; -EAGAIN: not now */
void os_close(int fd);
/* Wait until fd can be read (or the peer is gone) or, with writable, written. 1: it can; 0: the time is up.
 */
int os_wait(int fd, int writable, uint64_t timeout_ms);

/* poll(2) until end_ms of CLOCK_MONOTONIC; an early return with 0 is possible. */
int os_poll(struct pollfd *fds, size_t count, uint64_t end_ms);
int os_accept(int listener); /* a connection that does not block, closed on execve */

const char *os_error_text(int error); /* "connection refused", for a positive errno */

#endif
