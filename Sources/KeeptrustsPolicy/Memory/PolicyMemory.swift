import Synchronization

/// What the policies of one event loop remember over exchanges: counts, windows, budgets.
///
/// Long texts of the loop's exchanges are judged on other threads, so a policy takes its turn: see
/// ``exclusively(for:_:)``.
///
/// Of each policy a bounded number of states is kept; the one that was used longest ago goes first, so a flood of new
/// sessions for one policy costs others nothing. Nothing is shared between event loops or gateways: a count is of the
/// exchanges on one loop. It outlives a reload of the configuration; a policy's states belong to its instance's id.
public final class PolicyMemory {
    /// States of one policy at a time.
    public static let mostStates = 8_192

    private let limit: Int
    private let shelves = Mutex<[String: Shelf]>([:])

    public init(limit: Int = PolicyMemory.mostStates) { self.limit = max(1, limit) }

    /// The state of a policy under a key, made anew when it was not used for `idle`.
    ///
    /// - Parameters:
    ///   - key: Which of the policy's states, such as a session.
    ///   - policy: The id of the policy's instance.
    ///   - idle: How long the state lives without being used.
    ///   - now: The time since the gateway began to serve.
    ///   - initial: Makes the state.
    /// - Returns: The state; what is changed in it is remembered.
    func state<State>(
        _ key: String, of policy: String, idle: Duration, at now: Duration, _ initial: () -> State
    ) -> Remembered<State> {
        let shelf = shelf(of: policy)
        if let known = shelf.use(key, idle: idle, at: now) as? Remembered<State> { return known }
        let made = Remembered(initial())
        shelf.put(made, key, at: now)
        return made
    }

    /// Lets a policy judge by what it remembers while no other judgement by the same one does.
    ///
    /// - Parameters:
    ///   - policy: The id of the policy's instance.
    ///   - body: Judges; the states that it asks for are its own meanwhile.
    /// - Returns: What `body` gives.
    /// - Throws: What `body` throws.
    func exclusively<Answer: Sendable>(for policy: String, _ body: () throws -> Answer) throws -> Answer {
        try shelf(of: policy).turn.withLock { _ in try body() }
    }

    /// Lets a state be changed, if there is one, while its policy does not judge.
    func change(_ key: String, of policy: String, _ body: (AnyObject) -> Void) {
        let shelf = shelf(of: policy)
        shelf.turn.withLock { _ in
            if let state = shelf.state(key) { body(state) }
        }
    }

    private func shelf(of policy: String) -> Shelf {
        shelves.withLock { shelves in
            if let known = shelves[policy] { return known }
            let shelf = Shelf(limit: limit)
            shelves[policy] = shelf
            return shelf
        }
    }
}

/// A state that a policy remembers; owned by one event loop.
final class Remembered<State> {
    var value: State

    init(_ value: State) { self.value = value }
}

/// The states of one policy, in the order of their use.
///
/// Touched only by whoever has its turn, which the compiler cannot see (`@unchecked`).
private final class Shelf: @unchecked Sendable {
    let turn = Mutex(())

    private struct Entry {
        var key: String
        var state: AnyObject
        var used: Duration

        /// The neighbours in the order of use; -1 at the ends.
        var newer = -1
        var older = -1
    }

    private let limit: Int
    private var entries: [Entry] = []
    private var places: [String: Int] = [:]
    private var newest = -1
    private var oldest = -1

    init(limit: Int) { self.limit = limit }

    /// The state under a key, unless it has not been used for too long.
    func use(_ key: String, idle: Duration, at now: Duration) -> AnyObject? {
        guard let place = places[key], now - entries[place].used < idle else { return nil }
        entries[place].used = now
        take(place)
        lead(place)
        return entries[place].state
    }

    /// The state under a key, however long it was not used; that is no use of it.
    func state(_ key: String) -> AnyObject? { places[key].map { entries[$0].state } }

    /// Keeps a state under a key, in the place of the one that was used longest ago when there is no room.
    func put(_ state: AnyObject, _ key: String, at now: Duration) {
        let entry = Entry(key: key, state: state, used: now)
        var place = places[key] ?? entries.count
        if place < entries.count {
            take(place)
            entries[place] = entry
        } else if place < limit {
            entries.append(entry)
        } else {
            place = oldest
            take(place)
            places[entries[place].key] = nil
            entries[place] = entry
        }
        places[key] = place
        lead(place)
    }

    /// Takes an entry out of the order.
    private func take(_ place: Int) {
        let (newer, older) = (entries[place].newer, entries[place].older)
        if newer >= 0 { entries[newer].older = older } else { newest = older }
        if older >= 0 { entries[older].newer = newer } else { oldest = newer }
    }

    /// Puts an entry before all others.
    private func lead(_ place: Int) {
        (entries[place].newer, entries[place].older) = (-1, newest)
        if newest >= 0 { entries[newest].newer = place } else { oldest = place }
        newest = place
    }
}
