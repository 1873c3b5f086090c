// SPDX-License-Identifier: Apache-2.0

/// The declarations in the public interface of the kit, as the compiler has written it.
struct PublicInterface {
    /// A type, a member, an initializer, a subscript or an operator.
    struct Declaration {
        enum Kind { case type, member, initializer, subscripting, operation }

        let kind: Kind
        /// The name with those of the types around it; an initializer and a subscript have their labels.
        let path: String
        /// The name; of an initializer or a subscript, that of its type.
        let name: String
        /// The labels of an initializer or a subscript; '_' for a parameter of a subscript without one.
        var labels: [String] = []
        /// The line of the interface.
        let line: String
    }

    private(set) var declarations: [Declaration] = []
    /// The types and bodies around the present line.
    private var places: [String] = []

    private static let body = "{"
    private static let types: Set = ["struct", "class", "enum", "protocol"]
    private static let members: Set = ["func", "var", "let", "case"]
    private static let modifiers: Set = [
        "public", "static", "mutating", "nonisolated(nonsending)", "nonisolated", "final", "indirect",
    ]

    init(_ text: String) {
        for line in text.split(separator: "\n").dropFirst() {
            read(String(line.drop { $0 == " " }))
        }
    }

    private mutating func read(_ line: String) {
        if line.isEmpty || ["#", "//", "public import"].contains(where: { line.hasPrefix($0) }) { return }
        if line.hasPrefix("}") { _ = places.popLast() }
        let words = line.split(separator: " ").map(String.init)
            .drop { $0.hasPrefix("@") || PublicInterface.modifiers.contains($0) }
        let keyword = words.first ?? ""
        let name = PublicInterface.name(words.dropFirst().first ?? "")
        if PublicInterface.types.contains(keyword) || keyword == "extension" {
            if keyword != "extension" { add(.type, places + [name], name, line) }
            if line.hasSuffix("{") { places.append(name) }
            return
        }
        if !places.contains(PublicInterface.body), !line.hasPrefix("internal ") {
            note(keyword, words.dropFirst().first ?? "", line)
        }
        if line.hasSuffix("{") { places.append(PublicInterface.body) }
    }

    private mutating func note(_ keyword: String, _ word: String, _ line: String) {
        let name = PublicInterface.name(word)
        let type = places.last?.split(separator: ".").last.map(String.init) ?? ""
        if keyword.hasPrefix("init") {
            let labels = PublicInterface.parameters(of: "init", line).map { $0[0] }
            add(.initializer, places + ["init(\(PublicInterface.shown(labels)))"], type, line, labels)
        } else if keyword.hasPrefix("subscript") {
            // A parameter of a subscript has a label only if it has a name as well.
            let labels = PublicInterface.parameters(of: "subscript", line).map { $0.count > 1 ? $0[0] : "_" }
            add(.subscripting, places + ["subscript(\(PublicInterface.shown(labels)))"], type, line, labels)
        } else if PublicInterface.members.contains(keyword) {
            // What has no name is an operator.
            let shown = name.isEmpty ? word : name
            if !shown.isEmpty { add(name.isEmpty ? .operation : .member, places + [shown], shown, line) }
        }
    }

    private mutating func add(
        _ kind: Declaration.Kind, _ path: [String], _ name: String, _ line: String, _ labels: [String] = []
    ) {
        declarations.append(
            Declaration(kind: kind, path: path.joined(separator: "."), name: name, labels: labels, line: line))
    }

    /// The name at the beginning of a word, without the name of the kit; empty for an operator.
    private static func name(_ word: String) -> String {
        let name = String(word.prefix { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "." })
        return name.hasPrefix("GrantKit.") ? String(name.dropFirst("GrantKit.".count)) : name
    }

    private static func shown(_ labels: [String]) -> String {
        labels.map { "\($0):" }.joined()
    }

    /// The words before the colon of each parameter: its name, or its label and its name.
    private static func parameters(of keyword: String, _ line: String) -> [[String]] {
        // The modifiers before it do not contain it, and the first bracket after them is that of the parameters.
        guard let start = line.firstRange(of: keyword)?.upperBound, let open = line[start...].firstIndex(of: "(")
        else { return [] }
        var (depth, parameters) = (0, [""])
        // The arrow of a function type is no bracket.
        for character in line[open...].replacing("->", with: "") {
            if "([<".contains(character) { depth += 1 }
            if ")]>".contains(character) { depth -= 1 }
            if depth == 0 { break }
            if depth == 1, character == "," {
                parameters.append("")
            } else {
                parameters[parameters.count - 1].append(character)
            }
        }
        return parameters.map { parameter in
            parameter.drop { $0 == "(" }.prefix { $0 != ":" }.split(separator: " ").map(String.init)
        }.filter { !$0.isEmpty }
    }
}
