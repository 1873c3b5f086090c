// SPDX-License-Identifier: Apache-2.0

import Foundation
import Support
import Testing

@Suite("A later version of the kit keeps what earlier ones promised", .timeLimit(.minutes(10)))
struct KitInterfaceTests {
    /// An interface as the compiler writes it, which has been released.
    private static let released = """
        kit 0.2

        public import Swift
        public struct Request : Swift.Sendable {
          public var path: Swift.String
          public let method: Swift.String
          public var length: Swift.Int {
            get
          }
          public func read(_ name: Swift.String) -> Swift.String?
        }
        public enum Answer : Swift.Sendable {
          case yes
          case no
        }
        @frozen public struct Moment : Swift.Sendable {
          public var seconds: Swift.Int64
          @inlinable public init(seconds: Swift.Int64) {
                self.seconds = seconds
            }
        }
        public protocol Grant : Swift.Sendable {
          var name: Swift.String { get }
          #if compiler(>=5.3) && $AsyncExecutionBehaviorAttributes
          nonisolated(nonsending) func decide(_ request: GrantKit.Request) async throws -> GrantKit.Answer
          #endif
        }
        extension GrantKit.Grant {
          public var name: Swift.String {
            get
          }
        }
        public protocol KeyRing : Swift.Sendable {
          var algorithms: [Swift.String] { get }
        }

        """

    /// Why a changed interface is refused; nil if it is accepted.
    private func refusal(_ changes: [(old: String, new: String)], as version: String) async throws -> String? {
        try await Folder.with { folder in
            var later = Self.released.replacing("kit 0.2\n", with: "kit \(version)\n")
            for (old, new) in changes {
                #expect(later.contains(old), "\(old)")
                later = later.replacing(old, with: new)
            }
            try folder.write("released.txt", Self.released)
            try folder.write("later.txt", later)
            let ended = try Command.shell(
                "'\(Build.root)/Scripts/kit-interface' --between released.txt later.txt", in: folder)
            return ended.status == 0 ? nil : ended.errors
        }
    }

    @Test(
        "what breaks plugins needs a new major version",
        arguments: [
            ("  public func read(_ name: Swift.String) -> Swift.String?\n", "", "public func read(_ name"),
            ("_ name: Swift.String)", "_ name: Swift.String, trim: Swift.Bool = true)", "public func read(_ name"),
            ("  case no\n", "", "case no"),
            ("public let method: Swift.String", "public let method: Swift.String?", "public let method"),
            ("  public var path: Swift.String\n", "  public var path: Swift.String {\n    get\n  }\n", "set"),
            ("Answer : Swift.Sendable {", "Answer {", ": Swift.Sendable"),
            ("@frozen public struct Moment", "public struct Moment", "@frozen public struct Moment"),
            ("  @inlinable", "  public var part: Swift.Int64\n  @inlinable", "public var part"),
            ("        self.seconds = seconds\n", "        self.seconds = seconds\n        note()\n", "note()"),
            ("async throws -> GrantKit.Answer", "async -> GrantKit.Answer", "decide(_ request"),
            ("{ get }\n  #if", "{ get }\n  var place: Swift.Int { get }\n  #if", "var place"),
            ("extension GrantKit.Grant {\n  public var name: Swift.String {\n    get\n  }\n}\n", "", "public var name"),
            ("protocol Grant : Swift.Sendable", "protocol Grant : Swift.Hashable", "public protocol Grant"),
        ] as [(String, String, String)])
    func breaks(_ old: String, _ new: String, _ named: String) async throws {
        let text = try #require(try await refusal([(old, new)], as: "0.3"))
        #expect(text.contains(named) && text.contains("This breaks plugins that were built with kit 0.2."), "\(text)")
        let advice = "raise GRANTOR_KIT_MAJOR in CPluginABI.h to 1, and set GRANTOR_KIT_MINOR to 0"
        #expect(text.contains(advice), "\(text)")
        #expect(try await refusal([(old, new)], as: "1.0") == nil)
    }

    @Test(
        "an addition needs a new minor version",
        arguments: [
            [("  case no\n", "  case no\n  case later\n")],
            [("public enum Answer", "public struct Added : Swift.Sendable {\n}\npublic enum Answer")],
            [("public struct Request : Swift.Sendable", "public struct Request : Swift.Sendable, Swift.Hashable")],
            [("    get\n  }\n  public func read", "    get\n    set\n  }\n  public func read")],
            [("  public var path: Swift.String\n", "  public var path: Swift.String {\n    get\n    set\n  }\n")],
            [("  var algorithms", "  var names: [Swift.String] { get }\n  var algorithms")],
            [
                ("{ get }\n  #if", "{ get }\n  var place: Swift.Int { get }\n  #if"),
                ("GrantKit.Grant {", "GrantKit.Grant {\n  public var place: Swift.Int {\n    get\n  }"),
            ],
        ] as [[(old: String, new: String)]])
    func adds(_ changes: [(old: String, new: String)]) async throws {
        #expect(try await refusal(changes, as: "0.3") == nil)
        let text = try await refusal(changes, as: "0.2") ?? ""
        #expect(text.contains("kit 0.2 has been released, and this adds to it."), "\(text)")
        #expect(text.contains("Raise GRANTOR_KIT_MINOR in CPluginABI.h to 3"), "\(text)")
    }

    @Test("the same interface keeps its version or gets a newer one, and never an older one")
    func same() async throws {
        for version in ["0.2", "0.3", "1.0"] { #expect(try await refusal([], as: version) == nil, "\(version)") }
        #expect(try await refusal([], as: "0.1")?.contains("kit 0.2 has been released") == true)
    }
}
