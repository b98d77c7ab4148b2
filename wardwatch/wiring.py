"""The one place where everything meets: from settings to a running system.

Top to bottom: what the parts are told (rules, institutions, keys), the parts around one store, and the three
shapes they are put together in: a server (`serving`), a replay (`replaying`), and reads for the command line.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from fastapi import FastAPI

from access.credentials import Credentials, load_credentials
from dashboards.api.app import create_server
from detectors.gate.stops import NO_STOPS, Stops
from detectors.institutions import InstitutionBook
from detectors.policy import Policies
from detectors.rulesets.book import RuleBook, RulesAndInstitutions
from schemas.base import CHINA
from schemas.national import Dialects, Keyring
from schemas.national.crypto import Keys as NationalKeys
from schemas.national.dialects import packaged_files
from schemas.topics import TOPICS
from storage import stops as switches
from storage.errors import StorageError
from storage.retention import Retention
from storage.store import Store
from streams.embedded import Embedded
from streams.engine import DeadLetterLimit
from streams.gatekeeper import Gatekeeper
from streams.http.options import GatewayOptions
from streams.intake import Intake
from streams.meter import Meter
from streams.metrics import Metrics
from streams.pump import Pump
from streams.queries import StoredQueries
from streams.reading import ReadingOptions
from streams.replay import Player
from streams.router import Router
from wardwatch import __version__
from wardwatch.clock import Clock, ManualClock
from wardwatch.housekeeping import Housekeeping
from wardwatch.keys import REPLAY_KEYS, OwnKeys, own_keys
from wardwatch.settings import Settings
from wardwatch.settings_model import Sm2Sm4Keys, Sm4Keys

log = logging.getLogger("wardwatch.wiring")

STOPS_SECONDS = 2.0
"""How old our view of the stop switches may be: `wardwatch holds stop` promises 10 seconds."""

BEFORE_ALL_JOURNALS = datetime(1900, 1, 1, tzinfo=CHINA)
"""Where a replay's clock stands before the first line moves it."""


# ── what the parts are told ──────────────────────────────────────────────────────────────────────────────


def rule_book(settings: Settings) -> RuleBook:
    """The built-in rule sets with those of the site in or over them. Raises `RuleSetError`, `OSError`."""
    files: list[Path] = []
    if settings.rules.directory is not None:
        files += _toml_files(settings.rules.directory)
    files += settings.rules.files
    return RuleBook.from_texts({file.name: _text_of(file) for file in files})


def replay_rules(file: Path | None) -> RuleBook:
    """One rule set for every region and day: the one in `file`, else the national one."""
    if file is not None:
        return RuleBook.single_text(_text_of(file), str(file))
    builtin = RuleBook.builtin()
    return RuleBook.single(next(rules for rules in reversed(builtin.sets) if rules.region == ""))


def institution_book(file: Path, *, soft: bool) -> InstitutionBook:
    """The institutions in `file`, none where there is no such file. `soft`: unknown ones are in soft launch.

    Raises `ConfigurationError`, `OSError`.
    """
    if not file.exists():
        return InstitutionBook(default_soft=soft)
    return InstitutionBook.from_text(_text_of(file), str(file), default_soft=soft)


def dialects(settings: Settings) -> Dialects:
    """The built-in message dialects with the site's own beside them, or instead where the file's name is the same.

    Raises `DialectError` naming the file, `OSError`.
    """
    if settings.rules.dialects is None:
        return Dialects.load()
    own = _toml_files(settings.rules.dialects)
    replaced = {file.name for file in own}
    builtin = {name: text for name, text in packaged_files().items() if name not in replaced}
    return Dialects.parse({**builtin, **{str(file): _text_of(file) for file in own}})


def _toml_files(folder: Path) -> list[Path]:
    """Raises `OSError` where there is no such folder: to find nothing in it would be to ignore a setting."""
    return sorted(file for file in folder.iterdir() if file.suffix == ".toml")


def _text_of(file: Path) -> str:
    """Raises `ValueError` naming the file, `OSError`."""
    try:
        return file.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"{file}: 应为 UTF-8 / should be UTF-8: byte {error.start}") from None


def keyring(settings: Settings) -> Keyring:
    """The 国密 keys agreed with platform, institutions and apps. Raises `ValueError` naming whose are wrong."""
    said = settings.keys
    return Keyring(
        institutions=_keys_by_name(said.institutions, "keys.institutions"),
        apps=_keys_by_name(said.apps, "keys.apps"),
        default=_national_keys(said.platform, "keys.platform"),
    )


def _keys_by_name(said: Mapping[str, Sm4Keys], where: str) -> dict[str, NationalKeys]:
    """Those that say anything: an empty table leaves its owner with the platform's."""
    made = {name: _national_keys(one, f"{where}.{name}") for name, one in said.items()}
    return {name: keys for name, keys in made.items() if keys is not None}


def _national_keys(said: Sm4Keys, where: str) -> NationalKeys | None:
    if said == type(said)():
        return None
    key, iv = (secret.get_secret_value() if secret else "" for secret in (said.sm4, said.sm4_iv))
    try:
        if not isinstance(said, Sm2Sm4Keys):
            return NationalKeys.from_text(sm4_key=key, sm4_iv=iv)
        return NationalKeys.from_text(
            sm4_key=key,
            sm4_iv=iv,
            sm2_public_key=said.sm2_public,
            sm2_user_id=said.sm2_user_id,
            require_signature=said.require_signature,
        )
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from None


