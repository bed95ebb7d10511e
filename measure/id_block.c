/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "id_block.h"

#include "files.h"
#include "hex.h"
#include "output.h"

#define PEM_FILE_MAX 4096 /* bytes of a private key's file */

static int read_id(const char *option, const char *text, uint8_t out[SNP_ID_SIZE], struct err *err)
{
    if (text && hex_decode(span_str(text), out, SNP_ID_SIZE, err) < 0)
        return err_prefix(err, "%s", option);
    return 0;
}

int id_block_read_args(const struct id_block_args *args, struct snp_id_block *block, bool *wanted,
                       struct err *err)
{
    struct snp_id_block b = {
        .guest_svn = (uint32_t) args->guest_svn.value,
        .policy = args->policy.given ? args->policy.value : SNP_ID_POLICY_DEFAULT,
    };

    if (!args->block != !args->auth)
        return err_set(err, ERR_FORMAT, 0, "--id-block and --id-auth belong together");
    if (!args->block && (args->id_key || args->author_key || args->family_id || args->image_id ||
                         args->guest_svn.given || args->policy.given))
        return err_set(err, ERR_FORMAT, 0,
                       "--id-key, --author-key, --family-id, --image-id, --guest-svn and --guest-policy need "
                       "--id-block");
    if (args->author_key && !args->id_key)
        return err_set(err, ERR_FORMAT, 0, "--author-key needs --id-key");
    if (!(b.policy & SNP_POLICY_MUST_BE_ONE))
        return err_set(err, ERR_FORMAT, 0, "--guest-policy: bit 17 must be set");
    if (read_id("--family-id", args->family_id, b.family_id, err) < 0 ||
        read_id("--image-id", args->image_id, b.image_id, err) < 0)
        return -1;
    *block = b;
    *wanted = args->block != NULL;
    return 0;
}

static int read_key(const char *path, struct ecc_pair *key, struct err *err)
{
    AUTO_MAP map = {0};

    if (files_map_open(path, PEM_FILE_MAX, &map, err) < 0)
        return -1;
    if (ecc_pair_from_pem(map.bytes, key, err) < 0)
        return err_prefix(err, "%s: expected a P-384 key as from openssl pkcs8 -topk8 -nocrypt", path);
    return 0;
}

int id_block_make(const struct id_block_args *args, const struct snp_id_block *block, struct snp_id *id,
                  struct err *err)
{
    AUTO_ECC_PAIR key = {0};
    AUTO_ECC_PAIR author = {0};
    struct snp_id made;

    if (!args->id_key) {
        if (snp_id_keyless(block, &made, err) < 0)
            return -1;
    } else {
        if (read_key(args->id_key, &key, err) < 0 ||
            (args->author_key && read_key(args->author_key, &author, err) < 0))
            return -1;
        if (snp_id_sign(block, &key, args->author_key ? &author : NULL, &made, err) < 0)
            return err_prefix(err, "%s", args->id_key);
    }
    if (output_write(args->block, span_of(made.block, sizeof made.block), err) < 0 ||
        output_write(args->auth, span_of(made.auth, sizeof made.auth), err) < 0)
        return -1;
    *id = made;
    return 0;
}
