/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "grpc.h"

#include "grpc_text.h"
#include "secret.h"

#include <nghttp2/nghttp2.h>

#include <stdlib.h>
#include <string.h>

#define PREFIX_SIZE 5 /* gRPC puts before a message: u8 compressed, be32 length */

struct grpc {
    bool server;
    size_t request_max; /* server */
    nghttp2_session *session;
    int32_t stream; /* 0: none yet */
    unsigned frames;
    size_t header_bytes;
    bool ended;  /* the peer has sent all of its message */
    bool closed; /* the stream is gone */
    uint32_t reset_code;

    uint8_t *out; /* what we send, prefix included */
    size_t out_len;
    size_t out_pos;
    uint8_t *in; /* what the peer has sent, prefix included */
    size_t in_len;
    size_t in_cap;

    /* the peer's headers */
    bool is_grpc; /* content-type */
    bool is_post; /* server */
    char path[GRPC_PATH_MAX];
    int http_status; /* client */
    int status;      /* client: grpc-status, -1 when there is none */
    char text[GRPC_TEXT_MAX];

    bool responded; /* server */
    struct err err; /* set by a callback */
};

static size_t message_max(const struct grpc *g)
{
    return g->server ? g->request_max : GRPC_RESPONSE_MAX;
}

/* --- what the peer sends --------------------------------------------------------------------------- */

static int on_begin_frame(nghttp2_session *session, const nghttp2_frame_hd *hd, void *user)
{
    struct grpc *g = user;
    (void) session;
    (void) hd;
    if (++g->frames <= GRPC_FRAMES_MAX)
        return 0;
    (void) err_set(&g->err, ERR_LIMIT, 0, "grpc: more than %d frames", GRPC_FRAMES_MAX);
    return NGHTTP2_ERR_CALLBACK_FAILURE;
}

static int on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
    struct grpc *g = user;
    (void) session;
    if (g->server && g->stream == 0)
        g->stream = frame->hd.stream_id;
    g->header_bytes = 0;
    /* one call on a connection: any other stream is reset */
    return frame->hd.stream_id == g->stream ? 0 : NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
}

static int read_path(struct grpc *g, struct span value)
{
    if (value.len == 0 || value.len >= GRPC_PATH_MAX || memchr(value.data, 0, value.len) != NULL)
        return err_set(&g->err, ERR_LIMIT, 0, "grpc: path has %zu bytes, expected 1 to %d", value.len,
                       GRPC_PATH_MAX - 1);
    memcpy(g->path, value.data, value.len);
    g->path[value.len] = 0;
    return 0;
}

static int read_header(struct grpc *g, struct span name, struct span value)
{
    if (span_eq_str(name, "content-type"))
        g->is_grpc = grpc_text_is_grpc(value);
    else if (span_eq_str(name, "grpc-encoding") && !span_eq_str(value, "identity"))
        return err_set(&g->err, ERR_FORMAT, 0, "grpc: compressed messages are not read");
    else if (g->server && span_eq_str(name, ":method"))
        g->is_post = span_eq_str(value, "POST");
    else if (g->server && span_eq_str(name, ":path"))
        return read_path(g, value);
    else if (!g->server && span_eq_str(name, ":status"))
        g->http_status = grpc_text_number(value);
    else if (!g->server && span_eq_str(name, "grpc-status"))
        g->status = grpc_text_number(value);
    else if (!g->server && span_eq_str(name, "grpc-message"))
        grpc_text_decode(value, g->text, sizeof(g->text));
    return 0;
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
                     size_t name_len, const uint8_t *value, size_t value_len, uint8_t flags, void *user)
{
    struct grpc *g = user;
    (void) session;
    (void) flags;
    if (frame->hd.stream_id != g->stream)
        return 0;
    g->header_bytes += name_len + value_len;
    if (g->header_bytes > GRPC_HEADERS_MAX) {
        (void) err_set(&g->err, ERR_LIMIT, 0, "grpc: more than %u bytes of headers", GRPC_HEADERS_MAX);
        return NGHTTP2_ERR_CALLBACK_FAILURE;
    }
    return read_header(g, span_of(name, name_len), span_of(value, value_len)) < 0
               ? NGHTTP2_ERR_CALLBACK_FAILURE
               : 0;
}

