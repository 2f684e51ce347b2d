from pathlib import Path

from app.engine.decode.registry import BundledRegistry
from app.engine.registry.chosen import registry_of
from app.engine.registry.remote import RemoteRegistry
from app.settings import Settings


def test_the_settings_choose(tmp_path: Path) -> None:
    url = "http://registry:8080/apis/ccompat/v7"
    assert isinstance(registry_of(Settings(_env_file=None)), BundledRegistry)
    assert isinstance(registry_of(Settings(_env_file=None, schema_registry=url, data_dir=tmp_path)), RemoteRegistry)
    assert list(tmp_path.iterdir()) == []
