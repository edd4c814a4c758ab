"""Log lines on standard error: text for people or JSON for machines, each with the request's or the job's id."""

import logging
import re
import sys
from typing import Any

import structlog

_ONE_WORD = re.compile(r"[^\s=\"'\x00-\x1f\x7f-\x9f]+")


def configure(log_format: str, level: str) -> None:
    """`log_format` is text or json; `level` the least that is written."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    if log_format == "json":
        rest: list[structlog.typing.Processor] = [
            structlog.processors.dict_tracebacks,
            structlog.processors.JSONRenderer(),
        ]
    else:
        # Plain tracebacks: the decorated ones print every local variable, secrets included.
        colors = sys.stderr.isatty()
        console = structlog.dev.ConsoleRenderer(colors=colors, exception_formatter=structlog.dev.plain_traceback)
        rest = [console if colors else _Plain(console)]
    structlog.configure(
        processors=[*shared, *rest],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )


class _Plain:
    """Lines as structlog's renderer for consoles writes them, which took a tenth of a short request's time."""

    def __init__(self, console: structlog.dev.ConsoleRenderer) -> None:
        self._console = console

    def __call__(self, logger: Any, method: str, event: structlog.typing.EventDict) -> str:
        if "exc_info" in event or "stack_info" in event:
            return self._console(logger, method, event)
        at, level, said = event.pop("timestamp"), event.pop("level"), event.pop("event")
        rest = " ".join(f"{name}={_shown(event[name])}" for name in sorted(event))
        return f"{at} [{level:9}] {said:30} {rest}".rstrip()


def _shown(value: object) -> str:
    return value if isinstance(value, str) and _ONE_WORD.fullmatch(value) else repr(value)


def adopt() -> None:
    """Write what libraries log by `logging`, from warnings up, in the same form, and let loggers stay as they are from
    now on: putting one together took a third of a line's time. For processes of our own alone."""
    structlog.configure(cache_logger_on_first_use=True)
    logging.basicConfig(handlers=[_Adopted()], level=logging.WARNING, force=True)
    logging.captureWarnings(True)


class _Adopted(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        told = {"logger": record.name} | ({"exc_info": record.exc_info} if record.exc_info else {})
        structlog.get_logger().log(record.levelno, record.getMessage(), **told)
