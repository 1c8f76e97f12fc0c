from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [('integrations', '0002_initial')]

    operations = [
        migrations.RemoveConstraint(
            model_name='outgoingmail',
            name='integrations_outgoingmail_one_subject',
        ),
        migrations.AddConstraint(
            model_name='outgoingmail',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('case__isnull', True), ('incident__isnull', False)), models.Q(('case__isnull', False), ('incident__isnull', True)), models.Q(('case__isnull', True), ('incident__isnull', True)), _connector='OR'), name='outgoing_mail_max_one_subject'),
        ),
    ]
