/* SPDX-License-Identifier: GPL-2.0-or-later */
/* wire: the messages between PID 1 and its helper programs (docs/formats/wire.md).
 *
 * One SOCK_SEQPACKET socket pair per helper; one message is one datagram:
 *     le16 type, le16 zero, le32 length of payload, payload
 * A helper may have been taken over by bytes from the network or a disk, so PID 1 trusts nothing in them:
 * every length has a maximum, and wire_accept says which message may come from which job, and when.
 * START, CERTIFICATES and the buffers they are coded in hold secrets: wipe them (secret_wipe_bytes).
 */
#ifndef NACRE_WIRE_H
#define NACRE_WIRE_H

#include "err.h"
#include "span.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WIRE_FD 3               /* the socket's number in a helper */
#define WIRE_HEADER_SIZE 8      /* bytes */
#define WIRE_PAYLOAD_MAX 131072 /* bytes */
#define WIRE_MESSAGE_MAX (WIRE_HEADER_SIZE + WIRE_PAYLOAD_MAX)
#define WIRE_POLICY_MAX 65536            /* bytes of policy.json */
#define WIRE_EVENT_HEAD_SIZE 48          /* bytes: head of the event log, SHA-384 */
#define WIRE_SECRET_SIZE 64              /* bytes of a workload secret */
#define WIRE_REPORT_DATA_SIZE 64         /* bytes */
#define WIRE_REPORT_MAX 32768            /* bytes of a report or quote: configfs-tsm's limit */
#define WIRE_AUX_MAX 32768               /* bytes of an auxblob (certificate table) */
#define WIRE_PEM_MAX 16384               /* bytes of one PEM text of CERTIFICATES */
#define WIRE_TEXT_MAX (ERR_TEXT_MAX - 1) /* bytes of FAILED's text */
#define WIRE_TIME_MAX_S 253402300799ull  /* 9999-12-31 23:59:59 */
#define WIRE_EPOCHS_MAX 8                /* volumes of a policy */
#define WIRE_REPORTS_MAX 4096 /* reports an agent may ask for before READY; after it, in a minute */
#define WIRE_RENEWALS_MAX 60  /* CERTIFICATES in a minute, after READY */
#define WIRE_PERIOD_MS 60000  /* that minute: wire_new_period */

enum wire_type {
    WIRE_START = 1,      /* init -> helper, once, first */
    WIRE_REPORT_REQUEST, /* agent -> init */
    WIRE_REPORT_REPLY,   /* init -> agent */
    WIRE_CERTIFICATES,   /* agent -> init, once; after READY each is a renewal */
    WIRE_DONE,           /* helper -> init, last */
    WIRE_FAILED,         /* helper -> init, last */
    WIRE_READY,          /* agent -> init, once: what it joins is joined, and it stays */
};

enum wire_job {
    WIRE_JOB_AGENT = 1, /* join the Coordinator, renew, serve the attestation socket */
    WIRE_JOB_VOLUMES,   /* encrypted volumes */
    WIRE_JOB_IMAGE,     /* the workload's verity image */
    WIRE_JOB_LAUNCH,    /* become the workload */
};

struct wire_start {
    enum wire_job job;
    uint64_t time_floor_s;                    /* Unix time no clock may be before */
    uint8_t event_head[WIRE_EVENT_HEAD_SIZE]; /* of the boot's event log; zero for jobs other than agent */
    struct span policy;                       /* policy.json, 1..WIRE_POLICY_MAX bytes */
    struct span secret;                       /* workload secret: 0 or WIRE_SECRET_SIZE bytes */
};

struct wire_report_request {
    uint8_t report_data[WIRE_REPORT_DATA_SIZE];
};

struct wire_report_reply {
    struct span report;  /* 0..WIRE_REPORT_MAX bytes; 0: there was none, which only happens after READY */
    struct span auxblob; /* 0..WIRE_AUX_MAX bytes; 0 without a report */
};

