// SPDX-License-Identifier: Apache-2.0
#include <openssl/bio.h>
#include <openssl/conf.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/provider.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/store.h>
#include <openssl/ui.h>
#include <openssl/x509.h>

/// The selections for 'EVP_PKEY_fromdata', as constants since Swift cannot import OpenSSL's macros.
enum { COpenSSLPublicKey = EVP_PKEY_PUBLIC_KEY, COpenSSLKeyPair = EVP_PKEY_KEYPAIR };
