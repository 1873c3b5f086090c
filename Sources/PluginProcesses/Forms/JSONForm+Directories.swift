// SPDX-License-Identifier: Apache-2.0

@_spi(Host) package import GrantKit

extension DirectoryEntry: JSONForm {
    package init(form: JSON) throws {
        self.init(
            id: try form.required("id", \.string), document: try form.required("document") { $0 },
            version: form["version"]?.string)
    }

    package var form: JSON {
        .present([("id", .string(id)), ("document", document), ("version", version.map(JSON.string))])
    }
}

extension DocumentProblem: JSONForm {
    package init(form: JSON) throws {
        self.init(try form.required("pointer", \.string), try form.required("message", \.string))
    }

    package var form: JSON { ["pointer": .string(pointer), "message": .string(message)] }
}

extension DirectoryChange: JSONForm {
    package init(form: JSON) throws {
        self.init(
            try form.required("entry", DirectoryEntry.init(form:)), isNew: form["new"]?.bool ?? false,
            secret: form["secret"]?.string.map { Secret($0) },
            warnings: try form.list("warnings", DocumentProblem.init(form:)))
    }

    package var form: JSON {
        .present([
            ("entry", entry.form), ("new", .bool(isNew)), ("secret", secret.map { .string($0.exposed) }),
            ("warnings", warnings.isEmpty ? nil : .array(warnings.map(\.form))),
        ])
    }
}

extension DocumentRefusal: JSONForm {
    private static let kinds: [(word: String, kind: Kind)] = [
        ("invalid", .invalid), ("taken", .taken), ("declared", .declared), ("changed", .changed), ("unknown", .unknown),
    ]

    package init(form: JSON) throws {
        let word = form["kind"]?.string
        guard let kind = DocumentRefusal.kinds.first(where: { $0.word == word })?.kind else {
            throw FormError("'kind' must be invalid, taken, declared, changed or unknown")
        }
        self.init(kind, try form.list("problems", DocumentProblem.init(form:)))
    }

    package var form: JSON {
        let word = DocumentRefusal.kinds.first { $0.kind == kind }?.word ?? "invalid"
        return ["kind": .string(word), "problems": .array(problems.map(\.form))]
    }
}

extension DirectoryCondition: JSONForm {
    package init(form: JSON) throws {
        switch form.string {
        case "any": self = .any
        case "exists": self = .exists
        case "absent": self = .absent
        default:
            guard case .array(let elements) = form, case let versions = elements.compactMap(\.string),
                versions.count == elements.count
            else { throw FormError("'if' must be any, exists, absent or a list of versions") }
            self = .version(versions)
        }
    }

    package var form: JSON {
        switch self {
        case .any: "any"
        case .exists: "exists"
        case .absent: "absent"
        case .version(let versions): .strings(versions)
        @unknown default: "absent"
        }
    }
}

extension PasswordOutcome: JSONForm {
    package init(form: JSON) throws {
        if let user = form["verified"] {
            self = .verified(try User(form: user))
        } else if let wait = form["wait_ms"]?.integer {
            self = .later(.milliseconds(wait))
        } else {
            self = form["inactive"]?.bool == true ? .inactive : .refused
        }
    }

    package var form: JSON {
        switch self {
        case .verified(let user): ["verified": user.form]
        case .inactive: ["inactive": true]
        case .refused: ["refused": true]
        case .later(let wait): ["wait_ms": .integer(Int64(wait.milliseconds))]
        @unknown default: ["refused": true]
        }
    }
}

extension AttemptVerdict: JSONForm {
    package init(form: JSON) throws {
        if let wait = form["wait_ms"]?.integer {
            self = .later(.milliseconds(wait))
        } else {
            self = .allowed(CountedAttempt(counters: try form.words("counters")))
        }
    }

    package var form: JSON {
        switch self {
        case .allowed(let attempt): ["counters": .strings(attempt.counters)]
        case .later(let wait): ["wait_ms": .integer(Int64(wait.milliseconds))]
        @unknown default: ["wait_ms": 1000]
        }
    }
}

extension StoredConsent: JSONForm {
    package init(form: JSON) throws {
        self.init(
            clientID: try form.required("client", \.string), scope: Scope(try form.words("scope")),
            givenAt: Timestamp(seconds: try form.required("given_at", \.integer)))
    }

    package var form: JSON {
        [
            "client": .string(clientID), "scope": .strings(scope.words), "given_at": .integer(givenAt.seconds),
        ]
    }
}
