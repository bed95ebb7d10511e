/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "leaf.h"

#include "ca_cert.h"
#include "der_time.h"
#include "mesh_claims_read.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define NAMES_TEXT 256

static void add(struct table *t, const char *name, const char *expected, const char *refusal,
                const char *passed)
{
    struct table_row *row = table_add(t, refusal ? TABLE_REFUSED : TABLE_PASSED, name);

    table_expected(row, "%s", expected);
    table_found(row, "%s", refusal ? refusal : passed);
}

/* --- chain ----------------------------------------------------------------------------------------- */

static int check_intermediate(struct span der, const struct x509 *mesh, struct err *err)
{
    struct x509 cert;

    if (x509_parse(der, &cert, err) < 0)
        return -1;
    if (!span_eq(cert.spki, mesh->spki) || !span_eq(cert.subject, mesh->subject))
        return err_set(err, ERR_DENIED, 0, "the second certificate has not the mesh CA's key and name");
    return 0;
}

static int check_chain(const struct leaf *l, const struct x509 *mesh, struct x509 *cert, struct err *err)
{
    if (x509_parse(l->certs[0], cert, err) < 0)
        return -1;
    if (cert->is_ca)
        return err_set(err, ERR_DENIED, 0, "the certificate shown is a CA's");
    if (x509_check_issued(cert, mesh, 0, err) < 0)
        return -1;
    if (l->count > 2)
        return err_set(err, ERR_DENIED, 0, "%zu certificates, expected the leaf and the intermediate CA",
                       l->count);
    return l->count == 2 ? check_intermediate(l->certs[1], mesh, err) : 0;
}

static void check_dates(const struct leaf *l, const struct x509 *mesh, const struct x509 *cert,
                        struct table *t)
{
    struct err why;
    const bool good =
        x509_check_time(mesh, l->in->now_s, &why) == 0 && x509_check_time(cert, l->in->now_s, &why) == 0;
    char want[64], now[DER_TIME_TEXT_SIZE];

    der_time_text(l->in->now_s, now);
    (void) snprintf(want, sizeof want, "leaf and mesh CA valid at %s", now);
    add(t, "certificate: dates", want, good ? NULL : why.text, "yes");
}

/* --- names ----------------------------------------------------------------------------------------- */

static bool same_text(struct span a, const char *b)
{
    if (a.len != strlen(b))
        return false;
    for (size_t i = 0; i < a.len; i++) {
        if (tolower(a.data[i]) != tolower((unsigned char) b[i]))
            return false;
    }
    return true;
}

/* RFC 6125: "*" stands for one whole label at the left. */
static bool matches_dns(struct span pattern, const char *name)
{
    const char *dot = strchr(name, '.');

    if (pattern.len > 2 && pattern.data[0] == '*' && pattern.data[1] == '.')
        return dot != NULL && same_text(span_sub(pattern, 1, pattern.len - 1), dot);
    return same_text(pattern, name);
}

static bool matches(const struct san *san, const char *name)
{
    struct san wanted;
    struct err ignored;

    if (san_parse(span_str(name), &wanted, &ignored) < 0)
        return false;
    if (wanted.kind == SAN_IP)
        return san->kind == SAN_IP && san->ip_len == wanted.ip_len &&
               memcmp(san->ip, wanted.ip, san->ip_len) == 0;
    return san->kind == SAN_DNS && matches_dns(san->text, name);
}

static void put_name(const struct san *san, char *text, size_t cap)
{
    const size_t len = strlen(text);
    const char *comma = len > 0 ? ", " : "";

    if (san->kind != SAN_IP)
        (void) snprintf(text + len, cap - len, "%s%.*s", comma, (int) san->text.len,
                        (const char *) san->text.data);
    else if (san->ip_len == 4)
        (void) snprintf(text + len, cap - len, "%s%u.%u.%u.%u", comma, san->ip[0], san->ip[1], san->ip[2],
                        san->ip[3]);
    else
        (void) snprintf(text + len, cap - len, "%san IPv6 address", comma);
}

static void check_names(const struct leaf *l, const struct x509 *cert, struct table *t)
{
    struct san sans[MESH_CLAIMS_READ_SANS_MAX];
    size_t count = 0;
    struct err why;
    char text[NAMES_TEXT] = "";
    bool found = l->name == NULL;

    if (mesh_claims_read_sans(cert, sans, &count, &why) < 0) {
        add(t, "certificate: names", "readable", why.text, "");
        return;
    }
    for (size_t i = 0; i < count; i++) {
        put_name(&sans[i], text, sizeof text);
        found = found || matches(&sans[i], l->name);
    }
    struct table_row *row = table_add(t,
                                      l->name == NULL ? TABLE_NOT_RUN
                                      : found         ? TABLE_PASSED
                                                      : TABLE_REFUSED,
                                      "certificate: names");
    table_expected(row, "%s", l->name ? l->name : "not asked for (no --name)");
    table_found(row, "%s", text);
}

int leaf_check(const struct leaf *l, struct table *t, struct x509 *cert, struct err *err)
{
    uint8_t der[CA_CERT_DER_MAX], digest[SHA256_SIZE];
    struct x509 mesh;
    struct err why;

    if (ca_cert_read(l->mesh_ca, der, &mesh, err) < 0)
        return -1;
    if (!ca_cert_check(l->mesh_ca, CA_CERT_MESH, l->in->now_s, t, digest))
        return 0;
    const bool good = check_chain(l, &mesh, cert, &why) == 0;
    add(t, "certificate: chain", "a leaf issued by the mesh CA", good ? NULL : why.text, "yes");
    if (!good)
        return 0;
    check_dates(l, &mesh, cert, t);
    check_names(l, cert, t);
    return 1;
}
