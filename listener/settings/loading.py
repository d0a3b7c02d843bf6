"""
From a file and the environment to `Settings`, or to every fault at once.

Takes TOML; hands it through environment → secrets → schema → adapters' own models → checks between keys, collects
what each of them says, and only then decides. Reads the configuration, the secret files it names, and nothing else.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cache
from pathlib import Path as FilePath
from sys import intern
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError

from listener import registry
from listener.adapter import AdapterSpec
from listener.clock import SystemClock
from listener.errors import ConfigError, Fault
from listener.settings.checks import Draft, check_addresses, check_document
from listener.settings.environment import overlay
from listener.settings.faults import Origins, Path, nearest, translate
from listener.settings.naming import check_naming
from listener.settings.obligations import Obligations
from listener.settings.schema import Document, HttpToken, Privacy, QueueTable, SourceTable
from listener.settings.secrets import file_key, opened
from listener.settings.shapes import properties, secret_keys
from listener.settings.shown import SECRET, is_secret_name, shown
from listener.settings.values import Queue, Settings, Source

Model = TypeVar("Model", bound=BaseModel)

_DOCUMENT: Final = Document.model_json_schema()
_TOKEN: Final = HttpToken.model_json_schema()
_CORE_KEYS: Final = frozenset(SourceTable.model_fields)


def load(path: FilePath, *, environ: Mapping[str, str], now: datetime | None = None) -> Settings:
    """
    The configuration, whole and valid.

    Args:
        path: `listener.toml`.
        environ: The process environment; it wins over the file.
        now: Aware UTC, against which it is held what somebody says to have attested; None: the system's clock.

    Raises:
        ConfigError: with every fault of the file, the environment and the secret files that could be found.
    """
    raw = _read(path)
    origins, faults = overlay(raw, environ, file=str(path), keys=frozenset(Document.model_fields))
    draft = Draft(raw, origins)
    folder = path.absolute().parent
    document = _document(draft, folder, faults)
    configs = _configs(draft, folder, faults, now or SystemClock().now())
    faults += check_document(draft)
    faults += check_naming(draft)
    if faults or document is None:
        raise ConfigError(list(dict.fromkeys(faults)))
    return _settings(path.absolute(), document, configs)


# ---------------------------------------------------------------------------------------------------- the file


def _read(path: FilePath) -> dict[str, Any]:
    """
    The file as parsed.

    Raises:
        ConfigError: one fault: unreadable, or no TOML.
    """
    try:
        return tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        problem = f"cannot be read ({error.strerror or type(error).__name__})"
        allowed = "a readable file; `listener init` writes a commented one"
        raise ConfigError([Fault(str(path), "(whole file)", problem, allowed=allowed)]) from None
    except UnicodeDecodeError as error:
        line = f"line {error.object[: error.start].count(10) + 1}"
        raise ConfigError([Fault(str(path), line, "is not UTF-8 text")]) from None
    except RecursionError:
        raise ConfigError([Fault(str(path), "(whole file)", "nests too deeply to be read")]) from None
    except ValueError as error:  # TOMLDecodeError, or a number beyond Python's limit of digits
        raise ConfigError([_syntax_fault(str(path), error)]) from None


def _syntax_fault(file: str, error: ValueError) -> Fault:
    """
    Where the TOML ends to be TOML. What the parser says is kept only where it quotes nothing of the file.
    """
    message, _, place = str(error).rpartition(" (at ")
    line = re.match(r"line \d+", place)
    said = f": {message[0].lower()}{message[1:]}" if re.fullmatch(r"[A-Za-z ,/'=-]{1,80}", message) else ""
    where = line.group() if line else "last line" if "end of document" in place else "(whole file)"
    return Fault(file, where, f"is not TOML{said}", allowed="TOML 1.0: https://toml.io/en/v1.0.0")


# ------------------------------------------------------------------------------------------------- the adapters


def _configs(
    draft: Draft, folder: FilePath, faults: list[Fault], now: datetime
) -> dict[Path, tuple[AdapterSpec, Any]]:
    """
    Spec and config of each source whose adapter is known; what is wrong goes to `faults`.
    """
    found: dict[Path, tuple[AdapterSpec, Any]] = {}
    obligations = Obligations(draft, now)
    for path, source in draft.tables("source"):
        faults += obligations.check_days(path, source)
        spec = _spec(draft.origins, path, source.get("adapter"), faults)
        if spec is None:
            faults += check_addresses(draft, path, source, None)
            continue
        config = _config(draft.origins, path, source, spec, folder, faults)
        faults += obligations.check(path, source, spec)
        faults += check_addresses(draft, path, source, config)
        found[path] = (spec, config)
    return found


def _spec(origins: Origins, path: Path, name: object, faults: list[Fault]) -> AdapterSpec | None:
    if not isinstance(name, str):
        return None  # the schema says so
    known = registry.names()
    if name not in known:
        faults.append(
            origins.fault(
                (*path, "adapter"),
                "no adapter of this name is installed",
                found=shown(str(name)),
                allowed=", ".join(known) or "none installed",
                nearest=nearest(name, known),
            )
        )
        return None
    try:
        return registry.spec(str(name))
    except ConfigError as error:
        faults += error.faults
        return None


def _config(
    origins: Origins,
    path: Path,
    source: Mapping[str, Any],
    spec: AdapterSpec,
    folder: FilePath,
    faults: list[Fault],
) -> Any:
    """
    The adapter's own keys, checked by its own model; None where they are wrong.
    """
    model: type[BaseModel] = spec.config
    schema = _schema_of(model)
    # A core key reaches the adapter where its model asks for it; the core's own schema speaks about it.
    shared = _CORE_KEYS & properties(schema).keys()
    own = {key: value for key, value in source.items() if key not in _CORE_KEYS or key in shared}
    table, wrong, silenced = opened(own, schema, path=path, folder=folder, origins=origins)
    silenced |= {(*path, key) for key in shared}
    faults += wrong
    # Not left to the model: an adapter that forgot to forbid unknown keys would pass over every misspelt one.
    unknown = [key for key in table if key not in properties(schema)]
    faults += [_unknown_key(origins, (*path, key), table.pop(key), schema) for key in unknown]
    return _validated(spec.config, table, schema, path, origins, silenced, faults)


@cache
def _schema_of(model: type[BaseModel]) -> Mapping[str, Any]:
    """
    Made once for each adapter and not for each source: it takes longer than everything else about a source.
    """
    return model.model_json_schema()


def _unknown_key(origins: Origins, path: Path, value: object, schema: Mapping[str, Any]) -> Fault:
    secrets = secret_keys(schema)
    keys = _CORE_KEYS | (properties(schema).keys() - set(secrets)) | set(map(file_key, secrets))
    key = str(path[-1])
    return origins.fault(
        path,
        "is not a key of this table",
        found=SECRET if is_secret_name(key) else shown(value),
        allowed=", ".join(sorted(keys)),
        nearest=nearest(key, keys),
    )


# ------------------------------------------------------------------------------------------------- the document


def _document(draft: Draft, folder: FilePath, faults: list[Fault]) -> Document | None:
    """
    The core's own keys; None where they are wrong.
    """
    raw = dict(draft.raw)
    silenced: frozenset[Path] = frozenset()
    if isinstance(raw.get("source"), list):
        raw["source"] = [_core_keys(source) for source in raw["source"]]
    tokens = draft.tables("http.token")
    if tokens:
        items = list(raw["http"]["token"])
        for path, token in tokens:
            items[int(path[-1])], wrong, quiet = opened(
                token, _TOKEN, path=path, folder=folder, origins=draft.origins
            )
            faults += wrong
            silenced |= quiet
        raw["http"] = {**raw["http"], "token": items}
    context = {"own_handles": draft.own_handles()}
    return _validated(Document, raw, _DOCUMENT, (), draft.origins, silenced, faults, context=context)


def _core_keys(source: Any) -> Any:
    """
    A source without its adapter's keys, about which the adapter's model speaks.
    """
    if not isinstance(source, Mapping):
        return source
    return {key: value for key, value in source.items() if key in _CORE_KEYS}


def _validated(
    model: type[Model],
    table: Mapping[str, Any],
    schema: Mapping[str, Any],
    path: Path,
    origins: Origins,
    silenced: Iterable[Path],
    faults: list[Fault],
    *,
    context: Mapping[str, Any] | None = None,
) -> Model | None:
    try:
        return model.model_validate(table, context=dict(context or {}))
    except ValidationError as error:
        faults += translate(error, schema, prefix=path, origins=origins, silenced=frozenset(silenced))
        return None


# -------------------------------------------------------------------------------------------------- the outcome


def _settings(
    file: FilePath, document: Document, configs: Mapping[Path, tuple[AdapterSpec, Any]]
) -> Settings:
    folder = file.parent
    data_dir = folder / document.data_dir
    return Settings(
        file=file,
        data_dir=data_dir,
        organisation=document.organisation,
        watches=document.watch,
        sources=tuple(
            _source(table, *configs["source", index]) for index, table in enumerate(document.source)
        ),
        queue=_queue(document.queue, folder, data_dir),
        privacy=_privacy(document.privacy, folder, data_dir),
        http=document.http,
        reader=document.reader,
        notice=document.notice,
    )


def _source(table: SourceTable, spec: AdapterSpec, config: Any) -> Source:
    return Source(
        name=table.name,
        relation=table.relation,
        criterion=None if table.criterion is None else intern(table.criterion),  # often one for thousands
        keep=table.keep or spec.terms.default_keep,
        take=table.take or ("all" if table.relation == "own" else "matching"),
        watches=None if table.watches is None else tuple(sorted(set(table.watches))),
        retention_days=table.retention_days,
        approved=table.approved,
        attestation=table.attestation,
        permission_ref=table.permission_ref,
        derived_metrics_agreed=table.derived_metrics_agreed,
        spec=spec,
        config=config,
    )


def _queue(queue: QueueTable, folder: FilePath, data_dir: FilePath) -> Queue:
    """
    With an absolute file: `sqlite:///` and the path, which begins with a slash of its own.
    """
    file = folder / queue.url.removeprefix("sqlite:///") if queue.url else data_dir / "queue.sqlite"
    return Queue(url=f"sqlite:///{file}")


def _privacy(privacy: Privacy, folder: FilePath, data_dir: FilePath) -> Privacy:
    files = tuple(folder / file for file in privacy.secret_files) or (data_dir / "secret",)
    objections = folder / privacy.objections_file if privacy.objections_file else None
    return privacy.model_copy(update={"secret_files": files, "objections_file": objections})
