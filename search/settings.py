"""Every setting, once: name, type, default and help. Read from `DAOGOU_*` variables, then `.env`."""

from __future__ import annotations

import difflib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from dotenv import dotenv_values
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from search.errors import SettingsError

PREFIX = "DAOGOU_"
DEFAULT_ENCODER = "sentence-transformers/all-MiniLM-L6-v2"
DEFAULT_ENCODER_REVISION = "c9745ed1d9f207416be6d2e6f8de32d1f16199bf"

# Read by the tests and by later doors; they are no settings of the engine, yet no typing mistakes either.
_NOT_OURS = frozenset({"DAOGOU_SHARED", "DAOGOU_CHROMIUM"})


class Settings(BaseSettings):
    """The settings of one process. Build it with `Settings.load()`, which turns mistakes into SettingsError."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_file=".env", env_ignore_empty=True, frozen=True, extra="ignore"
    )

    data_dir: Path = Field(Path(".daogou"), description="where the embedded engine keeps everything")
    qdrant_url: str | None = Field(
        None, description="unset: embedded Qdrant Edge; set: that Qdrant server or cluster, e.g. http://localhost:6333"
    )
    qdrant_api_key: SecretStr | None = Field(None, description="API key of the Qdrant server")
    encoder: str = Field(DEFAULT_ENCODER, description="hub name or folder of a sentence-transformers model")
    encoder_revision: str | None = Field(
        None, description="commit of the model on the hub; pinned for the default encoder"
    )
    encoder_backend: Literal["auto", "torch", "onnx", "openvino"] = Field(
        "auto", description="what runs the encoder: auto, torch, onnx, openvino (the last two from their extras)"
    )
    device: str = Field("auto", description="auto, cpu, cuda, mps, or several as cuda:0,cuda:1")
    batch_size: int = Field(32, ge=1, le=4096, description="texts encoded at once; raise it on a GPU")
    reranker: str | None = Field(
        None, description="hub name or folder of a cross-encoder that reorders the first candidates; unset: none"
    )
    reranker_revision: str | None = Field(None, description="its commit on the hub")
    reranker_top: int = Field(50, ge=1, le=500, description="candidates that it reads")
    reranker_seconds: float = Field(
        2.0, gt=0, le=60, description="seconds a search waits for it, then keeps the order it had"
    )
    llm_url: str | None = Field(None, description="base URL of an OpenAI-compatible server; unset: no GPT")
    llm_api_key: SecretStr | None = Field(None, description="its API key")
    llm_model: str | None = Field(None, description="its model, or local:NAME for transformers in-process")
    llm_seconds: float = Field(
        3.0, gt=0, le=60, description="seconds that the words of an explanation wait for it; then the evidence stands"
    )
    llm_tokens_per_day: int = Field(
        1_000_000, ge=0, description="tokens that explanations may spend on it in a day (UTC); 0: no limit"
    )
    page_shoppers: Path | None = Field(
        None, description="JSON lines of shoppers whom the search page offers to try; unset: none"
    )
    page_images: str = Field(
        "", description="origins whose product images the search page may show, as https://cdn.shop.example, by commas"
    )
    admin_key: SecretStr | None = Field(None, description="Bearer key that may do all; unset: loopback only, no keys")
    search_key: SecretStr | None = Field(None, description="Bearer key that may only search and send events")
    user_secret: SecretStr | None = Field(
        None, description="HMAC key for shopper ids; generated once into the data dir when unset"
    )
    experiments: Path | None = Field(None, description="TOML file that defines live experiments; unset: none")
    experiment_days: int = Field(
        90, ge=1, le=3650, description="days for which the log of experiments and events is kept"
    )
    personalization: bool = Field(
        True, description="personalise for shoppers with a history; false: everybody gets what is served to all"
    )
    consent: Literal["assumed", "required"] = Field(
        "assumed", description="assumed: shoppers are known until they opt out; required: once they have consented"
    )
    event_days: int = Field(365, ge=1, le=3650, description="days for which events of shoppers are kept")
    max_total_hits: int = Field(
        1000, ge=1, le=10_000, description="most candidates of one text query: what paging can reach and facets count"
    )
    search_concurrency: int = Field(
        32, ge=1, le=1024, description="searches that may wait or run at once before the API answers 503"
    )
    past_queries: bool = Field(
        True, description="remember what is searched for, as counts without persons, and suggest what is asked often"
    )
    max_document_bytes: int = Field(
        100 * 2**20, ge=1024, description="largest body that the document endpoints accept, in bytes"
    )

    cors_origins: str = Field(
        "", description="origins of web pages that may call the API, as https://shop.example, separated by commas; or *"
    )

    @field_validator("encoder_revision", "reranker", "reranker_revision", mode="after")
    @classmethod
    def _blank_is_unset(cls, value: str | None) -> str | None:
        return value or None

    @property
    def revision(self) -> str | None:
        """The commit to load: as set, or the pinned one for the default encoder."""
        if self.encoder_revision is None and self.encoder == DEFAULT_ENCODER:
            return DEFAULT_ENCODER_REVISION
        return self.encoder_revision

    @property
    def allowed_origins(self) -> tuple[str, ...]:
        """`cors_origins` taken apart, without trailing slashes: browsers send none."""
        return tuple(origin.strip().rstrip("/") for origin in self.cors_origins.split(",") if origin.strip())

    @classmethod
    def load(cls) -> Settings:
        """Read the environment and `.env`. Raises SettingsError naming each wrong setting and each misspelt one."""
        try:
            settings = cls()
        except ValidationError as error:
            lines = [
                f"  {PREFIX}{'_'.join(str(part) for part in item['loc']).upper()}: {item['msg']}"
                for item in error.errors(include_input=False, include_url=False)
            ]
            raise SettingsError("These settings cannot be used:\n" + "\n".join(lines)) from None
        known = {variable(name) for name in cls.model_fields} | _NOT_OURS
        for name in (*os.environ, *dotenv_values(".env")):
            if name.startswith(PREFIX) and name not in known:
                near = difflib.get_close_matches(name, known, n=1)
                hint = f" Did you mean {near[0]}?" if near else " List them with: python -m api settings"
                raise SettingsError(f"There is no setting {name}.{hint}")
        return settings


@dataclass(frozen=True, slots=True)
class SettingRow:
    """One line of the settings table: a secret's value is masked."""

    variable: str
    value: str
    origin: Literal["environment", ".env", "default"]
    help: str


def variable(name: str) -> str:
    return PREFIX + name.upper()


def describe(settings: Settings) -> list[SettingRow]:
    """Every setting with its value, where the value comes from, and its help."""
    from_file = {key: value for key, value in dotenv_values(".env").items() if value}
    rows = []
    for name, field in Settings.model_fields.items():
        value = getattr(settings, name)
        env = variable(name)
        origin: Literal["environment", ".env", "default"] = (
            "environment" if os.environ.get(env) else ".env" if env in from_file else "default"
        )
        if name == "encoder_revision":
            value = settings.revision
        shown = "(unset)" if value is None else "********" if isinstance(value, SecretStr) else str(value)
        rows.append(SettingRow(env, shown, origin, field.description or ""))
    return rows
