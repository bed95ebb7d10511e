/* SPDX-License-Identifier: GPL-2.0-or-later */
/* netaddr: addresses as numbers, from text. No names: nothing here asks a resolver.
 *
 * The text comes from policy.json (bound by the host data). Decimal numbers without sign or leading zero.
 */
#ifndef NACRE_NETADDR_H
#define NACRE_NETADDR_H

#include "err.h"
#include "span.h"

#include <stdint.h>

#define NETADDR_TEXT_MAX 32 /* bytes of the longest text: "vsock:4294967294:4294967294" and a NUL fit */

struct netaddr_ip4 {
    uint8_t bytes[4]; /* network order: 10.0.2.15 is {10, 0, 2, 15} */
};

struct netaddr_net4 {
    struct netaddr_ip4 ip;
    uint8_t prefix_bits; /* 1..32 */
};

enum netaddr_kind {
    NETADDR_TCP4,
    NETADDR_VSOCK,
};

struct netaddr {
    enum netaddr_kind kind;
    struct netaddr_ip4 ip; /* NETADDR_TCP4 */
    uint32_t cid;          /* NETADDR_VSOCK: context id, 0..0xfffffffe; 2 is the host */
    uint32_t port;         /* TCP: 1..65535; vsock: 1..0xfffffffe */
};

/* "10.0.2.2". The unspecified address, multicast and broadcast are refused: no host has them.
 * Each returns 0, or -1 with *err set (ERR_FORMAT) and the output untouched. */
int netaddr_parse_ip4(struct span text, struct netaddr_ip4 *ip, struct err *err)
    __attribute__((warn_unused_result, nonnull));
/* "10.0.2.15/24": a host's address with the prefix of its network. */
int netaddr_parse_net4(struct span text, struct netaddr_net4 *net, struct err *err)
    __attribute__((warn_unused_result, nonnull));
/* "10.0.2.2:7777" or "vsock:2:7777". */
int netaddr_parse(struct span text, struct netaddr *addr, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* The canonical text with a NUL in out, NETADDR_TEXT_MAX bytes; netaddr_parse of it gives addr again. */
void netaddr_format(const struct netaddr *addr, char out[NETADDR_TEXT_MAX]) __attribute__((nonnull));

#endif
