// SPDX-License-Identifier: Apache-2.0

import Foundation

// 'Scripts/lint' compiles this file with 'Tests/TextLint': the compiler must refuse the marked lines and no others.

func byCharacters(_ text: String, _ part: Substring, _ perhaps: String?) {
    _ = text.count  // refused
    _ = part.count  // refused
    _ = perhaps?.count  // refused
    _ = [text].map(\.count)  // refused
    _ = text.first  // refused
    _ = part.last  // refused
    _ = text.split(separator: ",")  // refused
    _ = part.split(separator: ",", maxSplits: 1, omittingEmptySubsequences: false)  // refused
    _ = text.split(separator: "\r\n")  // refused
    _ = text.split { $0 == "," }  // refused
    _ = text.components(separatedBy: ",")  // refused
    _ = text.prefix(3)  // refused
    _ = part.suffix(3)  // refused
    _ = text.prefix { $0 != "," }  // refused
    _ = text.drop { $0 == " " }  // refused
    _ = text.dropFirst()  // refused
    _ = part.dropLast(2)  // refused
    _ = text.hasPrefix("x")  // refused
    _ = part.hasSuffix("x")  // refused
    _ = text.starts(with: "x")  // refused
    _ = text.contains("x")  // refused
    _ = text.contains("xy")  // refused
    _ = part.contains { $0 == "x" }  // refused
    _ = text.contains(/x/)  // refused
    _ = text.firstIndex(of: "x")  // refused
    _ = part.lastIndex(of: "x")  // refused
    _ = text.firstIndex { $0 == "x" }  // refused
    _ = text.firstRange(of: "xy")  // refused
    _ = text.index(after: text.startIndex)  // refused
    _ = text.allSatisfy(\.isLetter)  // refused
    _ = text.map { $0 }  // refused
    _ = text.filter { $0 != "x" }  // refused
    _ = text.reversed()  // refused
    _ = text.lowercased()  // refused
    _ = part.uppercased()  // refused
    _ = text.replacing("x", with: "y")  // refused
    _ = text.replacingOccurrences(of: "x", with: "y")  // refused
    _ = text.wholeMatch(of: /x/)  // refused
    _ = part.firstMatch(of: /x/)  // refused
    _ = text.prefixMatch(of: /x/)  // refused
    _ = text == "x"  // refused
    _ = perhaps == text  // refused
    _ = text != perhaps  // refused
    _ = [text].filter { $0 != "x" }  // refused
}

func byBytes(_ text: String, _ part: Substring, _ all: [String]) {
    _ = text.utf8.count + part.utf8.count
    _ = text.utf8.split(separator: UInt8(ascii: ",")).first
    _ = text.utf8.starts(with: "x".utf8)
    _ = text.utf8.contains(0x20)
    _ = text.isEmpty || text.utf8.elementsEqual("x".utf8)
    _ = text.unicodeScalars.count
    _ = all.first.map { $0 + "x" }
    _ = all.count + all.prefix(3).count
    _ = all.contains("x")
    _ = all.map { "\($0)" }.filter(\.isEmpty).reversed()
    _ = Array(text.utf8).dropFirst()
}
