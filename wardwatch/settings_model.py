"""What can be set: names, types, limits, defaults and descriptions. How they are read is in `settings`.

Descriptions are Chinese first, then English after " / "; `wardwatch config` shows them and docs/settings.md
lists them.
"""

from __future__ import annotations

import string
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

ENV_PREFIX = "WARDWATCH_"
ENV_NESTING = "__"
MEGABYTE = 1024 * 1024

Bytes = Annotated[int, Field(ge=1)]
Days = Annotated[int, Field(ge=1, le=36_500)]


class Group(BaseModel):
    """A group of settings: frozen, and unknown names are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Http(Group):
    """Where the server listens."""

    host: str = Field(
        "127.0.0.1",
        description="监听地址；未配置凭证时只许本机 / address to listen on; loopback only without credentials",
    )
    port: int = Field(8800, ge=0, le=65_535, description="监听端口，0 为任选 / port; 0 takes any free one")


class Limits(Group):
    """What a single request may be."""

    max_body_bytes: Bytes = Field(16 * MEGABYTE, description="请求正文上限（字节） / largest request body, in bytes")
    max_json_depth: int = Field(64, ge=8, le=1000, description="JSON 嵌套层数上限 / deepest nesting of JSON")
    max_photo_bytes: Bytes = Field(10 * MEGABYTE, description="单张照片上限（字节） / largest photograph, in bytes")


class Gate(Group):
    """The settlement gate's answer."""

    deadline_ms: int = Field(
        800,
        ge=1,
        le=60_000,
        description="结算研判时限（毫秒），超时答“未研判”，不影响患者出院 / "
        "time for the gate's answer, in milliseconds; later than that it is not_evaluated and the "
        "discharge goes on",
    )


class Engine(Group):
    """How the engine works through the log."""

    batch_events: int = Field(
        2000, ge=1, le=100_000, description="每个事务最多处理的事件数 / most events in one transaction"
    )
    batch_ms: int = Field(
        8,
        ge=0,
        le=10_000,
        description="每批处理的目标时长（毫秒）；请求不会等得比这更久 / "
        "an engine batch is sized to about this long, in milliseconds: a request waits no longer for its turn",
    )
    dead_letter_limit: int = Field(
        20,
        ge=1,
        description="最近一段事件中死信达到此数且超过比例则停止处理 / "
        "stop when this many of the recent events were dead letters and the ratio is passed too",
    )
    dead_letter_ratio: float = Field(
        0.05,
        gt=0,
        le=1,
        description="死信比例上限（0–1） / highest share of dead letters among the recent events, 0 to 1",
    )


class Router(Group):
    """How intake topics are merged into one order."""

    wait_seconds: float = Field(
        5.0,
        ge=0,
        le=3600,
        description="按到达时间归并各主题时的最长等待（秒） / longest wait for a slower topic, in seconds",
    )


class Rules(Group):
    """Which rule sets are in force, and how messages may be spelled."""

    directory: Path | None = Field(
        None,
        description="地区规则集目录（*.toml）；空为内置 / "
        "directory of regional rule sets (*.toml); empty: the built-in ones",
    )
    files: tuple[Path, ...] = Field(
        (), description="另行加载的规则集文件 / single rule set files, read after the directory"
    )
    dialects: Path | None = Field(
        None,
        description="本地报文写法目录（*.toml），加入内置写法，同名文件取代之 / directory of the site's own message "
        "dialects (*.toml), beside the built-in ones; a file of the same name takes one's place",
    )


