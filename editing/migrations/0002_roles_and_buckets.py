"""The three roles as groups, and a bucket of each kind, so that a fresh installation can be used at once."""

from django.conf import settings
from django.db import migrations

ROLES = ("viewer", "editor", "operator")
BUCKETS = (("media", "oss"), ("vod-media", "vod"))


def create(apps, schema_editor):
    groups = apps.get_model("auth", "Group").objects
    for name in ROLES:
        groups.get_or_create(name=name)
    buckets = apps.get_model("editing", "Bucket").objects
    for name, kind in BUCKETS:
        buckets.get_or_create(name=name, defaults={"kind": kind, "endpoint": settings.BUCKET_ENDPOINT})


class Migration(migrations.Migration):
    dependencies = [("editing", "0001_first"), ("auth", "0012_alter_user_first_name_max_length")]
    operations = [migrations.RunPython(create, migrations.RunPython.noop)]
