/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Volume epochs: calls, answers and tables. What decodes is canonical; a table's content is sealed here,
 * since no fuzzer finds a MAC, and then taken apart; and what a run of calls does to a counter never takes
 * its epoch back. The first byte says what the rest is. */
#include "epoch_table.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_call(struct span bytes)
{
    uint8_t again[EPOCH_CALL_MAX];
    struct writer w = writer_of(again, sizeof(again));
    struct epoch_call c = {.ttl_s = 77};
    struct err err = {0};

    if (epoch_call_decode(bytes, &c, &err) < 0) {
        assert(c.ttl_s == 77 && err.code == ERR_FORMAT);
        return;
    }
    assert(epoch_name_ok(c.volume));
    assert(epoch_call_encode(&c, &w, &err) == 0 && span_eq(writer_span(&w), bytes));
}

static void check_answer(struct span bytes)
{
    uint8_t again[EPOCH_ANSWER_SIZE];
    struct writer w = writer_of(again, sizeof(again));
    struct epoch_answer a = {.left_s = 77};
    struct err err = {0};

    if (epoch_answer_decode(bytes, &a, &err) < 0) {
        assert(a.left_s == 77 && err.code == ERR_FORMAT);
        return;
    }
    assert(epoch_answer_encode(&a, &w, &err) == 0 && span_eq(writer_span(&w), bytes));
}

static void check_table(struct span content)
{
    static uint8_t bytes[EPOCH_TABLE_BYTES_MAX];
    static uint8_t again[EPOCH_TABLE_BYTES_MAX];
    static struct epoch_table table;
    const struct secret key = {.len = 32, .bytes = {1}};
    struct err err = {0};
    struct writer w = writer_of(bytes, sizeof(bytes));
    uint8_t seal[SHA256_SIZE];

    assert(epoch_table_decode(content, &key, &table, &err) < 0); /* no MAC is found by chance */
    writer_bytes(&w, content);
    assert(hash_bytes(HASH_SHA256, writer_span(&w), seal, &err) == 0);
    writer_bytes(&w, span_of(seal, sizeof(seal)));
    assert(hash_hmac(HASH_SHA256, secret_span(&key), writer_span(&w), seal, &err) == 0);
    writer_bytes(&w, span_of(seal, sizeof(seal)));
    if (w.bad || epoch_table_decode(writer_span(&w), &key, &table, &err) < 0)
        return;
    struct writer out = writer_of(again, sizeof(again));
    assert(epoch_table_encode(&table, &key, &out, &err) == 0 && span_eq(writer_span(&out), writer_span(&w)));
    for (size_t i = 0; i < table.count; i++) {
        const struct epoch_counter *c = &table.counters[i];
        size_t at;
        assert(epoch_table_find(&table, span_of(c->id, c->id_len), span_of(c->name, c->name_len), &at) == c);
        assert(at == i);
    }
}

/* Four bytes a call: operation, holder, seconds that passed, what is expected. */
static void check_story(struct span bytes)
{
    struct reader r = reader_of(bytes);
    struct epoch_state s = {.epoch = UINT64_MAX - 20};
    uint64_t now_ms = 0;

    while (reader_left(&r) >= 4) {
        struct epoch_call c = {.op = (enum epoch_op)(EPOCH_ACQUIRE + reader_u8(&r) % 4)};
        struct epoch_answer a;
        struct epoch_state to;
        c.holder[0] = (uint8_t) (1 + reader_u8(&r) % 3);
        now_ms += 1000ull * reader_u8(&r);
        c.expected = s.epoch - reader_u8(&r) % 2;
        c.ttl_s = 60;
        epoch_apply(&s, &c, now_ms, &to, &a);
        assert(to.epoch >= s.epoch && to.epoch - s.epoch <= 1 && a.epoch == to.epoch);
        assert(to.epoch == s.epoch || (c.op == EPOCH_ADVANCE && c.holder[0] == s.holder[0]));
        assert(a.status == EPOCH_OK || memcmp(&to, &s, sizeof(s)) == 0);
        s = to;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    const struct span rest = span_of(data + 1, size - 1);
    void (*const checks[])(struct span) = {check_call, check_answer, check_table, check_story};
    checks[data[0] % 4](rest);
    return 0;
}