static int grow(struct grpc *g, size_t need)
{
    if (need <= g->in_cap)
        return 0;
    size_t cap = g->in_cap == 0 ? 4096 : g->in_cap;
    while (cap < need)
        cap *= 2;
    uint8_t *bigger = malloc(cap); /* not realloc: the old block may hold a secret */
    if (bigger == NULL)
        return err_set(&g->err, ERR_LIMIT, 0, "grpc: no memory for %zu bytes", cap);
    if (g->in_len > 0)
        memcpy(bigger, g->in, g->in_len);
    secret_wipe_bytes(g->in, g->in_len);
    free(g->in);
    g->in = bigger;
    g->in_cap = cap;
    return 0;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t stream, const uint8_t *data, size_t len,
                   void *user)
{
    struct grpc *g = user;
    (void) session;
    (void) flags;
    if (stream != g->stream)
        return 0;
    if (len > message_max(g) + PREFIX_SIZE - g->in_len) {
        (void) err_set(&g->err, ERR_LIMIT, 0, "grpc: message is longer than %zu bytes", message_max(g));
        return NGHTTP2_ERR_CALLBACK_FAILURE;
    }
    if (grow(g, g->in_len + len) < 0)
        return NGHTTP2_ERR_CALLBACK_FAILURE;
    memcpy(g->in + g->in_len, data, len);
    g->in_len += len;
    return 0;
}

/* The one message in what came, or why not. */
static int unframe(const struct grpc *g, struct span *message, struct err *err)
{
    struct reader r = reader_of(span_of(g->in, g->in_len));
    uint8_t compressed = reader_u8(&r);
    uint32_t len = reader_be32(&r);
    if (r.bad)
        return err_set(err, ERR_FORMAT, 0, "grpc: %zu bytes of data are no message", g->in_len);
    if (compressed != 0)
        return err_set(err, ERR_FORMAT, 0, "grpc: compressed messages are not read");
    if (len != reader_left(&r))
        return err_set(err, ERR_FORMAT, 0, "grpc: message of %u bytes announced, %zu came", len,
                       reader_left(&r));
    *message = reader_bytes(&r, len);
    return 0;
}

static int check_request(struct grpc *g)
{
    struct span message;
    if (!g->is_post || !g->is_grpc || g->path[0] != '/')
        return err_set(&g->err, ERR_FORMAT, 0, "grpc: request is no POST of " GRPC_TEXT_TYPE);
    return unframe(g, &message, &g->err);
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
    struct grpc *g = user;
    (void) session;
    bool ends = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    if (frame->hd.stream_id != g->stream || g->stream == 0 || !ends)
        return 0;
    if (frame->hd.type != NGHTTP2_DATA && frame->hd.type != NGHTTP2_HEADERS)
        return 0;
    g->ended = true;
    return g->server && check_request(g) < 0 ? NGHTTP2_ERR_CALLBACK_FAILURE : 0;
}

static int on_invalid_frame(nghttp2_session *session, const nghttp2_frame *frame, int error, void *user)
{
    struct grpc *g = user;
    (void) session;
    bool ours = frame->hd.stream_id == 0 || frame->hd.stream_id == g->stream;
    if (ours && g->err.code == ERR_NONE)
        (void) err_set(&g->err, ERR_FORMAT, 0, "grpc: frame of type %d: %s", frame->hd.type,
                       nghttp2_strerror(error));
    return 0;
}

/* nghttp2 answers what breaks HTTP/2 by saying goodbye, and reports success. */
static int on_sent(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
    struct grpc *g = user;
    (void) session;
    if (frame->hd.type == NGHTTP2_GOAWAY && frame->goaway.error_code != NGHTTP2_NO_ERROR &&
        g->err.code == ERR_NONE)
        (void) err_set(&g->err, ERR_FORMAT, 0, "grpc: the peer does not keep to HTTP/2 (code %u)",
                       frame->goaway.error_code);
    return 0;
}

static int on_close(nghttp2_session *session, int32_t stream, uint32_t code, void *user)
{
    struct grpc *g = user;
    (void) session;
    if (stream != g->stream)
        return 0;
    g->closed = true;
    g->reset_code = code;
    return 0;
}

/* --- what we send ---------------------------------------------------------------------------------- */

static nghttp2_nv header(const char *name, const char *value)
{
    nghttp2_nv nv = {
        .name = (uint8_t *) (uintptr_t) name,
        .value = (uint8_t *) (uintptr_t) value,
        .namelen = strlen(name),
        .valuelen = strlen(value),
        .flags = NGHTTP2_NV_FLAG_NONE,
    };
    return nv;
}

