// SPDX-License-Identifier: Apache-2.0

import CLibYAML

/// Builds the node tree of a document from libyaml's events, strictly and within limits.
@safe struct YAMLComposer {
    /// The maximum number of nodes; an alias counts as the nodes that it refers to, which stops alias bombs.
    private static let mostNodes = 100_000
    private static let deepest = 32

    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private var anchors: [String: Node] = [:]
    private var total = 0

    static func compose(_ bytes: [UInt8]) throws -> Node? {
        // Safe: the parser and the bytes outlive the composer.
        let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
        defer { unsafe parser.deallocate() }
        guard unsafe yaml_parser_initialize(parser) == 1 else {
            throw YAMLError(message: "not enough memory to read the file", note: nil, mark: Mark(line: 0, column: 0))
        }
        defer { unsafe yaml_parser_delete(parser) }
        return try unsafe bytes.withUnsafeBufferPointer { buffer in
            unsafe yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
            unsafe yaml_parser_set_input_string(parser, buffer.baseAddress, buffer.count)
            var composer = unsafe YAMLComposer(parser: parser)
            return try composer.document()
        }
    }

    private init(parser: UnsafeMutablePointer<yaml_parser_t>) {
        unsafe self.parser = unsafe parser
    }

    /// An event of the parser, copied out of libyaml's memory.
    fileprivate struct Event {
        enum Kind {
            case scalar(String, isPlain: Bool)
            case alias(String)
            case sequence
            case mapping
            case end
            case structure
            case streamEnd
        }

        var kind: Kind
        var anchor: String?
        var hasTag: Bool
        var start: Mark
        var end: Mark
    }

    private func next() throws -> Event {
        var event = unsafe yaml_event_t()
        guard unsafe yaml_parser_parse(parser, &event) == 1 else { throw syntaxError() }
        defer { unsafe yaml_event_delete(&event) }
        return unsafe Event(event)
    }

    private func syntaxError() -> YAMLError {
        let problem = unsafe parser.pointee.problem.map { unsafe String(cString: $0) } ?? "the file is not valid YAML"
        if problem.contains("cannot start any token") {
            let mark = unsafe parser.pointee.problem_mark
            return YAMLError(
                message: "a line must not be indented with a tab", note: "use spaces",
                mark: Mark(line: Int(mark.line), column: Int(mark.column)))
        }
        let mark = unsafe parser.pointee.problem_mark
        let context = unsafe parser.pointee.context.map { unsafe "libyaml: \(String(cString: $0))" }
        return YAMLError(message: problem, note: context, mark: Mark(line: Int(mark.line), column: Int(mark.column)))
    }

    private mutating func document() throws -> Node? {
        var root: Node?
        while true {
            let event = try next()
            switch event.kind {
            case .streamEnd: return root
            case .structure: continue
            default:
                guard root == nil else {
                    throw YAMLError(
                        message: "a second document starts here", note: "the file must contain one document only",
                        mark: event.start)
                }
                root = try node(event, depth: YAMLComposer.deepest)
            }
        }
    }

    private mutating func node(_ event: Event, depth: Int) throws -> Node {
        guard depth > 0 else { throw tooDeep(event) }
        guard !event.hasTag else {
            throw YAMLError(message: "tags are not supported", note: "remove the '!...'", mark: event.start)
        }
        let node: Node
        switch event.kind {
        case .scalar(let text, let isPlain):
            node = Node(content: .scalar(text, isPlain: isPlain), start: event.start, end: event.end, count: 1)
        case .sequence: node = try sequence(event, depth: depth)
        case .mapping: node = try mapping(event, depth: depth)
        case .alias(let name): return try alias(name, event, depth: depth)
        default: throw YAMLError(message: "a value was expected", note: nil, mark: event.start)
        }
        try count(1, event)
        if let anchor = event.anchor { anchors[anchor] = node }
        return node
    }

    private func tooDeep(_ event: Event) -> YAMLError {
        YAMLError(message: "this is nested too deeply", note: "at most 32 levels are allowed", mark: event.start)
    }