class Sm4Keys(Group):
    """How texts are encrypted between us and one sender. What is empty isn't used here."""

    sm4: SecretStr | None = Field(None, description="报文加解密密钥，32 位十六进制 / SM4 key of `input`, 32 hex digits")
    sm4_iv: SecretStr | None = Field(
        None,
        description="初始向量，32 位十六进制；有则为 CBC 模式，空为 ECB / "
        "initial vector, 32 hex digits; with one the mode is CBC, with none ECB",
    )

    @field_validator("sm4", "sm4_iv")
    @classmethod
    def _sixteen_bytes(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not _is_hex(value.get_secret_value(), digits=32):
            raise ValueError("应为 32 位十六进制 / should be 32 hexadecimal digits")
        return value


class Sm2Sm4Keys(Sm4Keys):
    """The same, and how its signatures are checked."""

    sm2_public: str = Field(
        "",
        description="验签公钥，128 位十六进制（可带 04 前缀） / "
        "SM2 public key that checks signatures, 128 hex digits with or without 04 before them",
    )
    sm2_user_id: str = Field(
        "",
        max_length=100,
        description="签名者标识；空为国标默认值 1234567812345678 / "
        "id of the signer; empty: the standard's 1234567812345678",
    )
    require_signature: bool = Field(
        False,
        description="拒收验签未通过的报文；否则照收并标记 / "
        "refuse messages whose SM2 signature doesn't verify; else they are taken and flagged",
    )

    @field_validator("sm2_public")
    @classmethod
    def _sm2_public_is_a_key(cls, value: str) -> str:
        point = value.lower()
        if len(point) == 130 and point.startswith("04"):
            point = point[2:]
        if point and not _is_hex(point, digits=128):
            raise ValueError("应为 128 位十六进制 / should be 128 hexadecimal digits")
        return point


class Keys(Group):
    """Secrets. None is ever printed; `wardwatch config` shows only whether it is set."""

    pseudonym: SecretStr | None = Field(
        None,
        description="姓名、证件号指纹（HMAC）密钥，至少 32 个字符；空则在 data_dir/keys 下生成 / "
        "HMAC key of the fingerprints of names and identity numbers, at least 32 characters; "
        "empty: one is made in data_dir/keys",
    )
    platform: Sm2Sm4Keys = Field(
        Sm2Sm4Keys(),
        description="医保平台的国密密钥 / keys agreed with the insurance platform",
    )
    institutions: dict[str, Sm2Sm4Keys] = Field(
        {},
        description="各机构（fixmedins_code）的国密密钥，优先于平台密钥 / "
        "keys by institution (fixmedins_code), before the platform's",
    )
    apps: dict[str, Sm4Keys] = Field(
        {},
        description="整份加密报文（encData）按 appId 的密钥，优先于平台密钥 / "
        "keys by appId, for messages that come whole in an encrypted wrapper, before the platform's",
    )

    @field_validator("pseudonym")
    @classmethod
    def _pseudonym_is_long_enough(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value()) < 32:
            raise ValueError("至少 32 个字符 / at least 32 characters")
        return value


class Retention(Group):
    """How long each kind of record is kept, in days, counted from its last change."""

    raw_days: Days = Field(180, description="原始报文保存天数 / days that raw messages are kept")
    log_days: Days = Field(30, description="已处理事件日志保存天数 / days that processed log entries are kept")
    feed_days: Days = Field(30, description="实时推送可续传天数 / days that the live feed can be resumed")


class Settings(BaseSettings):
    """All settings. Make it with `load_settings`, which explains what is wrong; then hand parts down."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="forbid",
        env_prefix=ENV_PREFIX,
        env_nested_delimiter=ENV_NESTING,
        env_ignore_empty=True,
        hide_input_in_errors=True,
    )

    data_dir: Path = Field(
        Path("data"),
        description="数据目录：数据库、密钥、证据 / directory of the database, keys and evidence",
    )
    database_url: SecretStr | None = Field(
        None,
        description="数据库地址（SQLite 或 PostgreSQL），空为 data_dir 下的 SQLite / "
        "database (SQLite or PostgreSQL) as an SQLAlchemy URL; empty: SQLite in data_dir",
    )
    institutions_file: Path = Field(
        Path("institutions.toml"),
        description="机构、病区、纳入监测日期配置文件 / institutions, wards and when monitoring begins",
    )
    credentials_file: Path = Field(
        Path("credentials.toml"),
        description="访问凭证文件；不存在时只监听本机 / credentials; without the file, loopback only",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="日志级别 / log level")
    http: Http = Field(Http(), description="网络 / network")
    limits: Limits = Field(Limits(), description="请求上限 / limits of a request")
    gate: Gate = Field(Gate(), description="结算研判 / settlement gate")
    engine: Engine = Field(Engine(), description="处理引擎 / engine")
    router: Router = Field(Router(), description="主题归并 / router of intake topics")
    rules: Rules = Field(Rules(), description="规则集 / rule sets")
    keys: Keys = Field(Keys(), description="密钥 / keys")
    retention: Retention = Field(Retention(), description="保存期限 / retention")

    @field_validator("log_level", mode="before")
    @classmethod
    def _log_level_in_any_case(cls, value: object) -> object:
        return value.upper() if isinstance(value, str) else value

    @field_validator("database_url")
    @classmethod
    def _database_is_one_of_ours(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not value.get_secret_value().startswith(("sqlite:///", "postgresql+psycopg://")):
            raise ValueError("应以 sqlite:/// 或 postgresql+psycopg:// 开头 / should begin with one of these two")
        return value

    def database(self) -> str:
        """The SQLAlchemy URL to open, password included: never log it."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite:///{self.data_dir / 'wardwatch.sqlite'}"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Environment before the file; no `.env` and no secrets directory, so that there are two places."""
        return (env_settings, init_settings)


def _is_hex(text: str, digits: int) -> bool:
    return len(text) == digits and all(letter in string.hexdigits for letter in text)
