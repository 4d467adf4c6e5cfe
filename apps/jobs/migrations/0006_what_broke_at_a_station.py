"""A GPU worker says what broke there last. Workers of the version before know nothing of it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("jobs", "0005_figures_while_it_runs")]

    operations = [
        migrations.AddField(
            model_name="station",
            name="fault",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="what broke here last, in one line",
                max_length=300,
            ),
        ),
        migrations.AddField(model_name="station", name="fault_at", field=models.DateTimeField(null=True)),
    ]
