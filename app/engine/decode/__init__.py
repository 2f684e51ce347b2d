"""Bytes of the source topics to events."""

from app.engine.decode.decoder import Decoder
from app.engine.decode.registry import BundledRegistry, Registry, RegistryUnavailable

__all__ = ["BundledRegistry", "Decoder", "Registry", "RegistryUnavailable"]
