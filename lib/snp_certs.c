/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "snp_certs.h"

#include "snp_roots.h"

#include <string.h>

#define HWID_SIZE 64
#define HWID_SIZE_TURIN 8

static const uint8_t arc[SNP_CERTS_ARC_SIZE] = SNP_CERTS_ARC;

/* What has been seen while the extensions are walked. */
struct walk {
    struct snp_leaf leaf;
    bool has_version;
    bool has_product;
    uint16_t spl_seen; /* bit n: SPL n */
};

/* "Milan-B0", "Genoa": the name up to the stepping. */
static int read_product(struct span value, struct walk *w, struct err *err)
{
    struct reader r = reader_of(value);
    struct der text;
    const uint8_t *dash;
    struct span name;

    if (der_get(&r, DER_IA5_STRING, "productName", &text, err) < 0 || der_end(&r, "productName", err) < 0)
        return -1;
    name = text.body;
    dash = name.len > 0 ? memchr(name.data, '-', name.len) : NULL;
    if (dash)
        name.len = (size_t) (dash - name.data);
    w->leaf.product = snp_product_from_name(name);
    w->has_product = true;
    if (w->leaf.product == SNP_PRODUCT_UNKNOWN)
        return err_set(err, ERR_FORMAT, 0, "productName: expected Milan, Genoa or Turin");
    return 0;
}

static int read_spl(uint8_t which, struct span value, struct walk *w, struct err *err)
{
    struct reader r = reader_of(value);
    uint64_t level = 0;

    if (which < SNP_SPL_BOOT_LOADER || which > SNP_SPL_FMC)
        return err_set(err, ERR_FORMAT, 0, "SPL extension %u is not known", which);
    if (der_get_u64(&r, "SPL", &level, err) < 0 || der_end(&r, "SPL", err) < 0)
        return -1;
    if (level > 255)
        return err_set(err, ERR_FORMAT, 0, "SPL %u: expected 0 to 255, found %llu", which,
                       (unsigned long long) level);
    w->spl_seen = (uint16_t) (w->spl_seen | 1U << which);
    if (which == SNP_SPL_BOOT_LOADER)
        w->leaf.tcb.boot_loader = (uint8_t) level;
    else if (which == SNP_SPL_TEE)
        w->leaf.tcb.tee = (uint8_t) level;
    else if (which == SNP_SPL_SNP)
        w->leaf.tcb.snp = (uint8_t) level;
    else if (which == SNP_SPL_MICROCODE)
        w->leaf.tcb.microcode = (uint8_t) level;
    else if (which == SNP_SPL_FMC)
        w->leaf.tcb.fmc = (uint8_t) level;
    else if (level != 0)
        return err_set(err, ERR_FORMAT, 0, "SPL %u is reserved, expected 0, found %llu", which,
                       (unsigned long long) level);
    return 0;
}

static int read_csp_id(struct span value, struct walk *w, struct err *err)
{
    struct reader r = reader_of(value);
    struct der text;

    if (der_get(&r, DER_IA5_STRING, "CSP_ID", &text, err) < 0 || der_end(&r, "CSP_ID", err) < 0)
        return -1;
    if (text.body.len == 0 || text.body.len > SNP_CSP_ID_MAX)
        return err_set(err, ERR_LIMIT, 0, "CSP_ID: %zu bytes, expected 1 to %d", text.body.len,
                       SNP_CSP_ID_MAX);
    w->leaf.csp_id = text.body;
    return 0;
}

