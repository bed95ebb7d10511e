/* SPDX-License-Identifier: GPL-2.0-or-later */
/* grpc: both ends in memory, then each end against frames made by hand. Google's gRPC as the other end:
 * tests/cli/test_atls.py. */
#include "grpc.h"
#include "grpc_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define PATH "/test.Service/Call"

static struct err err;
static uint8_t big[GRPC_RESPONSE_MAX + 1];

/* --- both ends of ours ----------------------------------------------------------------------------- */

/* Carry from's bytes to to, step bytes at a time. Returns how many, or -1 when to refuses them. */
static int carry(struct grpc *from, struct grpc *to, size_t step)
{
    int carried = 0;
    for (;;) {
        struct span out;
        if (grpc_send(from, &out, &err) < 0)
            return -1;
        if (out.len == 0)
            return carried;
        for (size_t at = 0; at < out.len; at += step) {
            size_t n = out.len - at < step ? out.len - at : step;
            if (grpc_receive(to, span_sub(out, at, n), &err) < 0)
                return -1;
        }
        carried += (int) out.len;
    }
}

struct call {
    size_t step; /* bytes at a time */
    struct span request;
    enum grpc_status status;
    const char *text;
    struct span response;
};

static struct grpc *do_call(const struct call *call)
{
    struct grpc *client = grpc_client("host:1", PATH, call->request, &err);
    struct grpc *server = grpc_server(&err);
    assert_non_null(client);
    assert_non_null(server);
    if (call->request.len > GRPC_REQUEST_SMALL)
        grpc_allow(server, call->request.len);
    for (int i = 0; i < 200 && !grpc_finished(client); i++) {
        const char *path;
        struct span message;
        assert_true(carry(client, server, call->step) >= 0);
        if (grpc_request(server, &path, &message)) {
            assert_string_equal(path, PATH);
            assert_true(span_eq(message, call->request));
            assert_int_equal(grpc_respond(server, call->status, call->text, call->response, &err), 0);
            assert_false(grpc_request(server, &path, &message));
            assert_int_equal(grpc_respond(server, call->status, call->text, call->response, &err), -1);
        }
        assert_true(carry(server, client, call->step) >= 0);
    }
    assert_true(grpc_finished(client));
    assert_true(grpc_finished(server));
    grpc_free(server);
    return client;
}

static void test_calls(void **state)
{
    const size_t sizes[] = {0, 1, 16379, 16384, 65536};
    const size_t steps[] = {1, 7, 100000};
    (void) state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
        for (size_t s = 0; s < sizeof(steps) / sizeof(steps[0]); s++) {
            const struct call call = {steps[s], span_of(big, sizes[i]), GRPC_OK, "", span_of(big, sizes[i])};
            struct grpc *client = do_call(&call);
            struct span message;
            assert_int_equal(grpc_response(client, &message, &err), 0);
            assert_true(span_eq(message, call.response));
            assert_int_equal(grpc_status(client), GRPC_OK);
            grpc_free(client);
        }
}

static void test_largest(void **state)
{
    const struct call call = {100000, span_of(big, GRPC_REQUEST_MAX), GRPC_OK, "",
                              span_of(big, GRPC_RESPONSE_MAX)};
    struct grpc *client = do_call(&call);
    struct span message;
    (void) state;
    assert_int_equal(grpc_response(client, &message, &err), 0);
    assert_int_equal(message.len, GRPC_RESPONSE_MAX);
    grpc_free(client);
    assert_null(grpc_client("host:1", PATH, span_of(big, GRPC_REQUEST_MAX + 1), &err));
    assert_int_equal(err.code, ERR_LIMIT);
    assert_string_equal(err.text, "grpc: message has 2097153 bytes, at most 2097152");
}

