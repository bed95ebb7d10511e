/* SPDX-License-Identifier: GPL-2.0-or-later */
/* helper: start a helper program, talk to it, see it end.
 *
 * A helper handles bytes of the host, the network or a disk and may have been taken over by them: what it
 * sends is gated by lib/wire.h, decoded, bounded in time, and believed only after it has said DONE, closed
 * its end and exited with 0. Anything else is an error, the helper is killed, and nothing of it is left.
 */
#ifndef NACRE_HELPER_H
#define NACRE_HELPER_H

#include "boot.h"
#include "err.h"
#include "wire.h"

#include <stdint.h>
#include <sys/types.h>

struct helper {
    enum wire_job job;
    const char *path;          /* of the program */
    int namespaces;            /* CLONE_NEW* bits it starts in */
    int output;                /* its standard output and error; -1: /dev/null */
    uint32_t deadline_ms;      /* for all its work */
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

#endif
