from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("editing", "0001_first")]

    operations = [
        migrations.AddField(
            model_name="segmentrow",
            name="checksum",
            field=models.PositiveBigIntegerField(default=0, help_text="CRC-32 of the file when it was indexed."),
            preserve_default=False,
        ),
    ]
