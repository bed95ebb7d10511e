/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "epoch.h"

#include "secret.h"

#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* --- the state machine ------------------------------------------------------------------------------ */

static bool runs(const struct epoch_state *s, uint64_t now_ms)
{
    return s->ttl_s != 0 && now_ms < s->until_ms;
}

static bool is_holder(const struct epoch_state *s, const struct epoch_call *call)
{
    return secret_eq(span_of(s->holder, sizeof(s->holder)), span_of(call->holder, sizeof(call->holder)));
}

static uint64_t end_of(uint32_t ttl_s, uint64_t now_ms)
{
    uint64_t ttl_ms = (uint64_t) ttl_s * 1000;
    return now_ms > UINT64_MAX - ttl_ms ? UINT64_MAX : now_ms + ttl_ms;
}

static enum epoch_status judge(const struct epoch_state *s, const struct epoch_call *call, uint64_t now_ms)
{
    bool running = runs(s, now_ms);
    bool ours = running && is_holder(s, call);
    if (call->op == EPOCH_ACQUIRE)
        return running && !ours ? EPOCH_HELD : EPOCH_OK;
    if (!ours)
        return EPOCH_NOT_HOLDER;
    if (call->op != EPOCH_ADVANCE)
        return EPOCH_OK;
    if (call->expected != s->epoch)
        return EPOCH_SKEW;
    return s->epoch == EPOCH_MAX ? EPOCH_EXHAUSTED : EPOCH_OK;
}

static void change(struct epoch_state *s, const struct epoch_call *call, uint64_t now_ms)
{
    switch (call->op) {
    case EPOCH_ACQUIRE:
    case EPOCH_RENEW:
        memcpy(s->holder, call->holder, sizeof(s->holder));
        s->ttl_s = call->ttl_s;
        s->until_ms = end_of(call->ttl_s, now_ms);
        break;
    case EPOCH_ADVANCE:
        s->epoch++;
        break;
    case EPOCH_RELEASE:
        memset(s->holder, 0, sizeof(s->holder));
        s->ttl_s = 0;
        s->until_ms = 0;
        break;
    }
}

/* Rounded up: who waits for so long finds the lease ended. */
static uint32_t left_s(const struct epoch_state *s, uint64_t now_ms)
{
    if (!runs(s, now_ms))
        return 0;
    uint64_t left_ms = s->until_ms - now_ms;
    uint64_t left = left_ms / 1000 + (left_ms % 1000 != 0);
    return left > EPOCH_TTL_MAX_S ? EPOCH_TTL_MAX_S : (uint32_t) left;
}

void epoch_apply(const struct epoch_state *from, const struct epoch_call *call, uint64_t now_ms,
                 struct epoch_state *to, struct epoch_answer *answer)
{
    struct epoch_state s = *from;
    struct epoch_answer a = {.status = judge(from, call, now_ms)};
    if (a.status == EPOCH_OK)
        change(&s, call, now_ms);
    a.epoch = s.epoch;
    if (a.status == EPOCH_OK || a.status == EPOCH_HELD)
        a.left_s = left_s(&s, now_ms);
    *to = s;
    *answer = a;
}

void epoch_restart(struct epoch_state *state, uint64_t now_ms)
{
    state->until_ms = state->ttl_s == 0 ? 0 : end_of(state->ttl_s, now_ms);
}

bool epoch_durable(const struct epoch_state *a, const struct epoch_state *b)
{
    return a->epoch != b->epoch || a->ttl_s != b->ttl_s ||
           memcmp(a->holder, b->holder, EPOCH_HOLDER_SIZE) != 0;
}

/* --- bytes ------------------------------------------------------------------------------------------ */

static const char *const op_names[] = {
    [EPOCH_ACQUIRE] = "acquire",
    [EPOCH_RENEW] = "renew",
    [EPOCH_ADVANCE] = "advance",
    [EPOCH_RELEASE] = "release",
};

static const char *const status_names[] = {
    [EPOCH_OK] = "ok",     [EPOCH_HELD] = "held",           [EPOCH_NOT_HOLDER] = "not-holder",
    [EPOCH_SKEW] = "skew", [EPOCH_EXHAUSTED] = "exhausted", [EPOCH_NO_VOLUMES] = "no-volumes",
    [EPOCH_FULL] = "full",
};

const char *epoch_op_name(enum epoch_op op)
{
    const char *name = (size_t) op < COUNT(op_names) ? op_names[op] : NULL;
    return name != NULL ? name : "unknown";
}

const char *epoch_status_name(enum epoch_status status)
{
    return (size_t) status < COUNT(status_names) ? status_names[status] : "unknown";
}

