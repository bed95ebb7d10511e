/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "der_time.h"

#include <stdio.h>

#define DAY_S 86400

struct civil {
    int year, month, day, hour, minute, second;
};

static bool is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int days_in_month(int year, int month)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

/* Days from 1970-01-01 to January 1st of year; year is 1950 or later. */
static int64_t days_before_year(int year)
{
    int64_t y = year - 1;

    return 365 * y + y / 4 - y / 100 + y / 400 - 719162;
}

static int64_t to_unix(const struct civil *c)
{
    int64_t days = days_before_year(c->year) + c->day - 1;

    for (int m = 1; m < c->month; m++)
        days += days_in_month(c->year, m);
    return days * DAY_S + c->hour * 3600 + c->minute * 60 + c->second;
}

static struct civil from_unix(int64_t unix_s)
{
    struct civil c = {.year = 1950, .month = 1};
    int64_t days, rest;

    if (unix_s < DER_TIME_MIN)
        unix_s = DER_TIME_MIN;
    if (unix_s > DER_TIME_MAX)
        unix_s = DER_TIME_MAX;
    days = (unix_s - DER_TIME_MIN) / DAY_S + days_before_year(1950);
    rest = (unix_s - DER_TIME_MIN) % DAY_S;
    while (days >= days_before_year(c.year + 1))
        c.year++;
    days -= days_before_year(c.year);
    while (days >= days_in_month(c.year, c.month))
        days -= days_in_month(c.year, c.month++);
    c.day = (int) days + 1;
    c.hour = (int) (rest / 3600);
    c.minute = (int) (rest / 60 % 60);
    c.second = (int) (rest % 60);
    return c;
}

/* Two decimal digits, or -1000 so that any later range check fails. */
static int two_digits(struct reader *r)
{
    uint8_t tens = (uint8_t) (reader_u8(r) - '0');
    uint8_t ones = (uint8_t) (reader_u8(r) - '0');

    return tens > 9 || ones > 9 ? -1000 : tens * 10 + ones;
}

static bool civil_is_valid(const struct civil *c)
{
    return c->year >= 1950 && c->year <= 9999 && c->month >= 1 && c->month <= 12 && c->day >= 1 &&
           c->day <= days_in_month(c->year, c->month) && c->hour >= 0 && c->hour <= 23 && c->minute >= 0 &&
           c->minute <= 59 && c->second >= 0 && c->second <= 59;
}

int der_time_parse(struct span text, bool generalized, int64_t *unix_s, struct err *err)
{
    struct reader r = reader_of(text);
    struct civil c;
    int high = generalized ? two_digits(&r) : 0;
    int low = two_digits(&r);

    if (generalized)
        c.year = high * 100 + low;
    else
        c.year = low < 50 ? 2000 + low : 1900 + low;
    c.month = two_digits(&r);
    c.day = two_digits(&r);
    c.hour = two_digits(&r);
    c.minute = two_digits(&r);
    c.second = two_digits(&r);
    if (reader_u8(&r) != 'Z' || !reader_done(&r) || low < 0 || !civil_is_valid(&c))
        return err_set(err, ERR_FORMAT, 0, "time: expected %sYYMMDDhhmmssZ with a real date",
                       generalized ? "YY" : "");
    *unix_s = to_unix(&c);
    return 0;
}

bool der_time_is_generalized(int64_t unix_s)
{
    return unix_s >= INT64_C(2524608000); /* 2050-01-01T00:00:00Z */
}

void der_time_put(struct writer *w, int64_t unix_s)
{
    char text[64];
    struct civil c = from_unix(unix_s);
    int len;

    if (unix_s < DER_TIME_MIN || unix_s > DER_TIME_MAX) {
        w->bad = true;
        return;
    }
    len = snprintf(text, sizeof text, "%04d%02d%02d%02d%02d%02dZ", c.year, c.month, c.day, c.hour, c.minute,
                   c.second);
    if (len != 15)
        w->bad = true;
    else
        writer_str(w, text + (der_time_is_generalized(unix_s) ? 0 : 2));
}

void der_time_text(int64_t unix_s, char out[DER_TIME_TEXT_SIZE])
{
    char text[64];
    struct civil c = from_unix(unix_s);

    (void) snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02dZ", c.year, c.month, c.day, c.hour,
                    c.minute, c.second);
    (void) snprintf(out, DER_TIME_TEXT_SIZE, "%.20s", text);
}
