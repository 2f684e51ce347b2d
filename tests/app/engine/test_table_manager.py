from app.application import app
from app.engine.group import GROUPS
from app.engine.restore import Restore
from app.engine.table_manager import TableManager
from tests.app.engine.opened import TABLES


def test_our_restore_stands_in_the_place_of_faust_s_recovery() -> None:
    tables = TableManager(app)
    assert isinstance(tables.recovery, Restore)
    assert tables.recovery is tables.recovery
    assert not tables.recovery.in_recovery


def test_every_group_s_changelog_is_known_by_its_tables() -> None:
    assert {table.name for table in TABLES} <= set(app.tables)
    assert app.tables.changelog_topics >= {group.changelog for group in GROUPS}
