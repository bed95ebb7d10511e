/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bzimage: QEMU's changes to a setup header, field by field, and headers that are none. */
#include "bzimage.h"
#include "pe_image.h"
#include "registers_test.h"

#define KERNEL "tests/vectors/pe/kernel.bin"

static void patch(const char *cmdline, uint64_t initrd, uint64_t memory, uint8_t head[BZIMAGE_HEAD])
{
    size_t len;
    char *data = test_slurp(KERNEL, &len);
    struct bzimage_boot boot = {span_str(cmdline), initrd, memory};
    struct bzimage b;
    struct err err;

    assert_int_equal(bzimage_parse(span_of(data, len), &b, &err), 0);
    if (bzimage_patch(span_of(data, len), &b, &boot, head, &err) < 0)
        fail_msg("%s", err.text);
    free(data);
}

static uint64_t field(const uint8_t *head, size_t at, size_t size)
{
    uint64_t v = 0;

    for (size_t i = size; i > 0; i--)
        v = v << 8 | head[at + i - 1];
    return v;
}

static void test_fields(void **state)
{
    uint8_t head[BZIMAGE_HEAD];

    (void) state;
    patch("", 0, 2ull << 30, head);
    assert_int_equal(head[0x210], 0xb0);
    assert_int_equal(head[0x211], 0x81);
    assert_int_equal(field(head, 0x224, 2), 0xfe00);
    assert_int_equal(field(head, 0x228, 4), 0x20000);
    assert_int_equal(field(head, 0x218, 8), 0);
    assert_int_equal(field(head, 0x1fa, 2), 0xffff);
    patch("", 15566160, 2ull << 30, head);
    assert_int_equal(field(head, 0x218, 4), (0x80000000 - 0x28000 - 1 - 15566160) & ~4095u);
    assert_int_equal(field(head, 0x21c, 4), 15566160);
}

/* The initrd's address depends on the memory below 2.75 GiB only. */
static void test_memory(void **state)
{
    static const struct {
        uint64_t memory;
        uint32_t low;
    } rows[] = {
        {0x40000000,  0x40000000},
        {0xafffffff,  0xafffffff},
        {0xb0000000,  0x80000000},
        {64ull << 30, 0x80000000},
    };
    uint8_t head[BZIMAGE_HEAD];

    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        patch("", 5000, rows[i].memory, head);
        assert_int_equal(field(head, 0x218, 4), (rows[i].low - 0x28000 - 1 - 5000) & ~4095u);
    }
}

static void test_vga(void **state)
{
    static const struct {
        const char *cmdline;
        uint16_t mode;
    } rows[] = {
        {"vga=normal",       0xffff},
        {"a vga=extended b", 0xfffe},
        {"vga=ask",          0xfffd},
        {"vga=0x305 quiet",  0x305 },
        {"vga=0X1aF",        0x1af },
        {"vga=791",          791   },
        {"vga=017",          15    },
        {"vga=0",            0     },
        {"xvga=3 vga=4",     3     },
        {"vga",              0xffff},
    };
    static const char *const bad[] = {"vga=",   "vga= 1",   "vga=x",  "vga=0x",
                                      "vga=08", "vga=0x1:", "vga=1-", "vga=4294967296"};
    size_t len;
    char *data = test_slurp(KERNEL, &len);
    uint8_t head[BZIMAGE_HEAD];
    struct bzimage b;
    struct err err;

    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        patch(rows[i].cmdline, 0, 2ull << 30, head);
        if (field(head, 0x1fa, 2) != rows[i].mode)
            fail_msg("%s: 0x%x", rows[i].cmdline, (unsigned) field(head, 0x1fa, 2));
    }
    assert_int_equal(bzimage_parse(span_of(data, len), &b, &err), 0);
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct bzimage_boot boot = {span_str(bad[i]), 0, 2ull << 30};

        if (bzimage_patch(span_of(data, len), &b, &boot, head, &err) == 0)
            fail_msg("%s: accepted", bad[i]);
        test_check_err(&err, ERR_FORMAT, "vga=", bad[i]);
    }
    free(data);
}

