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
    fileprivate let surfaces: [String]

    /// What must stand in headers: which of ``RouteTable/headers``, and its value.
    fileprivate let headers: [(header: Int, value: ByteBuffer)]
}

/// The routes of a config, in their order.
struct RouteTable: Sendable {
    private(set) var routes: [CompiledRoute] = []

    /// The headers that any route asks for, by name in lower case: which of all it is.
    private var headers: [String: Int] = [:]

    /// How long their names are: a field whose name is of no such length is not looked at further.
    private var lengths: Set<Int> = []

    /// What a request says in a header.
    private enum Said {
        case nothing, different
        case one(ByteBuffer)
    }

    init(_ config: PolicyConfig, _ chain: PolicyChain, _ targets: [Target]) {
        for route in config.routes {
            let wanted = route.headers.map { (header: place(of: $0.name), value: ByteBuffer(string: $0.value)) }
            routes.append(
                CompiledRoute(
                    name: route.name, upstream: route.upstream.flatMap { id in targets.firstIndex { $0.id == id } },
                    leftOut: route.policies.map { chain.leftOut(by: $0) } ?? [],
                    surfaces: Surface.all.filter { route.matches(path: "\($0.path)", method: .post) }.map(\.name),
                    headers: wanted))
        }
    }

    private mutating func place(of name: String) -> Int {
        if let place = headers[name] { return place }
        headers[name] = headers.count
        lengths.insert(name.utf8.count)
        return headers.count - 1
    }

    /// The place of the first route that a request takes; nil where none matches.
    ///
    /// A header must have the value wherever it stands; one by which a caller says who it is counts only from a key
    /// that may say so.
    func place(for head: HTTPRequestHead, on surface: Surface, mayAssertIdentity: Bool) -> Int? {
        let said = headers.isEmpty ? [] : said(in: head, mayAssertIdentity)
        return routes.firstIndex { route in
            guard route.surfaces.contains(surface.name) else { return false }
            return route.headers.allSatisfy { wanted in
                guard case .one(let value) = said[wanted.header] else { return false }
                return value == wanted.value
            }
        }
    }

    /// Looks at each field of a request once, however many routes there are.
    private func said(in head: HTTPRequestHead, _ mayAssertIdentity: Bool) -> [Said] {
        var said = [Said](repeating: .nothing, count: headers.count)
        for index in head.fields.indices {
            guard lengths.contains(head.fields[index].name.count) else { continue }
            let name = head.name(at: index)
            guard let place = headers[name] else { continue }
            guard mayAssertIdentity || !ExchangeFacts.identityHeaders.contains(name) else { continue }
            let value = head.value(at: index)
            switch said[place] {
            case .nothing: said[place] = .one(value)
            case .one(let other): if other != value { said[place] = .different }
            case .different: break
            }
        }
        return said
    }
}

/// What a consumer group says of all callers that belong to it, whoever knows their keys.
struct GroupTerms: Sendable {
    /// The places in the chain of the policies that it leaves out.
    var leftOut: [Int]

    /// The models that it may ask for; nil for all.
    var allowedModels: Set<String>?

    /// A key with what its group allows, where that is less.
    func limit(_ key: CallerKey) -> CallerKey {
        guard let allowedModels else { return key }
        var key = key
        key.allowedModels = key.allowedModels?.intersection(allowedModels) ?? allowedModels
        return key
    }
}

// Which policies judge, and whom may be asked: what a caller's group and the route of its request say.
extension Exchange {
    /// Finds out which route a request takes, and which policies its caller's group and that route leave out.
    mutating func takeRoute(_ head: HTTPRequestHead, on surface: Surface) {
        if let group = record.key?.consumerGroup, let places = snapshot.groups[group]?.leftOut { leftOut = places }
        guard !snapshot.table.routes.isEmpty else { return }
        let mayAssert = record.key?.mayAssertIdentity == true
        guard let place = snapshot.table.place(for: head, on: surface, mayAssertIdentity: mayAssert) else { return }
        routeTaken = place
        record.route = snapshot.table.routes[place].name
        let others = snapshot.table.routes[place].leftOut
        leftOut = leftOut.isEmpty ? others : leftOut + others.filter { [leftOut] in !leftOut.contains($0) }
    }

    /// The targets that may be asked for a model on the request's route: those that are known, or the route's own.
    ///
    /// - Throws: ``Refusal`` where that serves another model.
    func targetsOnRoute(_ known: [Int], for model: String, of key: CallerKey) throws(Refusal) -> [Int] {
        guard let routeTaken, let upstream = snapshot.table.routes[routeTaken].upstream else { return known }
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
