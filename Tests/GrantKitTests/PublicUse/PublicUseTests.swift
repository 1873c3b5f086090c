// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Who uses a public declaration that no plugin, example, template or snippet of the guide names.
private enum Use {
    /// The core names it, in its own sources.
    case core(String)
    /// Tests of plugins make it, in place of the core.
    case tests(String)
    /// The kit itself needs it to be public.
    case kit(String)
    /// It is part of what authors can do, and nothing here does it.
    case authors(String)
}

@Suite("Everything public in the kit is used", .timeLimit(.minutes(10)))
struct PublicUseTests {
    private static let others: [(path: String, use: Use)] = [
        ("AuthenticationRequest.init(head:parameters:)", .core("makes what authenticators get")),
        ("UnverifiedJWT.init(header:claims:)", .core("makes what is parsed without a check")),
        ("Bearer.init(token:client:)", .core("makes what endpoints get")),
        ("EndpointRequest.init(head:caller:parameters:variables:document:)", .core("makes what endpoints get")),
        ("InteractionPolicy.init(limits:)", .tests("is the policy that filters change")),
        ("OutboundReply.init(status:headers:body:)", .tests("is what requests of plugins return")),
        ("RequestHead.init(method:path:query:headers:address:id:)", .tests("is the head of requests")),
        ("TokenContents.init(id:client:authorization:issuedAt:expiresAt:)", .tests("is what formats encode")),
        ("User.init(id:isActive:document:epoch:)", .tests("is what plugins find in the directory")),

        ("ConsentTerms.isAskedEachTime", .core("reads what a plugin has asked for")),
        ("Job.handler", .core("finds the handler of a job")),
        ("ParameterDeclaration.isRepeatable", .core("checks the parameters of requests")),
        ("ParameterDeclaration.isSecret", .core("keeps the parameter out of logs")),
        ("Route.Base.endpoints", .core("finds the path of an endpoint")),

        ("OAuthError.Code.invalidToken", .core("refuses bearer tokens")),
        ("OAuthError.Code.unsupportedGrantType", .core("refuses unknown grants")),
        ("OAuthError.Code.unsupportedResponseType", .core("refuses unknown response types")),
        ("Event.Kind.clientChanged", .core("records the event")),
        ("Event.Kind.consentDenied", .core("records the event")),
        ("Event.Kind.consented", .core("records the event")),
        ("Event.Kind.eventsLost", .core("records the event")),
        ("Event.Kind.grantRevoked", .core("records the event")),
        ("Event.Kind.keysChanged", .core("records the event")),
        ("Event.Kind.reloadFailed", .core("records the event")),
        ("Event.Kind.reloaded", .core("records the event")),
        ("Event.Kind.signInDelayed", .core("records the event")),
        ("Event.Kind.signInFailed", .core("records the event")),
        ("Event.Kind.stopped", .core("records the event")),
        ("Event.Kind.storeCopied", .core("records the event")),
        ("Event.Kind.storeLoaded", .core("records the event")),
        ("Event.Kind.tokenRevoked", .core("records the event")),

        ("Caller", .kit("bounds 'Who' of an endpoint")),
        ("EndpointResponse.init(content:status:writes:)", .kit("makes the responses that static functions return")),
        ("JSONError", .kit("is thrown by 'JSON(parsing:)'")),
        ("WebAddressError", .kit("is thrown by 'WebAddress'")),

        ("RequestHead.subscript(header:)", .authors("reads a header of a request")),
        ("JWTRules.isAudienceAlone", .authors("a token for several audiences")),
        ("JWTRules.leeway", .authors("parties whose clocks are worse")),
    ]

    /// What the compiler adds to types, and requirements of the standard library.
    private static let synthesized: Set = [
        "customMirror", "debugDescription", "description", "hash", "hashValue", "rawValue",
    ]
    /// The first labels of initializers that literals and raw values call.
    private static let literals: Set = [
        "arrayLiteral", "booleanLiteral", "dictionaryLiteral", "extendedGraphemeClusterLiteral", "integerLiteral",
        "rawValue", "stringLiteral", "unicodeScalarLiteral",
    ]

    private let interface: PublicInterface
    private let plugins: SwiftSources

    init() throws {
        let path = "\(SwiftSources.root)/Sources/GrantKit/interface.txt"
        interface = PublicInterface(try String(contentsOfFile: path, encoding: .utf8))
        // What authors copy counts as well: templates, and the guide's snippets, which tests compile.
        plugins = try SwiftSources(
            in: ["Plugins", "Examples", SwiftSources.templates, "Tests/GuideTests/Snippets"])
    }

    // MARK: use

    private func isUsed(_ declaration: PublicInterface.Declaration) -> Bool {
        switch declaration.kind {
        case .member:
            return Self.synthesized.contains(declaration.name) || plugins.words.contains(declaration.name)
        case .initializer: return isCalled(declaration, in: plugins)
        case .subscripting: return isSubscripted(declaration)
        case .operation: return plugins.operators.contains(declaration.name)
        case .type: return plugins.words.contains(declaration.name) || isTypeOfUsed(declaration)
        }
    }

    private func isCalled(_ declaration: PublicInterface.Declaration, in sources: SwiftSources) -> Bool {
        let labels = declaration.labels
        if let first = labels.first, Self.literals.contains(first) { return true }
        // A requirement is implemented by 'init' in a type of the plugin.
        let isRequirement = declaration.line.hasPrefix("init") || declaration.path.hasPrefix("Swift.")
        let names = [declaration.name] + (isRequirement ? ["init"] : [])
        let isUnlabelled = labels.isEmpty || labels.first == "_"
        return names.contains { name in
            (isUnlabelled ? [""] : labels).contains { sources.calls.contains(.init(name: name, label: $0)) }
        }
    }

