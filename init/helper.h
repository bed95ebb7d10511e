/* SPDX-License-Identifier: GPL-2.0-or-later */
/* helper: start a helper program, talk to it, see it end.
 *
 * A helper handles bytes of the host, the network or a disk and may have been taken over by them: what it
 * sends is gated by lib/wire.h, decoded, bounded in time, and believed only after it has said DONE, closed
 * its end and exited with 0. Anything else is an error, the helper is killed, and nothing of it is left. The
 * agent alone stays: until READY it is bounded in time, then it is asked to speak, turn by turn.
 */
#ifndef NACRE_HELPER_H
#define NACRE_HELPER_H

#include "boot.h"
#include "err.h"
#include "sys.h"
#include "wire.h"

#include <stdint.h>
#include <sys/types.h>

struct helper {
    enum wire_job job;
    const char *path;          /* of the program */
    int namespaces;            /* CLONE_NEW* bits it starts in */
    int output;                /* its standard output and error; -1: /dev/null */
    int listener;              /* a socket that listens, for it; -1: none */
    uint32_t deadline_ms;      /* for all its work; the agent's: until READY */
    struct span policy;        /* policy.json */
    const uint8_t *event_head; /* SHA384_SIZE bytes, or NULL: zeros */
    struct span secret;        /* the workload secret, or nothing */
    /* Called for each message that is neither DONE nor FAILED. The answer goes out if *reply was given a
     * type; its spans must live until the next call. May be NULL for jobs without such messages. */
    int (*message)(void *context, const struct wire_msg *msg, struct wire_msg *reply, struct err *err);
    void *context;
};

/* Run it from START to its exit. On failure: what the helper said in FAILED, or ERR_HELPER (it died, or
 * broke the protocol), ERR_TIMEOUT, ERR_SYS, or what `message` returned. */
int helper_run(const struct helper *h, struct err *err) __attribute__((warn_unused_result, nonnull));
/* Run init-launch up to its execve. *pid is then the workload. */
int helper_launch(const struct helper *h, pid_t *pid, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* A helper that stays. */
struct helper_talk {
    const struct helper *helper;
    struct wire_progress progress;
    pid_t pid; /* 0: none, or reaped */
    int fd;    /* our end; -1 when closed */
    uint64_t start_ns;
    uint64_t period_ns; /* when the current period of wire_new_period began */
    uint8_t *buf;       /* WIRE_MESSAGE_MAX bytes, locked, one message at a time; NULL between turns */
};

/* Run the agent from START to READY. On success *talk is running, borrows h, and ends in helper_stop. On
 * failure as helper_run, with nothing left and *talk untouched. */
int helper_start(const struct helper *h, struct helper_talk *talk, struct err *err)
    __attribute__((warn_unused_result, nonnull));
/* talk->fd is readable: take one message. Returns 0; 1 when the helper has closed its end; or -1 with *err
 * set: it failed, it broke the protocol, or `message` did. */
int helper_turn(struct helper_talk *talk, struct err *err) __attribute__((warn_unused_result, nonnull));
/* It has ended, and was reaped by somebody else if end is not NULL. *err is what it has said last, or how it
 * ended. */
void helper_ended(struct helper_talk *talk, const struct sys_end *end, struct err *err)
    __attribute__((nonnull(1, 3)));
/* Close, kill, reap. Accepts a zeroed or a stopped one. */
void helper_stop(struct helper_talk *talk) __attribute__((nonnull));

#endif
