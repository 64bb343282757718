"""A LiteLLM proxy: an OpenAI-compatible server that nobody here wrote, with answers that need no model."""

import json
import os
import sys

import raw_http
from processes import Process, REPOSITORY

KEY = "sk-litellm-9f3c1e7a5b8d2c4e6f70"

TEXT = "The capital of France is Paris."
TOOL_ARGUMENTS = '{"city": "Paris"}'


def model(name, **more):
    return {"model_name": name, "litellm_params": {"model": f"openai/{name}", "api_key": "none", **more}}


CALL = {
    "id": "call_1", "type": "function", "function": {"name": "get_weather", "arguments": TOOL_ARGUMENTS},
}


class LiteLLM(Process):
    def __init__(self, folder, port):
        settings = {
            "model_list": [
                model("gpt-4o", mock_response=TEXT), model("gpt-4o-tools", mock_response="", mock_tool_calls=[CALL]),
            ],
            "general_settings": {"master_key": KEY},
            "litellm_settings": {"callbacks": [], "num_retries": 0, "request_timeout": 30, "telemetry": False},
        }
        path = folder / "litellm.yaml"
        path.write_text(json.dumps(settings))
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        environment = {
            "LITELLM_MODE": "PRODUCTION", "LITELLM_LOG": "ERROR", "LITELLM_LOCAL_MODEL_COST_MAP": "True",
            "PYTHONUNBUFFERED": "1", "NO_PROXY": "*",
        }
        program = REPOSITORY / ".venv/bin/litellm"
        if not program.exists():
            program = os.path.join(os.path.dirname(sys.executable), "litellm")
        super().__init__(
            [sys.executable, program, "--config", path, "--host", "127.0.0.1", "--port", port, "--num_workers", "1"],
            folder, "litellm", environment,
        )

    def start(self, timeout=180):
        super().start()
        raw_http.eventually(self._is_alive, timeout, 0.2)
        return self

    def _is_alive(self):
        if not self.is_running:
            raise AssertionError(f"LiteLLM ended with {self.process.returncode}:\n{self.output[-4000:]}")
        try:
            return raw_http.call(self.url, "GET", "/health/liveliness").status == 200
        except OSError:
            return False
