public import HTTPTypes
public import Hummingbird
public import KeeptrustsCore

/// The pages that a browser app's server renders: the app's shell, sign-in, messages.
public struct BrowserPages: Sendable {
    public let assets: BrowserAssets
    private let shell: HTMLShell
    private let signIn: HTMLShell
    private let message: HTMLShell

    /// - Parameters:
    ///   - app: The app's name, which is its folder's.
    ///   - files: The files of `web/shared/` and `web/<app>/` by their paths.
    /// - Throws: ``MissingTemplate``, or the template engine's error, when a template is not there or not valid.
    public init(app: String, files: [String: String]) throws {
        func template(_ name: String) throws -> HTMLShell {
            guard let text = files[name] else { throw MissingTemplate(name: name) }
            return try HTMLShell(template: text)
        }
        let ownScripts: Set = ["shared/theme-boot.js", "\(app)/\(app).js"]
        assets = BrowserAssets(files) { !ownScripts.contains($0) }
        shell = try template("\(app)/shell.mustache")
        signIn = try template("shared/sign-in.mustache")
        message = try template("shared/message.mustache")
    }

    /// The app itself, for a person who is signed in.
    public func app(_ values: [String: any Sendable], status: HTTPResponse.Status = .ok) -> Response {
        render(shell, values.merging(["modules": assets.modules]) { $1 }, status)
    }

    /// What the sign-in page shows besides its form.
    public struct SignIn: Sendable {
        /// The path to go to afterwards.
        public var next: String
        public var email: String?
        public var error: String?

        /// The code of a link that signs in once; the page then asks for nothing but to go on.
        public var code: String?

        /// Where to sign in with the console.
        public var console: String?
        public var app: String?

        public init(
            next: String, email: String? = nil, error: String? = nil, code: String? = nil, console: String? = nil,
            app: String? = nil
        ) {
            self.next = next
            self.email = email
            self.error = error
            self.code = code
            self.console = console
            self.app = app
        }
    }

    public func signIn(_ page: SignIn, status: HTTPResponse.Status = .ok) -> Response {
        var values: [String: any Sendable] = ["next": page.next]
        values["email"] = page.email
        values["error"] = page.error
        values["code"] = page.code
        values["console"] = page.console
        values["app"] = page.app
        return render(signIn, values, status)
    }

    /// What a page without the app around it says, and where it leads.
    public struct Message: Sendable {
        public var title: String
        public var text: String
        public var href: String
        public var action: String

        /// Whether the browser goes there by itself.
        public var isPassing = false
        public var requestID: String?

        public init(title: String, text: String, href: String, action: String, isPassing: Bool = false) {
            self.title = title
            self.text = text
            self.href = href
            self.action = action
            self.isPassing = isPassing
        }
    }

    public func message(_ page: Message, status: HTTPResponse.Status = .ok) -> Response {
        var values: [String: any Sendable] = [
            "title": page.title, "text": page.text, "href": page.href, "action": page.action,
        ]
        values["requestID"] = page.requestID
        if page.isPassing { values["refresh"] = page.href }
        return render(message, values, status)
    }

    private func render(
        _ shell: HTMLShell, _ values: [String: any Sendable], _ status: HTTPResponse.Status
    ) -> Response {
        let common: [String: any Sendable] = ["assets": assets.prefix, "icon": Self.icon]
        // With `no-referrer` browsers send `Origin: null` with our own forms.
        return shell.page(
            values.merging(common) { $1 }, status: status, headers: [.named("referrer-policy"): "same-origin"])
    }

    private static let icon =
        "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 24 24'%3E%3Cpath fill='%234f46e5' "
        + "d='M12 1 22 4.6v7.1c0 5.8-4.1 9.6-10 11.3C6.1 21.3 2 17.5 2 11.7V4.6z'/%3E%3Cpath fill='none' stroke='%23fff' "
        + "stroke-width='2' stroke-linecap='round' d='M8.3 7v10M15.6 7.2 9 12l6.6 4.8'/%3E%3C/svg%3E"
}

/// A template that was not built into the program.
public struct MissingTemplate: UserFacingError, Equatable {
    public var name: String

    public var category: ErrorCategory { .internalFailure }
    public var code: String { "web.missing_template" }
    public var message: String { "The template '\(name)' was not built into this program." }
}
