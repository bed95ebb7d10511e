/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tdx_json: the value types of Intel's collateral, for tdx_level, tdx_tcb and tdx_identity. */
#ifndef NACRE_TDX_JSON_H
#define NACRE_TDX_JSON_H

#include "json_fields.h"

#define TDX_JSON_REMARK_MAX 256 /* bytes of a text that is not looked at */

/* Parse text, whose root is an object of these fields; name stands for it in messages. */
int tdx_json_read(struct span text, const char *name, const struct json_field *fields, size_t count,
                  void *out, struct err *err) __attribute__((warn_unused_result, nonnull));

/* A string that must be want. */
int tdx_json_exact(const struct json *at, const char *want, struct err *err)
    __attribute__((warn_unused_result, nonnull));
/* "2025-06-19T10:16:03Z" as seconds since 1970. */
int tdx_json_time(const struct json *at, int64_t *unix_s, struct err *err)
    __attribute__((warn_unused_result, nonnull));
/* 2 * len hex digits, of either case: Intel uses both. */
int tdx_json_hex(const struct json *at, uint8_t *out, size_t len, struct err *err)
    __attribute__((warn_unused_result, nonnull));
int tdx_json_u16(const struct json *at, uint16_t max, uint16_t *value, struct err *err)
    __attribute__((warn_unused_result, nonnull));
/* json_parse_fn: a string that is not looked at. */
int tdx_json_remark(const struct json *at, struct arena *strings, void *out, struct err *err);

#endif