static void test_statuses(void **state)
{
    (void) state;
    for (int status = 1; status <= GRPC_UNAUTHENTICATED; status++) {
        const struct call call = {50, span_str("?"), (enum grpc_status) status, "why: 100% \n\xc3\xa9",
                                  span_str("unused")};
        struct grpc *client = do_call(&call);
        struct span message = {NULL, 77};
        bool denied = status == GRPC_PERMISSION_DENIED || status == GRPC_UNAUTHENTICATED;
        assert_int_equal(grpc_response(client, &message, &err), -1);
        assert_int_equal(err.code, denied ? ERR_DENIED : ERR_FORMAT);
        assert_int_equal(grpc_status(client), status);
        assert_memory_equal(err.text, grpc_status_name(status), strlen(grpc_status_name(status)));
        assert_string_equal(err.text + strlen(grpc_status_name(status)), ": why: 100% ???");
        assert_int_equal(message.len, 77);
        grpc_free(client);
    }
    assert_string_equal(grpc_status_name(7), "PermissionDenied");
    assert_string_equal(grpc_status_name(17), "unknown");
    assert_string_equal(grpc_status_name(-1), "unknown");
}

static void test_text(void **state)
{
    static const struct {
        const char *encoded;
        const char *text;
    } rows[] = {
        {"",                 ""               },
        {"plain",            "plain"          },
        {"a%20b",            "a b"            },
        {"a%2",              "a%2"            },
        {"%",                "%"              },
        {"%zz",              "%zz"            },
        {"%41%4a%4A",        "AJJ"            },
        {"%00%1b[0m",        "??[0m"          },
        {"\x1b\xff",         "??"             },
        {"0123456789abcdef", "0123456789abcde"},
    };
    (void) state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char out[16];
        grpc_text_decode(span_str(rows[i].encoded), out, sizeof(out));
        assert_string_equal(out, rows[i].text);
    }
    char out[3 * 4 + 1];
    grpc_text_encode("a%\n\xff", 4, out);
    assert_string_equal(out, "a%25%0A%FF");
    grpc_text_encode("abcdef", 4, out);
    assert_string_equal(out, "abcd");
}

/* --- frames by hand -------------------------------------------------------------------------------- */

enum {
    DATA = 0,
    HEADERS = 1,
    RST_STREAM = 3,
    SETTINGS = 4,
    PUSH_PROMISE = 5,
    PING = 6,
    GOAWAY = 7,
    END_STREAM = 1,
    END_HEADERS = 4,
};

static uint8_t wire_bytes[4 * 1024 * 1024];
static struct writer wire;

static void frame(unsigned type, unsigned flags, uint32_t stream, struct span payload)
{
    writer_u8(&wire, (uint8_t) (payload.len >> 16));
    writer_be16(&wire, (uint16_t) payload.len);
    writer_u8(&wire, (uint8_t) type);
    writer_u8(&wire, (uint8_t) flags);
    writer_be32(&wire, stream);
    writer_bytes(&wire, payload);
}

/* Header fields as HPACK literals: "name", "value", ..., NULL. */
static void headers(unsigned flags, uint32_t stream, const char *const *fields)
{
    static uint8_t block[32768];
    struct writer w = writer_of(block, sizeof(block));
    for (; *fields != NULL; fields++) {
        if ((size_t) 0 == strlen(*fields) || fields[1] == NULL)
            abort();
        writer_u8(&w, 0); /* literal, not indexed, new name */
        writer_u8(&w, (uint8_t) strlen(fields[0]));
        writer_str(&w, fields[0]);
        fields++;
        size_t len = strlen(*fields);
        if (len < 127) {
            writer_u8(&w, (uint8_t) len);
        } else {
            writer_u8(&w, 127);
            for (len -= 127; len > 127; len >>= 7)
                writer_u8(&w, (uint8_t) (len | 128));
            writer_u8(&w, (uint8_t) len);
        }
        writer_str(&w, *fields);
    }
    frame(HEADERS, flags | END_HEADERS, stream, writer_span(&w));
}

#define FIELDS(...)                                                                                          \
    (const char *const[])                                                                                    \
    {                                                                                                        \
        __VA_ARGS__, NULL                                                                                    \
    }
#define GOOD_RESPONSE ":status", "200", "content-type", "application/grpc"
#define GOOD_REQUEST                                                                                         \
    ":method", "POST", ":scheme", "https", ":path", PATH, ":authority", "a", "content-type",                 \
        "application/grpc"
#define MESSAGE(text) span_of("\0\0\0\0" text, sizeof(text) - 1 + 4) /* text begins with its length */

static int setup(void **state)
{
    (void) state;
    wire = writer_of(wire_bytes, sizeof(wire_bytes));
    memset(&err, 0, sizeof(err));
    return 0;
}

