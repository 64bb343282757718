import KeeptrustsCore
import KeeptrustsMatching

/// Something to look for, and what it is when it is found.
struct Rule: Sendable {
    /// What it is, such as `email` or `secret.aws`.
    var category: String
    var pattern: Pattern

    /// Decides on a match; a match that it refuses is none.
    var validator: Validator?

    /// Terms of which what was found must be near to one.
    var terms: FuzzyTermSet?

    /// How sure a match is, 0...1.
    var confidence = 1.0

    /// How much a match counts, where a policy adds up.
    var weight = 1

    /// Where the user wrote the pattern; nil for one of a pack.
    var source: ConfigNode?
}

/// What a match must satisfy apart from its pattern.
enum Validator: String, Sendable, CaseIterable {
    /// A card number: 13 to 19 digits, issuer and check digit.
    case card

    /// An international bank account number: country, length and check digits.
    case iban

    /// A social security number of the United States that can have been issued.
    case ssn

    /// A telephone number: 7 to 15 digits, not all the same, no date, no decimal fraction.
    case phone

    /// Four numbers up to 255 that are no part of a longer one.
    case ipv4

    /// Eight groups of hexadecimal digits, or fewer with `::`.
    case ipv6

    /// A name and a domain of allowed lengths.
    case email

    /// A national provider identifier of the United States (Luhn with the prefix 80840).
    case npi

    /// A value of a secret, a token or a key: no placeholder, no reference, no name.
    case secret

    /// A password: words with digits or signs, or no words.
    case password

    /// What can only have come from a generator, where a word nearby hints at a secret.
    case token

    /// A token of a vendor that is named beside it.
    case vendorToken = "vendor-token"

    /// A token with its issuer's mark: no placeholder.
    case issued

    /// The password of a URL: anything but the words of documentation.
    case userinfo

    /// A name and a password, joined by a colon.
    case credentials

    /// The same in base64.
    case basic

    /// The words that a wallet is restored from.
    case mnemonic

    /// A JSON object in base64url before the first dot.
    case jwt
}