    private mutating func count(_ more: Int, _ event: Event) throws {
        total += more
        guard total <= YAMLComposer.mostNodes else {
            throw YAMLError(
                message: "the file contains more than \(YAMLComposer.mostNodes) values",
                note: "an alias counts as all the values that it refers to", mark: event.start)
        }
    }

    private mutating func alias(_ name: String, _ event: Event, depth: Int) throws -> Node {
        guard var node = anchors[name] else {
            // The name is not shown, since it may be a secret that starts with '*'.
            throw YAMLError(
                message: "this alias has no anchor before it", note: "put a string that starts with '*' in quotes",
                mark: event.start)
        }
        try count(node.count, event)
        guard node.depth < depth else { throw tooDeep(event) }
        node.definition = node.definition ?? node.start.line...max(node.start.line, node.lastLine)
        (node.start, node.end) = (event.start, event.end)
        return node
    }

    private mutating func sequence(_ start: Event, depth: Int) throws -> Node {
        var elements: [Node] = []
        var end = start.end
        while true {
            let event = try next()
            end = event.end
            if case .end = event.kind { break }
            elements.append(try node(event, depth: depth - 1))
        }
        let count = elements.reduce(1) { $0 + $1.count }
        let depth = elements.reduce(0) { max($0, $1.depth) } + 1
        return Node(content: .sequence(elements), start: start.start, end: end, count: count, depth: depth)
    }

    private mutating func mapping(_ start: Event, depth: Int) throws -> Node {
        var entries: [Node.Entry] = []
        var keys: Set<String> = []
        var end = start.end
        while true {
            let event = try next()
            end = event.end
            if case .end = event.kind { break }
            guard case .scalar(let key, _) = event.kind, !event.hasTag else {
                throw YAMLError(message: "a key must be a string", note: nil, mark: event.start)
            }
            guard keys.insert(key).inserted else {
                throw YAMLError(
                    message: "the key '\(Sensitive.shown(key).text)' is repeated", note: "remove one of them",
                    mark: event.start)
            }
            let value = try node(next(), depth: depth - 1)
            entries.append(.init(key: key, keyStart: event.start, keyEnd: event.end, value: value))
        }
        let count = entries.reduce(1) { $0 + $1.value.count + 1 }
        let depth = entries.reduce(0) { max($0, $1.value.depth) } + 1
        return Node(content: .mapping(entries), start: start.start, end: end, count: count, depth: depth)
    }
}

extension YAMLComposer.Event {
    fileprivate init(_ event: yaml_event_t) {
        start = unsafe Mark(line: Int(event.start_mark.line), column: Int(event.start_mark.column))
        end = unsafe Mark(line: Int(event.end_mark.line), column: Int(event.end_mark.column))
        anchor = nil
        hasTag = false
        switch unsafe event.type {
        case YAML_SCALAR_EVENT:
            let scalar = unsafe event.data.scalar
            let bytes = unsafe UnsafeBufferPointer(start: scalar.value, count: scalar.length)
            kind = unsafe .scalar(
                String(decoding: bytes, as: UTF8.self), isPlain: scalar.style == YAML_PLAIN_SCALAR_STYLE)
            anchor = unsafe Self.text(scalar.anchor)
            hasTag = unsafe scalar.tag != nil
        case YAML_ALIAS_EVENT: kind = unsafe .alias(Self.text(event.data.alias.anchor) ?? "")
        case YAML_SEQUENCE_START_EVENT:
            kind = .sequence
            anchor = unsafe Self.text(event.data.sequence_start.anchor)
            hasTag = unsafe event.data.sequence_start.tag != nil
        case YAML_MAPPING_START_EVENT:
            kind = .mapping
            anchor = unsafe Self.text(event.data.mapping_start.anchor)
            hasTag = unsafe event.data.mapping_start.tag != nil
        case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT: kind = .end
        case YAML_STREAM_END_EVENT: kind = .streamEnd
        default: kind = .structure
        }
    }

    private static func text(_ pointer: UnsafeMutablePointer<yaml_char_t>?) -> String? {
        // Safe: libyaml's strings end with NUL and are copied at once.
        unsafe pointer.map { unsafe String(cString: $0) }
    }
}
