/* SPDX-License-Identifier: GPL-2.0-or-later */
/* backoff: pauses and the deadline. */
#include "backoff.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void test_pauses(void **state)
{
    static const uint64_t expected[] = {100, 200, 400, 800, 1000, 1000, 1000};
    struct backoff b = backoff_of(5000, 1000000, 100, 1000);
    uint64_t now = 5000;
    (void) state;
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
        uint64_t pause = 0;
        (void) backoff_attempt(&b, now);
        assert_true(backoff_pause(&b, now, &pause));
        assert_int_equal(pause, expected[i]);
        now += pause;
    }
    assert_int_equal(b.tries, 7);
}

static void test_deadline(void **state)
{
    struct backoff b = backoff_of(1000, 500, 100, 100);
    uint64_t pause = 77;
    (void) state;
    assert_int_equal(backoff_attempt(&b, 1000), 1500); /* no attempt outlives the deadline */
    assert_true(backoff_pause(&b, 1399, &pause));
    assert_int_equal(pause, 100);
    pause = 77;
    assert_false(backoff_pause(&b, 1400, &pause)); /* the pause would last until the deadline */
    assert_false(backoff_pause(&b, 1500, &pause));
    assert_false(backoff_pause(&b, 999999, &pause));
    assert_int_equal(pause, 77);
}

static void test_attempt_is_bounded(void **state)
{
    struct backoff b = backoff_of(0, 3600000, 1, 1);
    (void) state;
    assert_int_equal(backoff_attempt(&b, 10), 10 + BACKOFF_ATTEMPT_MAX_MS);
}

static void test_smallest(void **state)
{
    struct backoff b = backoff_of(0, 1000, 1, 3);
    uint64_t pause = 0;
    (void) state;
    static const uint64_t expected[] = {1, 3, 3};
    for (size_t i = 0; i < 3; i++) {
        assert_true(backoff_pause(&b, 0, &pause));
        assert_int_equal(pause, expected[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pauses),
        cmocka_unit_test(test_deadline),
        cmocka_unit_test(test_attempt_is_bounded),
        cmocka_unit_test(test_smallest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