/* Take the bytes made by hand, and answer. */
static int receive(struct grpc *g)
{
    struct span out;
    int rc = grpc_receive(g, writer_span(&wire), &err);
    do
        if (rc == 0)
            rc = grpc_send(g, &out, &err);
    while (rc == 0 && out.len > 0);
    return rc;
}

/* A client that has sent its request and got the bytes made by hand. */
static struct grpc *client_after(int *rc)
{
    struct grpc *client = grpc_client("host:1", PATH, span_str("?"), &err);
    struct span out;
    do
        assert_int_equal(grpc_send(client, &out, &err), 0);
    while (out.len > 0);
    assert_false(wire.bad);
    *rc = receive(client);
    return client;
}

static void client_says(const char *text)
{
    int rc;
    struct span message;
    struct grpc *client = client_after(&rc);
    if (rc == 0) {
        assert_true(grpc_finished(client));
        rc = grpc_response(client, &message, &err);
    }
    if (text == NULL) {
        assert_int_equal(rc, 0);
        assert_true(span_eq_str(message, "yes"));
    } else {
        assert_int_equal(rc, -1);
        assert_string_equal(err.text, text);
    }
    grpc_free(client);
}

static void test_good_response(void **state)
{
    (void) state;
    frame(SETTINGS, 0, 0, span_of(NULL, 0));
    headers(0, 1, FIELDS(GOOD_RESPONSE));
    frame(DATA, 0, 1, MESSAGE("\3y"));
    frame(DATA, 0, 1, span_str("es"));
    headers(END_STREAM, 1, FIELDS("grpc-status", "0"));
    client_says(NULL);
}

static void test_subtypes(void **state)
{
    (void) state;
    frame(SETTINGS, 0, 0, span_of(NULL, 0));
    headers(0, 1, FIELDS(":status", "200", "content-type", "application/grpc+proto"));
    frame(DATA, 0, 1, MESSAGE("\3yes"));
    headers(END_STREAM, 1, FIELDS("grpc-status", "0", "grpc-message", ""));
    client_says(NULL);
}

static void test_http_error(void **state)
{
    (void) state;
    frame(SETTINGS, 0, 0, span_of(NULL, 0));
    headers(END_STREAM, 1, FIELDS(":status", "502", "content-type", "text/html"));
    client_says("grpc: HTTP status 502, the answer is not application/grpc");
}

static void test_no_status(void **state)
{
    (void) state;
    frame(SETTINGS, 0, 0, span_of(NULL, 0));
    headers(0, 1, FIELDS(GOOD_RESPONSE));
    frame(DATA, END_STREAM, 1, MESSAGE("\3yes"));
    client_says("grpc: no grpc-status");
}

static void test_bad_status(void **state)
{
    (void) state;
    frame(SETTINGS, 0, 0, span_of(NULL, 0));
    headers(END_STREAM, 1, FIELDS(GOOD_RESPONSE, "grpc-status", "0x7"));
    client_says("grpc: no grpc-status");
}

static void test_status_without_message(void **state)
{
    (void) state;
    frame(SETTINGS, 0, 0, span_of(NULL, 0));
    headers(END_STREAM, 1, FIELDS(GOOD_RESPONSE, "grpc-status", "0"));
    client_says("grpc: 0 bytes of data are no message");
}

static void test_short_message(void **state)
{
    (void) state;
    frame(SETTINGS, 0, 0, span_of(NULL, 0));
    headers(0, 1, FIELDS(GOOD_RESPONSE));
    frame(DATA, 0, 1, MESSAGE("\4yes"));
    headers(END_STREAM, 1, FIELDS("grpc-status", "0"));
    client_says("grpc: message of 4 bytes announced, 3 came");
}

static void test_two_messages(void **state)
{
    (void) state;
    frame(SETTINGS, 0, 0, span_of(NULL, 0));
    headers(0, 1, FIELDS(GOOD_RESPONSE));
    frame(DATA, 0, 1, MESSAGE("\3yes"));
    frame(DATA, 0, 1, MESSAGE("\3yes"));
    headers(END_STREAM, 1, FIELDS("grpc-status", "0"));
    client_says("grpc: message of 3 bytes announced, 11 came");
}

