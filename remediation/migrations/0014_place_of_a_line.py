import django.db.models.deletion
from django.db import migrations, models

# Lines that people wrote before: after the last deciding pass that had ended by then.
PLACE = """
UPDATE remediation_transition AS line SET after_id = (
    SELECT pass.id FROM remediation_collectionpass AS pass JOIN remediation_ticket AS ticket
        ON ticket.project_id = pass.project_id
    WHERE ticket.id = line.ticket_id AND pass.position IS NOT NULL AND pass.ended_at <= line.at
        AND (pass.outcome = 'counted' OR (pass.outcome = 'blocked' AND pass.blocker IS NOT NULL))
    ORDER BY pass.position DESC, pass.number DESC LIMIT 1
) WHERE line.collection_pass_id IS NULL
"""


class Migration(migrations.Migration):

    dependencies = [("remediation", "0013_outbox")]

    operations = [
        migrations.AddField(
            model_name="transition",
            name="after",
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.RESTRICT, related_name="+", to="remediation.collectionpass"),
        ),
        migrations.RunSQL(PLACE, migrations.RunSQL.noop, elidable=True),
    ]
