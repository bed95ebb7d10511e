/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "volplan.h"

#include "hash.h"
#include "hex.h"

#include <stdio.h>
#include <string.h>

#define KEY_LABEL "nacre volume key v1"
#define PASSPHRASE_LABEL "nacre volume passphrase v1"
#define PASSPHRASE_BYTES (VOLPLAN_PASSPHRASE_SIZE / 2)
#define INFO_MAX (sizeof PASSPHRASE_LABEL + POLICY_VOLUME_NAME_MAX)

/* One label, one key: the name comes behind the label's NUL, which no name contains. */
static int derive(const struct secret *secret, const char *label, const char *name, struct secret *out,
                  struct err *err)
{
    uint8_t info[INFO_MAX];
    struct writer w = writer_of(info, sizeof info);
    writer_str(&w, label);
    writer_u8(&w, 0);
    writer_str(&w, name);
    if (w.bad)
        return err_set(err, ERR_LIMIT, 0, "volume name: longer than %d bytes", POLICY_VOLUME_NAME_MAX);
    return hash_hkdf(HASH_SHA256, secret_span(secret), span_of("", 0), writer_span(&w), out->bytes, out->len,
                     err);
}

static int passphrase_make(const struct secret *secret, const char *name, struct secret *out, struct err *err)
{
    char text[VOLPLAN_PASSPHRASE_SIZE + 1];
    AUTO_SECRET raw = {.len = PASSPHRASE_BYTES};
    if (derive(secret, PASSPHRASE_LABEL, name, &raw, err) < 0 ||
        hex_encode(secret_span(&raw), text, sizeof text, err) < 0)
        return -1;
    out->len = VOLPLAN_PASSPHRASE_SIZE;
    memcpy(out->bytes, text, out->len);
    secret_wipe_bytes(text, sizeof text);
    return 0;
}

int volplan_make(const struct secret *secret, const char *name, struct volplan *plan, struct err *err)
{
    AUTO_VOLPLAN p = {.key = {.len = VOLPLAN_KEY_SIZE}};
    if (secret->len == 0)
        return err_set(err, ERR_MISSING, 0, "volume %s: there is no workload secret", name);
    if (derive(secret, KEY_LABEL, name, &p.key, err) < 0 ||
        passphrase_make(secret, name, &p.passphrase, err) < 0)
        return -1;
    (void) snprintf(p.crypt_name, sizeof p.crypt_name, VOLPLAN_VOLUME_PREFIX "%.*s", POLICY_VOLUME_NAME_MAX,
                    name);
    (void) snprintf(p.integrity_name, sizeof p.integrity_name,
                    VOLPLAN_VOLUME_PREFIX "%.*s" VOLPLAN_INTEGRITY_SUFFIX, POLICY_VOLUME_NAME_MAX, name);
    *plan = p;
    return 0;
}

void volplan_wipe(struct volplan *plan)
{
    if (plan != NULL)
        secret_wipe_bytes(plan, sizeof *plan);
}

/* The tree's top block comes first; a single data block has no tree in the kernel's eyes. */
void volplan_root_block(const struct verity_geometry *g, uint64_t *offset_bytes, uint32_t *length)
{
    *offset_bytes = g->data_blocks == 1 ? 0 : g->hash_start_block * g->hash_block_size;
    *length = g->data_blocks == 1 ? g->data_block_size : g->hash_block_size;
}

int volplan_root_check(const struct verity_geometry *g, struct span block, struct err *err)
{
    struct hash h;
    uint8_t digest[SHA256_SIZE];
    if (hash_begin(HASH_SHA256, &h, err) < 0 || hash_update(&h, span_of(g->salt, g->salt_len), err) < 0 ||
        hash_update(&h, block, err) < 0 || hash_end(&h, digest, err) < 0)
        return -1;
    if (!span_eq(span_of(digest, sizeof digest), span_of(g->root_hash, sizeof g->root_hash)))
        return err_set(err, ERR_DENIED, 0, "root hash: the device's tree has another than the policy");
    return 0;
}
