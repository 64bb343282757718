/// Which policies of a chain judge texts.
public enum ChainShare: Sendable, Equatable {
    case all

    /// Those that observe and must see whole texts: a streamed answer goes out without them, and they judge it then.
    ///
    /// They know what the others have said of it, in the order of the chain.
    case watchers(after: [PolicyResult])

    /// All others.
    case others
}

extension PolicyChain {
    /// Says of the policies that are not of a share that they did not run.
    func leaveOut(_ outcome: inout ChainOutcome, except share: ChainShare) {
        var said: [PolicyResult] = []
        var areWatchers = false
        switch share {
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
