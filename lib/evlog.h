/* SPDX-License-Identifier: GPL-2.0-or-later */
/* evlog: the software event log (docs/formats/evlog.md): every decision of the boot, in a SHA-384 chain.
 *
 *     record = le32 type, le32 length of data, data
 *     head_0 = 48 zero bytes;  head_n = SHA384(head_{n-1} || SHA384(record_n))
 *
 * We choose these bytes; whoever is given records and head can replay one into the other. Lives in PID 1's
 * memory only, so that nothing can write to it afterwards.
 */
#ifndef NACRE_EVLOG_H
#define NACRE_EVLOG_H

#include "err.h"
#include "hash.h"
#include "span.h"

#include <stddef.h>
#include <stdint.h>

#define EVLOG_RECORDS_MAX 64
#define EVLOG_DATA_MAX 8192   /* bytes of one record's data */
#define EVLOG_BYTES_MAX 16384 /* bytes of all records */

enum evlog_type {
    EVLOG_INITDATA = 1, /* SHA-256 of the initdata document: 32 bytes */
    EVLOG_POLICY,       /* SHA-256 of policy.json: 32 bytes */
    EVLOG_IMAGE,        /* dm-verity root hash of the workload's image: 32 bytes */
    EVLOG_ARGV,         /* argv, each string followed by a NUL */
    EVLOG_VOLUMES,      /* one volume: name, NUL, mount point, NUL, file system, NUL */
    EVLOG_NETWORK,      /* one link: name, NUL, address/prefix, NUL, gateway or nothing, NUL */
    EVLOG_COORDINATOR,  /* address as text, NUL, SHA-256 of the pinned root CA key or nothing */
    EVLOG_DEBUG,        /* 1 byte: 1 when the measured command line allows the debug console, else 0 */
};
#define EVLOG_TYPE_LAST EVLOG_DEBUG

struct evlog {
    uint8_t head[SHA384_SIZE];
    size_t count; /* records */
    size_t len;   /* bytes used in records */
    uint8_t records[EVLOG_BYTES_MAX];
};

struct evlog_record {
    enum evlog_type type;
    struct span data; /* borrowed */
};

void evlog_start(struct evlog *log) __attribute__((nonnull));

/* Append one record. Returns 0, or -1 with *err set (ERR_LIMIT: full or data too long) and *log untouched. */
int evlog_append(struct evlog *log, enum evlog_type type, struct span data, struct err *err)
    __attribute__((warn_unused_result, nonnull));

struct span evlog_records(const struct evlog *log) __attribute__((nonnull)); /* all of them, borrowed */

/* Take the next record off the front of *records. ERR_FORMAT: cut or unknown type; ERR_LIMIT: data too long;
 * outputs untouched. */
int evlog_next(struct span *records, struct evlog_record *record, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* The head that records lead to. ERR_FORMAT or ERR_LIMIT as above, or more than EVLOG_RECORDS_MAX. */
int evlog_replay(struct span records, uint8_t head[SHA384_SIZE], struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
