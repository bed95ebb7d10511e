/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tpm_quote.h"

#include "hash.h"
#include "rsa_pkcs1.h"

#define TPM_GENERATED 0xff544347 /* "\xffTCG": the TPM made these bytes itself */
#define ST_ATTEST_QUOTE 0x8018
#define ALG_SHA256 0x000b
#define SELECT_SIZE 3 /* bytes of the bit map of 24 PCRs */

/* A length of two bytes and as many bytes. */
static int read_2b(struct reader *r, const char *field, size_t max, struct span *bytes, struct err *err)
{
    const uint16_t len = reader_be16(r);

    if (len > max)
        return err_set(err, ERR_LIMIT, 0, "TPM quote: %s of %u bytes, at most %zu", field, len, max);
    *bytes = reader_bytes(r, len);
    if (r->bad)
        return err_set(err, ERR_FORMAT, 0, "TPM quote: %s is cut short", field);
    return 0;
}

static int read_head(struct reader *r, struct tpm_quote *quote, struct err *err)
{
    const uint32_t magic = reader_be32(r);
    const uint16_t type = reader_be16(r);
    uint8_t safe;

    if (magic != TPM_GENERATED)
        return err_set(err, ERR_FORMAT, 0, "TPM quote: magic at 0: expected 0x%x, found 0x%x", TPM_GENERATED,
                       magic);
    if (type != ST_ATTEST_QUOTE)
        return err_set(err, ERR_FORMAT, 0, "TPM quote: type at 4: expected 0x%x, found 0x%x", ST_ATTEST_QUOTE,
                       type);
    if (read_2b(r, "signer", TPM_QUOTE_NAME_MAX, &quote->signer, err) < 0 ||
        read_2b(r, "nonce", TPM_QUOTE_NONCE_MAX, &quote->nonce, err) < 0)
        return -1;
    quote->clock_ms = reader_be64(r);
    quote->reset_count = reader_be32(r);
    quote->restart_count = reader_be32(r);
    safe = reader_u8(r);
    quote->firmware = reader_be64(r);
    if (r->bad)
        return err_set(err, ERR_FORMAT, 0, "TPM quote: clock is cut short");
    if (safe > 1)
        return err_set(err, ERR_FORMAT, 0, "TPM quote: safe: expected 0 or 1, found %u", safe);
    quote->safe = safe == 1;
    return 0;
}

int tpm_quote_parse(struct span message, struct tpm_quote *quote, struct err *err)
{
    struct reader r = reader_of(message);
    struct tpm_quote got = {0};
    uint32_t banks;
    uint16_t alg;
    uint8_t size;

    if (message.len > TPM_QUOTE_MAX)
        return err_set(err, ERR_LIMIT, 0, "TPM quote: %zu bytes, at most %d", message.len, TPM_QUOTE_MAX);
    if (read_head(&r, &got, err) < 0)
        return -1;
    banks = reader_be32(&r);
    alg = reader_be16(&r);
    size = reader_u8(&r);
    if (r.bad || banks != 1 || alg != ALG_SHA256 || size != SELECT_SIZE)
        return err_set(err, ERR_FORMAT, 0,
                       "TPM quote: PCRs: expected one bank, 0x000b, %d bytes, found %u, 0x%04x, %u",
                       SELECT_SIZE, banks, alg, size);
    for (int i = 0; i < SELECT_SIZE; i++)
        got.pcrs |= (uint32_t) reader_u8(&r) << 8 * i;
    if (read_2b(&r, "PCR digest", TPM_QUOTE_DIGEST_SIZE, &got.pcr_digest, err) < 0)
        return -1;
    if (got.pcr_digest.len != TPM_QUOTE_DIGEST_SIZE)
        return err_set(err, ERR_FORMAT, 0, "TPM quote: PCR digest: expected %d bytes, found %zu",
                       TPM_QUOTE_DIGEST_SIZE, got.pcr_digest.len);
    if (!reader_done(&r))
        return err_set(err, ERR_FORMAT, 0, "TPM quote: %zu bytes behind the PCR digest", reader_left(&r));
    *quote = got;
    return 0;
}

int tpm_quote_verify(struct span message, struct span sig, struct span modulus, struct span nonce,
                     struct tpm_quote *quote, struct err *err)
{
    uint8_t digest[SHA256_SIZE];
    struct tpm_quote got;

    if (tpm_quote_parse(message, &got, err) < 0 || hash_bytes(HASH_SHA256, message, digest, err) < 0)
        return -1;
    if (rsa_pkcs1_verify(modulus, span_of(digest, sizeof digest), sig, err) < 0)
        return err_prefix(err, "TPM quote");
    if (nonce.len == 0 || !span_eq(nonce, got.nonce))
        return err_set(err, ERR_DENIED, 0, "TPM quote: nonce: not the one that was asked for");
    *quote = got;
    return 0;
}

int tpm_quote_check_pcrs(const struct tpm_quote *quote, struct span pcrs, struct err *err)
{
    uint8_t digest[SHA256_SIZE];
    struct hash h;

    if (pcrs.len != (size_t) TPM_QUOTE_PCRS * TPM_QUOTE_DIGEST_SIZE)
        return err_set(err, ERR_FORMAT, 0, "PCRs: expected %d values of %d bytes, found %zu bytes",
                       TPM_QUOTE_PCRS, TPM_QUOTE_DIGEST_SIZE, pcrs.len);
    if (hash_begin(HASH_SHA256, &h, err) < 0)
        return -1;
    for (size_t i = 0; i < TPM_QUOTE_PCRS; i++) {
        const struct span value = span_sub(pcrs, i * TPM_QUOTE_DIGEST_SIZE, TPM_QUOTE_DIGEST_SIZE);

        if (((quote->pcrs >> i) & 1) != 0 && hash_update(&h, value, err) < 0)
            return -1;
    }
    if (hash_end(&h, digest, err) < 0)
        return -1;
    if (!span_eq(quote->pcr_digest, span_of(digest, sizeof digest)))
        return err_set(err, ERR_DENIED, 0, "TPM quote: the PCRs are not those of the quote");
    return 0;
}
