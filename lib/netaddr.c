/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "netaddr.h"

#include <stdio.h>
#include <string.h>

#define NETADDR_CID_MAX 0xfffffffeu  /* 2^32 - 1 is VMADDR_CID_ANY */
#define NETADDR_PORT_MAX 0xfffffffeu /* of vsock: 2^32 - 1 is VMADDR_PORT_ANY */

/* Bytes up to the first stop, which is taken too; *found says whether there was one. */
static struct span netaddr_field(struct span *text, uint8_t stop, bool *found)
{
    const uint8_t *hit = text->len > 0 ? memchr(text->data, stop, text->len) : NULL;
    const size_t len = hit ? (size_t) (hit - text->data) : text->len;
    const struct span field = span_sub(*text, 0, len);

    *found = hit != NULL;
    *text = hit ? span_sub(*text, len + 1, text->len - len - 1) : span_of(NULL, 0);
    return field;
}

/* A decimal number min..max without sign or leading zero; false if it is not one. */
static bool netaddr_number(struct span digits, uint32_t min, uint32_t max, uint32_t *value)
{
    uint64_t n = 0;

    if (digits.len == 0 || digits.len > 10 || (digits.data[0] == '0' && digits.len > 1))
        return false;
    for (size_t i = 0; i < digits.len; i++) {
        if (digits.data[i] < '0' || digits.data[i] > '9')
            return false;
        n = n * 10 + (uint64_t) (digits.data[i] - '0');
    }
    if (n < min || n > max)
        return false;
    *value = (uint32_t) n;
    return true;
}

int netaddr_parse_ip4(struct span text, struct netaddr_ip4 *ip, struct err *err)
{
    struct span rest = text;
    struct netaddr_ip4 got;

    for (size_t i = 0; i < 4; i++) {
        uint32_t n = 0;
        bool dot;
        const struct span field = netaddr_field(&rest, '.', &dot);

        if (!netaddr_number(field, 0, 255, &n) || dot != (i < 3))
            return err_set(err, ERR_FORMAT, 0, "expected an IPv4 address as 10.0.2.15");
        got.bytes[i] = (uint8_t) n;
    }
    if (got.bytes[0] == 0 || got.bytes[0] >= 224)
        return err_set(err, ERR_FORMAT, 0, "an IPv4 address that no host can have");
    *ip = got;
    return 0;
}

int netaddr_parse_net4(struct span text, struct netaddr_net4 *net, struct err *err)
{
    struct span rest = text;
    struct netaddr_net4 got;
    uint32_t bits = 0;
    bool slash;
    const struct span ip = netaddr_field(&rest, '/', &slash);

    if (!slash || !netaddr_number(rest, 1, 32, &bits))
        return err_set(err, ERR_FORMAT, 0, "expected an IPv4 address with prefix as 10.0.2.15/24");
    if (netaddr_parse_ip4(ip, &got.ip, err) < 0)
        return -1;
    got.prefix_bits = (uint8_t) bits;
    *net = got;
    return 0;
}

static int netaddr_parse_tcp(struct span text, struct netaddr *addr, struct err *err)
{
    struct netaddr got = {.kind = NETADDR_TCP4};
    struct span rest = text;
    bool colon;
    const struct span ip = netaddr_field(&rest, ':', &colon);

    if (!colon || !netaddr_number(rest, 1, 65535, &got.port))
        return err_set(err, ERR_FORMAT, 0, "expected address and port as 10.0.2.2:7777 or vsock:2:7777");
    if (netaddr_parse_ip4(ip, &got.ip, err) < 0)
        return -1;
    *addr = got;
    return 0;
}

int netaddr_parse(struct span text, struct netaddr *addr, struct err *err)
{
    struct netaddr got = {.kind = NETADDR_VSOCK};
    struct span rest = text;
    struct span cid;
    bool colon;

    if (!span_eq_str(netaddr_field(&rest, ':', &colon), "vsock"))
        return netaddr_parse_tcp(text, addr, err);
    cid = netaddr_field(&rest, ':', &colon);
    if (!colon || !netaddr_number(cid, 0, NETADDR_CID_MAX, &got.cid) ||
        !netaddr_number(rest, 1, NETADDR_PORT_MAX, &got.port))
        return err_set(err, ERR_FORMAT, 0, "expected a vsock address as vsock:2:7777");
    *addr = got;
    return 0;
}

void netaddr_format(const struct netaddr *addr, char out[NETADDR_TEXT_MAX])
{
    const uint8_t *b = addr->ip.bytes;

    if (addr->kind == NETADDR_VSOCK)
        (void) snprintf(out, NETADDR_TEXT_MAX, "vsock:%u:%u", addr->cid, addr->port);
    else
        (void) snprintf(out, NETADDR_TEXT_MAX, "%u.%u.%u.%u:%u", b[0], b[1], b[2], b[3], addr->port);
}