static void test_digest(void **state)
{
    uint8_t head[BZIMAGE_HEAD], digest[SHA384_SIZE];
    size_t len;
    char *data = test_slurp(KERNEL, &len);
    struct pe_image pe;
    struct err err;

    (void) state;
    patch("a vga=0x305 b", 6, 2ull << 30, head);
    assert_int_equal(pe_image_parse(span_of(data, len), &pe, &err), 0);
    assert_int_equal(pe_image_digest(&pe, span_of(head, sizeof head), HASH_SHA384, digest, &err), 0);
    test_check_hex(
        digest, 48,
        "fbad5e2d1b68f23b6c50c6428b0ed8bad7906606e3e671ba55023c9d0c52154559da63a8fdefab20dc992b82f172ae77",
        "patched kernel");
    free(data);
}

static void test_limits(void **state)
{
    static const struct {
        uint64_t initrd;
        uint64_t memory;
        const char *text;
    } rows[] = {
        {BZIMAGE_INITRD_MAX + 1, 64ull << 30, "at most"   },
        {0x80000000 - 0x28000,   64ull << 30, "do not fit"},
        {1,                      0x28000,     "too few"   },
        {1 << 20,                1 << 20,     "do not fit"},
    };
    size_t len;
    char *data = test_slurp(KERNEL, &len);
    uint8_t head[BZIMAGE_HEAD];
    struct bzimage b;
    struct err err;

    (void) state;
    assert_int_equal(bzimage_parse(span_of(data, len), &b, &err), 0);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct bzimage_boot boot = {span_str(""), rows[i].initrd, rows[i].memory};

        assert_int_equal(bzimage_patch(span_of(data, len), &b, &boot, head, &err), -1);
        test_check_err(&err, ERR_LIMIT, rows[i].text, rows[i].text);
    }
    free(data);
}

/* Without XLF_CAN_BE_LOADED_ABOVE_4G the header's own limit counts. */
static void test_own_limit(void **state)
{
    size_t len;
    char *data = test_slurp(KERNEL, &len);
    struct bzimage_boot boot = {span_str(""), 4096, 2ull << 30};
    uint8_t head[BZIMAGE_HEAD];
    struct bzimage b;
    struct err err;

    (void) state;
    test_put(data, 0x22c, 4, 0x37ffffff);
    test_put(data, 0x236, 2, 0x3d);
    assert_int_equal(bzimage_parse(span_of(data, len), &b, &err), 0);
    assert_int_equal(bzimage_patch(span_of(data, len), &b, &boot, head, &err), 0);
    assert_int_equal(field(head, 0x218, 4), 0x37ffe000);
    test_put(data, 0x236, 2, 0x3f);
    test_put(data, 0x206, 2, 0x20b); /* a protocol that has no such flags */
    assert_int_equal(bzimage_parse(span_of(data, len), &b, &err), 0);
    assert_int_equal(b.xloadflags, 0);
    free(data);
}

static void test_bad(void **state)
{
    static const struct {
        const char *label;
        size_t at;
        size_t size;
        uint64_t value;
        const char *text;
    } rows[] = {
        {"boot flag",     0x1fe, 2, 0xaa56, "no bzImage"            },
        {"magic",         0x202, 1, 'h',    "no bzImage"            },
        {"protocol 2.09", 0x206, 2, 0x209,  "boot protocol at 0x206"},
        {"low kernel",    0x211, 1, 0x80,   "not loaded high"       },
        {"255 sectors",   0x1f1, 1, 255,    "setup sectors at 0x1f1"},
    };
    size_t len;
    char *data = test_slurp(KERNEL, &len);
    struct bzimage b;
    struct err err;

    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char *copy = test_slurp(KERNEL, &len);

        test_put(copy, rows[i].at, rows[i].size, rows[i].value);
        assert_int_equal(bzimage_parse(span_of(copy, len), &b, &err), -1);
        test_check_err(&err, ERR_FORMAT, rows[i].text, rows[i].label);
        free(copy);
    }
    for (size_t cut = 0; cut <= 2048; cut++)
        assert_int_equal(bzimage_parse(span_of(data, cut), &b, &err), -1);
    assert_int_equal(bzimage_parse(span_of(data, 2049), &b, &err), 0);
    free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields), cmocka_unit_test(test_memory), cmocka_unit_test(test_vga),
        cmocka_unit_test(test_digest), cmocka_unit_test(test_limits), cmocka_unit_test(test_own_limit),
        cmocka_unit_test(test_bad),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
