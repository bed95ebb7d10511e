/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tdx_replay.h"

#include "ccel.h"
#include "files.h"
#include "json_write.h"
#include "opts.h"
#include "tdx_quote.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX 64        /* characters shown of an event's data */
#define JSON_EVENT_MAX 768 /* bytes of one event in JSON */
#define JSON_REST_MAX 2048 /* and of all the rest */

struct replay {
    const char *path;
    struct span log;
    uint8_t rtmr[CCEL_REGISTERS][SHA384_SIZE];
    bool has_quote;
    struct tdx_quote quote;
};

/* The event's data as far as it can be shown: a run of ASCII, or UTF-16 of that, else nothing. */
static void describe(const struct ccel_event *event, char text[TEXT_MAX + 1])
{
    struct span d = event->data;
    size_t len = 0;

    if (event->type == (uint32_t) CCEL_EVENT_TAG && d.len > 8)
        d = span_sub(d, 8, d.len - 8); /* behind tag and length */
    if (event->type == (uint32_t) CCEL_VARIABLE_DRIVER_CONFIG ||
        event->type == (uint32_t) CCEL_VARIABLE_BOOT) {
        struct reader r = reader_of(d);
        uint64_t chars;

        reader_skip(&r, 16); /* GUID */
        chars = reader_le64(&r);
        reader_skip(&r, 8);
        for (; chars > 0 && len < TEXT_MAX && reader_left(&r) >= 2; chars--) {
            uint16_t c = reader_le16(&r);

            text[len] = '?';
            if (c >= 0x20 && c < 0x7f)
                text[len] = (char) c;
            len++;
        }
        text[len] = '\0';
        return;
    }
    while (len < d.len && len < TEXT_MAX && d.data[len] >= 0x20 && d.data[len] < 0x7f) {
        text[len] = (char) d.data[len];
        len++;
    }
    /* Bytes that only happen to begin with a letter or two are no text. */
    text[len < d.len && len < TEXT_MAX && (d.data[len] != 0 || len < 4) ? 0 : len] = '\0';
}

static void put_event(struct json_write *j, const struct ccel_event *e, bool bound)
{
    char type[16], text[TEXT_MAX + 1];

    describe(e, text);
    (void) snprintf(type, sizeof type, "0x%08" PRIx32, e->type);
    json_write_object(j, NULL);
    json_write_bool(j, "data_is_measured", bound);
    json_write_u64(j, "data_size", e->data.len);
    json_write_hex(j, "digest", span_of(e->digest, SHA384_SIZE));
    json_write_str(j, "name", ccel_type_name(e->type));
    json_write_u64(j, "offset", e->offset);
    json_write_u64(j, "rtmr", e->index - 1);
    json_write_str(j, "text", text);
    json_write_str(j, "type", type);
    json_write_close(j);
}

static void print_event(const struct ccel_event *e, bool bound)
{
    char text[TEXT_MAX + 1];

    describe(e, text);
    (void) printf("event RTMR%" PRIu32 " 0x%08" PRIx32 " ", e->index - 1, e->type);
    for (size_t i = 0; i < SHA384_SIZE; i++)
        (void) printf("%02x", e->digest[i]);
    (void) printf(" %s%s%s%s\n", ccel_type_name(e->type), text[0] ? " \"" : "", text,
                  text[0] ? (bound ? "\"" : "\" (not measured)") : "");
}

/* Every event that extends a register, in text (j NULL) or JSON; *count is how many there are. */
static int walk(const struct replay *r, struct json_write *j, bool print, size_t *count, struct err *err)
{
    struct ccel log;
    struct ccel_event event;
    bool more = true, bound = false;

    *count = 0;
    if (ccel_open(r->log, &log, err) < 0)
        return -1;
    while (more) {
        if (ccel_next(&log, &event, &more, err) < 0 || (more && ccel_event_bound(&event, &bound, err) < 0))
            return -1;
        if (!more || !event.extends)
            continue;
        (*count)++;
        if (j)
            put_event(j, &event, bound);
        else if (print)
            print_event(&event, bound);
    }
    return 0;
}

static bool matches(const struct replay *r)
{
    return !r->has_quote || memcmp(r->rtmr, r->quote.rtmr, sizeof r->rtmr) == 0;
}