class StopSwitches:
    """The stop switches as they stood at most `STOPS_SECONDS` ago.

    Asked for every event, so it never raises once made: while the database can't be read, the last view holds.
    """

    def __init__(self, store: Store, monotonic: Callable[[], float]) -> None:
        self._store = store
        self._monotonic = monotonic
        self._stops = self._read()
        self._read_at = monotonic()

    def __call__(self) -> Stops:
        now = self._monotonic()
        if now - self._read_at >= STOPS_SECONDS:
            self._read_at = now
            try:
                self._stops = self._read()
            except StorageError as error:
                log.error("stop switches not read, the last ones hold: %s", error)
        return self._stops

    def _read(self) -> Stops:
        with self._store.read() as conn:
            on = switches.active(conn)
        return Stops(
            rules=frozenset(stop.value for stop in on if stop.kind == "rule"),
            institutions=frozenset(stop.value for stop in on if stop.kind == "institution"),
        )


# ── the parts around one store ───────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Parts:
    """One system: everything shares the store, the policies and the clock."""

    store: Store
    policies: Policies
    clock: Clock
    intake: Intake
    pump: Pump


def parts(
    store: Store,
    policies: Policies,
    clock: Clock,
    keys: OwnKeys,
    settings: Settings,
    *,
    stops: Callable[[], Stops],
    meter: Meter | None = None,
) -> Parts:
    """Intake, gate and engines over `store`. Raises `ValueError` for a dialect or 国密 key that can't be used."""

    def ward_of(institution: str, code: str, name: str) -> str:
        return policies.institution(institution).ward_of(code, name)

    reading = ReadingOptions(
        fingerprint=keys.fingerprint,
        wards=ward_of,
        dialects=dialects(settings),
        keys=keyring(settings),
        nonce_key=keys.nonce,
    )
    engine = settings.engine
    return Parts(
        store=store,
        policies=policies,
        clock=clock,
        intake=Intake(store, reading, Gatekeeper(policies, stops), now=clock.now),
        pump=Pump(
            store,
            policies,
            stops=stops,
            now=clock.now,
            monotonic=clock.monotonic,
            most=engine.batch_events,
            seconds=engine.batch_ms / 1000,
            limit=DeadLetterLimit(
                most=engine.dead_letter_limit,
                window=max(engine.dead_letter_limit, int(engine.dead_letter_limit / engine.dead_letter_ratio)),
            ),
            meter=meter,
        ),
    )


# ── a replay ─────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Replaying:
    """A player over a store of its own, with a clock that only the journal moves."""

    parts: Parts
    player: Player


def replaying(folder: Path, rules: RuleBook, institutions: InstitutionBook, settings: Settings) -> Replaying:
    """A replay in `folder`, which is thrown away afterwards. Keys are fixed, so that bytes repeat."""
    store = Store.open(f"sqlite:///{folder / 'replay.sqlite'}", durable=False)
    clock = ManualClock(BEFORE_ALL_JOURNALS)
    whole = parts(
        store,
        RulesAndInstitutions(rules, institutions),
        clock,
        REPLAY_KEYS,
        settings,
        stops=lambda: NO_STOPS,
    )
    return Replaying(whole, Player(store, whole.intake, whole.pump, clock))


# ── a server ─────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Serving:
    """A server ready to run: start `node`, serve `app`, stop `node`, close the store."""

    parts: Parts
    node: Embedded
    app: FastAPI
    credentials: Credentials
    institutions: InstitutionBook
    housekeeping: Housekeeping

    def start(self) -> None:
        """Take the partitions and begin to work."""
        self.node.start()
        self.housekeeping.start()

    def stop(self) -> None:
        """End after the work in hand; everything taken is durable."""
        self.housekeeping.stop()
        self.node.stop()
        self.parts.store.close()


def serving(settings: Settings, clock: Clock, *, soft: bool = True) -> Serving:
    """A server over the database of `settings`; what is missing in `data_dir` is made.

    `soft`: institutions without configuration are in soft launch. Raises `StorageError` (`SchemaMismatch` where
    a migration is due), `ConfigurationError`, `CredentialsError`, `KeyFileError`, `ValueError`, `OSError`.
    """
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    institutions = institution_book(settings.institutions_file, soft=soft)
    policies = RulesAndInstitutions(rule_book(settings), institutions)
    credentials = load_credentials(settings.credentials_file)
    keys = own_keys(settings)
    store = Store.open(settings.database())
    stops = StopSwitches(store, clock.monotonic)
    metrics = Metrics()
    meter = Meter(metrics)
    whole = parts(store, policies, clock, keys, settings, stops=stops, meter=meter)
    router = Router(store, whole.intake, wait=timedelta(seconds=settings.router.wait_seconds), now=clock.now)
    deadline = settings.gate.deadline_ms / 1000
    node = Embedded(store, whole.intake, whole.pump, clock, deadline=deadline, router=router, meter=meter)
    queries = StoredQueries(store, policies, clock.now, stops)
    app = create_server(node, queries, _gateway_options(settings, keys), credentials, metrics, __version__)
    keeping = Housekeeping(store, clock, retention(settings), meter)
    return Serving(whole, node, app, credentials, institutions, keeping)


def _gateway_options(settings: Settings, keys: OwnKeys) -> GatewayOptions:
    limits = settings.limits
    return GatewayOptions(
        max_body_bytes=limits.max_body_bytes,
        max_call_bytes=min(limits.max_body_bytes, GatewayOptions().max_call_bytes),
        max_json_depth=limits.max_json_depth,
        sealing_public_key=keys.sealing_public,
    )


def retention(settings: Settings) -> Retention:
    """How long rows are kept, as configured; what has no setting stays as storage has it."""
    said = settings.retention
    days = {name: said.log_days if topic.carries else topic.retention_days for name, topic in TOPICS.items()}
    return Retention(requests_days=said.raw_days, feed_days=said.feed_days, log_days=days)
