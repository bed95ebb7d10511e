/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pcr.h"

#define PIECE 512 /* bytes of UTF-16 hashed at once */

struct pcr pcr_new(enum hash_alg alg)
{
    return (struct pcr){.alg = alg};
}

int pcr_extend(struct pcr *pcr, const uint8_t *digest, struct err *err)
{
    struct hash h;

    if (hash_begin(pcr->alg, &h, err) < 0 ||
        hash_update(&h, span_of(pcr->value, hash_size(pcr->alg)), err) < 0 ||
        hash_update(&h, span_of(digest, hash_size(pcr->alg)), err) < 0)
        return -1;
    return hash_end(&h, pcr->value, err);
}

int pcr_extend_bytes(struct pcr *pcr, struct span bytes, struct err *err)
{
    uint8_t digest[HASH_MAX];

    if (hash_bytes(pcr->alg, bytes, digest, err) < 0)
        return -1;
    return pcr_extend(pcr, digest, err);
}

int pcr_separator(enum hash_alg alg, uint8_t *digest, struct err *err)
{
    static const uint8_t zeros[PCR_SEPARATOR_SIZE];

    return hash_bytes(alg, span_of(zeros, sizeof zeros), digest, err);
}

int pcr_boot_start(enum hash_alg alg, struct pcr *pcr, struct err *err)
{
    struct pcr out = pcr_new(alg);
    uint8_t digest[HASH_MAX];

    if (pcr_extend_bytes(&out, span_str(PCR_CALLING), err) < 0 || pcr_separator(alg, digest, err) < 0 ||
        pcr_extend(&out, digest, err) < 0)
        return -1;
    *pcr = out;
    return 0;
}

static int hash_utf16(struct hash *h, struct span text, struct err *err)
{
    uint8_t piece[PIECE];
    struct writer w = writer_of(piece, sizeof piece);

    if (text.len > PCR_TEXT_MAX)
        return err_set(err, ERR_LIMIT, 0, "%zu characters, at most %d", text.len, PCR_TEXT_MAX);
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == 0 || text.data[i] >= 0x80)
            return err_set(err, ERR_FORMAT, 0, "byte 0x%02x at %zu: expected ASCII without NUL", text.data[i],
                           i);
        writer_le16(&w, text.data[i]);
        if (w.len < w.cap)
            continue;
        if (hash_update(h, writer_span(&w), err) < 0)
            return -1;
        w = writer_of(piece, sizeof piece);
    }
    return hash_update(h, writer_span(&w), err);
}

int pcr_load_options(enum hash_alg alg, struct span text, uint8_t *digest, struct err *err)
{
    static const uint8_t nul[2];
    struct hash h;

    if (hash_begin(alg, &h, err) < 0)
        return -1;
    if (hash_utf16(&h, text, err) < 0)
        return err_prefix(err, "command line");
    if (hash_update(&h, span_of(nul, sizeof nul), err) < 0)
        return -1;
    return hash_end(&h, digest, err);
}

int pcr_variable(enum hash_alg alg, const uint8_t guid[16], const char *name, struct span data,
                 uint8_t *digest, struct err *err)
{
    uint8_t header[32];
    struct writer w = writer_of(header, sizeof header);
    struct span text = span_str(name);
    struct hash h;

    writer_bytes(&w, span_of(guid, 16));
    writer_le64(&w, text.len);
    writer_le64(&w, data.len);
    if (hash_begin(alg, &h, err) < 0 || hash_update(&h, writer_span(&w), err) < 0)
        return -1;
    if (hash_utf16(&h, text, err) < 0)
        return err_prefix(err, "variable name");
    if (hash_update(&h, data, err) < 0)
        return -1;
    return hash_end(&h, digest, err);
}
