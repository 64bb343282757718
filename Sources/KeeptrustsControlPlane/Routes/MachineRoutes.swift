import Crypto
import Foundation
import HTTPTypes
import Hummingbird
import KeeptrustsAPI
import KeeptrustsCore
import KeeptrustsStorage
import KeeptrustsWeb
import Logging
import NIOCore
import NIOFoundationCompat

/// The machine protocol, `/v1/gateway`: what gateways tell and ask.
///
/// Organisation and gateway come from the credential, never from the body.
struct MachineRoutes {
    let plane: Plane

    var routes: RouteCollection<APIContext> {
        RouteCollection(context: APIContext.self)
            .post("register", use: register)
            .post("heartbeat", use: heartbeat)
            .get("config", use: config)
            .get("keys", use: keys)
            .post("events", use: ingest)
    }

    private func register(_ request: Request, context: APIContext) async throws -> Response {
        let (principal, token) = try context.requireGatewayRuntime()
        let asked = try await request.json(RegisterRequest.self, upTo: 16_384)
        let (org, now) = (principal.organisation, plane.now())
        if let bound = token.gatewayID, let named = asked.gatewayID, bound != named { throw Self.wrongGateway }
        if let named = asked.gatewayID, !Self.isIdentifier(named) {
            throw RequestFault.field("gateway_id", "This is not the id of a gateway.")
        }
        let id = token.gatewayID ?? asked.gatewayID ?? plane.makeID("gw")
        let gateway = Gateway(
            id: id, name: asked.name ?? String(id.rawValue.suffix(6)), advertiseAddr: asked.advertiseAddr,
            listenAddr: asked.listenAddr, version: asked.version, mode: asked.mode, instanceID: asked.instanceID,
            config: asked.config, created: now, lastSeen: now)
        try await plane.change(by: principal, context) { transaction in
            if token.gatewayID == nil, try transaction.isTaken(id, byOtherThan: token.id, in: org, at: now) {
                throw Self.wrongGateway
            }
            try transaction.register(gateway, in: org)
            guard try transaction.bind(token.id, to: id, in: org) else { throw Self.wrongGateway }
            return (
                (),
                AuditNote(
                    "gateway.register", id.rawValue,
                    details: ["instance": gateway.instanceID, "advertise_addr": gateway.advertiseAddr])
            )
        }
        return try answer(RegisterResponse(gatewayID: id, organisationID: org))
    }

    private func heartbeat(_ request: Request, context: APIContext) async throws -> Response {
        let (principal, gateway) = try boundGateway(context)
        let beat = try await request.json(Heartbeat.self, upTo: 16_384)
        guard beat.gatewayID == gateway else { throw Self.wrongGateway }
        let (org, now) = (principal.organisation, plane.now())
        let digest = try await plane.database.write { transaction in
            guard try transaction.record(beat, of: gateway, in: org, at: now) else { throw NotFound(what: "gateway") }
            return try transaction.assignedDigest(for: gateway, in: org)
        }
        return try answer(Heartbeat.Response(configDigest: digest))
    }

    /// The assigned configuration, as soon as it is not the one that the gateway has.
    private func config(_ request: Request, context: APIContext) async throws -> Response {
        let (principal, gateway) = try boundGateway(context)
        let wait = try Self.wait(Query(request, allowing: ["wait_seconds"]))
        let known = Self.tags(request)
        let org = principal.organisation
        let poll = LongPoll(plane: plane, topic: .init(organisation: org, kind: .configurations), principal: principal)
        let digest = try await poll.first(within: wait) { transaction -> String? in
            guard let digest = try transaction.assignedDigest(for: gateway, in: org) else { return nil }
            return known.contains(digest) ? nil : digest
        }
        guard digest != nil else {
            let current = try await plane.database.read { try $0.assignedDigest(for: gateway, in: org) }
            guard let current else { throw NotFound(what: "assigned_configuration") }
            return Response(status: .notModified, headers: [.eTag: "\"\(current)\""])
        }
        let assigned = try await plane.database.read { try $0.assignedConfig(for: gateway, in: org) }
        guard let assigned else { throw NotFound(what: "assigned_configuration") }
        return try answer(assigned, headers: [.eTag: "\"\(assigned.digest)\""])
    }

