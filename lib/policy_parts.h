/* SPDX-License-Identifier: GPL-2.0-or-later */
/* policy_parts: what the files that make up lib/policy share; nobody else includes this. */
#ifndef NACRE_POLICY_PARTS_H
#define NACRE_POLICY_PARTS_H

#include "json_fields.h"
#include "policy.h"

#define POLICY_COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* path is absolute and normalised: no "//", "." or "..", no '/' at the end but in "/", no control bytes. */
int policy_path_check(const struct json *at, const char *path, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* Values that several parts have, as json_parse_fn. out is a const char *: the string in the arena. */
json_parse_fn policy_path_item;   /* has passed policy_path_check */
json_parse_fn policy_serial_item; /* a virtio-blk serial */

/* 1..max bytes of the characters in allowed (a string). what names the thing in the message. */
int policy_name(const struct json *at, size_t max, const char *allowed, struct arena *strings,
                const char **name, struct err *err) __attribute__((warn_unused_result, nonnull));

/* path is where nothing of the policy may be mounted: the root, or inside /proc, /sys or /dev (but for
 * /dev/shm). */
bool policy_path_is_reserved(const char *path) __attribute__((nonnull));

/* The parsers of the document's parts. out is the struct policy. */
json_parse_fn policy_image_parse;
json_parse_fn policy_workload_parse;
json_parse_fn policy_coordinator_parse;

#endif
