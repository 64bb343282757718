/// The config that `kt up` writes when none is given; the same as `examples/policy-config.yaml`.
enum SampleConfig {
    static let yaml = Assets.examples_policy_config_yaml
}