static int fill_json(const struct replay *r, struct writer *w, struct err *err)
{
    struct json_write j = json_write_to(w);
    size_t count;

    json_write_object(&j, NULL);
    json_write_array(&j, "events");
    if (walk(r, &j, false, &count, err) < 0)
        return -1;
    json_write_close(&j);
    if (r->has_quote)
        json_write_bool(&j, "quote_matches", matches(r));
    json_write_array(&j, "rtmr");
    for (size_t i = 0; i < CCEL_REGISTERS; i++)
        json_write_hex(&j, NULL, span_of(r->rtmr[i], SHA384_SIZE));
    json_write_close(&j);
    json_write_close(&j);
    if (!json_write_end(&j))
        return err_set(err, ERR_LIMIT, 0, "JSON: longer than %zu bytes", w->cap);
    return 0;
}

static int print_json(const struct replay *r, struct err *err)
{
    size_t count = 0, size;
    struct writer w;
    void *buf;
    int rc;

    if (walk(r, NULL, false, &count, err) < 0)
        return -1;
    size = count * JSON_EVENT_MAX + JSON_REST_MAX;
    buf = malloc(size);
    if (!buf)
        return err_set(err, ERR_LIMIT, 0, "no memory for %zu bytes", size);
    w = writer_of(buf, size);
    rc = fill_json(r, &w, err);
    if (rc == 0)
        (void) fwrite(w.buf, 1, w.len, stdout);
    free(buf);
    return rc;
}

static int print_text(const struct replay *r, struct err *err)
{
    size_t count;

    for (unsigned i = 0; i < CCEL_REGISTERS; i++) {
        (void) printf("RTMR%u ", i);
        for (size_t k = 0; k < SHA384_SIZE; k++)
            (void) printf("%02x", r->rtmr[i][k]);
        (void) printf("%s\n", !r->has_quote ? ""
                              : memcmp(r->rtmr[i], r->quote.rtmr[i], SHA384_SIZE) == 0
                                  ? " as in the quote"
                                  : " NOT as in the quote");
    }
    return walk(r, NULL, true, &count, err);
}

static int load_quote(const char *path, struct replay *r, struct err *err)
{
    AUTO_MAP map = {0};

    if (files_map_open(path, TDX_QUOTE_MAX, &map, err) < 0)
        return -1;
    if (tdx_quote_parse(map.bytes, &r->quote, err) < 0)
        return err_prefix(err, "%s", path);
    r->has_quote = true;
    return 0;
}

static enum command_status replay(const char *path, const char *quote, bool json, struct err *err)
{
    struct replay r = {.path = path};
    AUTO_MAP map = {0};

    if (files_map_open(path, CCEL_LOG_MAX, &map, err) < 0)
        return COMMAND_BAD_INPUT;
    r.log = map.bytes;
    if (ccel_replay(r.log, r.rtmr, err) < 0) {
        (void) err_prefix(err, "%s", path);
        return COMMAND_BAD_INPUT;
    }
    if (quote && load_quote(quote, &r, err) < 0)
        return COMMAND_BAD_INPUT;
    if ((json ? print_json(&r, err) : print_text(&r, err)) < 0 || command_flush(err) < 0)
        return COMMAND_BAD_INPUT;
    return matches(&r) ? COMMAND_DONE : COMMAND_MISMATCH;
}

enum command_status tdx_replay(int argc, char **argv, struct err *err)
{
    const char *log = NULL, *quote = NULL;
    bool json = false, help = false;
    const struct opt opts[] = {
        {"log",   OPT_OPERAND, &log,   0},
        {"quote", OPT_TEXT,    &quote, 0},
        {"json",  OPT_FLAG,    &json,  0},
        {"help",  OPT_FLAG,    &help,  0},
    };

    if (opts_read(argc, argv, opts, sizeof opts / sizeof opts[0], err) < 0)
        return COMMAND_USAGE;
    if (help) {
        (void) puts(
            "usage: nacre-measure tdx replay LOG [--quote FILE] [--json]   (see nacre-measure tdx --help)");
        return command_flush(err) < 0 ? COMMAND_BAD_INPUT : COMMAND_DONE;
    }
    if (!log) {
        (void) err_set(err, ERR_MISSING, 0, "replay: an event log is needed");
        return COMMAND_USAGE;
    }
    return replay(log, quote, json, err);
}