static nghttp2_ssize read_out(nghttp2_session *session, int32_t stream, uint8_t *buf, size_t cap,
                              uint32_t *flags, nghttp2_data_source *source, void *user)
{
    struct grpc *g = user;
    (void) source;
    size_t left = g->out_len - g->out_pos;
    size_t n = cap < left ? cap : left;
    memcpy(buf, g->out + g->out_pos, n);
    g->out_pos += n;
    if (g->out_pos < g->out_len)
        return (nghttp2_ssize) n;
    *flags |= NGHTTP2_DATA_FLAG_EOF;
    if (g->server) {
        nghttp2_nv trailer = header("grpc-status", "0");
        *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
        if (nghttp2_submit_trailer(session, stream, &trailer, 1) != 0)
            return NGHTTP2_ERR_CALLBACK_FAILURE;
    }
    return (nghttp2_ssize) n;
}

static int frame_out(struct grpc *g, struct span message, size_t max, struct err *err)
{
    if (message.len > max)
        return err_set(err, ERR_LIMIT, 0, "grpc: message has %zu bytes, at most %zu", message.len, max);
    g->out = malloc(PREFIX_SIZE + message.len);
    if (g->out == NULL)
        return err_set(err, ERR_LIMIT, 0, "grpc: no memory");
    struct writer w = writer_of(g->out, PREFIX_SIZE + message.len);
    writer_u8(&w, 0);
    writer_be32(&w, (uint32_t) message.len);
    writer_bytes(&w, message);
    g->out_len = w.len;
    return 0;
}

/* --- making and breaking --------------------------------------------------------------------------- */

static nghttp2_session_callbacks *make_callbacks(void)
{
    nghttp2_session_callbacks *callbacks = NULL;
    if (nghttp2_session_callbacks_new(&callbacks) != 0)
        return NULL;
    nghttp2_session_callbacks_set_on_begin_frame_callback(callbacks, on_begin_frame);
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
    nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(callbacks, on_invalid_frame);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
    nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, on_sent);
    return callbacks;
}

static int start_session(struct grpc *g)
{
    nghttp2_settings_entry settings[] = {
        {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 1               },
        {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE,   GRPC_HEADERS_MAX},
        {NGHTTP2_SETTINGS_ENABLE_PUSH,            0               },
    };
    size_t count = g->server ? 2 : 3; /* only a client may speak of push */
    nghttp2_session_callbacks *callbacks = make_callbacks();
    if (callbacks == NULL)
        return -1;
    int rc = g->server ? nghttp2_session_server_new(&g->session, callbacks, g)
                       : nghttp2_session_client_new(&g->session, callbacks, g);
    nghttp2_session_callbacks_del(callbacks);
    return rc == 0 && nghttp2_submit_settings(g->session, NGHTTP2_FLAG_NONE, settings, count) == 0 ? 0 : -1;
}

static struct grpc *new_end(bool server, struct err *err)
{
    struct grpc *g = calloc(1, sizeof(*g));
    if (g != NULL) {
        g->server = server;
        g->request_max = GRPC_REQUEST_SMALL;
        g->status = -1;
        if (start_session(g) == 0)
            return g;
    }
    grpc_free(g);
    (void) err_set(err, ERR_LIMIT, 0, "grpc: no memory for a session");
    return NULL;
}

struct grpc *grpc_server(struct err *err)
{
    return new_end(true, err);
}

void grpc_allow(struct grpc *g, size_t max)
{
    g->request_max = max < GRPC_REQUEST_MAX ? max : GRPC_REQUEST_MAX;
}

static int submit_request(struct grpc *g, const char *authority, const char *path, struct err *err)
{
    const nghttp2_nv headers[] = {
        header(":method", "POST"),
        header(":scheme", "https"),
        header(":path", path),
        header(":authority", authority),
        header("te", "trailers"),
        header("content-type", GRPC_TEXT_TYPE),
        header("user-agent", "grpc-c-nacre"),
    };
    nghttp2_data_provider2 provider = {.read_callback = read_out};
    g->stream = nghttp2_submit_request2(g->session, NULL, headers, sizeof(headers) / sizeof(headers[0]),
                                        &provider, NULL);
    if (g->stream < 0)
        return err_set(err, ERR_LIMIT, 0, "grpc: request: %s", nghttp2_strerror(g->stream));
    return 0;
}

struct grpc *grpc_client(const char *authority, const char *path, struct span request, struct err *err)
{
    struct grpc *g = new_end(false, err);
    if (g == NULL)
        return NULL;
    if (frame_out(g, request, GRPC_REQUEST_MAX, err) < 0 || submit_request(g, authority, path, err) < 0) {
        grpc_free(g);
        return NULL;
    }
    return g;
}

void grpc_free(struct grpc *g)
{
    if (g == NULL)
        return;
    nghttp2_session_del(g->session);
    secret_wipe_bytes(g->out, g->out_len);
    free(g->out);
    secret_wipe_bytes(g->in, g->in_len);
    free(g->in);
    free(g);
}

