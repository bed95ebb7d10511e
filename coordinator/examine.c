/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "examine_parts.h"

#include "tdx_evidence.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

__attribute__((format(printf, 2, 3))) static void add_reason(char reason[EXAMINE_REASON_MAX], const char *fmt,
                                                             ...)
{
    size_t len = strlen(reason);
    va_list ap;

    va_start(ap, fmt);
    (void) vsnprintf(reason + len, EXAMINE_REASON_MAX - len, fmt, ap); /* cutting is fine */
    va_end(ap);
}

void examine_refuse(struct examine_peer *p, enum grpc_status status, const char *what, const char *text)
{
    p->status = status;
    p->check = what;
    add_reason(p->reason, "%s: %s", what, text);
}

void examine_policy(struct examine_peer *p, const struct manifest_policy *policy, const char *what)
{
    char hex[2 * SNP_HOST_DATA_SIZE + 1] = "";

    p->policy = policy;
    p->status = policy != NULL ? GRPC_OK : GRPC_PERMISSION_DENIED;
    if (policy != NULL)
        return;
    p->check = what;
    for (size_t i = 0; i < SNP_HOST_DATA_SIZE; i++)
        (void) snprintf(hex + 2 * i, 3, "%02x", p->host_data[i]);
    add_reason(p->reason, "%s: %s is not in the manifest's Policies", what, hex);
}

/* --- entries --------------------------------------------------------------------------------------- */

/* A try, and what came of it. */
struct found {
    size_t root; /* 0: the vendor's; else a test root's place and 1 */
    int verdict; /* 0: accepted */
    struct examine_rows rows;
};

static bool is_genuine(const struct examine_rows *rows)
{
    for (size_t i = 0; i < rows->genuine; i++) {
        if (!rows->rows[i].passed)
            return false;
    }
    return true;
}

/* Every row that refused, under the name of the entry that was tried. Returns the first one's name. */
static const char *add_rows(const struct examine_case *c, size_t index, const struct examine_rows *rows,
                            char reason[EXAMINE_REASON_MAX])
{
    const char *check = NULL;

    add_reason(reason, "%sReferenceValues.%s[%zu]: ", reason[0] != '\0' ? "; " : "", c->list, index);
    for (size_t i = 0, n = 0; i < rows->count; i++) {
        if (!rows->rows[i].refused)
            continue;
        check = check != NULL ? check : rows->rows[i].name;
        add_reason(reason, "%s%s: %s", n++ > 0 ? ", " : "", rows->rows[i].name, rows->rows[i].text);
    }
    return check;
}

static struct span root_at(const struct examine_case *c, size_t root)
{
    return root > 0 ? fileio_span(&c->trust->roots[root - 1]) : span_of(NULL, 0);
}

/* Find the root under which the evidence is genuine, with the expectations of the entry at index: *verdict
 * then says whether those fit too. False with the reason set when there is no such root. */
static bool find_root(struct examine_case *c, size_t index, struct found *found, struct examine_peer *p)
{
    struct examine_rows *rows = &found->rows;
    char first[EXAMINE_REASON_MAX] = "";

    for (size_t i = 0; i <= c->trust->root_count; i++) {
        found->verdict = c->verify(c, index, root_at(c, i), rows);
        if (is_genuine(rows)) {
            found->root = i;
            return true;
        }
        /* Say why the root that was meant failed: a chain to a test root never passes the vendor's. */
        if (i == 0 || rows->under_root) {
            first[0] = '\0';
            p->check = add_rows(c, index, rows, first);
        }
    }
    p->status = GRPC_UNAUTHENTICATED;
    memcpy(p->reason, first, sizeof first);
    return false;
}

bool examine_try(struct examine_case *c, struct examine_peer *p, size_t *index)
{
    struct found found = {0};
    bool rooted = false;

    for (size_t i = 0; i < c->entries; i++) {
        if (!c->fits(c, i))
            continue;
        if (rooted)
            found.verdict = c->verify(c, i, root_at(c, found.root), &found.rows);
        else if (!find_root(c, i, &found, p))
            return false;
        rooted = true;
        if (found.verdict == 0) {
            p->reason[0] = '\0';
            p->check = NULL;
            *index = i;
            return true;
        }
        const char *check = add_rows(c, i, &found.rows, p->reason);
        p->check = p->check != NULL ? p->check : check;
    }
    p->status = GRPC_PERMISSION_DENIED;
    return false;
}

/* --- evidence -------------------------------------------------------------------------------------- */

void examine_claim(const struct manifest *manifest, const struct examine_trust *trust,
                   const struct examine_claim *claim, int64_t now_s, struct examine_peer *out)
{
    const struct examine_case base = {.manifest = manifest, .trust = trust, .claim = claim, .now_s = now_s};

    *out = (struct examine_peer){.key = *claim->key, .kind = claim->kind};
    if (claim->evidence.len == 0) {
        examine_refuse(out, GRPC_UNAUTHENTICATED, "evidence", "there is none from the client");
        return;
    }
    if (trust->collateral != NULL)
        collateral_refresh(trust->collateral, now_s);
    switch (claim->kind) {
    case EXAMINE_SNP:
        examine_snp(&base, out);
        return;
    case EXAMINE_TDX:
        examine_tdx(&base, out);
        return;
    }
}

/* Contrast's message is a quote again. */
static int decode_tdx(struct span message, struct tdx_evidence *evidence, struct examine_claim *claim,
                      struct err *err)
{
    if (message.len > 0 && tdx_evidence_decode(message, evidence, err) < 0)
        return -1;
    claim->evidence = span_of(evidence->quote, evidence->len);
    return 0;
}

void examine_shown(const struct manifest *manifest, const struct examine_trust *trust,
                   const struct atls_peer *peer, const uint8_t report_data[ATLS_REPORT_DATA_SIZE],
                   int64_t now_s, struct examine_peer *out)
{
    struct tdx_evidence evidence;
    struct examine_claim claim = {.key = &peer->key, .evidence = peer->evidence, .report_data = report_data};
    struct err why;

    evidence.len = 0;
    if (peer->kind == ATLS_TDX)
        claim.kind = EXAMINE_TDX;
    if (claim.kind != EXAMINE_TDX || decode_tdx(peer->evidence, &evidence, &claim, &why) == 0) {
        examine_claim(manifest, trust, &claim, now_s, out);
        return;
    }
    *out = (struct examine_peer){.key = peer->key, .kind = claim.kind};
    examine_refuse(out, GRPC_UNAUTHENTICATED, "aTLS", why.text);
}

void examine_atls(const struct manifest *manifest, const struct examine_trust *trust,
                  const struct atls_peer *peer, const uint8_t nonce[ATLS_NONCE_SIZE], int64_t now_s,
                  struct examine_peer *out)
{
    uint8_t report_data[ATLS_REPORT_DATA_SIZE];
    struct err why;

    if (atls_report_data(peer->spki, nonce, report_data, &why) == 0) {
        examine_shown(manifest, trust, peer, report_data, now_s, out);
        return;
    }
    *out = (struct examine_peer){.key = peer->key};
    examine_refuse(out, GRPC_UNAUTHENTICATED, "aTLS", why.text);
}

void examine_trust_free(struct examine_trust *trust)
{
    for (size_t i = 0; i < trust->root_count; i++)
        fileio_free(&trust->roots[i]);
    collateral_free(trust->collateral);
    trust->collateral = NULL;
}