/* Each PEM text has 1..WIRE_PEM_MAX bytes. */
struct wire_certificates {
    uint64_t time_s; /* the Coordinator's clock, Unix seconds; 0: it did not say */
    size_t epoch_count;
    uint64_t epochs[WIRE_EPOCHS_MAX]; /* of the policy's volumes, in its order */
    struct span mesh_ca_pem;
    struct span cert_chain_pem;
    struct span key_pem; /* secret */
    struct span root_ca_pem;
    struct span workload_secret; /* secret; 0 or WIRE_SECRET_SIZE bytes */
};

struct wire_failed {
    enum err_code code; /* never ERR_NONE */
    int sys_errno;      /* 0..WIRE_ERRNO_MAX; not 0 only with ERR_SYS */
    struct span text;   /* printable ASCII, 1..WIRE_TEXT_MAX bytes; goes to the host, no secrets */
};
#define WIRE_ERRNO_MAX 4095

/* One message. type says which member of the union is meant (DONE and READY have none). Spans of a decoded
 * message borrow from the datagram. */
struct wire_msg {
    enum wire_type type;
    union {
        struct wire_start start;
        struct wire_report_request report_request;
        struct wire_report_reply report_reply;
        struct wire_certificates certificates;
        struct wire_failed failed;
    };
};

/* Append msg to *out, which needs at most WIRE_MESSAGE_MAX bytes. Returns 0, or -1 with *err set (ERR_LIMIT:
 * a part is too long or too short, or out is full; ERR_FORMAT: a value its field cannot have) and out->len as
 * it was; bytes behind out->len may have been written. */
int wire_encode(const struct wire_msg *msg, struct writer *out, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* Take datagram apart. Returns 0, or -1 with *err set (ERR_FORMAT, ERR_LIMIT) and *msg untouched. What is
 * accepted is canonical: wire_encode gives the same bytes again. */
int wire_decode(struct span datagram, struct wire_msg *msg, struct err *err)
    __attribute__((warn_unused_result, nonnull));

const char *wire_type_name(enum wire_type type); /* "START"...; "unknown" for a number that is no type */
const char *wire_job_name(enum wire_job job);    /* "agent", "volumes", "image", "launch"; "unknown" */

enum wire_state {
    WIRE_AT_START,   /* START has gone out */
    WIRE_AT_ASKED,   /* the agent has had a report */
    WIRE_AT_HANDED,  /* it has handed over what the Coordinator gave */
    WIRE_AT_SERVING, /* READY: it stays as long as the VM runs */
    WIRE_AT_DONE,    /* nothing may follow */
    WIRE_AT_FAILED,  /* nothing may follow */
};

/* What PID 1 has had from one helper. Start with WIRE_PROGRESS(job). */
struct wire_progress {
    enum wire_job job;
    enum wire_state state;
    uint32_t seen[WIRE_READY + 1]; /* messages accepted, by type; after READY in this period only */
};
#define WIRE_PROGRESS(j) ((struct wire_progress){.job = (j)})

/* May a message of this type come from p's helper now? Returns 0 and counts it in *p, or -1 with *err set
 * (ERR_HELPER: the helper broke the protocol) and *p untouched. Call it before the payload is decoded, with
 * wire_peek_type. */
int wire_accept(struct wire_progress *p, enum wire_type type, struct err *err)
    __attribute__((warn_unused_result, nonnull));
/* The type in the datagram's header. ERR_FORMAT: shorter than a header, or no such type. */
int wire_peek_type(struct span datagram, enum wire_type *type, struct err *err)
    __attribute__((warn_unused_result, nonnull));
/* WIRE_PERIOD_MS have passed: what is limited per period may come as often again. */
void wire_new_period(struct wire_progress *p) __attribute__((nonnull));
/* The helper closed its end. Returns 0 if that is how its job succeeds now (DONE came; init-launch: nothing
 * came, so execve did it), or -1 with *err set (ERR_HELPER). After FAILED it is -1 too; for the agent always.
 */
int wire_accept_eof(const struct wire_progress *p, struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
