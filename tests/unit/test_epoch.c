/* SPDX-License-Identifier: GPL-2.0-or-later */
/* epoch: the state machine of one counter, row by row and then at random against what it promises; and the
 * bytes of calls and answers (tests/vectors/epochs, made from the page by another program). */
#include "epoch.h"

#include "hex.h"
#include "parser_test.h"

#define T0 5000000ull /* milliseconds */
#define VECTORS "tests/vectors/epochs/vectors.txt"

static struct err err;

static struct epoch_call call_of(enum epoch_op op, uint8_t holder, uint64_t expected)
{
    struct epoch_call c = {.op = op, .volume = span_str("data"), .expected = expected};
    memset(c.holder, holder, sizeof(c.holder));
    c.ttl_s = op == EPOCH_ACQUIRE || op == EPOCH_RENEW ? 60 : 0;
    return c;
}

/* A story, row by row: who does what when, and what comes of it. */
static const struct {
    uint64_t at_s;
    uint8_t holder;
    enum epoch_op op;
    uint64_t expected;
    enum epoch_status status;
    uint64_t epoch;
    uint32_t left_s;
} story[] = {
    {0,   1, EPOCH_RENEW,   0, EPOCH_NOT_HOLDER, 0, 0 },
    {0,   1, EPOCH_ADVANCE, 0, EPOCH_NOT_HOLDER, 0, 0 },
    {0,   1, EPOCH_RELEASE, 0, EPOCH_NOT_HOLDER, 0, 0 },
    {0,   1, EPOCH_ACQUIRE, 0, EPOCH_OK,         0, 60},
    {10,  2, EPOCH_ACQUIRE, 0, EPOCH_HELD,       0, 50},
    {10,  2, EPOCH_RENEW,   0, EPOCH_NOT_HOLDER, 0, 0 },
    {10,  2, EPOCH_ADVANCE, 0, EPOCH_NOT_HOLDER, 0, 0 },
    {10,  2, EPOCH_RELEASE, 0, EPOCH_NOT_HOLDER, 0, 0 },
    {20,  1, EPOCH_ADVANCE, 1, EPOCH_SKEW,       0, 0 },
    {20,  1, EPOCH_ADVANCE, 0, EPOCH_OK,         1, 40},
    {20,  1, EPOCH_ADVANCE, 0, EPOCH_SKEW,       1, 0 }, /* the same call again */
    {30,  1, EPOCH_ACQUIRE, 0, EPOCH_OK,         1, 60},
    {59,  1, EPOCH_RENEW,   0, EPOCH_OK,         1, 60},
    {118, 2, EPOCH_ACQUIRE, 0, EPOCH_HELD,       1, 1 },
    {119, 1, EPOCH_RENEW,   0, EPOCH_NOT_HOLDER, 1, 0 }, /* it has just ended */
    {119, 1, EPOCH_ADVANCE, 1, EPOCH_NOT_HOLDER, 1, 0 },
    {119, 2, EPOCH_ACQUIRE, 0, EPOCH_OK,         1, 60},
    {120, 1, EPOCH_ACQUIRE, 0, EPOCH_HELD,       1, 59},
    {121, 1, EPOCH_RELEASE, 0, EPOCH_NOT_HOLDER, 1, 0 },
    {122, 2, EPOCH_ADVANCE, 1, EPOCH_OK,         2, 57},
    {123, 2, EPOCH_RELEASE, 0, EPOCH_OK,         2, 0 },
    {123, 2, EPOCH_ADVANCE, 2, EPOCH_NOT_HOLDER, 2, 0 },
    {124, 1, EPOCH_ACQUIRE, 0, EPOCH_OK,         2, 60},
};

