/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A client of the user API: Contrast's dialect, whose client shows no evidence, and perhaps no certificate.
 */
#include "session_parts.h"

#include "userapi.h"
#include "usercalls.h"
#include "x509_spki.h"

#include <string.h>

int session_user_note(struct session *s, struct span certificate, struct err *err)
{
    struct span spki;

    if (s->nacre)
        return err_set(err, ERR_DENIED, 0, "nacre/1 on the user API's port");
    if (x509_spki(certificate, &spki, err) < 0)
        return -1;
    if (spki.len > sizeof s->user_spki)
        return err_set(err, ERR_LIMIT, 0, "the client's key has %zu bytes, at most %zu", spki.len,
                       sizeof s->user_spki);
    memcpy(s->user_spki, spki.data, spki.len);
    s->user_spki_len = spki.len;
    return 0;
}

int session_user_open(struct session *s, struct err *err)
{
    if (s->nacre)
        return err_set(err, ERR_DENIED, 0, "nacre/1 on the user API's port");
    if (session_contrast_open(s, err) < 0)
        return -1;
    grpc_allow(s->grpc, USERAPI_REQUEST_MAX);
    return 0;
}

int session_user_answer(struct session *s, const char *path, struct span message, struct err *err)
{
    const struct usercalls_request request = {
        .path = path, .message = message, .spki = span_of(s->user_spki, s->user_spki_len), .now_s = s->now_s};
    struct usercalls_answer a;
    const char *name = strrchr(path, '/');

    usercalls_do(s->service, &request, &a);
    s->call = name == NULL ? path : name + 1;
    session_note(s, a.status, a.reason);
    int rc = grpc_respond(s->grpc, a.status, a.reason, span_of(a.bytes, a.len), err);
    usercalls_free(&a);
    return rc;
}
