"""A gateway by itself: `kt gateway run` without a control plane."""

import signal

import openai

import configs
import raw_http
from processes import Process, kt_binary


class Gateway(Process):
    """`kt gateway run` on a free port, with a configuration file of its own."""

    def __init__(
        self, folder, config, name="gateway", environment=None, flags=(), listen="127.0.0.1:0", key=configs.KEY
    ):
        self.folder = folder
        self.key = key
        self.state = folder / f"{name}-state"
        self.config_path = folder / f"{name}.yaml"
        if isinstance(config, dict):
            configs.write(self.config_path, config)
        else:
            self.config_path.write_text(config)
        super().__init__(
            [
                kt_binary(), "gateway", "run", "--listen", listen, "--policy-config", self.config_path,
                "--state-dir", self.state, *flags,
            ],
            folder, name, {**configs.ENVIRONMENT, **(environment or {})},
        )
        self.url = None

    def start(self):
        super().start()
        self.url = self.wait_to_listen("gateway")
        return self

    def restart(self):
        """Starts it again on the port it had."""
        self.arguments[self.arguments.index("--listen") + 1] = self.url.split("://")[1]
        return self.start()

    def reload(self, config):
        """Gives it another configuration, and waits until it is in force."""
        configs.write(self.config_path, config)
        self.signal(signal.SIGHUP)

    def client(self, **options):
        """The official SDK, pointed at this gateway."""
        return openai.OpenAI(api_key=self.key, base_url=f"{self.url}/v1", timeout=30, **options)

    def chat(self, content="Say hello.", **options):
        return raw_http.chat(self.url, options.pop("key", self.key), content, **options)

    def call(self, method, path, body=None, headers=None, key=None, **options):
        return raw_http.call(self.url, method, path, body, headers, key or self.key, **options)

    def connect(self, **options):
        return raw_http.Connection(self.url, **options)

    def __enter__(self):
        return self if self.is_running else self.start()

    def __exit__(self, *_):
        self.stop()
