import KeeptrustsMatching

/// What somebody says who tells his age: "I am 12 years old".
enum StatedAge {
    /// The rule that finds somebody of one of these ages.
    ///
    /// - Parameters:
    ///   - ages: The ages, from 1 to 21 years.
    ///   - category: What such a sentence is, when it is found.
    /// - Returns: The rule.
    static func rule(_ ages: ClosedRange<Int>, category: String) -> Rule {
        let ages = ages.reversed().map { "\($0)|\(numbers[$0 - 1])" }.joined(separator: "|")
        let gap = #"[\s-]{1,3}"#
        let old = #"\#(gap)?(?:years?|yrs?|y)\#(gap)?/?olds?\b|\s?y/?o\b"#
        let end = #"(?:\s{0,2}(?:[.,;!?)](?:\D|$)|$)|\#(gap)(?:and|but|so|in)\b|\#(old))"#
        let first = #"i(?:['\x{2019}]?m|\#(gap)am|\#(gap)(?:just\#(gap))?turned)"#
        let own = #"\#(first)\#(gap)(?:only\#(gap)|just\#(gap)|a\#(gap))?"#
        let told = #"my\#(gap)age(?:\#(gap)is|:)\s{1,3}"#
        return Rule(category: category, pattern: Pattern("\\b(?:\(own)|\(told))(?:\(ages))\(end)", ignoresCase: true))
    }

    private static let numbers = [
        "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen",
        "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty", "twenty[ -]?one",
    ]
}
