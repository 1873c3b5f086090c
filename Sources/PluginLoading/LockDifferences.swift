// SPDX-License-Identifier: Apache-2.0

public import GrantKit

/// How a library differs from its entry in `plugins.lock`, with one error for each difference.
public struct LockDifferences: Error, Sendable, Equatable {
    /// The differences, at least one.
    public let all: [PluginLoadingError]

    /// What to do about a library that is not the locked one.
    public static let remedy = "run 'grantor plugins lock' after you have checked the update"
    private static let suspicion =
        "find out who changed the library before you change 'sha256' and run 'grantor plugins lock'"

    /// Refuses a library whose bytes are not the locked ones; none of its code runs.
    ///
    /// - Parameters:
    ///   - path: The path of the library.
    ///   - entry: The entry of the lock.
    ///   - pinned: The digest that the configuration pins; nil if it pins none.
    ///   - sha256: Computes SHA-256 digests.
    /// - Throws: `LockDifferences`, or `PluginLoadingError` if the library cannot be read.
    public static func check(
        _ path: String, _ entry: PluginLock.Entry, pinned: String?, _ sha256: ([UInt8]) -> [UInt8]
    ) throws {
        // What is no plugin at all has no kit; loading it says why.
        let foreign = try? CInterfaceBlock.read(fromFileAt: path)
        let kit = foreign?.kit ?? (try? ABIBlock.read(fromFileAt: path))?.kit ?? entry.kit
        try check(CheckedCode(path: path, kit: kit, toolchain: nil, files: []), entry, pinned: pinned, sha256)
    }

    static func check(
        _ code: CheckedCode, _ entry: PluginLock.Entry, pinned: String?, _ sha256: ([UInt8]) -> [UInt8]
    ) throws {
        let digest = try code.digest(sha256)
        let built = "the library \(code.path) was built with kit"
        let found = [
            difference(code.path, digest, entry, pinned: pinned),
            difference(built, code.kit, "kit \(entry.kit)", entry.kit == code.kit, entry),
        ].compactMap { $0 }
        if !found.isEmpty { throw LockDifferences(all: found) }
    }

    /// Refuses a plugin whose manifest has another version than the lock.
    ///
    /// - Throws: `LockDifferences`.
    public static func check(version: String, _ entry: PluginLock.Entry) throws {
        let found = difference(
            "the plugin '\(entry.id)' has the version", version, entry.version, entry.version == version, entry)
        if let found { throw LockDifferences(all: [found]) }
    }

    /// Refuses a plugin whose description differs from the locked one.
    ///
    /// - Parameters:
    ///   - form: The description.
    ///   - input: The digest of what the plugin was asked; the lock says nothing about other questions.
    ///   - entry: The entry of the lock.
    /// - Throws: `LockDifferences`.
    public static func check(description form: JSON, of input: String, _ entry: PluginLock.Entry) throws {
        guard let locked = entry.description, locked.input == input, locked.form != form else { return }
        let names = Set((locked.form.members + form.members).map(\.name)).filter { locked.form[$0] != form[$0] }
        let what = names.isEmpty ? "the order of its members" : names.sorted().map { "'\($0)'" }.joined(separator: ", ")
        throw LockDifferences(all: [
            PluginLoadingError(
                "the description of the plugin '\(entry.id)' differs from the one in \(entry.place): \(what)",
                note: remedy)
        ])
    }

    private static func difference(
        _ what: String, _ value: String, _ locked: String, _ isSame: Bool, _ entry: PluginLock.Entry
    ) -> PluginLoadingError? {
        isSame ? nil : PluginLoadingError("\(what) \(value), but \(entry.place) has \(locked)", note: remedy)
    }

    /// The difference in the digest, or between the pin and the lock.
    private static func difference(
        _ path: String, _ digest: String, _ entry: PluginLock.Entry, pinned: String?
    ) -> PluginLoadingError? {
        if let pinned, pinned != entry.sha256 {
            return PluginLoadingError(
                "the configuration pins the digest \(pinned), but \(entry.place) has \(entry.sha256), and the library "
                    + "\(path) has \(digest)",
                note: pinned == digest ? remedy : digest == entry.sha256 ? "correct 'sha256', or remove it" : suspicion)
        }
        guard digest != entry.sha256 else { return nil }
        return PluginLoadingError(
            "the library \(path) has the digest \(digest), but \(entry.place) has \(entry.sha256)",
            note: pinned == nil ? remedy : suspicion)
    }
}
