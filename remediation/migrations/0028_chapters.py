import django.db.models.deletion
import django.db.models.functions.comparison
from django.db import migrations, models

# Whoever changes what a trend reads of a pass, by whatever way: the chapters from there on are not there any more.
GO = """
CREATE FUNCTION remediation_chapter_goes() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    earliest timestamptz := LEAST(
        COALESCE(OLD.effective_at, OLD.observed_at, OLD.ended_at),
        COALESCE(NEW.effective_at, NEW.observed_at, NEW.ended_at)
    );
BEGIN
    DELETE FROM remediation_chapter
    WHERE project_id = COALESCE(OLD.project_id, NEW.project_id) AND until >= COALESCE(earliest, '-infinity');
    RETURN NULL;
END $$;
CREATE TRIGGER chapter_goes_on_insert AFTER INSERT ON remediation_collectionpass FOR EACH ROW
WHEN (NEW.state = 'ended')
EXECUTE FUNCTION remediation_chapter_goes();
CREATE TRIGGER chapter_goes_on_delete AFTER DELETE ON remediation_collectionpass FOR EACH ROW
WHEN (OLD.state = 'ended')
EXECUTE FUNCTION remediation_chapter_goes();
CREATE TRIGGER chapter_goes_on_update AFTER UPDATE ON remediation_collectionpass FOR EACH ROW
WHEN (
    (OLD.state = 'ended' OR NEW.state = 'ended') AND (
        OLD.project_id, OLD.number, OLD.state, OLD.outcome, OLD.position, OLD.commit, OLD.requested_commit,
        OLD.effective_at, OLD.observed_at, OLD.ended_at, OLD.total, OLD.cleared, OLD.hidden, OLD.unmasked, OLD."new",
        OLD.regressed, OLD.comparable, OLD.rules_version
    ) IS DISTINCT FROM (
        NEW.project_id, NEW.number, NEW.state, NEW.outcome, NEW.position, NEW.commit, NEW.requested_commit,
        NEW.effective_at, NEW.observed_at, NEW.ended_at, NEW.total, NEW.cleared, NEW.hidden, NEW.unmasked, NEW."new",
        NEW.regressed, NEW.comparable, NEW.rules_version
    )
)
EXECUTE FUNCTION remediation_chapter_goes();
"""
STAY = """
DROP TRIGGER chapter_goes_on_insert ON remediation_collectionpass;
DROP TRIGGER chapter_goes_on_delete ON remediation_collectionpass;
DROP TRIGGER chapter_goes_on_update ON remediation_collectionpass;
DROP FUNCTION remediation_chapter_goes();
"""


class Migration(migrations.Migration):

    dependencies = [
        ("remediation", "0027_operations"),
    ]

    operations = [
        migrations.CreateModel(
            name='Chapter',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('since', models.DateTimeField()),
                ('until', models.DateTimeField(help_text='Of its last pass; every pass after it has a later time.')),
                ('fine', models.JSONField()),
                ('coarse', models.JSONField()),
            ],
        ),
        migrations.AddIndex(
            model_name='collectionpass',
            index=models.Index(models.F('project'), django.db.models.functions.comparison.Coalesce('effective_at', 'observed_at', 'ended_at'), condition=models.Q(('state', 'ended')), name='pass_time_order'),
        ),
        migrations.AddField(
            model_name='chapter',
            name='project',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='chapters', to='remediation.project'),
        ),
        migrations.AddConstraint(
            model_name='chapter',
            constraint=models.UniqueConstraint(fields=('project', 'until'), name='chapter_once'),
        ),
        migrations.AddIndex(
            model_name='occurrence',
            index=models.Index(condition=models.Q(('close_reason__in', ['masked', 'silenced', 'not-seen', 'held']), ('settled_pass__isnull', True)), fields=['fingerprint'], name='occurrence_unsettled'),
        ),
        migrations.RunSQL(GO, STAY),
    ]
