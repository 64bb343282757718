/// Words that tell a value from a secret.
enum SecretWords {
    /// What people write where a secret would stand.
    static let placeholders = PhraseList(
        """
        example placeholder changeme change_me change-me changeit your_ your- yourp youra yours yourt yourk xxxx **** ####
        ... redacted dummy sample undefined not_set notset insert replace lorem < > …
        """)

    /// How references to a value begin.
    static let references = PhraseList(
        """
        process.env os.environ os.getenv getenv system.getenv env. env[ config. settings. self. this. ./ ../ ~/ http://
        https:// vault: secretref arn: ref: file: op:// aws: ssm: var. local. data. module. secrets. enc[ op: keychain:
        sealed: null none true false undefined @@ ! ${ $( {{ %( #{ <% @{ $[ { [ < ( `
        """)

    /// Words that stand for a value: names of what it is, of whose it is, of what is done with it.
    static let fillers = WordTable(
        """
        my your our the a an is test tests testing tester user users username admin administrator root guest secret secrets
        token tokens key keys api access auth pass password passwd passphrase pwd pw sample demo dev prod production staging
        stage some any new old value values name id client service app apps application db database default local localhost
        string text here put enter change me it this that super private public fake mock foo bar baz qux abc xyz hello
        world login account credential credentials cred config env environment var variable bearer basic jwt session
        refresh type data field param arg get set load fetch read find create make generate gen from file path url uri
        host hash encrypted decrypted encoded plain clear raw temp tmp long short very strong weak random not no yes valid
        invalid empty blank none null required optional hidden input output result response request header body object
        array list map count index number size length min max first last next current expires expiry time date day version
        code pin
        """)

    /// Names of methods and formats that look like a mixture of letters and digits.
    static let techniques = WordTable(
        """
        sha1 sha2 sha3 sha224 sha256 sha384 sha512 ssha md4 md5 base16 base32 base58 base62 base64 base64url b64 utf8 utf16
        utf32 oauth oauth1 oauth2 auth0 argon2 argon2i argon2id argon2d pbkdf2 rs256 rs384 rs512 hs256 hs384 hs512 es256
        es384 es512 ps256 eddsa ed25519 x25519 curve25519 aes128 aes192 aes256 des3 3des rc4 x509 pkcs1 pkcs7 pkcs8 pkcs12
        p256 p384 p521 secp256k1 secp256r1 i18n l10n a11y k8s int8 int16 int32 int64 uint8 uint16 uint32 uint64 float32
        float64 char8 hex16 hex32 http2 http3 ipv4 ipv6 s3 ec2 mp3 mp4 h264 h265 win32 x86 x64 amd64 arm64 i386 web3 log4j
        junit4 junit5 vue2 vue3 es5 es6 es2015 gpt3 gpt4 llama2 llama3 neo4j tls1 ssl3 2fa mfa2 1password rfc6749 rfc7519
        """)

    /// Passwords of documentation, as they stand in URLs.
    static let samplePasswords = WordTable(
        """
        pass password passwd passw0rd password123 pwd pwd123 pw secret secret123 user username token test admin root guest
        postgres mysql mongo redis db x y p s xxx yyy foo bar changeme change change_me changeit hunter pass123 mypassword
        mypass my_password my-password yourpassword your_password thepassword userpass dbpass dbpassword db_password
        placeholder string
        """)

    /// What a row of letters and digits is, where one of these words stands before it: no secret.
    static let innocents = WordTable(
        """
        commit sha sha1 sha256 sha512 md5 hash hashes checksum digest etag integrity fingerprint trace span request
        correlation revision rev version build uuid guid public image blob asset cache primary foreign idempotency arn kms
        partition sort object order invoice tracking serial part model sku isbn doi
        """)

    /// Words of English sentences that no list of words for wallets holds (BIP-39).
    static let sentenceWords = WordTable(
        "the and for are was with from not have has had but our its his her their were been which what when who how")

    /// Of each letter, those that stand behind it in words, as bits from `a` on.
    ///
    /// Counted in English prose and program text; of all pairs of letters 44 in 100 are set, and words consist of them.
    static let followers: [UInt32] = [
        "bcdfgiklmnprstuvwxya", "aceijlorsuy", "acdehiklmorstuy", "adefilorstu", "abcdefgilmnopqrstuvwxy", "aefilorstu",
        "aeghilnorsu", "aeiortu", "abcdefgklmnoprstvxz", "aeou", "aeios", "acdeilopstuy", "abdeilmopsu",
        "acdefgiklnopstuv", "abcdefgiklmnoprstuvw", "acehiloprstuy", "u", "abcdefgiklmnoprstuvy", "acdefhiklmnopstuy",
        "acdefhilmoprstuy", "abcdefgilmnprst", "aeio", "aehinors", "ceipt", "npst", "e",
    ].map { $0.utf8.reduce(0) { $0 | 1 << UInt32($1 - 0x61) } }
}