/* One extension of AMD's; id is what follows the arc. */
static int read_amd(struct span id, struct span value, struct walk *w, struct err *err)
{
    struct reader r = reader_of(id);
    uint8_t kind = reader_u8(&r);

    if (kind == SNP_EXT_SPL && id.len == 2)
        return read_spl(reader_u8(&r), value, w, err);
    if (id.len != 1)
        return err_set(err, ERR_FORMAT, 0, "extension of AMD's arc is not known");
    switch (kind) {
    case SNP_EXT_STRUCT_VERSION: {
        struct reader v = reader_of(value);
        uint64_t version = 0;

        if (der_get_u64(&v, "structVersion", &version, err) < 0 || der_end(&v, "structVersion", err) < 0)
            return -1;
        w->has_version = true;
        return version <= 1 ? 0 : err_set(err, ERR_FORMAT, 0, "structVersion: expected 0 or 1");
    }
    case SNP_EXT_PRODUCT_NAME:
        return read_product(value, w, err);
    case SNP_EXT_HWID: /* raw bytes, no DER inside */
        w->leaf.hwid = value;
        return 0;
    case SNP_EXT_CSP_ID:
        return read_csp_id(value, w, err);
    default:
        return err_set(err, ERR_FORMAT, 0, "extension %u of AMD's arc is not known", kind);
    }
}

static int check_complete(const struct walk *w, struct err *err)
{
    bool turin = w->leaf.product == SNP_PRODUCT_TURIN;
    uint16_t needed = 0;
    size_t hwid_size = turin ? HWID_SIZE_TURIN : HWID_SIZE;

    if (!w->has_version || !w->has_product)
        return err_set(err, ERR_MISSING, 0, "%s is missing",
                       w->has_version ? "productName" : "structVersion");
    for (unsigned spl = SNP_SPL_BOOT_LOADER; spl <= SNP_SPL_FMC; spl++) {
        if (spl != (turin ? SNP_SPL_4 : SNP_SPL_FMC))
            needed = (uint16_t) (needed | 1U << spl);
    }
    if (!turin && w->spl_seen & 1U << SNP_SPL_FMC)
        return err_set(err, ERR_FORMAT, 0, "fmcSPL does not exist on %s", snp_product_name(w->leaf.product));
    if ((w->spl_seen & needed) != needed)
        return err_set(err, ERR_MISSING, 0, "a security patch level is missing");
    if ((w->leaf.hwid.len > 0) == (w->leaf.csp_id.len > 0))
        return err_set(err, ERR_FORMAT, 0, "expected either a HWID (VCEK) or a CSP_ID (VLEK)");
    if (w->leaf.hwid.len > 0 && w->leaf.hwid.len != hwid_size)
        return err_set(err, ERR_FORMAT, 0, "HWID: expected %zu bytes, found %zu", hwid_size,
                       w->leaf.hwid.len);
    return 0;
}

int snp_certs_leaf(const struct x509 *cert, struct snp_leaf *leaf, struct err *err)
{
    struct reader r = reader_of(cert->extensions);
    struct walk w = {0};

    while (reader_left(&r) > 0) {
        struct x509_ext ext;

        if (x509_next_ext(&r, &ext, err) < 0)
            return -1;
        if (ext.oid.len <= sizeof arc || !span_eq(span_sub(ext.oid, 0, sizeof arc), span_of(arc, sizeof arc)))
            return err_set(err, ERR_FORMAT, 0, "an extension that is not AMD's");
        if (read_amd(span_sub(ext.oid, sizeof arc, ext.oid.len - sizeof arc), ext.value, &w, err) < 0)
            return -1;
    }
    if (check_complete(&w, err) < 0)
        return -1;
    w.leaf.signer = w.leaf.hwid.len > 0 ? SNP_SIGNER_VCEK : SNP_SIGNER_VLEK;
    *leaf = w.leaf;
    return 0;
}

struct span snp_certs_ark(enum snp_product product)
{
    switch (product) {
    case SNP_PRODUCT_MILAN:
        return span_of(snp_root_milan, snp_root_milan_len);
    case SNP_PRODUCT_GENOA:
        return span_of(snp_root_genoa, snp_root_genoa_len);
    case SNP_PRODUCT_TURIN:
        return span_of(snp_root_turin, snp_root_turin_len);
    case SNP_PRODUCT_UNKNOWN:
        break;
    }
    return span_of(NULL, 0);
}