static void test_story(void **state)
{
    struct epoch_state s = {0};
    (void) state;
    for (size_t i = 0; i < COUNT(story); i++) {
        const struct epoch_call c = call_of(story[i].op, story[i].holder, story[i].expected);
        struct epoch_answer a;
        struct epoch_state next;
        epoch_apply(&s, &c, T0 + 1000 * story[i].at_s, &next, &a);
        if (a.status != story[i].status || a.epoch != story[i].epoch || a.left_s != story[i].left_s)
            fail_msg("row %zu: %s, epoch %llu, %u s left", i, epoch_status_name(a.status),
                     (unsigned long long) a.epoch, a.left_s);
        if (a.status != EPOCH_OK)
            assert_memory_equal(&next, &s, sizeof(s));
        s = next;
    }
}

static void test_ends(void **state)
{
    struct epoch_state s = {.epoch = EPOCH_MAX - 1, .holder = {7}, .ttl_s = 60, .until_ms = T0};
    struct epoch_call c = {.op = EPOCH_ADVANCE, .holder = {7}, .expected = EPOCH_MAX - 1};
    struct epoch_answer a;
    (void) state;
    epoch_apply(&s, &c, 0, &s, &a); /* in place is fine */
    assert_int_equal(a.status, EPOCH_OK);
    assert_true(s.epoch == EPOCH_MAX);
    c.expected = EPOCH_MAX;
    epoch_apply(&s, &c, 0, &s, &a);
    assert_int_equal(a.status, EPOCH_EXHAUSTED);
    assert_true(s.epoch == EPOCH_MAX && a.epoch == EPOCH_MAX);
    /* The clock's own end. */
    c = (struct epoch_call){.op = EPOCH_RENEW, .holder = {7}, .ttl_s = EPOCH_TTL_MAX_S};
    s.until_ms = UINT64_MAX;
    epoch_apply(&s, &c, UINT64_MAX - 5, &s, &a);
    assert_int_equal(a.status, EPOCH_OK);
    assert_true(s.until_ms == UINT64_MAX && a.left_s == 1);
    /* A clock that was wound back cannot make a lease seem longer than any may be. */
    epoch_apply(&s, &c, 0, &s, &a);
    s.until_ms = UINT64_MAX;
    c = (struct epoch_call){.op = EPOCH_ACQUIRE, .holder = {8}, .ttl_s = 60};
    epoch_apply(&s, &c, 0, &s, &a);
    assert_int_equal(a.status, EPOCH_HELD);
    assert_int_equal(a.left_s, EPOCH_TTL_MAX_S);
}

static void test_restart(void **state)
{
    struct epoch_state s = {.epoch = 9, .holder = {7}, .ttl_s = 60, .until_ms = T0};
    struct epoch_call c = {.op = EPOCH_ACQUIRE, .holder = {8}, .ttl_s = 60};
    struct epoch_answer a;
    (void) state;
    epoch_restart(&s, 1000);
    epoch_apply(&s, &c, 1000 + 59999, &s, &a);
    assert_int_equal(a.status, EPOCH_HELD);
    assert_true(a.epoch == 9 && a.left_s == 1);
    c.holder[0] = 7;
    epoch_apply(&s, &c, 2000, &s, &a); /* its holder has it at once */
    assert_int_equal(a.status, EPOCH_OK);
    s = (struct epoch_state){.epoch = 9};
    c.holder[0] = 8;
    epoch_restart(&s, 1000);
    epoch_apply(&s, &c, 1000, &s, &a);
    assert_int_equal(a.status, EPOCH_OK); /* a released one is free */
}

static void test_durable(void **state)
{
    const struct epoch_state s = {.epoch = 9, .holder = {7}, .ttl_s = 60, .until_ms = T0};
    struct epoch_state t = s;
    (void) state;
    t.until_ms++;
    assert_false(epoch_durable(&s, &t));
    t.ttl_s++;
    assert_true(epoch_durable(&s, &t));
    t = s;
    t.epoch++;
    assert_true(epoch_durable(&s, &t));
    t = s;
    t.holder[15] = 1;
    assert_true(epoch_durable(&s, &t));
}

/* --- at random -------------------------------------------------------------------------------------- */

static uint64_t seed = 88172645463325252ull;

static uint64_t random_below(uint64_t n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed % n;
}

#define HOLDERS 4