bool epoch_name_ok(struct span name)
{
    if (name.len == 0 || name.len > EPOCH_NAME_MAX)
        return false;
    for (size_t i = 0; i < name.len; i++) {
        uint8_t c = name.data[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'))
            return false;
    }
    return true;
}

static int check_call(const struct epoch_call *call, struct err *err)
{
    bool timed = call->op == EPOCH_ACQUIRE || call->op == EPOCH_RENEW;
    if (call->op < EPOCH_ACQUIRE || call->op > EPOCH_RELEASE)
        return err_set(err, ERR_FORMAT, 0, "epoch: operation %u, expected 1..4", (unsigned) call->op);
    if (!epoch_name_ok(call->volume))
        return err_set(err, ERR_FORMAT, 0, "epoch: a volume's name is 1 to %d of [a-z0-9-]", EPOCH_NAME_MAX);
    if (span_is_zero(span_of(call->holder, sizeof(call->holder))))
        return err_set(err, ERR_FORMAT, 0, "epoch: the holder is all zero");
    if (call->op != EPOCH_ADVANCE && call->expected != 0)
        return err_set(err, ERR_FORMAT, 0, "epoch: %s expects an epoch", epoch_op_name(call->op));
    if (timed ? call->ttl_s < EPOCH_TTL_MIN_S || call->ttl_s > EPOCH_TTL_MAX_S : call->ttl_s != 0)
        return err_set(err, ERR_FORMAT, 0, "epoch: %s for %u s, expected %d..%d", epoch_op_name(call->op),
                       call->ttl_s, timed ? EPOCH_TTL_MIN_S : 0, timed ? EPOCH_TTL_MAX_S : 0);
    return 0;
}

static int check_answer(const struct epoch_answer *a, struct err *err)
{
    if (a->status < EPOCH_OK || a->status > EPOCH_FULL)
        return err_set(err, ERR_FORMAT, 0, "epoch: status %u, expected 0..6", (unsigned) a->status);
    if (a->epoch != 0 && (a->status == EPOCH_NO_VOLUMES || a->status == EPOCH_FULL))
        return err_set(err, ERR_FORMAT, 0, "epoch: an epoch with status %s", epoch_status_name(a->status));
    bool lease = a->status == EPOCH_OK || a->status == EPOCH_HELD;
    if (a->left_s > (lease ? EPOCH_TTL_MAX_S : 0))
        return err_set(err, ERR_FORMAT, 0, "epoch: %u s left with status %s", a->left_s,
                       epoch_status_name(a->status));
    return 0;
}

int epoch_call_encode(const struct epoch_call *call, struct writer *w, struct err *err)
{
    if (check_call(call, err) < 0)
        return -1;
    writer_u8(w, (uint8_t) call->op);
    writer_u8(w, (uint8_t) call->volume.len);
    writer_bytes(w, call->volume);
    writer_bytes(w, span_of(call->holder, sizeof(call->holder)));
    writer_be64(w, call->expected);
    writer_be32(w, call->ttl_s);
    return w->bad ? err_set(err, ERR_LIMIT, 0, "epoch: no room for a call") : 0;
}

int epoch_answer_encode(const struct epoch_answer *answer, struct writer *w, struct err *err)
{
    if (check_answer(answer, err) < 0)
        return -1;
    writer_u8(w, (uint8_t) answer->status);
    writer_be64(w, answer->epoch);
    writer_be32(w, answer->left_s);
    return w->bad ? err_set(err, ERR_LIMIT, 0, "epoch: no room for an answer") : 0;
}

int epoch_call_decode(struct span bytes, struct epoch_call *out, struct err *err)
{
    struct reader r = reader_of(bytes);
    struct epoch_call got = {.op = (enum epoch_op) reader_u8(&r)};
    got.volume = reader_bytes(&r, reader_u8(&r));
    reader_copy(&r, got.holder, sizeof(got.holder));
    got.expected = reader_be64(&r);
    got.ttl_s = reader_be32(&r);
    if (!reader_done(&r))
        return err_set(err, ERR_FORMAT, 0, "epoch: a call of %zu bytes is cut, or too long", bytes.len);
    if (check_call(&got, err) < 0)
        return -1;
    *out = got;
    return 0;
}

int epoch_answer_decode(struct span bytes, struct epoch_answer *out, struct err *err)
{
    struct reader r = reader_of(bytes);
    struct epoch_answer got = {.status = (enum epoch_status) reader_u8(&r)};
    got.epoch = reader_be64(&r);
    got.left_s = reader_be32(&r);
    if (!reader_done(&r))
        return err_set(err, ERR_FORMAT, 0, "epoch: an answer of %zu bytes, expected %d", bytes.len,
                       EPOCH_ANSWER_SIZE);
    if (check_answer(&got, err) < 0)
        return -1;
    *out = got;
    return 0;
}
