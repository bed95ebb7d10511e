/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "psp_state.h"

#include "pem.h"
#include "psp_chain.h"
#include "psp_file.h"
#include "rng.h"
#include "rsa_sign.h"
#include "secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define LABEL_RSA "RSA PRIVATE KEY"
#define KEY_PEM_MAX 4096
#define CERT_PEM_MAX 4096

void psp_state_wipe(struct psp_state *state)
{
    if (state)
        ecc_wipe(&state->vcek);
}

/* RSA keys while the directory is made. Secret. */
struct root_keys {
    uint8_t ark[RSA_SIGN_KEY_MAX];
    uint8_t ask[RSA_SIGN_KEY_MAX];
    struct span ark_der;
    struct span ask_der;
};

static void wipe_root_keys(struct root_keys *keys)
{
    secret_wipe_bytes(keys, sizeof *keys);
}

static int write_pem(int dir_fd, const char *name, const char *label, struct span der, unsigned mode,
                     struct err *err)
{
    uint8_t buf[KEY_PEM_MAX];
    struct writer w = writer_of(buf, sizeof buf);
    int rc;

    pem_put(&w, label, der);
    rc = w.bad ? err_set(err, ERR_LIMIT, 0, "%s: does not fit", name)
               : psp_file_write(dir_fd, name, writer_span(&w), mode, err);
    secret_wipe_bytes(buf, sizeof buf);
    return rc;
}

static int make_rsa(int dir_fd, const char *name, uint8_t *buf, struct span *der, struct err *err)
{
    struct writer w = writer_of(buf, RSA_SIGN_KEY_MAX);

    if (rsa_sign_generate(&w, err) < 0)
        return -1;
    *der = writer_span(&w);
    return write_pem(dir_fd, name, LABEL_RSA, *der, 0600, err);
}

static int make_vcek(int dir_fd, const struct root_keys *keys, enum snp_product product, struct err *err)
{
    AUTO_ECC_PAIR pair = {0};
    uint8_t key_buf[ECC_PKCS8_MAX], cert_buf[PSP_STATE_CERT_MAX], chip_id[SNP_CHIP_ID_SIZE];
    struct writer key = writer_of(key_buf, sizeof key_buf);
    struct writer cert = writer_of(cert_buf, sizeof cert_buf);
    int rc;

    if (ecc_generate(ECC_CURVE_P384, &pair, err) < 0 || rng_bytes(chip_id, sizeof chip_id, err) < 0 ||
        psp_chain_vcek(keys->ask_der, &pair.pub, product, chip_id, &cert, err) < 0)
        return -1;
    ecc_pair_to_pkcs8(&pair, &key);
    rc = write_pem(dir_fd, "vcek.key", PEM_LABEL_PRIVATE_KEY, writer_span(&key), 0600, err);
    secret_wipe_bytes(key_buf, sizeof key_buf);
    if (rc < 0)
        return -1;
    return write_pem(dir_fd, "vcek.pem", PEM_LABEL_CERTIFICATE, writer_span(&cert), 0644, err);
}

static int make_cas(int dir_fd, const struct root_keys *keys, enum snp_product product, struct err *err)
{
    uint8_t ark_buf[PSP_STATE_CERT_MAX], ask_buf[PSP_STATE_CERT_MAX];
    struct writer ark = writer_of(ark_buf, sizeof ark_buf);
    struct writer ask = writer_of(ask_buf, sizeof ask_buf);

    if (psp_chain_ark(keys->ark_der, product, &ark, err) < 0 ||
        psp_chain_ask(keys->ark_der, keys->ask_der, product, &ask, err) < 0 ||
        write_pem(dir_fd, "ask.pem", PEM_LABEL_CERTIFICATE, writer_span(&ask), 0644, err) < 0)
        return -1;
    return write_pem(dir_fd, "ark.pem", PEM_LABEL_CERTIFICATE, writer_span(&ark), 0644, err);
}

