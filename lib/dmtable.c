/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dmtable.h"

#include "hex.h"
#include "luks2_header.h"
#include "secret.h"

#include <stdbool.h>
#include <string.h>

#define JOURNAL_WORD "journal_sectors:"
#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

struct words {
    struct span word[DMTABLE_WORDS_MAX];
    size_t count;
};

/* Words are parted by single spaces; the kernel ends some tables with one. */
static int words_split(struct span params, const char *target, struct words *words, struct err *err)
{
    struct words w = {.count = 0};
    size_t pos = 0;
    while (pos < params.len) {
        const uint8_t *space = memchr(params.data + pos, ' ', params.len - pos);
        size_t end = space == NULL ? params.len : (size_t) (space - params.data);
        if (w.count == DMTABLE_WORDS_MAX)
            return err_set(err, ERR_LIMIT, 0, "%s table: more than %d words", target, DMTABLE_WORDS_MAX);
        w.word[w.count++] = span_sub(params, pos, end - pos);
        pos = end + 1;
    }
    *words = w;
    return 0;
}

/* For words that hold no secret: quotes what was found, up to a sensible length. */
static int word_check(const struct words *w, size_t i, const char *expected, const char *target,
                      struct err *err)
{
    if (i >= w->count)
        return err_set(err, ERR_DENIED, 0, "%s table: word %zu: expected %s, found the end", target, i,
                       expected);
    if (!span_eq_str(w->word[i], expected))
        return err_set(err, ERR_DENIED, 0, "%s table: word %zu: expected %s, found %.*s", target, i, expected,
                       (int) (w->word[i].len < 40 ? w->word[i].len : 40), (const char *) w->word[i].data);
    return 0;
}

static int count_check(const struct words *w, size_t expected, const char *target, struct err *err)
{
    if (w->count != expected)
        return err_set(err, ERR_DENIED, 0, "%s table: expected %zu words, found %zu", target, expected,
                       w->count);
    return 0;
}

int dmtable_check_same(struct span params, struct span loaded, struct err *err)
{
    struct words live;
    struct words ours;
    if (words_split(params, "live", &live, err) < 0 || words_split(loaded, "loaded", &ours, err) < 0)
        return -1;
    for (size_t i = 0; i < ours.count && i < live.count; i++)
        if (!span_eq(live.word[i], ours.word[i]))
            return err_set(err, ERR_DENIED, 0, "live table: word %zu is not what was loaded", i);
    return count_check(&live, ours.count, "live", err);
}

static int key_check(struct span word, struct span key, struct err *err)
{
    char text[2 * SECRET_MAX + 1];
    if (hex_encode(key, text, sizeof text, err) < 0)
        return -1;
    bool same = secret_eq(word, span_of(text, 2 * key.len));
    secret_wipe_bytes(text, sizeof text);
    return same ? 0 : err_set(err, ERR_DENIED, 0, "crypt table: the key is not the volume's");
}

int dmtable_check_crypt(struct span params, const char *device, struct span key, struct err *err)
{
    /* NULL: the key */
    const char *const expected[] = {
        "capi:authenc(hmac(sha256),xts(aes))-plain64",
        NULL,
        "0",
        device,
        "0",
        "2",
        "integrity:32:aead",
        "sector_size:4096",
    };
    struct words w;
    if (words_split(params, "crypt", &w, err) < 0 || count_check(&w, COUNT(expected), "crypt", err) < 0)
        return -1;
    for (size_t i = 0; i < COUNT(expected); i++)
        if (expected[i] != NULL && word_check(&w, i, expected[i], "crypt", err) < 0)
            return -1;
    return key_check(w.word[1], key, err);
}

static bool number_read(struct span digits, uint64_t *number)
{
    uint64_t n = 0;
    if (digits.len == 0 || digits.len > 10 || (digits.len > 1 && digits.data[0] == '0'))
        return false;
    for (size_t i = 0; i < digits.len; i++) {
        if (digits.data[i] < '0' || digits.data[i] > '9')
            return false;
        n = n * 10 + (uint64_t) (digits.data[i] - '0');
    }
    *number = n;
    return true;
}

/* The one number that depends on the size of the disk: the kernel takes at most 1/128 of it. */
static int journal_check(const struct words *w, size_t i, uint64_t device_sectors, struct err *err)
{
    size_t prefix = strlen(JOURNAL_WORD);
    uint64_t most = device_sectors / 128;
    uint64_t sectors;
    struct span word = i < w->count ? w->word[i] : span_of(NULL, 0);
    if (most > DMTABLE_JOURNAL_SECTORS_MAX)
        most = DMTABLE_JOURNAL_SECTORS_MAX;
    if (!span_eq_str(span_sub(word, 0, prefix), JOURNAL_WORD) ||
        !number_read(span_sub(word, prefix, word.len - prefix), &sectors) || sectors == 0 || sectors > most)
        return err_set(err, ERR_DENIED, 0, "integrity table: word %zu: expected " JOURNAL_WORD "1..%llu", i,
                       (unsigned long long) most);
    return 0;
}

int dmtable_check_integrity(struct span params, const char *device, uint64_t device_sectors, struct err *err)
{
    /* NULL: the journal's size */
    const char *const expected[] = {
        device,
        "32768",
        "32",
        "J",
        "7",
        "block_size:4096",
        NULL,
        "interleave_sectors:32768",
        "buffer_sectors:128",
        "journal_watermark:50",
        "commit_time:10000",
        "fix_padding",
    };
    struct words w;
    if (words_split(params, "integrity", &w, err) < 0 ||
        count_check(&w, COUNT(expected), "integrity", err) < 0)
        return -1;
    for (size_t i = 0; i < COUNT(expected); i++)
        if (expected[i] != NULL && word_check(&w, i, expected[i], "integrity", err) < 0)
            return -1;
    return journal_check(&w, 6, device_sectors, err);
}
