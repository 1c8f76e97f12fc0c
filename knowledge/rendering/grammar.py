"""What a template may say: names out of one table, loops over known lists, conditions. Nothing that calls or computes.

Together with the sandbox it bounds what a template can do to a worker: each loop goes through a list that Dispatch
made, two deep at most, and no expression grows a text.
"""

import difflib
from collections.abc import Mapping
from typing import Final

from django.utils.translation import gettext as _
from jinja2 import TemplateSyntaxError, nodes

from knowledge.rendering.markdown import MAX_LENGTH
from knowledge.rendering.placeholders import LISTS, LOOP_FIELDS, SUBJECT_FIELDS, SUBJECT_WORDS, every_name
from knowledge.rendering.sandbox import ENVIRONMENT

_MAX_DEPTH: Final = 2
_ALLOWED: Final = (
    *(nodes.Output, nodes.TemplateData, nodes.Const, nodes.Name, nodes.Getattr, nodes.For, nodes.If, nodes.CondExpr),
    *(nodes.And, nodes.Or, nodes.Not, nodes.Compare, nodes.Operand, nodes.Filter, nodes.Test),
)
# Fields by name that is in scope; None: the name is a plain text.
Scope = Mapping[str, frozenset[str] | None]


class TemplateError(Exception):
    """A template says what it may not; the message names the line and the mend."""


def check_template(body: str) -> None:
    """Stop a template that could not be filled, names what does not exist, or could run away.

    :raises TemplateError: naming the line.
    """
    if len(body) > MAX_LENGTH:
        raise TemplateError(_("The template is longer than %(max)d characters.") % {"max": MAX_LENGTH})
    try:
        tree = ENVIRONMENT.parse(body)
        # Before compiling: the compiler works constant expressions out, however large they get.
        _check_all(tree, _outer_scope(), 0)
        ENVIRONMENT.compile(tree)
    except TemplateSyntaxError as error:
        raise TemplateError(_at(error.lineno, str(error.message))) from error
    except (RecursionError, SyntaxError, MemoryError) as error:
        raise TemplateError(_("The template is nested too deeply.")) from error


def _outer_scope() -> Scope:
    fields = frozenset(SUBJECT_FIELDS)
    return {**dict.fromkeys(SUBJECT_WORDS, fields), **dict.fromkeys(LISTS)}


def _check_all(node: nodes.Node, scope: Scope, depth: int) -> None:
    for child in node.iter_child_nodes():
        _check(child, scope, depth)


def _check(node: nodes.Node, scope: Scope, depth: int) -> None:
    if not isinstance(node, _ALLOWED):
        raise TemplateError(_at(node.lineno, _("only placeholders, “for” and “if” may be used.")))
    if isinstance(node, nodes.For):
        _check_loop(node, scope, depth + 1)
    elif isinstance(node, nodes.Name | nodes.Getattr):
        _check_name(node, scope)
    else:
        _check_all(node, scope, depth)


def _check_loop(node: nodes.For, scope: Scope, depth: int) -> None:
    if depth > _MAX_DEPTH:
        raise TemplateError(_at(node.lineno, _("loops may be nested twice, not deeper.")))
    if not isinstance(node.iter, nodes.Name) or node.iter.name not in LISTS or node.recursive:
        raise TemplateError(_at(node.lineno, _("a loop may go through %(lists)s.") % {"lists": ", ".join(LISTS)}))
    if not isinstance(node.target, nodes.Name) or node.target.name in scope:
        raise TemplateError(_at(node.lineno, _("a loop needs one new name, for example {% for person in people %}.")))
    fields = frozenset(LISTS[node.iter.name]) or None
    inner = {**scope, node.target.name: fields, "loop": LOOP_FIELDS}
    for child in (*node.body, *([node.test] if node.test else [])):
        _check(child, inner, depth)
    for child in node.else_:
        _check(child, scope, depth)


def _check_name(node: nodes.Name | nodes.Getattr, scope: Scope) -> None:
    path = _path(node)
    known = path[0] in scope
    fields = scope.get(path[0])
    if known and (len(path) == 1 or (len(path) == 2 and fields and path[1] in fields)):
        return
    raise TemplateError(_at(node.lineno, _unknown(".".join(path), scope)))


def _path(node: nodes.Expr) -> list[str]:
    if isinstance(node, nodes.Name):
        return [node.name]
    if isinstance(node, nodes.Getattr):
        return [*_path(node.node), node.attr]
    raise TemplateError(_at(node.lineno, _("a dot may follow a name only.")))


def _unknown(name: str, scope: Scope) -> str:
    inside = [f"{word}.{field}" for word, fields in scope.items() for field in fields or ()]
    near = difflib.get_close_matches(name, {*every_name(), *inside}, n=1)
    sentence = _("there is no {{ %(name)s }}.") % {"name": name}
    return f"{sentence} {_('Did you mean {{ %(near)s }}?') % {'near': near[0]}}" if near else sentence


def _at(line: int, what: str) -> str:
    return _("Line %(line)d: %(what)s") % {"line": line, "what": what}
