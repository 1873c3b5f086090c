# SPDX-License-Identifier: Apache-2.0
"""Client assertions (RFC 7523), signed with ES256 by OpenSSL."""
import base64, ctypes, functools, json, secrets

plain = lambda data: base64.urlsafe_b64encode(data).decode().rstrip("=")


@functools.cache
def crypto():
    library = ctypes.CDLL("libcrypto.so.3")
    pointer, size, text = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p
    for name, result, arguments in (
            ("EVP_PKEY_Q_keygen", pointer, None), ("EVP_sha256", pointer, []), ("EVP_MD_CTX_new", pointer, []),
            ("EVP_MD_CTX_free", None, [pointer]), ("EVP_DigestSignInit", ctypes.c_int, [pointer] * 5),
            ("EVP_DigestSign", ctypes.c_int, [pointer, text, ctypes.POINTER(size), text, size]),
            ("EVP_PKEY_get_octet_string_param", ctypes.c_int, [pointer, text, text, size, ctypes.POINTER(size)])):
        function = getattr(library, name)
        function.restype = result
        if arguments is not None:
            function.argtypes = arguments
    return library


@functools.cache
def key():
    made = crypto().EVP_PKEY_Q_keygen(None, None, b"EC", b"P-256")
    return ctypes.c_void_p(made)


def public_key():
    """The public half as a JWK."""
    out, length = ctypes.create_string_buffer(65), ctypes.c_size_t()
    if crypto().EVP_PKEY_get_octet_string_param(key(), b"encoded-pub-key", out, 65, ctypes.byref(length)) != 1:
        raise SystemExit("OpenSSL has no public key")
    return {"kty": "EC", "crv": "P-256", "alg": "ES256", "kid": "bench", "x": plain(out.raw[1:33]), "y": plain(out.raw[33:])}


def numbers(der):
    """The two numbers of a signature, 32 bytes each, from the DER that OpenSSL writes."""
    first = der[4:4 + der[3]]
    second = der[6 + der[3]:6 + der[3] + der[5 + der[3]]]
    return b"".join(number.lstrip(b"\0").rjust(32, b"\0") for number in (first, second))


def signature(message):
    context = crypto().EVP_MD_CTX_new()
    out, length = ctypes.create_string_buffer(80), ctypes.c_size_t(80)
    crypto().EVP_DigestSignInit(context, None, crypto().EVP_sha256(), None, key())
    if crypto().EVP_DigestSign(context, out, ctypes.byref(length), message, len(message)) != 1:
        raise SystemExit("OpenSSL did not sign")
    crypto().EVP_MD_CTX_free(context)
    return numbers(out.raw[:length.value])


def sign(client, audience, count, now):
    """As many assertions, each with an id of its own."""
    head = plain(json.dumps({"alg": "ES256", "kid": "bench"}).encode())
    claims = {"iss": client, "sub": client, "aud": audience, "exp": int(now) + 1800}
    signed = []
    for _ in range(count):
        message = f"{head}.{plain(json.dumps({**claims, 'jti': secrets.token_urlsafe(12)}).encode())}"
        signed.append(f"{message}.{plain(signature(message.encode()))}")
    return signed
