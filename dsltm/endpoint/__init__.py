"""Chat models behind OpenAI-compatible endpoints."""

from dsltm.endpoint.chat import ChatEndpoint, Conversation
from dsltm.endpoint.request import EndpointError

__all__ = ["ChatEndpoint", "Conversation", "EndpointError"]
