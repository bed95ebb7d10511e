/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ccel: the event log of a TDX guest's firmware: what was measured into which register, in order. TCG PC
 * Client Platform Firmware Profile, 10 (crypto agile log); ACPI 6.5, 5.2.34 (CCEL); docs/formats/ccel.md.
 *
 * The guest's memory holds these bytes, so the host or the guest may have changed them: only the replayed
 * registers, compared with a quote, say whether the digests are true. An event's data is true only where the
 * digest is over it (ccel_event_bound).
 */
#ifndef NACRE_CCEL_H
#define NACRE_CCEL_H

#include "hash.h"

#include <stdbool.h>
#include <stdint.h>

#define CCEL_LOG_MAX (16u << 20) /* bytes */
#define CCEL_EVENTS_MAX 65536
#define CCEL_ALGORITHMS_MAX 8
#define CCEL_REGISTERS 4 /* RTMR0 to RTMR3: index 1 to 4 in the log; 0 is MRTD, which no event extends */

enum ccel_type {
    CCEL_NO_ACTION = 0x3, /* says something; extends nothing */
    CCEL_SEPARATOR = 0x4,
    CCEL_EVENT_TAG = 0x6,
    CCEL_PLATFORM_CONFIG_FLAGS = 0xa,
    CCEL_IPL = 0xd,
    CCEL_VARIABLE_DRIVER_CONFIG = 0x80000001,
    CCEL_VARIABLE_BOOT = 0x80000002,
    CCEL_BOOT_SERVICES_APPLICATION = 0x80000003,
    CCEL_ACTION = 0x80000007,
    CCEL_HANDOFF_TABLES = 0x80000009,
    CCEL_FIRMWARE_BLOB2 = 0x8000000a,
    CCEL_HANDOFF_TABLES2 = 0x8000000b,
};

struct ccel_event {
    size_t offset;  /* in the log */
    uint32_t index; /* register: 1 to 4 for RTMR0 to RTMR3; any number when nothing is extended */
    uint32_t type;  /* enum ccel_type and others */
    bool extends;   /* into RTMR[index - 1] */
    uint8_t digest[SHA384_SIZE];
    struct span data; /* borrowed from the log */
};

/* A walk through a log. */
struct ccel {
    struct reader r;
    size_t count; /* events so far */
    size_t algorithm_count;
    struct ccel_algorithm {
        uint16_t id;
        uint16_t size;
    } algorithms[CCEL_ALGORITHMS_MAX];
};

/* Read the header event. *log borrows bytes. ERR_FORMAT: no such log, or no SHA-384 in it. */
int ccel_open(struct span bytes, struct ccel *log, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* The next event; *more is false, and *event untouched, at the end. The unused rest must be all 0x00 or all
 * 0xff. ERR_FORMAT: cut short, a register that no event can extend, no or two SHA-384 digests. */
int ccel_next(struct ccel *log, struct ccel_event *event, bool *more, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* The registers that the whole log leads to. */
int ccel_replay(struct span bytes, uint8_t rtmr[CCEL_REGISTERS][SHA384_SIZE], struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* Is the digest over the event's data, or over the data of the UEFI variable in it? Then the data is as true
 * as the register. */
int ccel_event_bound(const struct ccel_event *event, bool *bound, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* The type's name in the specification, or "other". */
const char *ccel_type_name(uint32_t type);

#endif
