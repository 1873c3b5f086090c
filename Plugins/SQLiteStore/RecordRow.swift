// SPDX-License-Identifier: Apache-2.0

import GRDB
import GrantKit

/// A row whose columns are checked when read, since SQLite allows any type of value in any column.
struct RecordRow {
    let values: [DatabaseValue]
    let table: String
    let collection: String

    init(_ values: [DatabaseValue], of collection: String, in table: String = "record") {
        self.values = values
        self.table = table
        self.collection = collection
    }

    func text(_ place: Int, _ column: String) throws -> String {
        let value = values[place]
        guard case .string(let text) = value.storage else { throw fault(column, value, "typeof(\(column)) <> 'text'") }
        return text
    }

    func integer(_ place: Int, _ column: String, in range: ClosedRange<Int64> = .min ... .max) throws -> Int64 {
        let value = values[place]
        guard case .int64(let number) = value.storage else {
            throw fault(column, value, "typeof(\(column)) <> 'integer'")
        }
        guard range ~= number else {
            let bounds = "BETWEEN \(range.lowerBound) AND \(range.upperBound)"
            throw RowFault(table, collection, column, holds: "\(number)", finding: "\(column) NOT \(bounds)")
        }
        return number
    }

    func json(_ place: Int, _ column: String) throws -> JSON {
        do {
            return try JSON(parsing: try text(place, column), depth: 64)
        } catch let fault as RowFault {
            throw fault
        } catch {
            throw RowFault(table, collection, column, holds: "broken JSON", finding: "NOT json_valid(\(column))")
        }
    }

    /// The values of the indexes, by name.
    func indexes(_ place: Int, _ column: String) throws -> [String: String] {
        let text = try text(place, column)
        guard let values = RecordRow.indexes(text) else {
            let isOther = "EXISTS (SELECT 1 FROM json_each(\(column)) WHERE type <> 'text')"
            throw RowFault(
                table, collection, column, holds: "no JSON object of strings",
                finding:
                    "CASE WHEN json_valid(\(column)) THEN json_type(\(column)) <> 'object' OR \(isOther) ELSE 1 END")
        }
        return values
    }

    static func indexes(_ text: String) -> [String: String]? {
        guard text != "{}" else { return [:] }
        guard case .object(let members)? = try? JSON(parsing: text) else { return nil }
        var values: [String: String] = [:]
        for member in members {
            guard let value = member.value.string else { return nil }
            values[member.name] = value
        }
        return values
    }

    private func fault(_ column: String, _ value: DatabaseValue, _ condition: String) -> RowFault {
        let kind =
            switch value.storage {
            case .null: "NULL"
            case .int64: "an integer"
            case .double: "a floating-point number"
            case .string: "text"
            case .blob: "a blob"
            }
        return RowFault(table, collection, column, holds: kind, finding: condition)
    }
}
