#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What made these files: OpenSSL 3. A new run makes a new key.
set -eu
cd "$(dirname "$0")"
t=$(mktemp -d)
trap 'rm -rf "$t"' EXIT
openssl genrsa -out "$t/key.pem" 4096
openssl rsa -in "$t/key.pem" -traditional -outform DER -out key.der
openssl rsa -in "$t/key.pem" -RSAPublicKey_out -outform DER -out public.der
openssl rsa -in "$t/key.pem" -pubout -outform DER -out spki.der
python3 -c 'import sys; sys.stdout.buffer.write(bytes(range(64)))' >"$t/seed"
openssl pkeyutl -encrypt -pubin -keyform DER -inkey spki.der -pkeyopt rsa_padding_mode:oaep -pkeyopt rsa_oaep_md:sha256 \
    -pkeyopt rsa_mgf1_md:sha256 -pkeyopt rsa_oaep_label:"$(printf seedshare | xxd -p)" -in "$t/seed" -out sealed.bin
