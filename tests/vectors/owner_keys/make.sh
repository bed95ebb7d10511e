#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What made these files: OpenSSL 3. The RSA key is that of ../rsa_oaep. A new run makes new EC keys.
set -eu
cd "$(dirname "$0")"
for curve in p256:prime256v1 p384:secp384r1 p521:secp521r1; do
    name=${curve%%:*}
    openssl ecparam -name "${curve##*:}" -genkey -noout -out "$name.sec1.pem"
    openssl pkcs8 -topk8 -nocrypt -in "$name.sec1.pem" -out "$name.pkcs8.pem"
    openssl ec -in "$name.sec1.pem" -pubout -outform DER -out "$name.spki.der"
done
openssl rsa -inform DER -in ../rsa_oaep/key.der -traditional -out rsa.pkcs1.pem
openssl pkcs8 -topk8 -nocrypt -inform DER -in ../rsa_oaep/key.der -out rsa.pkcs8.pem
rm p521.pkcs8.pem p521.spki.der
chmod 644 ./*.pem ./*.der
