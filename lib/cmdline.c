/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmdline.h"

#include "utf8.h"

#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define CMDLINE_PREFIX "nacre."

/* The words a key can be, and what each sets. */
struct cmdline_word {
    const char *text;
    enum cmdline_key key;
    void (*apply)(struct cmdline *out);
};

static void apply_log_info(struct cmdline *out)
{
    out->log = CMDLINE_LOG_INFO;
}

static void apply_log_quiet(struct cmdline *out)
{
    out->log = CMDLINE_LOG_QUIET;
}

static void apply_dev(struct cmdline *out)
{
    out->dev = true;
}

static const struct cmdline_word words[] = {
    {"nacre.log=info",  CMDLINE_LOG, apply_log_info },
    {"nacre.log=quiet", CMDLINE_LOG, apply_log_quiet},
    {"nacre.dev",       CMDLINE_DEV, apply_dev      },
};

/* The parse in progress. */
struct cmdline_scan {
    struct span text;
    size_t pos;
    bool quoted;   /* the next byte stands inside double quotes, as the kernel sees it */
    unsigned seen; /* keys so far, as bits */
    const enum cmdline_key *known;
    size_t known_count;
};

static bool cmdline_is_space(uint8_t c)
{
    return c == ' ' || c == '\t';
}

/* The next word: bytes between spaces, whatever the quotes say; the caller refuses quotes where they matter.
 */
static struct span cmdline_next(struct cmdline_scan *s)
{
    size_t start;

    while (s->pos < s->text.len && cmdline_is_space(s->text.data[s->pos]))
        s->pos++;
    start = s->pos;
    while (s->pos < s->text.len && !cmdline_is_space(s->text.data[s->pos]))
        s->pos++;
    return span_sub(s->text, start, s->pos - start);
}

static bool cmdline_has_quote(struct span word)
{
    return word.len > 0 && memchr(word.data, '"', word.len) != NULL;
}

/* A word of ours, or one that the kernel would read as ours after it took the quote off. */
static bool cmdline_is_ours(struct span word)
{
    const size_t quote = word.len > 0 && word.data[0] == '"';
    const size_t len = strlen(CMDLINE_PREFIX);

    return span_eq_str(span_sub(word, quote, len), CMDLINE_PREFIX);
}

static bool cmdline_is_known(const struct cmdline_scan *s, enum cmdline_key key)
{
    for (size_t i = 0; i < s->known_count; i++)
        if (s->known[i] == key)
            return true;
    return false;
}

static int cmdline_apply(struct cmdline_scan *s, struct span word, struct cmdline *out, struct err *err)
{
    char shown[UTF8_SHOWN_MAX];

    utf8_show(word, shown);
    for (size_t i = 0; i < COUNT(words); i++) {
        const unsigned bit = 1u << words[i].key;

        if (!span_eq_str(word, words[i].text) || !cmdline_is_known(s, words[i].key))
            continue;
        if (s->seen & bit)
            return err_set(err, ERR_FORMAT, 0, "command line: %s: this option is given twice", shown);
        s->seen |= bit;
        words[i].apply(out);
        return 0;
    }
    return err_set(err, ERR_FORMAT, 0, "command line: %s: unknown option or value", shown);
}

static int cmdline_word(struct cmdline_scan *s, struct span word, struct cmdline *out, struct err *err)
{
    const bool in_quotes = s->quoted;
    char shown[UTF8_SHOWN_MAX];

    for (size_t i = 0; i < word.len; i++)
        s->quoted ^= word.data[i] == '"';
    if (!cmdline_is_ours(word))
        return 0;
    utf8_show(word, shown);
    if (in_quotes || cmdline_has_quote(word))
        return err_set(err, ERR_FORMAT, 0, "command line: %s: quotes are not allowed around this option",
                       shown);
    return cmdline_apply(s, word, out, err);
}

static int cmdline_check(struct span text, struct err *err)
{
    if (text.len > CMDLINE_MAX)
        return err_set(err, ERR_LIMIT, 0, "command line: %zu bytes, at most %d: the kernel may have cut it",
                       text.len, CMDLINE_MAX);
    for (size_t i = 0; i < text.len; i++)
        if ((text.data[i] < 0x20 && text.data[i] != '\t') || text.data[i] == 0x7f)
            return err_set(err, ERR_FORMAT, 0, "command line: a control byte at %zu", i);
    return 0;
}

int cmdline_parse(struct span text, const enum cmdline_key *known, size_t known_count, struct cmdline *out,
                  struct err *err)
{
    struct cmdline_scan s = {.text = text, .known = known, .known_count = known_count};
    struct cmdline got = {0};

    if (text.len > 0 && text.data[text.len - 1] == '\n')
        s.text = span_sub(text, 0, text.len - 1);
    if (cmdline_check(s.text, err) < 0)
        return -1;
    for (struct span word = cmdline_next(&s); word.len > 0; word = cmdline_next(&s))
        if (cmdline_word(&s, word, &got, err) < 0)
            return -1;
    *out = got;
    return 0;
}
