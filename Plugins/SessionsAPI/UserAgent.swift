// SPDX-License-Identifier: Apache-2.0

/// Turns a browser's `User-Agent` into names that users know.
enum UserAgent {
    static func description(_ agent: String?) -> String {
        guard let agent else { return "" }
        let browser = first(
            of: [
                ("Edg", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser/", "Samsung Internet"), ("Firefox/", "Firefox"),
                ("FxiOS/", "Firefox"), ("CriOS/", "Chrome"), ("Chrome/", "Chrome"), ("Safari/", "Safari"),
            ], in: agent)
        let system = first(
            of: [
                ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"),
                ("Mac OS X", "macOS"), ("CrOS", "ChromeOS"), ("Linux", "Linux"),
            ], in: agent)
        let known = [browser, system].compactMap(\.self)
        return known.isEmpty ? String(agent.unicodeScalars.prefix(60)) : known.joined(separator: ", ")
    }

    private static func first(of names: [(mark: String, name: String)], in agent: String) -> String? {
        names.first { holds(agent.utf8[...], $0.mark.utf8) }?.name
    }

    private static func holds(_ agent: Substring.UTF8View, _ mark: String.UTF8View) -> Bool {
        agent.indices.contains { agent[$0...].starts(with: mark) }
    }
}
