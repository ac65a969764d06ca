"""What all request bodies share: strictness, names in camelCase, null for the default."""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError, PydanticUseDefault

Json: TypeAlias = Any


def _null_is_default(value: Json) -> Json:
    if value is None:
        raise PydanticUseDefault
    return value


OrDefault = BeforeValidator(_null_is_default)

Count = Annotated[int, Field(ge=0), OrDefault]
Flag = Annotated[bool, OrDefault]
Text = Annotated[str, OrDefault]
Names = Annotated[list[str], Field(fail_fast=True), OrDefault]
Share = Annotated[float, Field(ge=0, le=1)]

MAX_USER_CHARS = 200
User = Annotated[str, Field(max_length=MAX_USER_CHARS)] | None
"""The shop's own id of a shopper. Empty: nobody known."""

Products = Annotated[list[str | int], Field(max_length=50, fail_fast=True), OrDefault]
"""Ids of products."""


class Body(BaseModel):
    """A request body: camelCase names, nothing else, no coercion."""

    model_config = ConfigDict(
        alias_generator=to_camel, strict=True, frozen=True, json_schema_extra={"additionalProperties": False}
    )

    @model_validator(mode="before")
    @classmethod
    def _only_known(cls, value: Json) -> Json:
        """Stop at the first unknown field: `extra="forbid"` would list each of a hostile hundred thousand."""
        if isinstance(value, dict):
            known = cls.names()
            for name in value:
                if name not in known:
                    raise PydanticCustomError("unknown_field", "unknown", {"field": name, "known": known})
        return value

    @classmethod
    def names(cls) -> list[str]:
        return [field.alias or name for name, field in cls.model_fields.items()]
