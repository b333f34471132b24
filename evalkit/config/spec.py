"""What everything that a config may hold has in common."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator
from typing import Any

from pydantic import (
    BaseModel,
    ConfigDict,
    GetJsonSchemaHandler,
    ValidationInfo,
    field_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from evalkit.config.scalars import as_meant


class Spec(BaseModel):
    """Base of everything a config may hold: a value that knows its keys.

    What validates a kind of config is made when one is first read, and the texts below its keys are taken from the
    source when a schema is asked for: most commands read one kind, and none that runs a model asks for a schema.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True)

    @field_validator("*", mode="before")
    @classmethod
    def _as_the_key_wants_it(cls, value: Any, info: ValidationInfo) -> Any:
        """Read a value of a file by what its key takes."""
        field = cls.model_fields[str(info.field_name)]
        return as_meant(value, field.annotation)

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        schema = handler(core_schema)
        keys = handler.resolve_ref_schema(schema).get("properties", {})
        for kind in reversed(cls.__mro__):
            if issubclass(kind, Spec):
                for key, text in _texts_below_keys(kind):
                    keys.get(key, {})["description"] = text
        return schema


def _texts_below_keys(kind: type) -> Iterator[tuple[str, str]]:
    """Yield each key of a class with the text that stands below it in the source."""
    (found,) = ast.parse(textwrap.dedent(inspect.getsource(kind))).body
    assert isinstance(found, ast.ClassDef)
    for key, below in zip(found.body, found.body[1:], strict=False):
        match key, below:
            case (
                ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str() as text)),
            ):
                yield name, inspect.cleandoc(text)
