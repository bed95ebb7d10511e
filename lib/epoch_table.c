/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "epoch_table.h"

#include <string.h>

static const char magic[8] = {'N', 'C', 'E', 'P', 'O', 'C', 'H', '1'};

#define COUNTER_FIXED                                                                                        \
    ((size_t) 2 + 1 + 8 + 4 + EPOCH_HOLDER_SIZE) /* bytes of a counter but for its id and name */

/* --- the table -------------------------------------------------------------------------------------- */

static int compare_bytes(struct span a, struct span b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    int order = len == 0 ? 0 : memcmp(a.data, b.data, len);
    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

static int compare(const struct epoch_counter *c, struct span id, struct span name)
{
    int order = compare_bytes(span_of(c->id, c->id_len), id);
    return order != 0 ? order : compare_bytes(span_of(c->name, c->name_len), name);
}

struct epoch_counter *epoch_table_find(struct epoch_table *t, struct span id, struct span name, size_t *at)
{
    size_t low = 0;
    size_t high = t->count;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int order = compare(&t->counters[mid], id, name);
        if (order == 0) {
            *at = mid;
            return &t->counters[mid];
        }
        if (order < 0)
            low = mid + 1;
        else
            high = mid;
    }
    *at = low;
    return NULL;
}

static size_t count_of_id(const struct epoch_table *t, struct span id)
{
    size_t n = 0;
    for (size_t i = 0; i < t->count; i++)
        n += span_eq(span_of(t->counters[i].id, t->counters[i].id_len), id);
    return n;
}

struct epoch_counter *epoch_table_add(struct epoch_table *t, struct span id, struct span name, size_t at)
{
    if (t->count == EPOCH_COUNTERS_MAX || count_of_id(t, id) >= EPOCH_COUNTERS_PER_ID_MAX)
        return NULL;
    struct epoch_counter *c = &t->counters[at];
    memmove(c + 1, c, (t->count - at) * sizeof(*c));
    *c = (struct epoch_counter){.id_len = (uint16_t) id.len, .name_len = (uint8_t) name.len};
    memcpy(c->id, id.data, id.len);
    memcpy(c->name, name.data, name.len);
    t->count++;
    return c;
}

void epoch_table_remove(struct epoch_table *t, size_t at)
{
    t->count--;
    memmove(&t->counters[at], &t->counters[at + 1], (t->count - at) * sizeof(t->counters[0]));
}

/* --- to bytes --------------------------------------------------------------------------------------- */

size_t epoch_table_size(const struct epoch_table *t)
{
    size_t size = EPOCH_TABLE_OVERHEAD;
    for (size_t i = 0; i < t->count; i++)
        size += COUNTER_FIXED + t->counters[i].id_len + t->counters[i].name_len;
    return size;
}

static void put_counter(struct writer *w, const struct epoch_counter *c)
{
    writer_be16(w, c->id_len);
    writer_bytes(w, span_of(c->id, c->id_len));
    writer_u8(w, c->name_len);
    writer_bytes(w, span_of(c->name, c->name_len));
    writer_be64(w, c->state.epoch);
    writer_be32(w, c->state.ttl_s);
    writer_bytes(w, span_of(c->state.holder, EPOCH_HOLDER_SIZE));
}

/* The checksum of what is in w, then the MAC of both. */
static int put_seal(struct writer *w, const struct secret *key, struct err *err)
{
    uint8_t sum[SHA256_SIZE];
    uint8_t mac[SHA256_SIZE];
    if (hash_bytes(HASH_SHA256, writer_span(w), sum, err) < 0)
        return -1;
    writer_bytes(w, span_of(sum, sizeof(sum)));
    if (hash_hmac(HASH_SHA256, secret_span(key), writer_span(w), mac, err) < 0)
        return -1;
    writer_bytes(w, span_of(mac, sizeof(mac)));
    return 0;
}

int epoch_table_encode(const struct epoch_table *t, const struct secret *key, struct writer *w,
                       struct err *err)
{
    if (w->cap - w->len < epoch_table_size(t))
        return err_set(err, ERR_LIMIT, 0, "epochs: no room for %zu counters", t->count);
    struct writer own = writer_of(w->buf + w->len, epoch_table_size(t));
    writer_bytes(&own, span_of(magic, sizeof(magic)));
    writer_be64(&own, t->sequence);
    writer_be32(&own, (uint32_t) t->count);
    for (size_t i = 0; i < t->count; i++)
        put_counter(&own, &t->counters[i]);
    if (put_seal(&own, key, err) < 0)
        return -1;
    w->len += own.len;
    return 0;
}

