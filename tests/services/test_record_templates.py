from typing import Any

import pytest

from editing.errors import InvalidInput, PermissionDenied
from editing.models import RecordTemplate
from editing.services import record_templates

pytestmark = pytest.mark.django_db


def entry(**values: Any) -> dict[str, Any]:
    return {"format": "m3u8", **values}


def test_a_fresh_installation_has_one_for_live_editing() -> None:
    template = record_templates.default()

    assert (template.name, template.kind) == ("live editing", "system")
    assert [(each["format"], each["slice_duration"], each["cycle_duration"]) for each in template.formats] == [
        ("m3u8", 6, 21600)
    ]


def test_what_an_entry_leaves_out_is_as_in_the_shipped_one() -> None:
    template = record_templates.create(name=" quick ", formats=[entry(slice_duration=2)])

    assert (template.name, template.kind) == ("quick", "custom")
    assert template.formats == [{**record_templates.default().formats[0], "slice_duration": 2}]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"format": "ts"}, "format"),
        ({"slice_duration": 1}, "slice_duration"),
        ({"slice_duration": 31}, "slice_duration"),
        ({"slice_duration": "6"}, "slice_duration"),
        ({"slice_duration": True}, "slice_duration"),
        ({"cycle_duration": 59}, "cycle_duration"),
        ({"object_prefix": "record/{StartTime}"}, "object_prefix"),
        ({"object_prefix": "record/{StartTime}_{EndTime}_{UnixTimestamp}"}, "object_prefix"),
        ({"object_prefix": "/record/{StartTime}_{EndTime}"}, "object_prefix"),
        ({"object_prefix": "../{StartTime}_{EndTime}"}, "object_prefix"),
        ({"object_prefix": "r ä/{StartTime}_{EndTime}"}, "object_prefix"),
        ({"slice_prefix": "record/{Sequence}"}, "slice_prefix"),
        ({"slice_prefix": "record/{Sequence}_{UnixTimestamp}" + "x" * 230}, "slice_prefix"),
        ({"slice_prefix": 5}, "slice_prefix"),
    ],
)
def test_an_entry_that_cannot_be_is_refused_by_its_field(values: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        record_templates.create(name="x", formats=[entry(**values)])

    assert refused.value.field == f"formats[0].{field}"
    assert RecordTemplate.objects.filter(kind="custom").count() == 0


@pytest.mark.parametrize(
    ("name", "formats", "field"),
    [
        ("", [entry()], "name"),
        ("x" * 129, [entry()], "name"),
        ("x", [], "formats"),
        ("x", [entry(), entry()], "formats"),
        ("x", [entry(typo=1)], "formats[0]"),
        ("x", [{"format": "mp4", "slice_duration": 6}], "formats[0]"),
        ("x", [entry(), {"format": "flv", "cycle_duration": 60}], "formats[1].cycle_duration"),
    ],
)
def test_a_template_that_cannot_be_is_refused_by_its_field(name: str, formats: list[Any], field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        record_templates.create(name=name, formats=formats)

    assert refused.value.field == field


def test_whole_files_have_names_and_a_cycle_but_no_segments() -> None:
    template = record_templates.create(name="files", formats=[{"format": "mp4"}, {"format": "flv"}])

    assert [set(each) for each in template.formats] == [{"format", "cycle_duration", "object_prefix"}] * 2


def test_own_templates_change_and_go() -> None:
    own = record_templates.create(name="own", formats=[entry()])
    record_templates.update(own, name="other", formats=[entry(slice_duration=10)])
    own.refresh_from_db()
    assert (own.name, own.formats[0]["slice_duration"]) == ("other", 10)
    record_templates.delete(own)
    assert not RecordTemplate.objects.filter(pk=own.pk).exists()


def test_shipped_templates_stay_as_they_are() -> None:
    shipped = record_templates.default()

    with pytest.raises(PermissionDenied):
        record_templates.update(shipped, name="x", formats=[entry()])
    with pytest.raises(PermissionDenied):
        record_templates.delete(shipped)

    assert record_templates.default().name == "live editing"