/* What was promised to whom, kept apart from the code under test. */
struct model {
    uint64_t epoch;
    uint64_t promised_ms[HOLDERS]; /* until when */
    uint64_t revived_ms; /* until when the last lease may run again, since a restart cannot know better */
};

static void check_step(struct model *m, const struct epoch_call *c, const struct epoch_answer *a,
                       uint64_t now)
{
    uint8_t who = (uint8_t) (c->holder[0] - 1);
    assert_true(a->epoch >= m->epoch); /* monotone */
    assert_int_equal(a->epoch - m->epoch, c->op == EPOCH_ADVANCE && a->status == EPOCH_OK);
    if (a->epoch != m->epoch)
        assert_true(c->expected == m->epoch); /* compare and set */
    m->epoch = a->epoch;
    if (a->status == EPOCH_OK) /* then nobody else was promised anything now */
        for (uint8_t i = 0; i < HOLDERS; i++)
            assert_true(i == who || m->promised_ms[i] <= now);
    if (c->op != EPOCH_ACQUIRE && m->promised_ms[who] <= now && m->revived_ms <= now)
        assert_int_equal(a->status, EPOCH_NOT_HOLDER);
    if (a->status == EPOCH_HELD) { /* for a reason, and it tells how long to wait */
        uint64_t until = 0;
        for (uint8_t i = 0; i < HOLDERS; i++)
            until = i != who && m->promised_ms[i] > until ? m->promised_ms[i] : until;
        assert_true((until > now || m->revived_ms > now) && now + 1000ull * a->left_s >= until);
    }
    if (a->status == EPOCH_OK && a->left_s > 0)
        m->promised_ms[who] = c->ttl_s > 0 ? now + 1000ull * c->ttl_s : m->promised_ms[who];
    if (a->status == EPOCH_OK && c->op == EPOCH_RELEASE)
        m->promised_ms[who] = now;
}

/* Calls of four boots, and restarts that keep what is durable and lose the clock. */
static void test_random(void **state)
{
    struct epoch_state s = {0};
    struct epoch_state disk = {0};
    struct model m = {0};
    uint64_t now = 1;
    unsigned seen[EPOCH_FULL + 1] = {0};
    (void) state;
    for (int i = 0; i < 300000; i++) {
        struct epoch_call c =
            call_of((enum epoch_op)(1 + random_below(4)), (uint8_t) (1 + random_below(HOLDERS)), 0);
        struct epoch_answer a;
        struct epoch_state next;
        now += random_below(8) == 0 ? random_below(40000) : random_below(2000);
        if (c.ttl_s != 0)
            c.ttl_s = (uint32_t) (EPOCH_TTL_MIN_S + random_below(30));
        if (c.op == EPOCH_ADVANCE)
            c.expected = m.epoch + (random_below(4) == 0 ? random_below(3) - 1 : 0);
        epoch_apply(&s, &c, now, &next, &a);
        check_step(&m, &c, &a, now);
        seen[a.status]++;
        if (epoch_durable(&s, &next))
            disk = next;
        s = next;
        if (random_below(50) == 0) {
            s = disk;
            s.until_ms = 0; /* not on disk */
            epoch_restart(&s, now);
            m.revived_ms = s.until_ms;
            assert_true(s.epoch == m.epoch);
        }
    }
    for (int i = EPOCH_OK; i <= EPOCH_SKEW; i++)
        assert_true(seen[i] > 1000);
}

/* --- bytes ------------------------------------------------------------------------------------------ */

static void check_call_vector(const char *hex)
{
    uint8_t bytes[EPOCH_CALL_MAX + 1] = {0};
    uint8_t again[EPOCH_CALL_MAX];
    struct writer w = writer_of(again, sizeof(again));
    struct epoch_call c = {.ttl_s = 3};
    size_t len = strlen(hex) / 2;
    assert_int_equal(hex_decode(span_str(hex), bytes, len, &err), 0);
    for (size_t n = 0; n <= sizeof(bytes); n++)
        if (n != len) {
            assert_int_equal(epoch_call_decode(span_of(bytes, n), &c, &err), -1);
            assert_int_equal(err.code, ERR_FORMAT);
            assert_int_equal(c.ttl_s, 3);
        }
    assert_int_equal(epoch_call_decode(span_of(bytes, len), &c, &err), 0);
    assert_int_equal(epoch_call_encode(&c, &w, &err), 0);
    assert_true(span_eq(writer_span(&w), span_of(bytes, len)));
    struct writer small = writer_of(again, len - 1);
    assert_int_equal(epoch_call_encode(&c, &small, &err), -1);
    assert_int_equal(err.code, ERR_LIMIT);
}