/* All keys and certificates; ark.pem comes last. */
static int make(int dir_fd, enum snp_product product, void (*progress)(const char *line), struct err *err)
{
    __attribute__((cleanup(wipe_root_keys))) struct root_keys keys = {0};

    progress("making the test root's first RSA-4096 key");
    if (make_rsa(dir_fd, "ark.key", keys.ark, &keys.ark_der, err) < 0)
        return -1;
    progress("making the test root's second RSA-4096 key");
    if (make_rsa(dir_fd, "ask.key", keys.ask, &keys.ask_der, err) < 0)
        return -1;
    if (make_vcek(dir_fd, &keys, product, err) < 0)
        return -1;
    return make_cas(dir_fd, &keys, product, err);
}

static int read_cert(int dir_fd, const char *name, struct writer *w, struct span *der, struct err *err)
{
    AUTO_FREE uint8_t *data = NULL;
    size_t len = 0;
    struct span text;

    if (psp_file_read_at(dir_fd, name, CERT_PEM_MAX, &data, &len, err) < 0)
        return -1;
    text = span_of(data, len);
    if (pem_next(&text, PEM_LABEL_CERTIFICATE, w, der, err) < 0)
        return err_prefix(err, "%s", name);
    return 0;
}

static int read_key(int dir_fd, struct ecc_pair *pair, struct err *err)
{
    uint8_t *data = NULL;
    size_t len = 0;
    int rc;

    if (psp_file_read_at(dir_fd, "vcek.key", KEY_PEM_MAX, &data, &len, err) < 0)
        return -1;
    rc = ecc_pair_from_pem(span_of(data, len), pair, err);
    secret_wipe_bytes(data, len);
    free(data);
    return rc < 0 ? err_prefix(err, "vcek.key") : 0;
}

static int load(int dir_fd, enum snp_product product, struct psp_state *state, struct err *err)
{
    struct writer w = writer_of(state->certs, sizeof state->certs);
    struct ecc_public pub;
    struct x509 cert;

    if (read_cert(dir_fd, "vcek.pem", &w, &state->chain.vcek, err) < 0 ||
        read_cert(dir_fd, "ask.pem", &w, &state->chain.ask, err) < 0 ||
        read_cert(dir_fd, "ark.pem", &w, &state->chain.ark, err) < 0 ||
        read_key(dir_fd, &state->vcek, err) < 0)
        return -1;
    if (x509_parse(state->chain.vcek, &cert, err) < 0 || snp_certs_leaf(&cert, &state->leaf, err) < 0 ||
        ecc_public_from_spki(cert.spki, &pub, err) < 0)
        return err_prefix(err, "vcek.pem");
    if (!ecc_public_eq(&pub, &state->vcek.pub))
        return err_set(err, ERR_FORMAT, 0, "vcek.pem is not for the key in vcek.key");
    if (state->leaf.product != product || state->leaf.hwid.len != SNP_CHIP_ID_SIZE)
        return err_set(err, ERR_FORMAT, 0, "the keys were made for %s, not for %s",
                       snp_product_name(state->leaf.product), snp_product_name(product));
    return 0;
}

int psp_state_open(const char *dir, enum snp_product product, void (*progress)(const char *line),
                   struct psp_state *state, struct err *err)
{
    PSP_AUTO_FD fd = -1;

    if (mkdir(dir, 0700) < 0 && errno != EEXIST)
        return err_set(err, ERR_SYS, errno, "%s: cannot be made: %m", dir);
    fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    /* two at the same time make one root: the lock goes with the descriptor */
    if (fd < 0 || flock(fd, LOCK_EX) < 0)
        return err_set(err, ERR_SYS, errno, "%s: cannot be opened and locked: %m", dir);
    if (faccessat(fd, "ark.pem", F_OK, 0) < 0) {
        if (errno != ENOENT)
            return err_set(err, ERR_SYS, errno, "%s/ark.pem: %m", dir);
        if (fchmod(fd, 0700) < 0)
            return err_set(err, ERR_SYS, errno, "%s: mode: %m", dir);
        if (make(fd, product, progress, err) < 0)
            return err_prefix(err, "%s", dir);
    }
    if (load(fd, product, state, err) < 0) {
        psp_state_wipe(state);
        return err_prefix(err, "%s", dir);
    }
    return 0;
}