    /// The callers' keys: all, or what has changed since a generation, as soon as something has.
    private func keys(_ request: Request, context: APIContext) async throws -> Response {
        let (principal, _) = try context.requireGatewayRuntime()
        let query = try Query(request, allowing: ["since", "wait_seconds"])
        let (wait, since, org) = (
            try Self.wait(query), try query.number("since", in: 0...Int.max), principal.organisation
        )
        let poll = LongPoll(plane: plane, topic: .init(organisation: org, kind: .keys), principal: principal)
        if let since {
            _ = try await poll.first(within: wait) { transaction -> Int? in
                let current = try transaction.keyGeneration(in: org)
                return current == since ? nil : current
            }
        }
        let now = plane.now()
        let hashKey = Secret(plane.key.gatewayHashKey(of: org).base64EncodedString())
        let set = try await plane.database.read { transaction in
            if let since, try transaction.keyGeneration(in: org) == since {
                return KeySet(generation: since, hashKey: hashKey, isFull: false, keys: [])
            }
            let changes = try transaction.keys(since: since ?? 0, in: org, at: now)
            return KeySet(generation: changes.generation, hashKey: hashKey, isFull: changes.isFull, keys: changes.keys)
        }
        return try answer(set)
    }

    private func ingest(_ request: Request, context: APIContext) async throws -> Response {
        let (principal, gateway) = try boundGateway(context)
        let body = try await request.jsonBytes(upTo: MachineProtocol.maximumBatchBytes)
        // Not strict about NUL: callers choose models' names, and no event may be refused for what they chose.
        let batch = try JSONBody.decode(EventBatch.self, from: body, allowingNUL: true)
        let (org, now) = (principal.organisation, plane.now())
        let draft = plane.auditDraft(by: principal, context)
        let receipt = try await plane.database.write { transaction in
            let receipt = try transaction.ingest(batch.events, from: gateway, in: org, at: now)
            if !receipt.claimed.isEmpty {
                let note = Self.note(of: receipt.claimed, by: gateway)
                try transaction.append(note.record(draft), in: org, hash: SHA256.hexDigest)
            }
            return receipt
        }
        if let claim = receipt.claimed.first {
            context.logger.warning(
                "events came with ids that events of another gateway have",
                metadata: [
                    "gateway": "\(gateway.rawValue)", "holder": "\(claim.holder.rawValue)",
                    "first": "\(claim.id.rawValue)", "count": "\(receipt.claimed.count)",
                ])
        }
        return try answer(receipt)
    }

    /// What the audit log says of ids that two gateways gave to an event.
    private static func note(of claims: [EventReceipt.Claim], by gateway: Identifier<Gateway>) -> AuditNote {
        AuditNote(
            "event.claim", claims[0].id.rawValue,
            details: [
                "count": "\(claims.count)", "gateway": gateway.rawValue,
                "holders": Set(claims.map(\.holder.rawValue)).sorted().prefix(10).joined(separator: ","),
                "ids": claims.prefix(10).map(\.id.rawValue).joined(separator: ","),
            ])
    }
}

extension MachineRoutes {
    private static var wrongGateway: RequestFault {
        RequestFault(
            .forbidden, code: "gateway.wrong_identity", "This credential belongs to another gateway.",
            hint: "Give each gateway a token of its own.")
    }

    private func boundGateway(_ context: APIContext) throws -> (Principal, Identifier<Gateway>) {
        let (principal, token) = try context.requireGatewayRuntime()
        guard let gateway = token.gatewayID else {
            throw RequestFault(
                .conflict, code: "gateway.not_registered", "This gateway has not registered.",
                hint: "Call POST /v1/gateway/register first.")
        }
        return (principal, gateway)
    }

    private static func wait(_ query: Query) throws -> Duration {
        .seconds(try query.number("wait_seconds", in: 0...MachineProtocol.maximumWaitSeconds) ?? 0)
    }

    /// The digests that `If-None-Match` names.
    private static func tags(_ request: Request) -> Set<String> {
        let values = request.headers[values: .ifNoneMatch].flatMap { $0.split(separator: ",") }
        return Set(values.map { String($0.filter { $0 != " " && $0 != "\"" }.trimmingPrefix("W/")) })
    }

    private static func isIdentifier(_ id: Identifier<Gateway>) -> Bool {
        let text = id.rawValue
        return text.hasPrefix("gw_") && (4...128).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-") || (48...57).contains(byte)
                    || (65...90).contains(byte) || (97...122).contains(byte)
            }
    }
}

extension Transaction {
    /// Whether an active token other than `token` speaks for a gateway.
    fileprivate func isTaken(
        _ gateway: Identifier<Gateway>, byOtherThan token: Identifier<Token>, in org: Identifier<Organisation>,
        at now: Timestamp
    ) throws -> Bool {
        var cursor: String?
        repeat {
            let page = try tokens([.gatewayRuntime], PageRequest(limit: 500, cursor: cursor), in: org, at: now)
            if page.items.contains(where: { $0.gatewayID == gateway && $0.status == .active && $0.id != token }) {
                return true
            }
            cursor = page.nextCursor
        } while cursor != nil
        return false
    }
}