/* --- from bytes ------------------------------------------------------------------------------------- */

static int check_seal(struct span bytes, const struct secret *key, struct err *err)
{
    uint8_t sum[SHA256_SIZE];
    uint8_t mac[SHA256_SIZE];
    struct span content = span_sub(bytes, 0, bytes.len - 2 * SHA256_SIZE);
    struct span summed = span_sub(bytes, 0, bytes.len - SHA256_SIZE);
    if (hash_bytes(HASH_SHA256, content, sum, err) < 0 ||
        hash_hmac(HASH_SHA256, secret_span(key), summed, mac, err) < 0)
        return -1;
    if (!span_eq(span_sub(bytes, content.len, SHA256_SIZE), span_of(sum, sizeof(sum))))
        return err_set(err, ERR_FORMAT, 0, "epochs: damaged: the checksum does not match");
    if (!secret_eq(span_sub(bytes, summed.len, SHA256_SIZE), span_of(mac, sizeof(mac))))
        return err_set(err, ERR_DENIED, 0, "epochs: the MAC is not of this Coordinator's seed");
    return 0;
}

static int get_counter(struct reader *r, struct epoch_table *t, size_t n, struct err *err)
{
    uint16_t id_len = reader_be16(r);
    struct span id = reader_bytes(r, id_len);
    struct span name = reader_bytes(r, reader_u8(r));
    struct epoch_state s = {.epoch = reader_be64(r), .ttl_s = reader_be32(r)};
    size_t at;
    reader_copy(r, s.holder, sizeof(s.holder));
    if (r->bad)
        return err_set(err, ERR_FORMAT, 0, "epochs: cut in counter %zu", n);
    if (id_len == 0 || id_len > EPOCH_ID_MAX || !epoch_name_ok(name))
        return err_set(err, ERR_FORMAT, 0, "epochs: counter %zu has no right id and name", n);
    bool none = span_is_zero(span_of(s.holder, sizeof(s.holder)));
    if (none != (s.ttl_s == 0) || (!none && (s.ttl_s < EPOCH_TTL_MIN_S || s.ttl_s > EPOCH_TTL_MAX_S)))
        return err_set(err, ERR_FORMAT, 0, "epochs: counter %zu has half a lease", n);
    if (epoch_table_find(t, id, name, &at) != NULL || at != t->count)
        return err_set(err, ERR_FORMAT, 0, "epochs: counter %zu is not in its place", n);
    struct epoch_counter *c = epoch_table_add(t, id, name, at);
    if (c == NULL)
        return err_set(err, ERR_LIMIT, 0, "epochs: counter %zu is one too many for its id", n);
    c->state = s;
    return 0;
}

int epoch_table_decode(struct span bytes, const struct secret *key, struct epoch_table *t, struct err *err)
{
    if (bytes.len < EPOCH_TABLE_OVERHEAD || bytes.len > EPOCH_TABLE_BYTES_MAX)
        return err_set(err, ERR_FORMAT, 0, "epochs: %zu bytes, expected %d..%d", bytes.len,
                       EPOCH_TABLE_OVERHEAD, EPOCH_TABLE_BYTES_MAX);
    struct reader r = reader_of(span_sub(bytes, 0, bytes.len - 2 * SHA256_SIZE));
    if (!span_eq(reader_bytes(&r, sizeof(magic)), span_of(magic, sizeof(magic))))
        return err_set(err, ERR_FORMAT, 0, "epochs: does not start with NCEPOCH1");
    if (check_seal(bytes, key, err) < 0)
        return -1;
    t->sequence = reader_be64(&r);
    t->count = 0;
    uint32_t count = reader_be32(&r);
    if (count > EPOCH_COUNTERS_MAX)
        return err_set(err, ERR_LIMIT, 0, "epochs: %u counters, at most %d", count, EPOCH_COUNTERS_MAX);
    for (size_t n = 0; n < count; n++)
        if (get_counter(&r, t, n, err) < 0)
            return -1;
    if (!reader_done(&r))
        return err_set(err, ERR_FORMAT, 0, "epochs: %zu bytes behind the last counter", reader_left(&r));
    return 0;
}
