/* SPDX-License-Identifier: GPL-2.0-or-later */
/* epoch_table: the table and its bytes, against files that another program made (tests/vectors/epochs), and
 * every single bit of one of them changed. */
#include "epoch_table.h"

#include "hex.h"
#include "parser_test.h"

#define VECTORS "tests/vectors/epochs/tables.txt"

static struct err err;
static struct epoch_table table;
static struct epoch_table other;
static uint8_t bytes[EPOCH_TABLE_BYTES_MAX + 1];
static uint8_t again[EPOCH_TABLE_BYTES_MAX];
static struct secret key;

static int setup(void **state)
{
    (void) state;
    memset(&table, 0, sizeof(table));
    memset(&other, 0, sizeof(other));
    key = (struct secret){
        .len = 32, .bytes = {1, 2, 3}
    };
    return 0;
}

static struct epoch_counter *add(const char *id, const char *name)
{
    size_t at;
    if (epoch_table_find(&table, span_str(id), span_str(name), &at) != NULL)
        fail_msg("%s/%s is there", id, name);
    return epoch_table_add(&table, span_str(id), span_str(name), at);
}

static struct epoch_counter *find(const char *id, const char *name)
{
    size_t at;
    return epoch_table_find(&table, span_str(id), span_str(name), &at);
}

static void test_find(void **state)
{
    static const char *const rows[][2] = {
        {"b",  "b" },
        {"b",  "a" },
        {"a",  "b" },
        {"ab", "b" },
        {"b",  "aa"},
        {"bb", "a" },
        {"a",  "bb"},
    };
    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++)
        add(rows[i][0], rows[i][1])->state.epoch = i + 1;
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_true(find(rows[i][0], rows[i][1])->state.epoch == i + 1);
    assert_null(find("a", "a"));
    assert_null(find("", "abb")); /* a/bb, ab/b: no run of bytes is taken for another pair */
    assert_null(find("abb", "b"));
    size_t at;
    assert_non_null(epoch_table_find(&table, span_str("b"), span_str("a"), &at));
    epoch_table_remove(&table, at);
    assert_null(find("b", "a"));
    assert_int_equal(table.count, COUNT(rows) - 1);
    assert_true(find("b", "aa")->state.epoch == 5);
    /* Its order is its bytes' order: what it writes, it reads. */
    struct writer w = writer_of(bytes, sizeof(bytes));
    assert_int_equal(epoch_table_encode(&table, &key, &w, &err), 0);
    assert_int_equal(epoch_table_decode(writer_span(&w), &key, &other, &err), 0);
    assert_int_equal(other.count, table.count);
}

static void test_limits(void **state)
{
    char name[64];
    (void) state;
    for (int id = 0; id < EPOCH_COUNTERS_MAX / EPOCH_COUNTERS_PER_ID_MAX; id++) {
        char id_name[EPOCH_ID_MAX + 1] = "";
        memset(id_name, 'A' + id, EPOCH_ID_MAX);
        for (int i = 0; i <= EPOCH_COUNTERS_PER_ID_MAX; i++) {
            (void) snprintf(name, sizeof(name), "volume-of-a-long-and-full-name%02d", i);
            struct epoch_counter *c = add(id_name, name);
            assert_int_equal(c != NULL, i < EPOCH_COUNTERS_PER_ID_MAX);
            if (c != NULL)
                c->state = (struct epoch_state){.epoch = EPOCH_MAX, .holder = {1}, .ttl_s = 900};
        }
    }
    assert_int_equal(table.count, EPOCH_COUNTERS_MAX);
    assert_null(add("one-more", "v"));
    assert_int_equal(epoch_table_size(&table), EPOCH_TABLE_BYTES_MAX);
    struct writer w = writer_of(bytes, EPOCH_TABLE_BYTES_MAX - 1);
    assert_int_equal(epoch_table_encode(&table, &key, &w, &err), -1);
    assert_int_equal(err.code, ERR_LIMIT);
    w = writer_of(bytes, EPOCH_TABLE_BYTES_MAX);
    assert_int_equal(epoch_table_encode(&table, &key, &w, &err), 0);
    assert_int_equal(epoch_table_decode(writer_span(&w), &key, &other, &err), 0);
    assert_int_equal(other.count, EPOCH_COUNTERS_MAX);
    assert_int_equal(epoch_table_decode(span_of(bytes, sizeof(bytes)), &key, &other, &err), -1);
}

static void check_good(struct span file, const struct secret *k)
{
    struct writer w = writer_of(again, sizeof(again));
    assert_int_equal(epoch_table_size(&table), file.len);
    assert_int_equal(epoch_table_encode(&table, k, &w, &err), 0);
    assert_true(span_eq(writer_span(&w), file));
    for (size_t n = 0; n < file.len; n++)
        assert_int_equal(epoch_table_decode(span_of(file.data, n), k, &other, &err), -1);
}

static void check_bits(size_t len, const struct secret *k)
{
    for (size_t bit = 0; bit < 8 * len; bit++) {
        bytes[bit / 8] ^= (uint8_t) (1u << bit % 8);
        assert_int_equal(epoch_table_decode(span_of(bytes, len), k, &other, &err), -1);
        assert_true(err.code == ERR_FORMAT || err.code == ERR_DENIED);
        bytes[bit / 8] ^= (uint8_t) (1u << bit % 8);
    }
}

static void check_file(const char *what, const char *seed_hex, const char *salt_hex, const char *hex)
{
    struct mesh_secret_seed seed = {.seed.len = MESH_SECRET_SEED_SIZE, .salt.len = MESH_SECRET_SALT_SIZE};
    AUTO_SECRET k = {0};
    size_t len = strlen(hex) / 2;
    bool good = strncmp(what, "good", 4) == 0;
    assert_int_equal(hex_decode(span_str(seed_hex), seed.seed.bytes, seed.seed.len, &err), 0);
    assert_int_equal(hex_decode(span_str(salt_hex), seed.salt.bytes, seed.salt.len, &err), 0);
    assert_int_equal(hex_decode(span_str(hex), bytes, len, &err), 0);
    assert_int_equal(mesh_secret_epochs(&seed, &k, &err), 0);
    int rc = epoch_table_decode(span_of(bytes, len), &k, &table, &err);
    if (rc != (good ? 0 : -1))
        fail_msg("%s: %d %s", what, rc, err.text);
    if (good)
        check_good(span_of(bytes, len), &k);
    if (strcmp(what, "good") == 0) {
        assert_true(find("apps/web", "data")->state.epoch == 42);
        assert_int_equal(find("apps/web", "data")->state.ttl_s, 900);
        assert_true(find("apps/web-2", "a")->state.epoch == EPOCH_MAX);
        assert_int_equal(table.sequence, 7);
        check_bits(len, &k);
    }
    if (strcmp(what, "other-seed") == 0)
        assert_int_equal(err.code, ERR_DENIED);
}

static void test_files(void **state)
{
    static char line[65536];
    unsigned seen = 0;
    FILE *f = fopen(VECTORS, "r");
    (void) state;
    assert_non_null(f);
    for (; fgets(line, sizeof(line), f) != NULL; seen++) {
        char *save = NULL;
        const char *what = strtok_r(line, " \n", &save);
        const char *seed = strtok_r(NULL, " \n", &save);
        const char *salt = strtok_r(NULL, " \n", &save);
        check_file(what, seed, salt, strtok_r(NULL, " \n", &save));
    }
    (void) fclose(f);
    assert_int_equal(seen, 18);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_find, setup),
        cmocka_unit_test_setup(test_limits, setup),
        cmocka_unit_test_setup(test_files, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
