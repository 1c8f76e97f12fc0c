"""Documents kept by Dispatch: Markdown in versions, written in the console."""

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.errors import Invalid
from core.links import page_path
from core.operations.errors import Permanent
from integrations.capabilities import Capability, Document, DocumentDraft, ExternalThing
from integrations.plugin import CheckResult, Plugin
from knowledge import flows
from knowledge.models import Document as StoredDocument


class BuiltinDocuments(Plugin, Document):
    """Documents in Dispatch's own database, every version kept."""

    slug = "builtin-document"
    title = "Built-in documents"
    vendor = "Dispatch"
    description = gettext_lazy("Documents in Markdown with all their versions, without any other system.")
    capabilities = frozenset({Capability.DOCUMENT})

    def check(self) -> CheckResult:
        return CheckResult(ok=True, message=_("Documents are kept in Dispatch's own database."))

    def ensure(self, *, marker: str, draft: DocumentDraft) -> ExternalThing:
        try:
            document = flows.create_document(
                subject=_owner(draft),
                kind=draft.kind,
                title=draft.title,
                body=draft.body,
                marker=marker,
                now=timezone.now(),
            )
        except Invalid as error:
            raise Permanent(error.message) from error
        return ExternalThing(external_id=str(document.pk), label=document.title, url=page_path(document))

    def update(self, *, external_id: str, draft: DocumentDraft) -> bool:
        document = StoredDocument.objects.filter(pk=external_id).first()
        if document is None:
            raise Permanent(_("The document is gone."))
        try:
            return flows.refresh_document(document=document, body=draft.body, now=timezone.now())
        except Invalid as error:
            raise Permanent(error.message) from error


def _owner(draft: DocumentDraft) -> Any:
    model: Any = StoredDocument._meta.get_field(draft.subject.kind).related_model
    return model._default_manager.select_related("project").get(uuid=draft.subject.uuid)
