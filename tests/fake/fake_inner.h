/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of fake_sys share. */
#ifndef NACRE_FAKE_INNER_H
#define NACRE_FAKE_INNER_H

#include "fake_sys.h"

#include "sys.h"

#define NODES 192
#define FDS 64
#define QUEUE 8
#define CHILDREN 16
#define FIRST_PID 100

struct node {
    char path[160];
    const uint8_t *data;
    uint8_t *owned;
    size_t len;
    unsigned int mode;
    uid_t uid;
};

enum fd_kind { FD_FREE, FD_INHERITED, FD_NODE, FD_NULL, FD_CONSOLE, FD_PORT, FD_SOCKET, FD_INET };

struct fd {
    enum fd_kind kind;
    int node; /* or the socket's number */
    size_t pos;
};

struct message {
    uint8_t *bytes;
    size_t len;
};

/* A helper, and what it has sent and PID 1 has not read. */
struct child {
    pid_t pid;
    enum wire_job job; /* 0: not known yet, or no helper */
    char path[64];
    struct message queue[QUEUE];
    size_t queued;
    bool closed; /* its end of the socket */
    bool resets;
    bool execed;
    bool exited;
    bool reaped;
    struct sys_end end;
};

struct inner {
    struct node nodes[NODES];
    struct fd fds[FDS];
    struct child children[CHILDREN];
    size_t child_count;
    int next_socket;
    const void *locked[4];
    size_t locked_len[4];
    uint64_t now_ns;
    uint64_t random;
    uint64_t rdrand;
    int entries;
    int next_signal;
    int next_later;
};
extern struct inner inner;

int fake_hit(void); /* 0, or the errno with which this call fails */
int fake_new_fd(enum fd_kind kind, int node);
struct node *fake_node(const char *path);
struct node *fake_make_node(const char *path);
void fake_drop_node(struct node *n);
void fake_set_owned(struct node *n, const void *data, size_t len);
struct child *fake_child_of(int fd);
/* The helper's side of a message from PID 1. */
void fake_helper_takes(struct child *c, const void *bytes, size_t len);
void fake_drop_children(void);
/* configfs-tsm */
int fake_entry_make(const char *path);
void fake_entry_write(const struct node *inblob);
void fake_machine(void); /* the files of a good machine */

#endif
