// SPDX-License-Identifier: Apache-2.0

import CPostgreSQL
import GrantKit

/// The parameters of a connection, from a URL that libpq has read.
struct ServerAddress: Sendable {
    /// Names and values as libpq takes them.
    private(set) var parameters: [(name: String, value: String)] = []

    /// Reads a URL, without input or output.
    ///
    /// - Parameters:
    ///   - url: The URL.
    ///   - password: The password, if it is not in the URL.
    ///   - setting: The key of the setting that has the URL.
    /// - Throws: `ConfigurationError`, which never quotes the URL, since it may contain a password.
    init(_ url: String, password: Secret?, setting: String = "url") throws {
        let bytes = Array(url.utf8)
        let isURL = ["postgres://", "postgresql://"].contains { bytes.starts(with: $0.utf8) }
        guard isURL, !bytes.contains(0) else {
            throw ConfigurationError(
                "'\(setting)' must begin with postgresql://, such as postgresql://db.example.com/grantor", at: setting)
        }
        parameters = try ServerAddress.parse(url, setting)
        // What follows an unencoded '/' of a password is taken for the name of the database, which messages contain.
        let isNumber = (self["port"] ?? "").utf8.allSatisfy { 0x30...0x39 ~= $0 || $0 == UInt8(ascii: ",") }
        guard isNumber, self["dbname"]?.utf8.contains(UInt8(ascii: "@")) != true else {
            throw ServerAddress.notRead(setting)
        }
        if let password {
            guard !password.exposed.utf8.contains(0) else {
                throw ConfigurationError("'password' must not contain NUL", at: "password")
            }
            set("password", password.exposed)
        }
        let defaults = [
            ("application_name", "grantor"), ("connect_timeout", "5"), ("target_session_attrs", "read-write"),
            ("keepalives_idle", "5"), ("keepalives_interval", "2"), ("keepalives_count", "3"),
            ("tcp_user_timeout", "10000"),
        ]
        for (name, value) in defaults where self[name] == nil { set(name, value) }
    }

    private static func notRead(_ setting: String) -> ConfigurationError {
        ConfigurationError(
            "'\(setting)' is not a connection URL of PostgreSQL, or has a parameter that libpq does not know; encode "
                + "characters such as '@', '/' and '%' of names and passwords as %40, %2F and %25", at: setting)
    }

    private static func parse(_ url: String, _ setting: String) throws -> [(name: String, value: String)] {
        // Safe: libpq ends its array by an option without a keyword, and its strings by NUL; both are freed here.
        var message: UnsafeMutablePointer<CChar>?
        let options = unsafe PQconninfoParse(url, &message)
        defer {
            unsafe PQfreemem(message)
            unsafe PQconninfoFree(options)
        }
        guard var option = unsafe options else {
            throw notRead(setting)
        }
        var all: [(name: String, value: String)] = []
        while let keyword = unsafe option.pointee.keyword {
            if let value = unsafe option.pointee.val {
                unsafe all.append((String(cString: keyword), String(cString: value)))
            }
            unsafe option += 1
        }
        return all
    }

    private mutating func set(_ name: String, _ value: String) {
        parameters.removeAll { $0.name == name }
        parameters.append((name, value))
    }

    /// The value of a parameter; nil if it has none.
    subscript(name: String) -> String? { parameters.first { $0.name == name }?.value }

    /// The hosts as messages name them, with the database.
    var place: String {
        let host = self["host"] ?? self["hostaddr"] ?? "local socket"
        let port = self["port"].map { ":\($0)" } ?? ""
        return "\(host)\(port)/\(self["dbname"] ?? self["user"] ?? "")"
    }

    /// Whether the connection may leave this machine without a check of the server's certificate.
    var isExposed: Bool {
        guard self["sslmode"] != "verify-full", let hosts = self["host"] ?? self["hostaddr"] else { return false }
        return hosts.utf8.split(separator: UInt8(ascii: ",")).contains { host in
            let isSocket = host.first == UInt8(ascii: "/") || host.first == UInt8(ascii: "@")
            return !isSocket && !["localhost", "127.0.0.1", "::1"].contains(String(Substring(host)))
        }
    }

    /// Connects, which may take `connect_timeout` for each host; for a thread that may block.
    ///
    /// - Throws: `Failure.unreachable`.
    func connect() throws(Failure) -> Connection {
        // Safe: libpq copies the strings, which end with NUL and live until the end of the call.
        let names = parameters.map { Array($0.name.utf8CString) }
        let values = parameters.map { Array($0.value.utf8CString) }
        let made = unsafe ServerAddress.withPointers(names) { names in
            unsafe ServerAddress.withPointers(values) { values in unsafe PQconnectdbParams(names, values, 0) }
        }
        guard let connection = unsafe made.map({ unsafe Connection($0) }) else {
            throw .unreachable("this process is out of memory")
        }
        guard connection.isOpen else { throw .unreachable(connection.message) }
        return connection
    }

    /// Calls a function with the addresses of some strings, and nil after the last.
    private static func withPointers<Result>(
        _ strings: [[CChar]], _ body: ([UnsafePointer<CChar>?]) -> Result
    ) -> Result {
        // Safe: the addresses are those of one array, which outlives the call.
        let all = strings.flatMap(\.self)
        return unsafe all.withUnsafeBufferPointer { all in
            var (starts, offset): ([UnsafePointer<CChar>?], Int) = unsafe ([], 0)
            for string in strings {
                unsafe starts.append(all.baseAddress.map { unsafe $0 + offset })
                offset += string.count
            }
            return unsafe body(starts + [nil])
        }
    }
}
