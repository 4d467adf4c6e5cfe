"""Whoever ends a waiting job counts that first. Workers of the version before do not, and end it as they did."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("jobs", "0006_what_broke_at_a_station")]

    operations = [
        migrations.AddField(
            model_name="job",
            name="endings",
            field=models.PositiveSmallIntegerField(
                db_default=0, default=0, help_text="how often a worker set out to end it while it waited"
            ),
        ),
    ]