static void test_compressed(void **state)
{
    (void) state;
    frame(SETTINGS, 0, 0, span_of(NULL, 0));
    headers(0, 1, FIELDS(GOOD_RESPONSE));
    frame(DATA, 0, 1, span_of("\1\0\0\0\3yes", 8));
    headers(END_STREAM, 1, FIELDS("grpc-status", "0"));
    client_says("grpc: compressed messages are not read");
    setup(NULL);
    frame(SETTINGS, 0, 0, span_of(NULL, 0));
    headers(0, 1, FIELDS(GOOD_RESPONSE, "grpc-encoding", "gzip"));
    client_says("grpc: compressed messages are not read");
}

static void test_reset(void **state)
{
    (void) state;
    frame(SETTINGS, 0, 0, span_of(NULL, 0));
    frame(RST_STREAM, 0, 1, span_of("\0\0\0\7", 4));
    client_says("grpc: the stream was reset (HTTP/2 code 7)");
}

static void test_goaway(void **state)
{
    (void) state;
    frame(SETTINGS, 0, 0, span_of(NULL, 0));
    frame(GOAWAY, 0, 0, span_of("\0\0\0\0\0\0\0\0", 8));
    client_says("grpc: the stream was reset (HTTP/2 code 7)");
}

static void test_long_response(void **state)
{
    (void) state;
    frame(SETTINGS, 0, 0, span_of(NULL, 0));
    headers(0, 1, FIELDS(GOOD_RESPONSE));
    for (size_t sent = 0; sent < 4 * 16384; sent += 16384)
        frame(DATA, 0, 1, span_of(big, 16384)); /* more than the window that was given */
    int rc;
    struct grpc *client = client_after(&rc);
    assert_true(rc < 0 || grpc_finished(client) == false);
    grpc_free(client);
}

static void test_long_header(void **state)
{
    static char value[GRPC_HEADERS_MAX];
    (void) state;
    memset(value, 'v', sizeof(value) - 1);
    value[8192] = 0;
    frame(SETTINGS, 0, 0, span_of(NULL, 0));
    headers(0, 1, FIELDS(GOOD_RESPONSE, "x", value));
    headers(END_STREAM, 1, FIELDS("grpc-status", "0", "x", value));
    client_says("grpc: 0 bytes of data are no message");
    setup(NULL);
    value[8192] = 'v';
    value[16000] = 0;
    frame(SETTINGS, 0, 0, span_of(NULL, 0));
    headers(0, 1, FIELDS(":status", "200", "y", value + 15000, "z", value + 15000));
    int rc;
    struct grpc *client = client_after(&rc);
    assert_int_equal(rc, 0);
    grpc_free(client);
}

static void test_too_many_headers(void **state)
{
    static char value[4096];
    (void) state;
    memset(value, 'v', sizeof(value) - 1);
    frame(SETTINGS, 0, 0, span_of(NULL, 0));
    /* five fields of 4 KiB need more than one frame: nghttp2 refuses the frame, we the sum */
    headers(0, 1, FIELDS(":status", "200", "a", value, "b", value, "c", value, "d", value, "e", value));
    int rc;
    struct grpc *client = client_after(&rc);
    assert_int_equal(rc, -1);
    grpc_free(client);
}

static void test_frame_flood(void **state)
{
    (void) state;
    frame(SETTINGS, 0, 0, span_of(NULL, 0));
    for (int i = 0; i < GRPC_FRAMES_MAX; i++)
        frame(PING, 1, 0, span_of("\0\0\0\0\0\0\0\0", 8)); /* answers to pings that nobody sent */
    client_says("grpc: more than 4096 frames");
}

/* A push is cancelled; nothing of it gets into the call. */
static void test_push(void **state)
{
    static const char pushed[] = "\0\0\0\2\0\13grpc-status\1\67"; /* stream 2; grpc-status: 7 */
    (void) state;
    frame(SETTINGS, 0, 0, span_of(NULL, 0));
    frame(PUSH_PROMISE, END_HEADERS, 1, span_of(pushed, sizeof(pushed) - 1));
    headers(0, 1, FIELDS(GOOD_RESPONSE));
    frame(DATA, 0, 1, MESSAGE("\3yes"));
    headers(END_STREAM, 1, FIELDS("grpc-status", "0"));
    client_says(NULL);
}

