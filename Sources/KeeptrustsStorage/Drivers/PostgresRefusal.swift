import CLibpq

/// Why PostgreSQL gave no connection, as far as its operator can mend it.
enum PostgresRefusal {
    /// What to do about a connection that could not be opened; nil when waiting may help.
    ///
    /// The connection may be told to try once more.
    static func remedy(for handle: OpaquePointer?) -> String? {
        guard let handle else { return nil }
        if PQconnectionNeedsPassword(handle) == 1 {
            return "PostgreSQL asks for a password: put it into the address (postgres://USER:PASSWORD@HOST/DATABASE), "
                + "into PGPASSWORD or into ~/.pgpass."
        }
        // `SEVERITY:  text`, in any language, is what a server has said; the client's own words have no such mark.
        guard String(cString: PQerrorMessage(handle)).contains(":  ") else {
            return "No PostgreSQL answers at that address: see that it runs, and that host, port and sslmode are right."
        }
        return state(handle).flatMap(remedy)
    }

    /// By the SQLSTATE, or its class (PostgreSQL 15, appendix A).
    static func remedy(_ state: String) -> String? {
        switch state.prefix(2) {
        case "28":
            "PostgreSQL refuses the user: see that user and password are right, and that pg_hba.conf lets them in."
        case "3D": "There is no such database: create it, or correct the name in the address."
        case "08": "The connection failed: see that host, port and sslmode are right."
        default: nil
        }
    }

    /// The SQLSTATE with which the server refuses.
    ///
    /// libpq tells the state of a refused connection in its message alone, and only when it was asked to before; so the
    /// server is asked once more.
    private static func state(_ handle: OpaquePointer) -> String? {
        PQsetErrorVerbosity(handle, PQERRORS_SQLSTATE)
        PQreset(handle)
        return state(in: String(cString: PQerrorMessage(handle)))
    }

    /// The last SQLSTATE that a message in libpq's short form names.
    static func state(in message: String) -> String? {
        message.split(whereSeparator: \.isNewline).compactMap { line -> String? in
            guard let mark = line.ranges(of: ":  ").last else { return nil }
            let code = line[mark.upperBound...]
            let isState = code.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) }
            return isState && code.utf8.count == 5 ? String(code) : nil
        }.last
    }
}
