"""The JSON Schema of the scenario file, from the models that read it."""

from __future__ import annotations

from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from tiermix.file_format import File


class _Schema(GenerateJsonSchema):
    """Leaves out null: a key is given or it is not there."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of the scenario file.

    Returns
    -------
    dict
        It accepts every file that tiermix accepts; what must hold between values, and in
        numbers written as text, it cannot say.
    """
    schema = File.model_json_schema(schema_generator=_Schema)
    return {"$schema": GenerateJsonSchema.schema_dialect} | schema
