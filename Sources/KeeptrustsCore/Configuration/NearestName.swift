/// The candidate that was most likely meant by a misspelt name, if any is near.
///
/// Upper and lower case are the same, and so are `_` and `-`. Short names must be nearer than long ones. Where none is near,
/// it is the only one that goes on where the name ends: `secret_key_ref` for `secret_key`.
public func nearestName(to name: String, among candidates: [String]) -> String? {
    guard name.utf8.count <= 64 else { return nil }
    let letters = folded(name)
    let ranked = candidates.map { (candidate: $0, distance: editDistance(letters, folded($0))) }
    let bound = letters.count <= 3 ? 1 : 2
    if let best = ranked.min(by: { $0.distance < $1.distance }), best.distance <= bound { return best.candidate }
    let longer = candidates.filter { letters.count >= 4 && folded($0).starts(with: letters + [UInt8(ascii: "-")]) }
    return longer.count == 1 ? longer.first : nil
}

private func folded(_ name: String) -> [UInt8] {
    name.lowercased().utf8.map { $0 == UInt8(ascii: "_") ? UInt8(ascii: "-") : $0 }
}

/// The fewest insertions, deletions and replacements that turn one name into the other.
private func editDistance(_ a: [UInt8], _ b: [UInt8]) -> Int {
    var row = Array(0...b.count)
    for (i, x) in a.enumerated() {
        var diagonal = row[0]
        row[0] = i + 1
        for (j, y) in b.enumerated() {
            let replaced = diagonal + (x == y ? 0 : 1)
            diagonal = row[j + 1]
            row[j + 1] = min(replaced, row[j] + 1, diagonal + 1)
        }
    }
    return row[b.count]
}
