/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every decision goes into the event log before the first byte from the network is read. The log stays in
 * PID 1's memory. Its head goes into the report data of nacre/1; Contrast's has no room for it, so the
 * console shows it too.
 */
#include "stages.h"

#include "hex.h"
#include "netaddr.h"

#include <stdio.h>

#define NET4_TEXT_MAX 20 /* bytes: "255.255.255.255/32" and the NUL */

static void put_text(struct writer *w, const char *text)
{
    writer_str(w, text);
    writer_u8(w, 0);
}

static void put_ip4(struct writer *w, const struct netaddr_ip4 *ip)
{
    char text[NET4_TEXT_MAX];

    (void) snprintf(text, sizeof text, "%u.%u.%u.%u", ip->bytes[0], ip->bytes[1], ip->bytes[2], ip->bytes[3]);
    writer_str(w, text);
}

static int append(struct evlog *log, enum evlog_type type, const struct writer *w, struct err *err)
{
    if (w->bad)
        return err_set(err, ERR_LIMIT, 0, "event log: a record of more than %d bytes", EVLOG_DATA_MAX);
    return evlog_append(log, type, writer_span(w), err);
}

static int add_argv(struct evlog *log, const struct policy *p, struct err *err)
{
    uint8_t buf[EVLOG_DATA_MAX];
    struct writer w = writer_of(buf, sizeof buf);

    for (size_t i = 0; i < p->workload.argc; i++)
        put_text(&w, p->workload.argv[i]);
    return append(log, EVLOG_ARGV, &w, err);
}

static int add_volume(struct evlog *log, const struct policy_volume *v, struct err *err)
{
    uint8_t buf[EVLOG_DATA_MAX];
    struct writer w = writer_of(buf, sizeof buf);

    put_text(&w, v->name);
    put_text(&w, v->mount);
    put_text(&w, "ext4");
    return append(log, EVLOG_VOLUMES, &w, err);
}

static int add_link(struct evlog *log, const struct policy_link *l, struct err *err)
{
    uint8_t buf[EVLOG_DATA_MAX];
    char prefix[8];
    struct writer w = writer_of(buf, sizeof buf);

    put_text(&w, l->link);
    put_ip4(&w, &l->address.ip);
    (void) snprintf(prefix, sizeof prefix, "/%u", l->address.prefix_bits);
    put_text(&w, prefix);
    if (l->has_gateway)
        put_ip4(&w, &l->gateway);
    writer_u8(&w, 0);
    return append(log, EVLOG_NETWORK, &w, err);
}

static int add_coordinator(struct evlog *log, const struct policy_coordinator *c, struct err *err)
{
    uint8_t buf[NETADDR_TEXT_MAX + 1 + SHA256_SIZE];
    char text[NETADDR_TEXT_MAX];
    struct writer w = writer_of(buf, sizeof buf);

    netaddr_format(&c->address, text);
    put_text(&w, text);
    if (c->has_root_ca_key)
        writer_bytes(&w, span_of(c->root_ca_key_sha256, SHA256_SIZE));
    return append(log, EVLOG_COORDINATOR, &w, err);
}

/* What is a digest already. */
static int add_digests(struct evlog *log, const struct boot *boot, struct err *err)
{
    uint8_t digest[SHA256_SIZE];
    const uint8_t *root = boot->policy->image.verity.root_hash;
    struct span text;

    if (evlog_append(log, EVLOG_INITDATA, span_of(boot->initdata_digest, SHA256_SIZE), err) < 0)
        return -1;
    if (initdata_file(&boot->initdata, POLICY_NAME, &text, err) < 0 ||
        hash_bytes(HASH_SHA256, text, digest, err) < 0)
        return -1;
    if (evlog_append(log, EVLOG_POLICY, span_of(digest, sizeof digest), err) < 0)
        return -1;
    return evlog_append(log, EVLOG_IMAGE, span_of(root, VERITY_HASH_SIZE), err);
}

static int add_all(struct evlog *log, const struct boot *boot, struct err *err)
{
    const struct policy *p = boot->policy;
    uint8_t dev = boot->cmdline.dev;

    if (add_digests(log, boot, err) < 0 || add_argv(log, p, err) < 0)
        return -1;
    for (size_t i = 0; i < p->volume_count; i++)
        if (add_volume(log, &p->volumes[i], err) < 0)
            return -1;
    for (size_t i = 0; i < p->link_count; i++)
        if (add_link(log, &p->links[i], err) < 0)
            return -1;
    if (p->has_coordinator && add_coordinator(log, &p->coordinator, err) < 0)
        return -1;
    return evlog_append(log, EVLOG_DEBUG, span_of(&dev, 1), err);
}

int stage_measure(struct boot *boot, struct err *err)
{
    char head[2 * SHA384_SIZE + 1];

    evlog_start(&boot->events);
    if (add_all(&boot->events, boot, err) < 0)
        return -1;
    if (hex_encode(span_of(boot->events.head, SHA384_SIZE), head, sizeof head, err) < 0)
        return -1;
    log_info(&boot->log, "event log head %s", head);
    return 0;
}
