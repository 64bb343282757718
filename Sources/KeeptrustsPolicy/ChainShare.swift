/// Which policies of a chain judge texts.
public struct ChainShare: Sendable, Equatable {
    enum Part: Sendable, Equatable {
        case all
        case watchers(after: [PolicyResult])
        case others
    }

    let part: Part

    /// Those that have no say in the exchange, by their places in the chain; nearly always none.
    private(set) var leftOut: [Int] = []

    private init(_ part: Part) { self.part = part }

    public static let all = Self(.all)

    /// Those that observe and must see whole texts: a streamed answer goes out without them, and they judge it then.
    ///
    /// They know what the others have said of it, in the order of the chain.
    public static func watchers(after results: [PolicyResult]) -> Self { Self(.watchers(after: results)) }

    /// All others.
    public static let others = Self(.others)

    /// The same without the policies at some places of the chain.
    public func without(_ places: [Int]) -> Self {
        var share = self
        share.leftOut = places
        return share
    }
}

extension PolicyChain {
    /// The places of the instances that none of `ids` names.
    public func leftOut(by ids: [String]) -> [Int] {
        let kept = Set(ids)
        return instances.indices.filter { !kept.contains(instances[$0].id) }
    }

    /// Says of the policies that are not of a share that they did not run.
    func leaveOut(_ outcome: inout ChainOutcome, except share: ChainShare) {
        for index in share.leftOut {
            outcome.results[index].skipped = true
            outcome.results[index].isLeftOut = true
        }
        var said: [PolicyResult] = []
        var areWatchers = false
        switch share.part {
        case .all: return
        case .others: break
        case .watchers(let results): (said, areWatchers) = (results, true)
        }
        for index in stances.indices where (stances[index].phasesWatched != 0) != areWatchers {
            outcome.results[index].skipped = true
            guard said.indices.contains(index) else { continue }
            outcome.results[index].flagged = said[index].flagged
            outcome.results[index].reasonCode = said[index].reasonCode
        }
    }
}