static void check_answer_vector(const char *hex)
{
    uint8_t bytes[EPOCH_ANSWER_SIZE + 1] = {0};
    uint8_t again[EPOCH_ANSWER_SIZE];
    struct writer w = writer_of(again, sizeof(again));
    struct epoch_answer a = {.left_s = 3};
    assert_int_equal(strlen(hex), 2 * EPOCH_ANSWER_SIZE);
    assert_int_equal(hex_decode(span_str(hex), bytes, EPOCH_ANSWER_SIZE, &err), 0);
    for (size_t n = 0; n <= sizeof(bytes); n++)
        if (n != EPOCH_ANSWER_SIZE)
            assert_int_equal(epoch_answer_decode(span_of(bytes, n), &a, &err), -1);
    assert_int_equal(a.left_s, 3);
    assert_int_equal(epoch_answer_decode(span_of(bytes, EPOCH_ANSWER_SIZE), &a, &err), 0);
    assert_int_equal(epoch_answer_encode(&a, &w, &err), 0);
    assert_memory_equal(again, bytes, sizeof(again));
}

/* Lines: call|answer|bad-call|bad-answer, what it is, hex. */
static void test_vectors(void **state)
{
    char line[512];
    unsigned seen = 0;
    FILE *f = fopen(VECTORS, "r");
    (void) state;
    assert_non_null(f);
    for (; fgets(line, sizeof(line), f) != NULL; seen++) {
        char *save = NULL;
        const char *kind = strtok_r(line, " \n", &save);
        const char *what = strtok_r(NULL, " \n", &save);
        const char *hex = strtok_r(NULL, " \n", &save);
        uint8_t bytes[128];
        struct epoch_call c;
        struct epoch_answer a;
        int rc;
        if (strcmp(kind, "call") == 0) {
            check_call_vector(hex);
            continue;
        }
        if (strcmp(kind, "answer") == 0) {
            check_answer_vector(hex);
            continue;
        }
        assert_int_equal(hex_decode(span_str(hex), bytes, strlen(hex) / 2, &err), 0);
        if (strcmp(kind, "bad-call") == 0)
            rc = epoch_call_decode(span_of(bytes, strlen(hex) / 2), &c, &err);
        else
            rc = epoch_answer_decode(span_of(bytes, strlen(hex) / 2), &a, &err);
        if (rc != -1 || err.code != ERR_FORMAT)
            fail_msg("%s %s: %d", kind, what, rc);
    }
    (void) fclose(f);
    assert_int_equal(seen, 31);
}

static void test_names(void **state)
{
    (void) state;
    assert_string_equal(epoch_op_name(EPOCH_ACQUIRE), "acquire");
    assert_string_equal(epoch_op_name(EPOCH_RELEASE), "release");
    assert_string_equal(epoch_op_name((enum epoch_op) 0), "unknown");
    assert_string_equal(epoch_op_name((enum epoch_op) 5), "unknown");
    assert_string_equal(epoch_status_name(EPOCH_FULL), "full");
    assert_string_equal(epoch_status_name((enum epoch_status) 7), "unknown");
    assert_true(epoch_name_ok(span_str("a-0")));
    assert_false(epoch_name_ok(span_str("")));
    assert_false(epoch_name_ok(span_str("A")));
    assert_false(epoch_name_ok(span_str("a/b")));
    assert_false(epoch_name_ok(span_str("123456789012345678901234567890123")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_story),   cmocka_unit_test(test_ends),   cmocka_unit_test(test_restart),
        cmocka_unit_test(test_durable), cmocka_unit_test(test_random), cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
