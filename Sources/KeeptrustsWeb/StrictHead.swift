import HTTPTypes
import KeeptrustsCore
import NIOHTTP1

/// Finds heads that two readers could take for different requests.
///
/// What the gateway refuses in `KeeptrustsWire`, refused with the same codes and statuses where the decoder of the slow
/// servers is more lenient. See RFC 9112 §3.2 and §6.
enum StrictHead {
    static func fault(of head: HTTPRequestHead) -> RequestFault? {
        targetFault(head) ?? hostFault(head) ?? codingFault(head) ?? lengthFault(head)
    }

    /// What follows a head of CONNECT is no HTTP, and no server of ours is a proxy.
    private static func targetFault(_ head: HTTPRequestHead) -> RequestFault? {
        guard head.method == .CONNECT else { return nil }
        return .malformed("invalid_target", "The request's target must begin with '/'.")
    }

    private static func hostFault(_ head: HTTPRequestHead) -> RequestFault? {
        let hosts = head.headers["host"]
        guard hosts.count <= 1 else {
            return .malformed("duplicate_host", "The request has more than one Host.")
        }
        guard let host = hosts.first else {
            return head.version == .http1_0 ? nil : .malformed("missing_host", "The request has no Host.")
        }
        guard (try? HostPort(host, defaultHost: "", defaultPort: 0))?.host.isEmpty == false else {
            return .malformed("invalid_host", "The request's Host is not valid.")
        }
        return nil
    }

    private static func codingFault(_ head: HTTPRequestHead) -> RequestFault? {
        let codings = head.headers["transfer-encoding"]
        guard let coding = codings.first else { return nil }
        guard codings.count == 1 else {
            return .malformed("duplicate_transfer_encoding", "The message has more than one Transfer-Encoding.")
        }
        guard head.version == .http1_1 else {
            return .malformed("transfer_encoding_in_1_0", "Transfer-Encoding does not exist in HTTP/1.0.")
        }
        guard head.headers["content-length"].isEmpty else {
            return .malformed(
                "length_and_transfer_encoding", "A message has both Content-Length and Transfer-Encoding.")
        }
        guard !coding.isEmpty else {
            return .malformed("invalid_transfer_encoding", "The message's Transfer-Encoding is empty.")
        }
        guard coding.lowercased() == "chunked" else {
            return RequestFault(
                .invalidInput, code: "http.unknown_transfer_encoding",
                "The only transfer encoding that is understood is 'chunked'.", status: .notImplemented)
        }
        return nil
    }

    private static func lengthFault(_ head: HTTPRequestHead) -> RequestFault? {
        let lengths = head.headers["content-length"]
        guard lengths.count <= 1 else {
            return .malformed("duplicate_content_length", "The message has more than one Content-Length.")
        }
        guard lengths.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }) else {
            return .malformed("invalid_content_length", "The message's Content-Length is not a number.")
        }
        return nil
    }
}

extension RequestFault {
    fileprivate static func malformed(_ code: String, _ message: String) -> RequestFault {
        RequestFault(.invalidInput, code: "http.\(code)", message)
    }
}
