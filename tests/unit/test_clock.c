/* SPDX-License-Identifier: GPL-2.0-or-later */
/* clock: the host's time, but never before the floor, which moves on with the monotonic clock. */
#include "clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define FLOOR 1767225600

static void test_now(void **state)
{
    static const struct {
        int64_t host_s;
        uint64_t now_ms;
        int64_t expected;
    } rows[] = {
        {0,             5000,                   FLOOR        }, /* the year 1970 */
        {FLOOR - 1,     5000,                   FLOOR        },
        {FLOOR + 1,     5000,                   FLOOR + 1    },
        {4102444800,    5000,                   4102444800   }, /* the year 2100: it may be late */
        {0,             5999,                   FLOOR        },
        {0,             6000,                   FLOOR + 1    }, /* it moves while the host's stands still */
        {FLOOR + 86399, 5000 + 86400ull * 1000, FLOOR + 86400},
        {0,             0,                      FLOOR        }, /* before it was set: never backwards */
    };
    const struct clock c = {.floor_s = FLOOR, .at_ms = 5000};
    (void) state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(clock_now_s(&c, rows[i].host_s, rows[i].now_ms), rows[i].expected);
}

static void test_raise(void **state)
{
    struct clock c = {.floor_s = FLOOR, .at_ms = 0};
    (void) state;
    clock_raise(&c, FLOOR - 1, 1000); /* earlier: nothing changes */
    assert_int_equal(clock_floor_s(&c, 1000), FLOOR + 1);
    clock_raise(&c, FLOOR + 1, 1000);
    assert_int_equal(c.floor_s, FLOOR);
    clock_raise(&c, FLOOR + 100, 2000);
    assert_int_equal(clock_floor_s(&c, 2000), FLOOR + 100);
    assert_int_equal(clock_floor_s(&c, 3500), FLOOR + 101);
    assert_int_equal(clock_told_s(&c), FLOOR + 100); /* at any time */
    clock_raise(&c, FLOOR + 101,
                3600); /* of a clock that is slower than ours: it is no earlier than it said */
    assert_int_equal(clock_told_s(&c), FLOOR + 100);
    clock_raise(&c, 0, 4000); /* Contrast's dialect tells no time */
    assert_int_equal(clock_floor_s(&c, 4000), FLOOR + 102);
    assert_int_equal(clock_now_s(&c, FLOOR + 50, 4000), FLOOR + 102);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_now),
        cmocka_unit_test(test_raise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
