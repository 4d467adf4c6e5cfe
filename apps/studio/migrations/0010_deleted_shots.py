import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("studio", "0009_adapters_row_level_security"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(model_name="shot", name="deleted_at", field=models.DateTimeField(null=True)),
        migrations.AddField(
            model_name="shot",
            name="deleted_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddIndex(
            model_name="shot",
            index=models.Index(
                condition=models.Q(("deleted_at__isnull", False)),
                fields=["workspace", "-deleted_at"],
                name="shot_deleted",
            ),
        ),
    ]