void grpc_auto_free(struct grpc **g)
{
    grpc_free(*g);
}

/* --- the loop -------------------------------------------------------------------------------------- */

static int fault(const struct grpc *g, struct err *err)
{
    *err = g->err;
    return -1;
}

int grpc_receive(struct grpc *g, struct span bytes, struct err *err)
{
    nghttp2_ssize rc = nghttp2_session_mem_recv2(g->session, bytes.data, bytes.len);
    if (g->err.code != ERR_NONE)
        return fault(g, err);
    if (rc < 0)
        return err_set(err, ERR_FORMAT, 0, "grpc: %s", nghttp2_strerror((int) rc));
    if (!g->closed && !nghttp2_session_want_read(g->session))
        return err_set(err, ERR_FORMAT, 0, "grpc: the peer ended the session before the call was complete");
    return 0;
}

int grpc_send(struct grpc *g, struct span *bytes, struct err *err)
{
    const uint8_t *data = NULL;
    nghttp2_ssize n = nghttp2_session_mem_send2(g->session, &data);
    if (n < 0)
        return err_set(err, ERR_FORMAT, 0, "grpc: %s", nghttp2_strerror((int) n));
    if (n == 0 && g->err.code != ERR_NONE)
        return fault(g, err);
    *bytes = span_of(data, (size_t) n);
    return 0;
}

bool grpc_finished(const struct grpc *g)
{
    return g->closed && !(g->server && nghttp2_session_want_write(g->session));
}

int grpc_status(const struct grpc *g)
{
    return g->status;
}

int grpc_response(const struct grpc *g, struct span *message, struct err *err)
{
    if (!g->closed)
        return err_set(err, ERR_MISSING, 0, "grpc: no response yet");
    if (!g->ended)
        return err_set(err, ERR_FORMAT, 0, "grpc: the stream was reset (HTTP/2 code %u)", g->reset_code);
    if (g->http_status != 200 || !g->is_grpc)
        return err_set(err, ERR_FORMAT, 0, "grpc: HTTP status %d, the answer is %s", g->http_status,
                       g->is_grpc ? "a failure" : "not " GRPC_TEXT_TYPE);
    if (g->status < 0)
        return err_set(err, ERR_FORMAT, 0, "grpc: no grpc-status");
    if (g->status != GRPC_OK) {
        bool denied = g->status == GRPC_PERMISSION_DENIED || g->status == GRPC_UNAUTHENTICATED;
        return err_set(err, denied ? ERR_DENIED : ERR_FORMAT, 0, "%s: %s", grpc_status_name(g->status),
                       g->text);
    }
    return unframe(g, message, err);
}

bool grpc_request(const struct grpc *g, const char **path, struct span *message)
{
    struct err ignored; /* on_frame has checked it */
    if (!g->server || !g->ended || g->responded || g->err.code != ERR_NONE ||
        unframe(g, message, &ignored) < 0)
        return false;
    *path = g->path;
    return true;
}

static int submit_refusal(struct grpc *g, enum grpc_status status, const char *text)
{
    char encoded[3 * GRPC_TEXT_MAX];
    grpc_text_encode(text, GRPC_TEXT_MAX - 1, encoded);
    char number[3] = {(char) ('0' + (unsigned) status / 10 % 10), (char) ('0' + (unsigned) status % 10), 0};
    const nghttp2_nv headers[] = {
        header(":status", "200"),
        header("content-type", GRPC_TEXT_TYPE),
        header("grpc-status", status < 10 ? number + 1 : number),
        header("grpc-message", encoded),
    };
    return nghttp2_submit_response2(g->session, g->stream, headers, sizeof(headers) / sizeof(headers[0]),
                                    NULL);
}

int grpc_respond(struct grpc *g, enum grpc_status status, const char *text, struct span message,
                 struct err *err)
{
    if (!g->server || !g->ended || g->responded)
        return err_set(err, ERR_FORMAT, 0, "grpc: there is no request to answer");
    g->responded = true;
    int rc = 0;
    if (status != GRPC_OK) {
        rc = submit_refusal(g, status, text);
    } else {
        if (frame_out(g, message, GRPC_RESPONSE_MAX, err) < 0)
            return -1;
        const nghttp2_nv headers[] = {header(":status", "200"), header("content-type", GRPC_TEXT_TYPE)};
        nghttp2_data_provider2 provider = {.read_callback = read_out};
        rc = nghttp2_submit_response2(g->session, g->stream, headers, 2, &provider);
    }
    if (rc != 0)
        return err_set(err, ERR_FORMAT, 0, "grpc: response: %s", nghttp2_strerror(rc));
    return 0;
}
