// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import GrantKit
import OutsideText

/// The answer to a provider that asks for the PIN.
@unsafe private struct PINRequest {
    let pin: UnsafePointer<CChar>
    var isAsked = false
}

/// A provider loaded into its own OpenSSL library context.
///
/// It is never loaded into the default context: a hardware module that itself uses OpenSSL would deadlock there, and a
/// provider that cannot be loaded would break all other cryptography.
@safe final class LoadedProvider: Sendable {
    nonisolated(unsafe) let library: OpaquePointer

    init(_ provider: KeyProvider) throws {
        // Safe: this object owns the context and frees it in 'deinit'.
        guard let library = unsafe OSSL_LIB_CTX_new() else { throw CryptographyError("OpenSSL is out of memory") }
        unsafe self.library = unsafe library
        let settings = unsafe NCONF_new_ex(library, nil)
        defer { unsafe NCONF_free(settings) }
        var line = 0
        let isRead = unsafe withInput(Array(provider.configuration.utf8)) {
            unsafe NCONF_load_bio(settings, $0, &line) > 0
        }
        guard isRead, unsafe CONF_modules_load(settings, nil, 0) > 0 else {
            throw CryptographyError(found: "the provider '\(provider.name)' cannot be configured: \(reasons())")
        }
        // Once a provider is loaded, OpenSSL does not load the default one by itself. A certified provider must do all
        // cryptography, so it only gets the base provider.
        let companion = provider.name == "fips" ? "base" : "default"
        guard unsafe OSSL_PROVIDER_load(library, companion) != nil,
            unsafe OSSL_PROVIDER_load(library, provider.name) != nil
        else {
            throw CryptographyError(
                found: "the provider '\(provider.name)' cannot be loaded from '\(provider.path)': \(reasons())")
        }
        // Modules leave harmless errors behind, which would be reported as the reason of the next failure.
        ERR_clear_error()
    }

    deinit { unsafe OSSL_LIB_CTX_free(library) }

    /// The only private key at a URI.
    ///
    /// - Throws: `RefusedPIN`, `CryptographyError`.
    func key(_ uri: String, pin: Secret) throws -> OpaquePointer {
        // Safe: the request outlives the reading of the keys.
        let (found, isPINAsked) = try unsafe pin.exposed.withCString { word in
            var request = unsafe PINRequest(pin: word)
            let found = try unsafe keys(uri, &request)
            return unsafe (found, request.isAsked)
        }
        if unsafe found.isEmpty, isPINAsked { throw RefusedPIN(uri) }
        guard unsafe found.count == 1 else {
            for place in unsafe found.indices { unsafe EVP_PKEY_free(found[place]) }
            let what = unsafe found.isEmpty ? "no private key" : unsafe "\(found.count) private keys"
            throw CryptographyError(found: "\(what) at '\(uri)': check the labels of the token and the object")
        }
        return unsafe found[0]
    }

    private func keys(_ uri: String, _ request: UnsafeMutablePointer<PINRequest>) throws -> [OpaquePointer] {
        // Safe: OpenSSL uses the request only while the store is open, and every object that it creates is freed here.
        // If the callback failed, the provider would ask at the terminal; the PIN is never empty.
        let method = unsafe UI_UTIL_wrap_read_pem_callback(
            { buffer, size, _, data in
                guard let buffer = unsafe buffer, let request = unsafe data?.assumingMemoryBound(to: PINRequest.self)
                else { return -1 }
                unsafe request.pointee.isAsked = true
                let length = unsafe min(strlen(request.pointee.pin), Int(size))
                unsafe buffer.update(from: request.pointee.pin, count: length)
                return Int32(length)
            }, 0)
        defer { unsafe UI_destroy_method(method) }
        guard let store = unsafe OSSL_STORE_open_ex(uri, library, nil, method, request, nil, nil, nil) else {
            throw CryptographyError(found: "OpenSSL cannot open '\(uri)': \(reasons())")
        }
        defer {
            unsafe OSSL_STORE_close(store)
            ERR_clear_error()
        }
        unsafe OSSL_STORE_expect(store, OSSL_STORE_INFO_PKEY)
        var found: [OpaquePointer] = unsafe []
        while unsafe OSSL_STORE_eof(store) == 0 {
            guard let info = unsafe OSSL_STORE_load(store) else {
                if unsafe OSSL_STORE_error(store) != 0 { break }
                continue
            }
            if let key = unsafe OSSL_STORE_INFO_get1_PKEY(info) { unsafe found.append(key) }
            unsafe OSSL_STORE_INFO_free(info)
        }
        return unsafe found
    }
}

/// The messages in OpenSSL's error queue of this thread, oldest first, with the details that come from libraries.
private func reasons() -> String {
    // Safe: OpenSSL's strings end with NUL and are copied at once.
    var (all, data, flags): ([String], UnsafePointer<CChar>?, Int32) = ([], nil, 0)
    while true {
        let code = unsafe ERR_get_error_all(nil, nil, nil, &data, &flags)
        guard code != 0 else { return all.isEmpty ? "OpenSSL gives no reason" : all.joined(separator: "; ") }
        let detail = unsafe flags & ERR_TXT_STRING != 0 ? data.map { unsafe String(cString: $0) } ?? "" : ""
        let reason = unsafe ERR_reason_error_string(code).map { unsafe String(cString: $0) } ?? ""
        all.append([reason, detail].filter { !$0.isEmpty }.joined(separator: ": "))
    }
}
