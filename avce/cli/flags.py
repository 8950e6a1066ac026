"""Command-line flags made from the option models, so that a flag, a form field and a stored value are one thing."""

from __future__ import annotations

from collections.abc import Callable, Collection
from enum import StrEnum
from types import UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

import click
from pydantic.fields import FieldInfo

from avce.options import Options

Command = TypeVar("Command", bound=Callable[..., Any])


def options_from(
    model: type[Options], *, prefix: str = "", only: Collection[str] | None = None
) -> Callable[[Command], Command]:
    """Decorator that adds one flag for each field of ``model``; a nested model's flags carry its name in front.

    ``only`` names the fields that the command has a use for. Every flag defaults to "not given", so that presets can fill it; the help shows the model's own default.
    """

    def decorate(function: Command) -> Command:
        for name, field in reversed(model.model_fields.items()):
            nested = field.annotation
            if only is not None and name not in only:
                continue
            if isinstance(nested, type) and issubclass(nested, Options):
                function = options_from(nested, prefix=f"{name}-")(function)
            elif (kind := _click_type(field.annotation)) is not None:
                function = _flag(prefix + name.replace("_", "-"), field, kind)(function)
        return function

    return decorate


def collect(model: type[Options], values: dict[str, Any]) -> dict[str, Any]:
    """The given flags of :func:`options_from` as fields of ``model``, nested models as dictionaries."""
    found: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        nested = field.annotation
        if isinstance(nested, type) and issubclass(nested, Options):
            inner = {
                key: values[f"{name}_{key}"]
                for key in nested.model_fields
                if values.get(f"{name}_{key}") is not None
            }
            if inner:
                found[name] = inner
        elif values.get(name) is not None:
            found[name] = values[name]
    return found


def _flag(
    name: str, field: FieldInfo, kind: click.ParamType[Any] | tuple[Any, ...] | type[bool]
) -> Callable[[Command], Command]:
    extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
    # a field whose flag has a plainer name keeps its own as the second
    names = [f"--{extra['flag']}", f"--{name}", name.replace("-", "_")] if "flag" in extra else [f"--{name}"]
    default = field.get_default(call_default_factory=True)
    shown = default.value if isinstance(default, StrEnum) else default
    text = f"{field.description}  [default: {shown}]" + (
        f" ({extra['source']})" if extra.get("source") else ""
    )
    if kind is bool:
        return click.option(f"--{name}/--no-{name}", default=None, help=text)
    return click.option(*names, type=kind, default=None, help=text)


def _click_type(annotation: Any) -> Any:
    """The click type of an annotation; ``None`` where a flag makes no sense (dictionaries)."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin in {Union, UnionType}:
        return _click_type(next(part for part in inner if part is not type(None)))
    if origin is Literal:
        return click.Choice(list(inner))
    if origin is tuple and Ellipsis not in inner:
        return tuple(inner)
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return click.Choice([member.value for member in annotation])
    if annotation is bool:
        return bool
    return {int: click.INT, float: click.FLOAT, str: click.STRING}.get(annotation)
