"""The backends that a config may name; packages bring others through entry points `evalkit.backends`."""

from __future__ import annotations

IN_PROCESS = "hf"
"""Runs models in this process; all others of evalkit's own ask an API."""
BACKENDS = {
    IN_PROCESS: "evalkit.backends.hf:HuggingFaceBackend",
    "openai": "evalkit.backends.endpoints.openai:OpenAIBackend",
    "anthropic": "evalkit.backends.endpoints.anthropic:AnthropicBackend",
    "google": "evalkit.backends.endpoints.google:GoogleBackend",
}
"""Name in a config → `module:class`. Modules are imported when the backend is used."""
