from django.db import migrations, models

# A line keeps what it says. It may get another place (sequence, after), another ticket, and lose an actor whose
# account goes.
STAYS = """
CREATE FUNCTION remediation_transition_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a line of a ticket''s history is never changed' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER transition_stays BEFORE UPDATE ON remediation_transition FOR EACH ROW
WHEN (
    OLD.verb IS DISTINCT FROM NEW.verb OR OLD.at IS DISTINCT FROM NEW.at OR OLD.data IS DISTINCT FROM NEW.data
    OR OLD.collection_pass_id IS DISTINCT FROM NEW.collection_pass_id
    OR (NEW.actor_id IS NOT NULL AND OLD.actor_id IS DISTINCT FROM NEW.actor_id)
)
EXECUTE FUNCTION remediation_transition_stays();
"""
GOES = """
DROP TRIGGER transition_stays ON remediation_transition;
DROP FUNCTION remediation_transition_stays();
"""


class Migration(migrations.Migration):

    dependencies = [
        ("remediation", "0022_deleted_projects"),
    ]

    operations = [
        migrations.AddConstraint(
            model_name='transition',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('verb__in', ('opened', 'blocks', 'changed', 'still-seen', 'verified', 'regressed')), _negated=True), ('collection_pass__isnull', False), _connector='OR'), name='transition_of_a_pass'),
        ),
        migrations.RunSQL(STAYS, GOES),
    ]
