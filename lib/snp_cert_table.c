/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "snp_cert_table.h"

#define GUID_SIZE 16
#define ENTRY_SIZE 24 /* GUID, offset, length */
#define DER_SEQUENCE_TAG 0x30

/* GUIDs in the order of their text, unlike those of UEFI. */
static const uint8_t guid_vcek[GUID_SIZE] = {0x63, 0xda, 0x75, 0x8d, 0xe6, 0x64, 0x45, 0x64,
                                             0xad, 0xc5, 0xf4, 0xb9, 0x3b, 0xe8, 0xac, 0xcd};
static const uint8_t guid_vlek[GUID_SIZE] = {0xa8, 0x07, 0x4b, 0xc2, 0xa2, 0x5a, 0x48, 0x3e,
                                             0xaa, 0xe6, 0x39, 0xc0, 0x45, 0xa0, 0xb8, 0xa1};
static const uint8_t guid_ask[GUID_SIZE] = {0x4a, 0xb7, 0xb3, 0x79, 0xbb, 0xac, 0x4f, 0xe4,
                                            0xa0, 0x2f, 0x05, 0xae, 0xf3, 0x27, 0xc7, 0x82};
static const uint8_t guid_ark[GUID_SIZE] = {0xc0, 0xb4, 0x06, 0xa4, 0xa8, 0x03, 0x49, 0x52,
                                            0x97, 0x43, 0x3f, 0xb6, 0x01, 0x4c, 0xd0, 0xae};
static const uint8_t guid_crl[GUID_SIZE] = {0x92, 0xf8, 0x1b, 0xc3, 0x58, 0x11, 0x4d, 0x3d,
                                            0x97, 0xff, 0xd1, 0x9f, 0x88, 0xdc, 0x67, 0xea};

/* The kinds of certificate we use: GUID, and where it goes in a chain. */
#define KINDS 5
struct kind {
    const uint8_t *guid;
    const char *name;
    struct span *cert;
};

static void kinds_of(struct snp_chain *chain, struct kind kinds[KINDS])
{
    kinds[0] = (struct kind){guid_vcek, "VCEK", &chain->vcek};
    kinds[1] = (struct kind){guid_vlek, "VLEK", &chain->vlek};
    kinds[2] = (struct kind){guid_ask, "ASK", &chain->ask};
    kinds[3] = (struct kind){guid_ark, "ARK", &chain->ark};
    kinds[4] = (struct kind){guid_crl, "CRL", &chain->crl};
}

static int take(struct span bytes, const struct kind *kind, uint32_t offset, uint32_t len, struct err *err)
{
    struct span cert = span_sub(bytes, offset, len);

    if (kind->cert->len > 0)
        return err_set(err, ERR_FORMAT, 0, "certificate table: %s stands twice", kind->name);
    if (cert.len == 0)
        return err_set(err, ERR_FORMAT, 0, "certificate table: %s at %u, length %u, is not inside %zu bytes",
                       kind->name, offset, len, bytes.len);
    if (cert.data[0] != DER_SEQUENCE_TAG)
        return err_set(err, ERR_FORMAT, 0, "certificate table: %s is not DER", kind->name);
    *kind->cert = cert;
    return 0;
}

int snp_cert_table_parse(struct span bytes, struct snp_chain *chain, struct err *err)
{
    struct reader r = reader_of(bytes);
    struct snp_chain got = {0};
    struct kind kinds[KINDS];

    if (bytes.len > SNP_CERT_TABLE_MAX)
        return err_set(err, ERR_LIMIT, 0, "certificate table: %zu bytes, at most %d", bytes.len,
                       SNP_CERT_TABLE_MAX);
    kinds_of(&got, kinds);
    for (int entry = 0; bytes.len > 0; entry++) {
        struct span guid = reader_bytes(&r, GUID_SIZE);
        uint32_t offset = reader_le32(&r), len = reader_le32(&r);

        if (r.bad)
            return err_set(err, ERR_FORMAT, 0, "certificate table: the closing zero entry is missing");
        if (span_is_zero(guid) && offset == 0 && len == 0)
            break;
        if (entry >= SNP_CERT_TABLE_ENTRIES_MAX)
            return err_set(err, ERR_LIMIT, 0, "certificate table: more than %d entries",
                           SNP_CERT_TABLE_ENTRIES_MAX);
        for (int k = 0; k < KINDS; k++) {
            if (span_eq(guid, span_of(kinds[k].guid, GUID_SIZE)) &&
                take(bytes, &kinds[k], offset, len, err) < 0)
                return -1;
        }
    }
    *chain = got;
    return 0;
}

void snp_cert_table_write(const struct snp_chain *chain, struct writer *w)
{
    struct snp_chain copy = *chain; /* spans only */
    struct kind kinds[KINDS];
    size_t offset = ENTRY_SIZE;

    kinds_of(&copy, kinds);
    for (int k = 0; k < KINDS; k++)
        offset += kinds[k].cert->len > 0 ? ENTRY_SIZE : 0;
    for (int k = 0; k < KINDS; k++) {
        if (kinds[k].cert->len == 0)
            continue;
        writer_bytes(w, span_of(kinds[k].guid, GUID_SIZE));
        writer_le32(w, (uint32_t) offset);
        writer_le32(w, (uint32_t) kinds[k].cert->len);
        offset += kinds[k].cert->len;
    }
    writer_zeros(w, ENTRY_SIZE);
    for (int k = 0; k < KINDS; k++)
        writer_bytes(w, *kinds[k].cert);
}
