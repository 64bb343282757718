import KeeptrustsConfig
import KeeptrustsCore
import KeeptrustsDialects
import KeeptrustsPolicy
import KeeptrustsWire
import NIOCore

/// A route of the config, as an exchange asks it.
struct CompiledRoute: Sendable {
    let name: String

    /// The place of the only target that is asked; nil for the usual ones.
    let upstream: Int?

    /// The places in the chain of the policies that it leaves out.
    let leftOut: [Int]

    /// The names of the surfaces whose requests may take it.
    private let surfaces: [String]
    private let headers: [(name: String, value: ByteBuffer, isIdentity: Bool)]

    init(_ route: Route, _ chain: PolicyChain, _ targets: [Target]) {
        name = route.name
        upstream = route.upstream.flatMap { id in targets.firstIndex { $0.id == id } }
        leftOut = route.policies.map { chain.leftOut(by: $0) } ?? []
        surfaces = Surface.all.filter { route.matches(path: "\($0.path)", method: .post) }.map(\.name)
        headers = route.headers.map {
            ($0.name, ByteBuffer(string: $0.value), ExchangeFacts.identityHeaders.contains($0.name))
        }
    }

    /// Whether a request takes this route.
    ///
    /// A header must have the value wherever it stands; one by which a caller says who it is counts only from a key
    /// that may say so.
    func matches(_ head: HTTPRequestHead, on surface: Surface, mayAssertIdentity: Bool) -> Bool {
        guard surfaces.contains(surface.name) else { return false }
        return headers.allSatisfy { header in
            guard !header.isIdentity || mayAssertIdentity else { return false }
            let values = head.values(ofFieldNamed: header.name)
            return !values.isEmpty && values.allSatisfy { $0 == header.value }
        }
    }
}

// Which policies judge, and whom may be asked: what a caller's group and the route of its request say.
extension Exchange {
    /// Finds out which route a request takes, and which policies its caller's group and that route leave out.
    mutating func takeRoute(_ head: HTTPRequestHead, on surface: Surface) {
        if !snapshot.leftOutOfGroups.isEmpty, let group = record.key?.consumerGroup,
            let places = snapshot.leftOutOfGroups[group]
        {
            leftOut = places
        }
        guard !snapshot.routes.isEmpty else { return }
        let mayAssert = record.key?.mayAssertIdentity == true
        let place = snapshot.routes.firstIndex { $0.matches(head, on: surface, mayAssertIdentity: mayAssert) }
        guard let place else { return }
        routeTaken = place
        record.route = snapshot.routes[place].name
        let others = snapshot.routes[place].leftOut
        leftOut = leftOut.isEmpty ? others : leftOut + others.filter { [leftOut] in !leftOut.contains($0) }
    }

    /// The targets that may be asked for a model on the request's route: those that are known, or the route's own.
    ///
    /// - Throws: ``Refusal`` where that serves another model.
    func targetsOnRoute(_ known: [Int], for model: String, of key: CallerKey) throws(Refusal) -> [Int] {
        guard let routeTaken, let upstream = snapshot.routes[routeTaken].upstream else { return known }
        let target = snapshot.targets[upstream]
        guard target.model == model || target.id == model else {
            throw .modelNotOnRoute(model, served: key.may(use: target.model) ? target.model : nil)
        }
        return target.isAvailable ? [upstream] : []
    }
}

extension Refusal {
    fileprivate static func modelNotOnRoute(_ model: String, served: String?) -> Refusal {
        Refusal(
            404, type: "validation_error", code: "model_not_found", "There is no model '\(model)' on this route.",
            hint: served.map { "It serves '\($0)'." }, param: "model")
    }
}
