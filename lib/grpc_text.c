/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "grpc_text.h"

#include "grpc.h"

#include <string.h>

static const char *const status_names[] = {
    "OK",       "Cancelled",       "Unknown",          "InvalidArgument",   "DeadlineExceeded",
    "NotFound", "AlreadyExists",   "PermissionDenied", "ResourceExhausted", "FailedPrecondition",
    "Aborted",  "OutOfRange",      "Unimplemented",    "Internal",          "Unavailable",
    "DataLoss", "Unauthenticated",
};

const char *grpc_status_name(int status)
{
    if (status < 0 || (size_t) status >= sizeof(status_names) / sizeof(status_names[0]))
        return "unknown";
    return status_names[status];
}

static int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

void grpc_text_decode(struct span value, char *out, size_t cap)
{
    size_t n = 0;
    for (size_t i = 0; i < value.len && n < cap - 1; i++) {
        int c = value.data[i];
        int high = c == '%' && i + 2 < value.len ? hex_digit(value.data[i + 1]) : -1;
        int low = high >= 0 ? hex_digit(value.data[i + 2]) : -1;
        if (low >= 0) {
            c = high << 4 | low;
            i += 2;
        }
        out[n++] = (char) (c >= 0x20 && c < 0x7f ? c : '?');
    }
    out[n] = 0;
}

void grpc_text_encode(const char *text, size_t max, char *out)
{
    static const char digits[] = "0123456789ABCDEF";
    size_t n = 0;
    for (size_t i = 0; i < max && text[i] != 0; i++) {
        unsigned char c = (unsigned char) text[i];
        if (c >= 0x20 && c < 0x7f && c != '%') {
            out[n++] = (char) c;
            continue;
        }
        out[n++] = '%';
        out[n++] = digits[c >> 4];
        out[n++] = digits[c & 15];
    }
    out[n] = 0;
}

int grpc_text_number(struct span value)
{
    int n = 0;
    if (value.len == 0 || value.len > 3)
        return -1;
    for (size_t i = 0; i < value.len; i++) {
        if (value.data[i] < '0' || value.data[i] > '9')
            return -1;
        n = 10 * n + value.data[i] - '0';
    }
    return n;
}

bool grpc_text_is_grpc(struct span value)
{
    size_t len = strlen(GRPC_TEXT_TYPE);
    if (value.len < len || memcmp(value.data, GRPC_TEXT_TYPE, len) != 0)
        return false;
    return value.len == len || value.data[len] == '+' || value.data[len] == ';';
}
