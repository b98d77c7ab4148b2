"""From a document to a `Message`: both sides apart, dialect chosen, `input` opened, response judged."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

import orjson

from schemas.national.crypto import (
    Keyring,
    Keys,
    decrypt,
    digest_matches,
    signature_matches,
)
from schemas.national.dialects import Dialect, Dialects, Renames
from schemas.national.errors import Unreadable
from schemas.national.message import Message, region_of
from schemas.national.registry import INFNOS, Transaction
from schemas.national.values import AHEAD, EARLIEST, Row, ident, parse_json, read_time

_FINE_WORDS = frozenset(("", "成功", "success", "ok", "操作成功", "交易成功", "null"))
"""`err_msg` of a success that means nothing."""


def read_message(
    document: Mapping[str, Any] | bytes, *, dialects: Dialects, keys: Keyring, arrived_at: datetime
) -> Message:
    """One national message, from a request envelope or `{"request": …, "response": …}` (objects or JSON
    text).

    Raises `Unreadable` and nothing else, whatever the document holds; the caller keeps it whole.
    """
    flags: list[str] = []
    request, response = _sides(document, keys, flags)
    request, dialect, transaction = _address(request, dialects, flags)
    institution = ident(request, "fixmedins_code")
    body, raw_input = _body(request, transaction, keys, institution, flags)
    infno = transaction.infno
    try:
        canonical = orjson.dumps(body, option=orjson.OPT_SORT_KEYS)
    except TypeError as error:  # what json.loads or a caller's own code may hold and JSON can't
        raise Unreadable("too_deep" if "limit" in str(error) else "not_json", "input") from None
    names = dialect.renames(infno)
    national = _national(body, names, transaction.chain, dialect, flags)
    if not institution:
        institution = transaction.institution(national) if transaction.institution else ""
        if not institution:
            raise Unreadable("no_institution")
    shared = keys.of(institution)
    _check_signature(request, raw_input, body, shared, flags)
    output, code, response_hash = _answer(response, transaction, dialect, names, shared, flags)
    msgid = ident(request, "msgid")
    if not msgid:
        flags.append("no_msgid")
    return Message(
        infno=infno,
        msgid=msgid,
        institution=institution,
        insuplc_admdvs=region_of(request, "insuplc_admdvs"),
        region=region_of(request, "mdtrtarea_admvs"),
        said_at=_said_at(request, arrived_at, flags),
        input=national,
        output=output,
        response_code=code,
        input_hash=sha256(infno.encode() + b"\x1f" + canonical).hexdigest(),
        response_hash=response_hash,
        flags=tuple(flags),
        raw_input=raw_input,
        dialect=dialect,
    )


def _sides(
    document: Mapping[str, Any] | bytes, keys: Keyring, flags: list[str]
) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """(request, response) as objects. A response alone needs the transaction number beside it."""
    whole = _opened(parse_json(document, "") if isinstance(document, bytes) else document, keys, flags)
    if "infno" in whole and ("response" not in whole or "input" in whole):
        return whole, None
    if "request" not in whole and "response" not in whole:
        return whole, None
    response = _object_or_none(whole.get("response"), "response")
    request = _object_or_none(whole.get("request"), "request")
    if request is not None:
        return _opened(request, keys, flags), response
    if response is None or "infno" not in whole:
        raise Unreadable("response_only")
    flags.append("response_only")
    return {**whole, "input": {}}, response


def _opened(document: Any, keys: Keyring, flags: list[str]) -> dict[str, Any]:
    """The message inside an outer encrypted wrapper (`appId`, `encData`), or the document itself."""
    if not isinstance(document, Mapping):
        raise Unreadable("not_an_object")
    whole: dict[str, Any] = document if isinstance(document, dict) else dict(document)
    sealed = whole.get("encData")
    if not isinstance(sealed, str) or "infno" in whole or "request" in whole:
        return whole
    flags.append("wrapped")
    inner = _object_or_none(parse_json(decrypt(sealed, keys.of_app(ident(whole, "appId"))), "encData"), "encData")
    if inner is None:
        raise Unreadable("not_an_object", "encData")
    return inner


def _object_or_none(value: Any, name: str) -> dict[str, Any] | None:
    if isinstance(value, str):
        value = parse_json(value, name) if value.strip() else None
    if value is None:
        return None
    if isinstance(value, Mapping):
        return value if isinstance(value, dict) else dict(value)
    raise Unreadable("not_an_object", name)


def _address(
    request: dict[str, Any], dialects: Dialects, flags: list[str]
) -> tuple[dict[str, Any], Dialect, Transaction]:
    """The request with national envelope names, its dialect, and its transaction."""
    request = _renamed(request, dialects.default.envelope)
    said = ident(request, "infno", 16).upper()
    dialect = dialects.choose(ident(request, "mdtrtarea_admvs"), ident(request, "fixmedins_code"), said)
    if dialect is not dialects.default:
        request = _renamed(request, dialect.envelope)
    infno = dialect.infno.get(said, said)
    if infno != said:
        flags.append(f"dialect:{dialect.name}")
    transaction = INFNOS.get(infno)
    if transaction is None and infno[-1:] == "A":
        transaction = INFNOS.get(infno[:-1])
        flags.append("revised_form")
    if transaction is None:
        raise Unreadable("unknown_infno", said if len(said) <= 6 and said.isalnum() and said.isascii() else "")
    return request, dialect, transaction


def _renamed(
    row: dict[str, Any],
    names: Mapping[str, str],
    own: frozenset[str] = frozenset(),
    used: list[str] | None = None,
) -> dict[str, Any]:
    """`row` in national names; the row itself where nothing differs. A national name already filled wins."""
    if row.keys().isdisjoint(names):
        return row
    found = dict(row)
    for variant, national in names.items():
        if variant in row and found.get(national) in (None, ""):
            found[national] = row[variant]
            found.pop(variant, None)
            if used is not None and variant in own:
                used.append(variant)
    return found


def _body(
    request: Row, transaction: Transaction, keys: Keyring, institution: str, flags: list[str]
) -> tuple[dict[str, Any], bytes | None]:
    """(`input` as an object, its exact plain bytes where it came as text)."""
    value = request.get("input")
    raw: bytes | None = None
    if isinstance(value, str) and value.strip():
        text = value.strip()
        if text[0] in '{["':
            raw = _utf8(value)
        else:
            raw = decrypt(text, keys.of(institution))
            flags.append("encrypted")
        value = parse_json(raw, "input")
        if isinstance(value, str):  # JSON text inside JSON text
            value = parse_json(value, "input")
    if value and type(value) is list and transaction.input_node:
        value = {transaction.input_node: value}
    if not value and transaction.reader is not None and "response_only" not in flags:
        raise Unreadable("no_input")
    if not value:
        return {}, raw
    if not isinstance(value, Mapping):
        raise Unreadable("not_an_object", "input")
    return (value if type(value) is dict else dict(value)), raw


def _utf8(text: str) -> bytes:
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:  # lone surrogates
        raise Unreadable("not_utf8") from None


def _national(
    body: dict[str, Any], names: Renames, chain: tuple[str, ...], dialect: Dialect, flags: list[str]
) -> dict[str, Any]:
    """`body` in the national spelling: nodes at the top, fields in their rows and along `chain`. Never in
    place.
    """
    used: list[str] = []
    top = _renamed(_renamed(body, names.nodes, names.own, used), names.fields, names.own, used)
    result = top
    for node, value in top.items():
        value = _nested_json(value)
        below = chain[chain.index(node) + 1 :] if node in chain else chain
        changed = _rows_renamed(value, names, below, used)
        if changed is not top[node]:
            if result is top:
                result = dict(top)
            result[node] = changed
    if used and f"dialect:{dialect.name}" not in flags:
        flags.append(f"dialect:{dialect.name}")
    return result


def _nested_json(value: Any) -> Any:
    """A node that is JSON text itself. Text that only looks like it stays text: it may be a free field."""
    if type(value) is str and value[:1] in ("{", "["):
        try:
            return orjson.loads(value)
        except orjson.JSONDecodeError:
            return value
    return value


def _rows_renamed(value: Any, names: Renames, chain: tuple[str, ...], used: list[str]) -> Any:
    if type(value) is dict:
        return _row_renamed(value, names, chain, used)
    if type(value) is list:
        rows = [_row_renamed(row, names, chain, used) if type(row) is dict else row for row in value]
        return value if all(new is old for new, old in zip(rows, value, strict=True)) else rows
    return value


def _row_renamed(row: dict[str, Any], names: Renames, chain: tuple[str, ...], used: list[str]) -> dict[str, Any]:
    found = _renamed(row, names.fields, names.own, used)
    if chain and chain[0] in found:
        inner = _rows_renamed(_nested_json(found[chain[0]]), names, chain[1:], used)
        if inner is not found[chain[0]]:
            found = {**found, chain[0]: inner}
    return found


def _said_at(request: Row, arrived_at: datetime, flags: list[str]) -> datetime | None:
    value = request.get("inf_time")
    said = read_time(value)
    if said is None:
        if value not in (None, ""):
            flags.append("clock_skew")
        return None
    if not EARLIEST <= said <= arrived_at + AHEAD:
        flags.append("clock_skew")
    return said


def _check_signature(
    request: Row, plain: bytes | None, body: dict[str, Any], keys: Keys | None, flags: list[str]
) -> None:
    """Verifies `cainfo` where we hold what it takes; refuses only where the keyring says so.

    The signature covers the text of `input`. Where `input` came as an object that text is gone: its compact
    form is tried, and failing that proves nothing.
    """
    cainfo = request.get("cainfo")
    kind = _word(request.get("signtype")).upper()
    verdict = ""
    if isinstance(cainfo, str) and cainfo.strip() and kind in ("SM2", "SM3"):
        text = plain if plain is not None else orjson.dumps(body)
        if kind == "SM3":
            good = digest_matches(cainfo, text)
        elif keys is not None and keys.sm2_public_key is not None:
            good = signature_matches(cainfo, text, keys)
        else:
            good = None
        if good is not None:
            verdict = "signature_ok" if good else "signature_bad" if plain is not None else "signature_unchecked"
            flags.append(verdict)
    if keys is not None and keys.require_signature and (verdict != "signature_ok" or kind != "SM2"):
        raise Unreadable("signature_refused", "cainfo")


def _answer(
    response: dict[str, Any] | None,
    transaction: Transaction,
    dialect: Dialect,
    names: Renames,
    keys: Keys | None,
    flags: list[str],
) -> tuple[dict[str, Any] | None, int | None, str]:
    """(output, code, hash). An unreadable answer never costs the request: it counts as not seen, with a flag."""
    if not response:
        return None, None, ""
    response = _renamed(response, dialect.response)
    try:
        output = _output(response.get("output"), keys)
        digest = sha256(orjson.dumps([_code_said(response), output], option=orjson.OPT_SORT_KEYS)).hexdigest()
    except (Unreadable, TypeError):
        flags.append("output_unreadable")
        output, digest = None, sha256(_code_said(response).encode("utf-8", "replace")).hexdigest()
    code = _verdict(response, output, transaction, dialect, flags)
    if output is not None:
        output = _national(output, names, (), dialect, flags)
    return output, code, digest


def _output(value: Any, keys: Keys | None) -> dict[str, Any] | None:
    if isinstance(value, str):
        text = value.strip()
        if not text:
            return None
        value = parse_json(text if text[0] in "{[" else decrypt(text, keys), "output")
    if not value:
        return None
    if type(value) is list:
        return {"result": value}
    if not isinstance(value, Mapping):
        raise Unreadable("not_an_object", "output")
    return dict(value)


def _verdict(
    response: Row, output: dict[str, Any] | None, transaction: Transaction, dialect: Dialect, flags: list[str]
) -> int | None:
    """0 where the platform did it, -1 where it refused, None where the answer doesn't say.

    An intermediate platform answers `code` and `msg`: then the output that must be there decides.
    """
    said = _code_said(response)
    if "infcode" not in response:
        if said in ("999", "-1"):
            return -1
        if not output and (transaction.output_node or said not in ("0", "200")):
            flags.append("response_unclear")
            return None
    elif said not in ("0", "0.0"):
        return -1
    if _word(response.get("err_msg")).lower() not in _FINE_WORDS:
        flags.append("business_error_text")
        if dialect.error_text_is_failure:
            return -1
    missing = transaction.output_node and (not output or transaction.output_node not in output)
    if missing and "output_unreadable" not in flags:
        flags.append("output_missing")
    return 0


def _code_said(response: Row) -> str:
    return _word(response.get("infcode", response.get("code")))


def _word(value: Any) -> str:
    """A short value as text: what is neither text nor a number of sane size says nothing."""
    if type(value) is str:
        return value.strip()[:200]
    if type(value) is float or (type(value) is int and abs(value) < 10**18):
        return str(value)
    return ""
