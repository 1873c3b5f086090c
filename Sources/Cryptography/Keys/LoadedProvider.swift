// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import GrantKit
import OutsideText

/// What a provider is given when it asks for the PIN.
@unsafe private struct PINRequest {
    let pin: UnsafePointer<CChar>
    var isAsked = false
}

/// A provider that is loaded, in a library context of its own.
///
/// Never in OpenSSL's default one: a module for hardware may use OpenSSL itself and then waits for itself, and a
/// provider that does not load takes all other cryptography with it.
@safe final class LoadedProvider: Sendable {
    nonisolated(unsafe) let library: OpaquePointer

    init(_ provider: KeyProvider) throws {
        // The context is this object's own until it goes.
        guard let library = unsafe OSSL_LIB_CTX_new() else { throw CryptographyError("OpenSSL has no memory") }
        unsafe self.library = unsafe library
        let settings = unsafe NCONF_new_ex(library, nil)
        defer { unsafe NCONF_free(settings) }
        var line = 0
        let isRead = unsafe withInput(Array(provider.configuration.utf8)) {
            unsafe NCONF_load_bio(settings, $0, &line) > 0
        }
        guard isRead, unsafe CONF_modules_load(settings, nil, 0) > 0 else {
            throw CryptographyError(found: "the provider '\(provider.name)' cannot be described: \(reasons())")
        }
        // Loading one switches off that the default one comes by itself. One that is certified must do all by itself.
        let companion = provider.name == "fips" ? "base" : "default"
        guard unsafe OSSL_PROVIDER_load(library, companion) != nil,
            unsafe OSSL_PROVIDER_load(library, provider.name) != nil
        else {
            throw CryptographyError(
                found: "the provider '\(provider.name)' does not load from '\(provider.path)': \(reasons())")
        }
        // Modules leave harmless errors behind that would be shown as the reason of the next failure.
        ERR_clear_error()
    }

    deinit { unsafe OSSL_LIB_CTX_free(library) }

    /// The one private key at a URI.
    ///
    /// - Throws: `RefusedPIN`, `CryptographyError`.
    func key(_ uri: String, pin: Secret) throws -> OpaquePointer {
        // The request lives until the keys were read.
        let (found, isPINAsked) = try unsafe pin.exposed.withCString { word in
            var request = unsafe PINRequest(pin: word)
            let found = try unsafe keys(uri, &request)
            return unsafe (found, request.isAsked)
        }
        if unsafe found.isEmpty, isPINAsked { throw RefusedPIN(uri) }
        guard unsafe found.count == 1 else {
            for place in unsafe found.indices { unsafe EVP_PKEY_free(found[place]) }
            let what = unsafe found.isEmpty ? "no private key" : unsafe "\(found.count) private keys"
            throw CryptographyError(found: "\(what) at '\(uri)': check the labels of token and object")
        }
        return unsafe found[0]
    }

    private func keys(_ uri: String, _ request: UnsafeMutablePointer<PINRequest>) throws -> [OpaquePointer] {
        // OpenSSL hands the request back while the store is open; each object that it makes is freed here.
        // A callback that fails would make the provider ask on the terminal; the PIN is never empty.
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
            throw CryptographyError(found: "nothing of OpenSSL opens '\(uri)': \(reasons())")
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

/// All that OpenSSL has to say of this thread, the oldest first: a library's own words are in what comes with it.
private func reasons() -> String {
    // OpenSSL's texts end with NUL and are copied at once.
    var (all, data, flags): ([String], UnsafePointer<CChar>?, Int32) = ([], nil, 0)
    while true {
        let code = unsafe ERR_get_error_all(nil, nil, nil, &data, &flags)
        guard code != 0 else { return all.isEmpty ? "OpenSSL gives no reason" : all.joined(separator: "; ") }
        let detail = unsafe flags & ERR_TXT_STRING != 0 ? data.map { unsafe String(cString: $0) } ?? "" : ""
        let reason = unsafe ERR_reason_error_string(code).map { unsafe String(cString: $0) } ?? ""
        all.append([reason, detail].filter { !$0.isEmpty }.joined(separator: ": "))
    }
}
