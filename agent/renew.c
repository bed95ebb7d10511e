/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "renew.h"

#include "attempts.h"
#include "backoff.h"
#include "channel.h"
#include "hash.h"
#include "leases.h"
#include "os.h"
#include "secret.h"
#include "pem.h"
#include "serve.h"
#include "x509.h"

#include <string.h>
#include <time.h>

#define LEAF_DER_MAX 8192 /* bytes */
#define DATE_MAX 24       /* bytes: "2026-01-01T00:00:00Z" and the NUL */

int64_t renew_at_s(int64_t now_s, int64_t not_after_s)
{
    return not_after_s > now_s ? now_s + (not_after_s - now_s) / 3 * 2 : now_s;
}

/* --- what the agent keeps of a join ---------------------------------------------------------------- */

/* pin.c has checked the whole chain. */
static int read_leaf(struct span chain, int64_t now_s, struct agent_leaf *out, struct err *err)
{
    uint8_t der[LEAF_DER_MAX];
    struct writer w = writer_of(der, sizeof(der));
    struct span bytes;
    struct x509 cert;
    if (pem_next(&chain, PEM_LABEL_CERTIFICATE, &w, &bytes, err) < 0 || x509_parse(bytes, &cert, err) < 0)
        return err_prefix(err, "leaf");
    if (cert.spki.len > sizeof(out->spki))
        return err_set(err, ERR_LIMIT, 0, "leaf: a key of %zu bytes", cert.spki.len);
    out->spki_len = cert.spki.len;
    memcpy(out->spki, cert.spki.data, cert.spki.len);
    out->expires_s = cert.not_after_s;
    out->renew_s = renew_at_s(now_s > cert.not_before_s ? now_s : cert.not_before_s, cert.not_after_s);
    out->held = true;
    return 0;
}

static int check_secret(const struct agent *agent, struct agent_leaf *leaf, struct span secret,
                        struct err *err)
{
    if (hash_bytes(HASH_SHA512, secret, leaf->secret_digest, err) < 0)
        return -1;
    if (agent->leaf.held && !secret_eq(span_of(leaf->secret_digest, sizeof(leaf->secret_digest)),
                                       span_of(agent->leaf.secret_digest, sizeof(agent->leaf.secret_digest))))
        return err_set(err, ERR_DENIED, 0, "the renewal has another workload secret than the join");
    return 0;
}

static int64_t now_s(const struct agent *agent)
{
    return clock_now_s(&agent->clock, os_clock_s(), os_now_ms());
}

static int take_join(struct agent *agent, struct err *err)
{
    const struct join_result *r = join_result(agent->join);
    struct agent_leaf leaf = {0};
    if (read_leaf(r->cert_chain, now_s(agent), &leaf, err) < 0 ||
        check_secret(agent, &leaf, r->secret, err) < 0 || channel_hand_over(agent, err) < 0)
        return -1;
    agent->leaf = leaf;
    leases_take(agent, r);
    return 0;
}

int renew_hand_over(struct agent *agent, struct err *err)
{
    int rc = agent->join == NULL ? 0 : take_join(agent, err);
    join_free(agent->join);
    agent->join = NULL;
    return rc;
}

/* --- the loop -------------------------------------------------------------------------------------- */

static void format_date(int64_t time_s, char out[DATE_MAX])
{
    time_t t = (time_t) time_s;
    struct tm tm = {0};
    if (gmtime_r(&t, &tm) == NULL || strftime(out, DATE_MAX, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
        out[0] = '\0';
}

static int expired(const struct agent *agent, const struct err *last, struct err *err)
{
    char date[DATE_MAX];
    char address[NETADDR_TEXT_MAX];
    format_date(agent->leaf.expires_s, date);
    netaddr_format(&agent->policy->coordinator.address, address);
    return err_set(err, ERR_TIMEOUT, 0, "the certificate ended at %s: coordinator %s: %.90s", date, address,
                   last->text[0] != 0 ? last->text : "no time for an attempt");
}

/* One attempt, which ends with the certificate at the latest. */
static int try_once(struct agent *agent, struct backoff *backoff, struct err *err)
{
    uint64_t end_ms = backoff_attempt(backoff, os_now_ms());
    if (attempts_once(agent, end_ms, err) < 0)
        return -1;
    return renew_hand_over(agent, err);
}

/* How long until something has to be done at target_s. */
static uint64_t until_ms(int64_t time_s, int64_t target_s)
{
    uint64_t left_s = target_s > time_s ? (uint64_t) (target_s - time_s) : 0;
    return left_s < RENEW_WAIT_MAX_MS / 1000 ? left_s * 1000 : RENEW_WAIT_MAX_MS;
}

static int wait_for(struct agent *agent, uint64_t ms, struct err *err)
{
    int rc = serve_wait(agent, -1, 0, ms);
    return rc < 0 ? err_set(err, ERR_HELPER, 0, "PID 1 is gone (errno %d)", -rc) : 0;
}

/* From the moment when the renewal is due to its success or the certificate's end. */
static int renew(struct agent *agent, struct err *err)
{
    const struct policy_coordinator *c = &agent->policy->coordinator;
    struct backoff backoff = backoff_of(os_now_ms(), 0, c->retry_ms, c->retry_max_ms);
    struct err why = {0};
    for (;;) {
        uint64_t pause_ms = 0;
        int64_t time_s = now_s(agent);
        if (time_s >= agent->leaf.expires_s)
            return expired(agent, &why, err);
        backoff.deadline_ms = os_now_ms() + (uint64_t) (agent->leaf.expires_s - time_s) * 1000;
        if (try_once(agent, &backoff, &why) == 0)
            return 0;
        if (why.code == ERR_HELPER) {
            *err = why;
            return -1;
        }
        if (!backoff_pause(&backoff, os_now_ms(), &pause_ms) || pause_ms < RENEW_PAUSE_MIN_MS)
            pause_ms = RENEW_PAUSE_MIN_MS;
        if (wait_for(agent, pause_ms, err) < 0)
            return -1;
    }
}

int renew_run(struct agent *agent, struct err *err)
{
    for (;;) {
        int64_t time_s = now_s(agent);
        uint64_t ms = agent->leaf.held ? until_ms(time_s, agent->leaf.renew_s) : RENEW_WAIT_MAX_MS;
        if (agent->leaf.held && time_s >= agent->leaf.renew_s) {
            if (renew(agent, err) < 0)
                return -1;
            ms = RENEW_PAUSE_MIN_MS;
        }
        uint64_t lease_ms = leases_wait_ms(agent, os_now_ms());
        if (lease_ms == 0) {
            if (leases_renew(agent, err) < 0)
                return -1;
            ms = 0; /* look at both again */
        } else if (lease_ms < ms) {
            ms = lease_ms;
        }
        if (wait_for(agent, ms, err) < 0)
            return -1;
    }
}