    /// Whether plugins have the labels, or name the type if there is none: then a subscript has no name to look for.
    private func isSubscripted(_ declaration: PublicInterface.Declaration) -> Bool {
        let labels = declaration.labels.filter { $0 != "_" }
        if labels.isEmpty { return plugins.words.contains(declaration.name) }
        return labels.allSatisfy { plugins.labels.contains($0) }
    }

    /// Whether a member that plugins use has the type in its signature, so that they use values of the type.
    private func isTypeOfUsed(_ type: PublicInterface.Declaration) -> Bool {
        interface.declarations.contains { member in
            // Operators are left out, since '==' of any type would show that each type is used.
            guard member.kind == .member || member.kind == .initializer,
                member.line.contains("GrantKit.\(type.path)"), isUsed(member)
            else { return false }
            return member.line.components(separatedBy: "GrantKit.\(type.path)").dropFirst().contains { rest in
                guard let next = rest.first else { return true }
                return !next.isLetter && !next.isNumber && next != "_" && next != "."
            }
        }
    }

    // MARK: tests

    @Test("the interface is read as it is written")
    func read() {
        let paths = Set(interface.declarations.map(\.path))
        for path in [
            "AccessLimits.keep", "AccessLimits.init(scope:audience:notAfter:mayRefresh:)", "AuthorizationFlow.respond",
            "InteractionPolicy.Prompt.selectAccount", "BodyKind.json", "Bearer", "ClientDirectory.usable",
            "JSON.Member.init(_:_:)", "Plugin.init(settings:host:)", "Swift.Duration.init(setting:)",
            "Client.subscript(_:under:)", "RequestHead.subscript(header:)", "Timestamp.+",
        ] { #expect(paths.contains(path), "\(path)") }
        #expect(interface.declarations.count > 800)
        #expect(plugins.words.count > 1500 && plugins.calls.count > 500)
        #expect(plugins.operators.isSuperset(of: ["==", "??", "+"]) && !plugins.operators.contains("<=>"))
        #expect(plugins.labels.contains("under") && !plugins.labels.contains("nothing_has_this_label"))
    }

    @Test("a plugin, an example, a template or a snippet uses each declaration, or the table says who does")
    func used() {
        let known = Set(Self.others.map(\.path))
        let unused = interface.declarations.filter { !isUsed($0) && !known.contains($0.path) }.map(\.path)
        #expect(unused.isEmpty, "nobody uses \(Set(unused).sorted().joined(separator: ", "))")
    }

    @Test("the table has nothing that does not exist or that one of them has begun to use")
    func needed() {
        let unused = Set(interface.declarations.filter { !isUsed($0) }.map(\.path))
        for row in Self.others { #expect(unused.contains(row.path), "\(row.path)") }
        #expect(Set(Self.others.map(\.path)).count == Self.others.count)
    }

    @Test("what the table says the core uses, the core names")
    func core() throws {
        let core = try SwiftSources(in: ["Sources"], except: "GrantKit/")
        for row in Self.others {
            guard case .core = row.use else { continue }
            let names = row.path.split(separator: ".").map(String.init)
            let name = names.last.map { $0.hasPrefix("init(") ? names.dropLast().last ?? "" : $0 } ?? ""
            #expect(core.words.contains(name), "\(row.path)")
        }
    }

    @Test("what the table says tests of plugins make, tests of examples and templates make")
    func made() throws {
        let tests = try SwiftSources(in: ["Examples", SwiftSources.templates], tests: true)
        for row in Self.others {
            guard case .tests = row.use else { continue }
            let isMade = interface.declarations.contains { $0.path == row.path && isCalled($0, in: tests) }
            #expect(isMade, "\(row.path)")
        }
    }

    // MARK: a small interface

    private static let small = """
        kit 0.2

        public import Swift
        @frozen indirect public enum Tree : Swift.Sendable {
          case leaf(_: [Swift.String] = ["a, b"])
          public struct Branch : Swift.Sendable {
            public init(_ left: GrantKit.Tree, right: [Swift.String : GrantKit.Tree] = [:], _ more: (Swift.Int, Swift.Int))
            @inlinable public var depth: Swift.Int {
                  get {
              if hidden { return 1 } else {
                let inner = 2
              }
            }
                }
          }
          public static func == (a: GrantKit.Tree, b: GrantKit.Tree) -> Swift.Bool
          public subscript<Value>(place: Swift.Int, below tree: GrantKit.Slot<Value>) -> Value where Value : Swift.Int {
            get
          }
          @inlinable internal static func inside() -> Swift.Int
        }
        extension GrantKit.Tree.Branch {
          #if compiler(>=5.3) && $AsyncExecutionBehaviorAttributes
          nonisolated(nonsending) public func grow() async throws
          #endif
        }
        public struct Empty {}
        public func plant()

        """

    @Test("types, members, initializers, subscripts and operators are found with their places")
    func smallInterface() {
        #expect(
            PublicInterface(Self.small).declarations.map(\.path) == [
                "Tree", "Tree.leaf", "Tree.Branch", "Tree.Branch.init(_:right:_:)", "Tree.Branch.depth",
                "Tree.==", "Tree.subscript(_:below:)", "Tree.Branch.grow", "Empty", "plant",
            ])
    }
}
