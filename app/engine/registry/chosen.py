"""Which registry the settings name."""

from app.engine.decode.registry import BundledRegistry
from app.engine.registry.client import RegistryClient
from app.engine.registry.kept import KeptSchemas
from app.engine.registry.remote import RemoteRegistry
from app.settings import Settings
from schemas.bundled import OUTPUTS, schema_text


def registry_of(settings: Settings) -> BundledRegistry | RemoteRegistry:
    """The bundled schemas, or a registry by URL."""
    url = settings.schema_registry
    if url == "bundled":
        return BundledRegistry()
    outputs = {subject: schema_text(schema_id) for subject, schema_id in OUTPUTS.items()}
    return RemoteRegistry(RegistryClient(url), KeptSchemas(settings.data_dir.absolute(), url), outputs)
