"""`{% load files %}{% files subject %}`: the subject's files that the reader of the page may read."""

from django import template

from kernel import files as kept

register = template.Library()


@register.inclusion_tag("kernel/files.html", takes_context=True)
def files(context, subject, role=None, empty=True):
    """List of files; pictures as small previews. `role`: only that one; `empty=False`: nothing at all when there are none."""
    rows = kept.of(subject, context["request"].user, role)
    return {"pictures": [row for row in rows if row.is_image], "papers": [row for row in rows if not row.is_image], "empty": empty and not rows}
