"""`holdfast serve`: puts the server together and runs it. The only place that knows every part."""

import contextlib
import gc
import logging
import os
import socket
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from holdfast.cli.exit_codes import epilog
from holdfast.cli.server import administrator, banner, endpoint, first_start, logs, webhooks
from holdfast.cli.server.endpoint import Endpoint
from holdfast.cli.server.failures import (
    explaining,
    refuse_foreign_directory,
    refuse_lost_database,
)
from holdfast.cli.server.listener import bind, check_tls, refuse_exposure, self_signed
from holdfast.cli.server.options import setting_options, settings_from
from holdfast.cli.server.root_key import source
from holdfast.cli.server.running import limits_of, run
from holdfast.cli.server.settings import ServerSettings, misspelt

if TYPE_CHECKING:
    from holdfast.server.access.web_identity.issuers import Issuers

log = logging.getLogger("holdfast.serve")

_IMPORT_AFTER = 0.5  # seconds after the start: what the first answers did not need


@click.command(
    "serve",
    epilog=epilog(
        "holdfast serve",
        "holdfast serve --data /srv/holdfast --listen 127.0.0.1:9000",
        "holdfast serve --listen 0.0.0.0:8270 --tls-certificate server.pem --tls-key server.key",
    ),
)
@setting_options()
def serve(**flags: str | None) -> None:
    """Run the state server.

    The first start makes the data directory with a root key, an administrator's access key, a
    bucket for states and a lock table, and prints what to paste into Terraform code.
    """
    gc.disable()  # what a start makes stays: until it is done there is nothing to collect
    settings = settings_from(flags)
    logs.set_up(settings.log_level, settings.log_format)
    for warning in misspelt(os.environ):
        log.warning(warning)
    refuse_exposure(settings)
    check_tls(settings)
    with explaining(settings.data), contextlib.ExitStack() as held:
        _serve(settings, held)


def _serve(settings: ServerSettings, held: contextlib.ExitStack) -> None:
    from holdfast.cli.server.journal_upkeep import failures_step, head_step, keep_head
    from holdfast.cli.server.judging import state_rules
    from holdfast.engine.open import open_directory
    from holdfast.server.access.web_identity.issuers import Issuers
    from holdfast.server.background_threads import background_threads
    from holdfast.server.edge import Edge
    from holdfast.server.health import Health
    from holdfast.server.metrics import Metrics
    from holdfast.server.operation import Site
    from holdfast.server.pipeline import Pipeline
    from holdfast.server.services import SERVICES
    from holdfast.server.serving import Serving, utc_now

    refuse_lost_database(settings.data)
    refuse_foreign_directory(settings.data)
    directory = held.enter_context(open_directory(settings.data, source(settings)))
    engine = directory.engine
    stored = first_start.presented(engine, settings)
    listener = held.enter_context(bind(settings.listen))
    if stored:
        settings = msgspec.structs.replace(settings, account=stored.account, region=stored.region)
    rules = state_rules(directory.vault, settings.rules)
    issuers = Issuers(settings.web_identity_issuers)
    site = Site(settings.account, settings.region, directory.vault, os.urandom, rules, issuers)
    if not stored:
        first_start.make(engine, site, SERVICES, settings, utc_now())
    elif done := administrator.keep(engine, site, settings, utc_now()):
        log.info(done)
    limits = limits_of(settings)
    serving = Serving(engine, site, SERVICES, utc_now, limits, settings.base_domain)
    metrics = Metrics()
    health = Health(engine, site, metrics, serving.attempts)
    edge = Edge(Pipeline(serving), health, metrics, logs.access_log())
    held.callback(edge.close)
    held.callback(keep_head, engine, directory.vault)
    more = [
        head_step(engine, directory.vault),
        failures_step(engine, site, serving.attempts),
    ]
    background = background_threads(engine, site, utc_now, metrics, more)
    followers = webhooks.followers(engine, settings, utc_now, metrics)
    for stop in [thread.stop for thread in background] + [each.stop for each in followers]:
        held.callback(stop)
    starts = [thread.start for thread in background] + [each.start for each in followers]
    imports = threading.Timer(_IMPORT_AFTER, _prepare, [issuers])
    imports.daemon = True
    held.callback(imports.cancel)

    def ready() -> None:
        gc.freeze()  # ...and from here on it is not looked at again
        gc.enable()
        for start in starts:
            start()
        imports.start()
        _announce(settings, listener, first=not stored)

    run(edge, listener, settings, ready)
    log.info("stopped")


def _prepare(issuers: "Issuers") -> None:
    """Do what the first answer need not wait for, and no later one shall."""
    from holdfast.server.services import import_all

    import_all()
    issuers.look_for_keys()


def _announce(settings: ServerSettings, listener: socket.socket, *, first: bool) -> None:
    port = listener.getsockname()[1]
    url = endpoint.url_of(settings.listen.host, port, secure=settings.secure)
    certificate = settings.tls_certificate
    bundle = str(certificate.resolve()) if certificate and self_signed(certificate) else ""
    endpoint.write(settings.data, Endpoint(url, settings.region, bundle))
    click.echo(banner.text(settings, url, first=first), nl=False)
    log.info("ready", extra={"url": url, "data": str(Path(settings.data).resolve())})
