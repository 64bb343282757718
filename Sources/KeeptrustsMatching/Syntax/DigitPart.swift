/// What is known of the digits of a part of an expression in which no two neighbouring digits stand farther apart than in
/// a run.
struct DigitPart {
    /// The fewest digits, and the fewest joins between them.
    var digits = 0
    var joins = 0

    /// The most bytes of a match that holds no digit; nil when every match holds one.
    var mostWithout: Int? = 0

    /// The fewest bytes, when no match holds a digit; nil when one can.
    var leastWithout: Int? = 0

    /// The most and the fewest bytes before the first digit and after the last one.
    var before = 0
    var after = 0
    var leastBefore = 0
    var leastAfter = 0

    /// Bytes that may stand between two neighbouring digits.
    private let widestGap: Int

    /// The empty part.
    init(widestGap: Int) { self.widestGap = widestGap }

    /// nil when two neighbouring digits may stand too far apart.
    init?(_ syntax: Syntax, widestGap: Int) {
        self.init(widestGap: widestGap)
        switch syntax {
        case .assertion: break
        case .one(let bytes, let isWide, _):
            if !isWide, bytes.isSubset(of: .digits) {
                digits = 1
                mostWithout = nil
            } else {
                mostWithout = isWide ? 4 : 1
            }
            leastWithout = !isWide && bytes.subtracting(.digits) == bytes ? 1 : nil
        case .ignoringCase(let part): self.init(part, widestGap: widestGap)
        case .sequence(let parts):
            for part in parts {
                guard let next = Self(part, widestGap: widestGap), let sum = followed(by: next) else { return nil }
                self = sum
            }
        case .choice(let parts):
            let own = parts.compactMap { Self($0, widestGap: widestGap) }
            guard own.count == parts.count, let first = own.first else { return nil }
            self = own.dropFirst().reduce(first) { $0.or($1) }
        case .repeated(let part, let least, let most):
            guard let one = Self(part, widestGap: widestGap), let whole = one.repeated(least, most) else { return nil }
            self = whole
        }
    }

    private func or(_ other: Self) -> Self {
        var either = Self(widestGap: widestGap)
        either.digits = min(digits, other.digits)
        either.joins = min(joins, other.joins)
        either.mostWithout = mostWithout == nil ? other.mostWithout : max(mostWithout ?? 0, other.mostWithout ?? 0)
        either.leastWithout = leastWithout.flatMap { own in other.leastWithout.map { min(own, $0) } }
        either.before = max(before, other.before)
        either.after = max(after, other.after)
        either.leastBefore = min(leastBefore, other.leastBefore)
        either.leastAfter = min(leastAfter, other.leastAfter)
        return either
    }

    /// nil when the last digit of this and the first of `next` may stand too far apart.
    func followed(by next: Self) -> Self? {
        guard after + next.before <= widestGap else { return nil }
        var both = Self(widestGap: widestGap)
        let isJoined = mostWithout == nil && next.mostWithout == nil && leastAfter + next.leastBefore > 0
        both.digits = digits + next.digits
        both.joins = joins + next.joins + (isJoined ? 1 : 0)
        both.mostWithout = mostWithout.flatMap { own in next.mostWithout.map { own + $0 } }
        both.leastWithout = leastWithout.flatMap { own in next.leastWithout.map { own + $0 } }
        both.before = max(before, mostWithout.map { $0 + next.before } ?? 0)
        both.after = max(next.after, next.mostWithout.map { $0 + after } ?? 0)
        both.leastBefore = mostWithout == nil ? leastBefore : (leastWithout ?? 0) + next.leastBefore
        both.leastAfter = next.mostWithout == nil ? next.leastAfter : leastAfter + (next.leastWithout ?? 0)
        return both
    }

    private func repeated(_ least: Int, _ most: Int?) -> Self? {
        guard most != 0 else { return Self(widestGap: widestGap) }
        var whole = self
        if most != 1 {
            guard after + before <= widestGap else { return nil }
            if let without = mostWithout, without > 0 {
                // Copies without a digit can stand between others.
                guard let most, most <= 64 else { return nil }
                whole.mostWithout = without * most
                whole.before = before + without * (most - 1)
                whole.after = after + without * (most - 1)
                guard leastWithout != nil || whole.before + whole.after <= widestGap else { return nil }
            }
        }
        if least == 0 { return whole.or(Self(widestGap: widestGap)) }
        let isJoined = mostWithout == nil && leastAfter + leastBefore > 0
        whole.digits = digits * least
        whole.joins = joins * least + (isJoined ? least - 1 : 0)
        whole.leastWithout = leastWithout.map { $0 * least }
        return whole
    }
}
