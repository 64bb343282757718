// swift-tools-version: 6.3

import PackageDescription

let package = Package(
    name: "keeptrusts",
    platforms: [.macOS(.v15)],
    products: [.executable(name: "kt", targets: ["kt"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser.git", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-async-algorithms.git", exact: "1.1.4"),
        .package(url: "https://github.com/apple/swift-crypto.git", exact: "4.5.2"),
        .package(url: "https://github.com/apple/swift-http-types.git", exact: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log.git", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics.git", exact: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio.git", exact: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl.git", exact: "2.37.6"),
        .package(url: "https://github.com/groue/GRDB.swift.git", exact: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird.git", exact: "2.28.1", traits: []),
        .package(url: "https://github.com/hummingbird-project/swift-mustache.git", exact: "2.1.1"),
        .package(url: "https://github.com/jpsim/Yams.git", exact: "6.2.2"),
        .package(url: "https://github.com/swift-server/async-http-client.git", exact: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", exact: "2.13.0"),
    ],
    targets: [
        // The vocabulary, then two kits without I/O: bytes on the wire, patterns in text.
        .target(name: "KeeptrustsCore", dependencies: [.nioCore]),
        .target(name: "KeeptrustsWire", dependencies: [.nioCore]),
        .target(name: "KeeptrustsMatching", dependencies: ["CByteMasks", "CHyperscan", "CPCRE2", .nioCore, .crypto]),
        .systemLibrary(name: "CByteMasks"),
        .systemLibrary(name: "CHyperscan", pkgConfig: "libhs", providers: [.apt(["libhyperscan-dev"])]),
        .systemLibrary(name: "CPCRE2", pkgConfig: "libpcre2-8", providers: [.apt(["libpcre2-dev"])]),

        // What the gateway knows, still without I/O.
        .target(
            name: "KeeptrustsPolicy",
            dependencies: ["KeeptrustsCore", "KeeptrustsMatching", "KeeptrustsWire", .nioCore],
            plugins: ["EmbedAssets"]
        ),
        .target(
            name: "KeeptrustsDialects",
            dependencies: ["KeeptrustsCore", "KeeptrustsWire", .nioCore, .nioFoundation]
        ),
        .target(name: "KeeptrustsRouting", dependencies: ["KeeptrustsCore"]),
        .target(
            name: "KeeptrustsConfig",
            dependencies: [
                "KeeptrustsCore", "KeeptrustsDialects", "KeeptrustsMatching", "KeeptrustsPolicy", "KeeptrustsRouting",
                "KeeptrustsWire", "Yams",
                .crypto, .nioCore,
            ]
        ),
        .target(
            name: "KeeptrustsExchange",
            dependencies: [
                "KeeptrustsAPI", "KeeptrustsConfig", "KeeptrustsCore", "KeeptrustsDialects", "KeeptrustsMatching",
                "KeeptrustsPolicy", "KeeptrustsRouting", "KeeptrustsWire", .nioCore, .crypto,
            ]
        ),

        // The control plane as its clients see it, and its data at rest.
        .target(name: "KeeptrustsAPI", dependencies: ["KeeptrustsCore"]),
        .target(
            name: "KeeptrustsStorage",
            dependencies: ["CLibpq", "KeeptrustsAPI", "KeeptrustsCore", .product(name: "GRDB", package: "GRDB.swift")]
        ),
        .systemLibrary(name: "CLibpq", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),

        // What every server shares, then the four servers. Servers never import each other.
        .target(
            name: "KeeptrustsWeb",
            dependencies: [
                "KeeptrustsCore", .asyncHTTPClient, .crypto, .httpTypes, .hummingbird, .hummingbirdTLS, .logging,
                .mustache, .nioCore, .nioFoundation, .nioHTTP1, .nioSSL, .serviceLifecycle,
            ]
        ),
        .target(
            name: "KeeptrustsClient",
            dependencies: [
                "KeeptrustsAPI", "KeeptrustsCore", "KeeptrustsWeb", .asyncHTTPClient, .nioCore, .nioFoundation,
                .nioHTTP1,
            ]
        ),
        .target(
            name: "KeeptrustsGateway",
            dependencies: [
                "CISAL", "KeeptrustsAPI", "KeeptrustsClient", "KeeptrustsConfig", "KeeptrustsCore",
                "KeeptrustsDialects", "KeeptrustsExchange", "KeeptrustsPolicy", "KeeptrustsRouting", "KeeptrustsWeb",
                "KeeptrustsWire",
                .crypto, .logging, .nioCore, .nioPosix, .nioSSL, .serviceLifecycle,
            ]
        ),
        .systemLibrary(name: "CISAL", pkgConfig: "libisal", providers: [.apt(["libisal-dev"])]),
        .target(
            name: "KeeptrustsControlPlane",
            dependencies: [
                "CArgon2", "KeeptrustsAPI", "KeeptrustsConfig", "KeeptrustsCore", "KeeptrustsStorage", "KeeptrustsWeb",
                .asyncAlgorithms, .crypto, .httpTypes, .hummingbird, .logging, .nioCore, .nioFoundation,
                .serviceLifecycle,
            ],
            plugins: ["EmbedAssets"]
        ),
        .systemLibrary(name: "CArgon2", pkgConfig: "libargon2", providers: [.apt(["libargon2-dev"])]),
        .target(
            name: "KeeptrustsConsole",
            dependencies: [
                "KeeptrustsAPI", "KeeptrustsClient", "KeeptrustsCore", "KeeptrustsWeb", .asyncHTTPClient, .crypto,
                .httpTypes, .hummingbird, .logging, .nioCore, .nioFoundation, .serviceLifecycle,
            ],
            plugins: ["EmbedAssets"]
        ),
        .target(
            name: "KeeptrustsChat",
            dependencies: [
                "KeeptrustsAPI", "KeeptrustsClient", "KeeptrustsCore", "KeeptrustsWeb", .asyncHTTPClient, .crypto,
                .httpTypes, .hummingbird, .logging, .nioCore, .nioFoundation, .nioHTTP1, .serviceLifecycle,
            ],
            plugins: ["EmbedAssets"]
        ),
        .plugin(name: "EmbedAssets", capability: .buildTool, dependencies: ["embed-assets"], exclude: ["embedded"]),
        .executableTarget(name: "embed-assets"),

        // The only target that reads arguments, the environment and files, and wires the rest together.
        .executableTarget(
            name: "kt",
            dependencies: [
                "KeeptrustsAPI", "KeeptrustsChat", "KeeptrustsClient", "KeeptrustsConfig", "KeeptrustsConsole",
                "KeeptrustsControlPlane", "KeeptrustsCore", "KeeptrustsExchange", "KeeptrustsGateway",
                "KeeptrustsPolicy", "KeeptrustsStorage", "KeeptrustsWeb", .asyncHTTPClient,
                .crypto,
                .logging, .nioCore, .nioPosix, .serviceLifecycle,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            plugins: ["EmbedAssets"]
        ),

        .testTarget(name: "KeeptrustsCoreTests", dependencies: ["KeeptrustsCore", .nioCore]),
        .testTarget(name: "KeeptrustsWireTests", dependencies: ["KeeptrustsWire", .nioCore]),
        .testTarget(name: "KeeptrustsMatchingTests", dependencies: ["KeeptrustsMatching", .nioCore]),
        .testTarget(
            name: "KeeptrustsPolicyTests",
            dependencies: ["KeeptrustsCore", "KeeptrustsMatching", "KeeptrustsPolicy", .nioCore]
        ),
        .testTarget(
            name: "KeeptrustsDialectsTests",
            dependencies: ["KeeptrustsCore", "KeeptrustsDialects", "KeeptrustsWire", .nioCore]
        ),
        .testTarget(name: "KeeptrustsRoutingTests", dependencies: ["KeeptrustsCore", "KeeptrustsRouting"]),
        .testTarget(
            name: "KeeptrustsConfigTests",
            dependencies: ["KeeptrustsConfig", "KeeptrustsCore", "KeeptrustsDialects", "KeeptrustsRouting"]
        ),
        .testTarget(
            name: "KeeptrustsExchangeTests",
            dependencies: [
                "KeeptrustsAPI", "KeeptrustsConfig", "KeeptrustsCore", "KeeptrustsDialects", "KeeptrustsExchange",
                "KeeptrustsPolicy", "KeeptrustsRouting", "KeeptrustsWire", .nioCore,
            ]
        ),
        .testTarget(name: "KeeptrustsAPITests", dependencies: ["KeeptrustsAPI", "KeeptrustsCore"]),
        .testTarget(
            name: "KeeptrustsStorageTests", dependencies: ["KeeptrustsAPI", "KeeptrustsCore", "KeeptrustsStorage"]),
        .testTarget(
            name: "KeeptrustsWebTests",
            dependencies: [
                "KeeptrustsCore", "KeeptrustsWeb", .httpTypes, .hummingbird, .hummingbirdTesting, .nioCore,
                .nioEmbedded,
                .nioHTTP1,
            ]
        ),
        .testTarget(
            name: "KeeptrustsControlPlaneTests",
            dependencies: [
                "KeeptrustsAPI", "KeeptrustsControlPlane", "KeeptrustsCore", "KeeptrustsStorage", "KeeptrustsWeb",
                .crypto,
                .httpTypes, .hummingbird, .hummingbirdTesting, .logging, .nioCore, .nioFoundation,
            ]
        ),
        .testTarget(
            name: "KeeptrustsConsoleTests",
            dependencies: [
                "KeeptrustsAPI", "KeeptrustsConsole", "KeeptrustsCore", "KeeptrustsWeb", .httpTypes, .hummingbird,
                .hummingbirdTesting, .nioCore,
            ]
        ),
        .testTarget(
            name: "KeeptrustsChatTests",
            dependencies: [
                "KeeptrustsAPI", "KeeptrustsChat", "KeeptrustsCore", "KeeptrustsWeb", .httpTypes, .hummingbird,
                .hummingbirdTesting, .nioCore,
            ]
        ),
        .testTarget(
            name: "KeeptrustsGatewayTests",
            dependencies: [
                "KeeptrustsAPI", "KeeptrustsClient", "KeeptrustsConfig", "KeeptrustsCore", "KeeptrustsExchange",
                "KeeptrustsGateway", "KeeptrustsPolicy", "KeeptrustsWire", .logging, .nioCore, .nioPosix,
                .nioEmbedded,
            ]
        ),
    ],
    swiftLanguageModes: [.v6]
)

extension Target.Dependency {
    static let asyncAlgorithms: Self = .product(name: "AsyncAlgorithms", package: "swift-async-algorithms")
    static let asyncHTTPClient: Self = .product(name: "AsyncHTTPClient", package: "async-http-client")
    static let crypto: Self = .product(name: "Crypto", package: "swift-crypto")
    static let httpTypes: Self = .product(name: "HTTPTypes", package: "swift-http-types")
    static let hummingbird: Self = .product(name: "Hummingbird", package: "hummingbird")
    static let hummingbirdTLS: Self = .product(name: "HummingbirdTLS", package: "hummingbird")
    static let hummingbirdTesting: Self = .product(name: "HummingbirdTesting", package: "hummingbird")
    static let logging: Self = .product(name: "Logging", package: "swift-log")
    static let mustache: Self = .product(name: "Mustache", package: "swift-mustache")
    static let nioCore: Self = .product(name: "NIOCore", package: "swift-nio")
    static let nioEmbedded: Self = .product(name: "NIOEmbedded", package: "swift-nio")
    static let nioFoundation: Self = .product(name: "NIOFoundationCompat", package: "swift-nio")
    static let nioHTTP1: Self = .product(name: "NIOHTTP1", package: "swift-nio")
    static let nioPosix: Self = .product(name: "NIOPosix", package: "swift-nio")
    static let nioSSL: Self = .product(name: "NIOSSL", package: "swift-nio-ssl")
    static let serviceLifecycle: Self = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
}

for target in package.targets where ![.system, .plugin].contains(target.type) {
    target.swiftSettings = [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .treatAllWarnings(as: .error),
        .treatWarning("DeprecatedDeclaration", as: .warning),
    ]
}