static void test_not_http2(void **state)
{
    (void) state;
    writer_str(&wire, "HTTP/1.1 400 Bad Request\r\n\r\n");
    int rc;
    struct grpc *client = client_after(&rc);
    assert_int_equal(rc, -1);
    assert_int_equal(err.code, ERR_FORMAT);
    grpc_free(client);
}

/* --- a server and frames by hand ------------------------------------------------------------------- */

static struct grpc *server_after(int *rc)
{
    struct grpc *server = grpc_server(&err);
    assert_false(wire.bad);
    *rc = receive(server);
    return server;
}

static void begin_request(void)
{
    setup(NULL);
    writer_str(&wire, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    frame(SETTINGS, 0, 0, span_of(NULL, 0));
}

static void server_refuses(const char *text)
{
    int rc;
    struct span message;
    const char *path;
    struct grpc *server = server_after(&rc);
    assert_int_equal(rc, -1);
    assert_string_equal(err.text, text);
    assert_false(grpc_request(server, &path, &message));
    grpc_free(server);
}

static void test_server_refuses(void **state)
{
    static char path[200];
    (void) state;
    memset(path, 'p', sizeof(path) - 1);
    path[0] = '/';
    begin_request();
    headers(END_STREAM, 1, FIELDS(":method", "GET", ":scheme", "https", ":path", "/", ":authority", "a"));
    server_refuses("grpc: request is no POST of application/grpc");
    begin_request();
    headers(END_STREAM, 1, FIELDS(GOOD_REQUEST));
    server_refuses("grpc: 0 bytes of data are no message");
    begin_request();
    headers(0, 1, FIELDS(":method", "POST", ":scheme", "https", ":path", path, ":authority", "a"));
    server_refuses("grpc: path has 199 bytes, expected 1 to 127");
    begin_request();
    headers(0, 1, FIELDS(GOOD_REQUEST));
    for (size_t i = 0; i < 3; i++)
        frame(DATA, 0, 1, span_of(big, 16384));
    frame(DATA, 0, 1, span_of(big, 16383));
    int rc;
    struct grpc *server = server_after(&rc); /* the whole window */
    assert_int_equal(rc, 0);
    wire = writer_of(wire_bytes, sizeof(wire_bytes));
    frame(DATA, 0, 1, span_of(big, 7)); /* 65542 bytes: one more than a message and its prefix */
    rc = grpc_receive(server, writer_span(&wire), &err);
    assert_int_equal(rc, -1);
    assert_string_equal(err.text, "grpc: message is longer than 65536 bytes");
    grpc_free(server);
}

static void test_second_stream(void **state)
{
    int rc;
    struct span message;
    const char *path;
    (void) state;
    begin_request();
    headers(0, 1, FIELDS(GOOD_REQUEST));
    headers(0, 3, FIELDS(GOOD_REQUEST));
    frame(DATA, END_STREAM, 1, MESSAGE("\2hi"));
    struct grpc *server = server_after(&rc);
    assert_int_equal(rc, 0);
    assert_true(grpc_request(server, &path, &message)); /* the first call goes on */
    assert_true(span_eq_str(message, "hi"));
    assert_string_equal(path, PATH);
    grpc_free(server);
}

int main(void)
{
#define ROW(f) cmocka_unit_test_setup(f, setup)
    const struct CMUnitTest tests[] = {
        ROW(test_calls),         ROW(test_largest),
        ROW(test_statuses),      ROW(test_text),
        ROW(test_good_response), ROW(test_subtypes),
        ROW(test_http_error),    ROW(test_no_status),
        ROW(test_bad_status),    ROW(test_status_without_message),
        ROW(test_short_message), ROW(test_two_messages),
        ROW(test_compressed),    ROW(test_reset),
        ROW(test_goaway),        ROW(test_long_response),
        ROW(test_long_header),   ROW(test_too_many_headers),
        ROW(test_frame_flood),   ROW(test_push),
        ROW(test_not_http2),     ROW(test_server_refuses),
        ROW(test_second_stream),
    };
#undef ROW
    return cmocka_run_group_tests(tests, NULL, NULL);
}
