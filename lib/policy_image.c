/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The key "image" of policy.json. */
#include "hex.h"
#include "policy_parts.h"

#include <string.h>

static int image_device(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    struct policy_image *image = out;

    return policy_serial_item(at, strings, &image->device, err);
}

static int image_filesystem(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    static const char *const known[] = {"erofs"};
    size_t which;

    (void) strings;
    (void) out;
    return json_choice(at, known, POLICY_COUNT(known), &which, err);
}

static int image_hash(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    static const char *const known[] = {"sha256"};
    size_t which;

    (void) strings;
    (void) out;
    return json_choice(at, known, POLICY_COUNT(known), &which, err);
}

static int image_root_hash(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    struct policy_image *image = out;

    (void) strings;
    return json_hex(at, image->verity.root_hash, VERITY_HASH_SIZE, err);
}

static int image_salt(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    struct policy_image *image = out;
    struct span text;

    (void) strings;
    if (json_string(at, (size_t) 2 * VERITY_SALT_MAX, &text, err) < 0)
        return -1;
    image->verity.salt_len = text.len / 2;
    return json_hex(at, image->verity.salt, text.len / 2, err);
}

static int image_data_block_size(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    struct policy_image *image = out;

    (void) strings;
    return json_u32(at, VERITY_BLOCK_MIN, VERITY_BLOCK_MAX, &image->verity.data_block_size, err);
}

static int image_hash_block_size(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    struct policy_image *image = out;

    (void) strings;
    return json_u32(at, VERITY_BLOCK_MIN, VERITY_BLOCK_MAX, &image->verity.hash_block_size, err);
}

static int image_data_blocks(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    struct policy_image *image = out;

    (void) strings;
    return json_u64(at, 1, VERITY_DATA_BLOCKS_MAX, &image->verity.data_blocks, err);
}

static int image_hash_start_block(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    struct policy_image *image = out;

    (void) strings;
    return json_u64(at, 1, JSON_INT_MAX, &image->verity.hash_start_block, err);
}

static const struct json_field image_fields[] = {
    {"device",           true, image_device          },
    {"filesystem",       true, image_filesystem      },
    {"hash",             true, image_hash            },
    {"root_hash",        true, image_root_hash       },
    {"salt",             true, image_salt            },
    {"data_block_size",  true, image_data_block_size },
    {"hash_block_size",  true, image_hash_block_size },
    {"data_blocks",      true, image_data_blocks     },
    {"hash_start_block", true, image_hash_start_block},
};

int policy_image_parse(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    struct policy *policy = out;

    if (json_fields(at, image_fields, POLICY_COUNT(image_fields), strings, &policy->image, err) < 0)
        return -1;
    if (verity_check(&policy->image.verity, err) < 0)
        return json_prefix(at, err);
    return 0;
}
