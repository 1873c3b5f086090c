// SPDX-License-Identifier: Apache-2.0

import ServerHTTP
import Testing

@Suite("A template may have values only where browsers treat them as text", .timeLimit(.minutes(10)))
struct TemplatePlaceTests {
    /// Markup before the value that is complete, though it may not look so.
    static let before = [
        "", "it's ", "1 < 2 ", "a <3 \"", "{{! it's <a }}", "<!-- it's -->", "<!-- \"a > b -->", "<!-->", "<!--->",
        "<!--a--!>", "<!-- <!-->", "<!-- {{x}} -->", "<!doctype html>", "<!a '>", "</ '>", "<?a \"?>",
        "<p title=\"it's\">", "<p title='\"'>", "<p title = \"a>b'\">", "<p it's>", "<p a=b\"c>", "<p a='b'\"c>",
        "<p =\"a>",
        "<p\"a>", "<p a=\"{{x}}\"/>", "<p a=\"{{x}}\"b='{{x}}'>", "</p it's>", "{{#s}}<b title=\"'\">{{/s}}",
        "<p{{#s}} a='\"'{{/s}}{{^s}} checked{{/s}}>", "<!-- {{#s}}it's{{/s}} -->", "<option{{#s}} selected{{/s}}>",
    ]

    /// Markup that has begun a tag without an opening quotation mark, and whether it ends in an equals sign.
    static let outside = [
        "<", "</", "<a", "</p ", "<button ", "<button\n", "<button\t", "<button\u{C}", "<a/", "<!doctype ", "<!", "<!-",
        "<?",
        "<a href=", "<a href= ", "<a href\n=\n", "<a href=/x", "<a href=x\"", "<a href=x'y=\"", "<a b=\"c\"",
        "<a b='c' ",
        "<a b=\"{{x}}\" c=", "<p it's ", "<p \"", "<p =\"", "<p a/=\"", "<p/=\"", "<p a \"", "<p a=\"b\"\"",
        "<p{{#s}} selected{{/s}} ", "<p{{#s}} a=\"b\"{{/s}} ", "<p a={{#s}}\"{{/s}}", "<p a=\"{{#s}}\"{{/s}}",
        "<p a={{^s}}'{{/s}}", "<p{{#s}} a={{/s}}\"", "{{#s}}<p {{/s}}", "{{^s}}<p a=\"b\" {{/s}}",
        "{{#s}}{{^t}}<{{/t}}{{/s}}",
        "<p {{#s}}a=\"{{/s}}{{#s}}", "<p a=\"{{! \" }}\"", "<p a=\"{{x}}{{#s}}\"{{/s}}{{#t}} b='{{/t}}",
    ]

    /// Markup after which a value does no harm, with the markup that completes it.
    static let inside = [
        ("", ""), ("<p>", "</p>"), ("<a href=\"", "\">"), ("<a href = '", "'>"), ("<a href=\"it's ", "\">"),
        ("<a b='c'd=\"/x?", "&amp;y\" checked>"), ("<p a=\"{{#s}}b{{/s}}", "\">"), ("<p{{#s}} a=\"", "\"{{/s}}>"),
        ("{{#s}}<p a='", "'>{{/s}}"), ("<!-- ", " -->"), ("<!-- it's <a ", "--><b>"), ("<p title='>", "'>"),
    ]

    private static let pages = Result { try Pages() }

    private static func problem(_ template: String) -> String? {
        do {
            _ = try pages.get().adding([Templates.page("notice", template)])
            return nil
        } catch {
            return "\(error)"
        }
    }

    @Test("inside a tag and outside of quotation marks a value is refused, whatever precedes it", arguments: before)
    func refused(_ before: String) {
        for outside in TemplatePlaceTests.outside {
            for value in ["{{a}}", "{{ a.b }}", "{{.}}", "{{uppercased(a)}}"] {
                let problem = TemplatePlaceTests.problem("\(before)\n\(outside)\(value)>")
                let line = 1 + "\(before)\n\(outside)".count { $0 == "\n" }
                #expect(
                    problem?.contains("'notice':\(line): '\(value)'") == true
                        && problem?.contains("quotation marks") == true,
                    "\(before)\(outside)\(value): \(problem ?? "taken")")
            }
        }
    }

    @Test("in text, in a comment and in quotation marks a value is accepted, whatever precedes it", arguments: before)
    func taken(_ before: String) {
        for (left, right) in TemplatePlaceTests.inside {
            let problem = TemplatePlaceTests.problem("\(before)\n\(left){{a}}\(right)\n{{b}}")
            #expect(problem == nil, "\(before)\(left){{a}}\(right)")
        }
    }

    @Test("the check of a repeated section considers that each repetition starts where the previous one ended")
    func repeated() {
        #expect(TemplatePlaceTests.problem("<p {{#s}}a=\"{{x}}\" {{/s}}>") == nil)
        for template in [
            "<p a=\"{{#s}}{{x}}\" b={{/s}}\">", "{{#s}}{{x}}<b {{/s}}>", "{{#s}}{{#t}}{{x}}{{/t}}<{{/s}}a>",
        ] {
            #expect(TemplatePlaceTests.problem(template)?.contains("'{{x}}'") == true, "\(template)")
        }
    }

    @Test(
        "a partial begins and ends between tags",
        arguments: [
            "<a {{> sealed}}>", "<a b=\"{{> sealed}}\">", "<!-- {{>sealed}} -->", "<a {{>*name}}>", "<{{$b}}a{{/b}}>",
            "{{$b}}<a {{/b}}>", "<a {{<head}}{{/head}}>", "{{<head}}{{$b}}<a b=\"{{/b}}{{/head}}", "<a",
            "<a b=\"{{c}}>",
            "<!-- {{a}}", "{{#s}}<a{{/s}}", "<!-- {{a}}> -->{{#s}}<a {{/s}}",
        ])
    func parts(_ template: String) {
        let problem = TemplatePlaceTests.problem(template)
        #expect(problem?.contains("inside a tag or a comment") == true, "\(problem ?? "taken")")
    }
}
