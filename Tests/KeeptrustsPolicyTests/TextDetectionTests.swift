import Foundation
import KeeptrustsCore
import Testing

@testable import KeeptrustsPolicy

/// How well kinds that judge whole texts find what they are for, on texts of their own domain.
struct TextDetectionTests {
    /// A kind with its settings, the texts that it is measured on, and what must be so.
    struct Kind: Sendable, CustomTestStringConvertible {
        var name: String
        var settings: Settings = [:]
        var phase = Phase.request

        /// The fixture, without its suffix; the kind's name and, where a kind has several, a mode.
        var file: String
        var fewest = 40
        var testDescription: String { file }
    }

    static let kinds = [
        Kind(
            name: "safety-filter", settings: ["mode": "critical_infrastructure"],
            file: "safety-filter.critical-infrastructure", fewest: 20),
        Kind(
            name: "safety-filter", settings: ["mode": "automotive"], file: "safety-filter.automotive", fewest: 20),
        Kind(name: "safety-filter", settings: ["mode": "education"], file: "safety-filter.education", fewest: 20),
        Kind(
            name: "safety-filter", settings: ["mode": "law_enforcement"], file: "safety-filter.law-enforcement",
            fewest: 20),
        Kind(name: "itar-ear-filter", file: "itar-ear-filter"),
        Kind(name: "mnpi-filter", file: "mnpi-filter"),
        Kind(name: "legal-privilege", file: "legal-privilege"),
        Kind(name: "bias-monitor", phase: .response, file: "bias-monitor"),
        Kind(
            name: "language-validator", settings: ["allowed_languages": ["en", "de"]], file: "language-validator"),
        Kind(
            name: "entity-list-filter",
            settings: [
                "blocked_entities": [
                    "Orlov Marine Trading LLC", "Ivan Petrovich Sokolnikov",
                    "Golden Crane Precision Machinery Co., Ltd.", "Star of Qeshan", "Vector Dynamics GmbH",
                    "Zarya-Invest", "Al Nasim Shipping & Logistics", "Northgate Avionics Corporation",
                    "Kharim Daulat Sultanov", "Blue Ridge Propulsion Laboratory", "Qoraxon",
                ]
            ],
            file: "entity-list-filter"),
        Kind(
            name: "dual-use-filter",
            settings: [
                "blocked_terms": [
                    "five-axis milling machine", "maraging steel", "triggered spark gap", "krytron", "thiodiglycol",
                    "hydrogen fluoride", "strapdown inertial navigation system", "star tracker",
                    "filament winding machine", "focal plane array", "triethanolamine", "vacuum induction furnace",
                    "cross-flow filtration", "pulsed neutron generator",
                ]
            ],
            file: "dual-use-filter"),
    ]

    @Test(
        "A kind finds the texts that it must, passes near misses, and its reference states the figures",
        arguments: kinds)
    func quality(kind: Kind) throws {
        let texts = try LabelledText.all(in: "\(kind.file).txt")
        let chain = try PolicyChain([.string(kind.name)], .mapping([(kind.name, kind.settings)]))
        let wrong = texts.filter { (chain.judge($0.text, kind.phase).verdict > .allow) != $0.isPositive }
        let (missed, flagged) = (wrong.count(where: \.isPositive), wrong.count { !$0.isPositive })
        let positives = texts.count(where: \.isPositive)
        let found = positives - missed

        #expect(positives >= kind.fewest && texts.count - positives >= kind.fewest)
        #expect(found * 10 >= positives * 8 && flagged * 20 <= texts.count - positives, "\(wrong.map(\.text))")
        let line = """
            On \(positives) texts to find and \(texts.count - positives) near misses \
            (`Tests/Fixtures/detection/\(kind.file).txt`): precision \(percent(found, of: found + flagged)), recall \
            \(percent(found, of: positives)).
            """
        let path = MarkedText.root.appending(path: "docs/reference/policies/\(kind.name).md")
        let page = try String(contentsOf: path, encoding: .utf8)
        #expect(page.split(whereSeparator: \.isWhitespace).joined(separator: " ").contains(line), "\(line)")
    }

    private func percent(_ part: Int, of whole: Int) -> String {
        "\((Double(part) * 1_000 / Double(whole)).rounded() / 10) %"
    }
}

/// A text that a kind must find, or must pass.
struct LabelledText: Sendable {
    var text: String
    var isPositive: Bool

    /// The texts of a file: one a line, `+` those to find, `-` near misses, `#` remarks.
    static func all(in file: String) throws -> [LabelledText] {
        let path = MarkedText.root.appending(path: "Tests/Fixtures/detection/\(file)")
        return try String(contentsOf: path, encoding: .utf8).split(separator: "\n").filter { !$0.hasPrefix("#") }.map {
            LabelledText(text: Pack.unescape(String($0.dropFirst(2))), isPositive: $0.hasPrefix("+"))
        }
    }
}
