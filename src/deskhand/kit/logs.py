"""Log lines on standard error: text for people or JSON for machines, each with the request's or the job's id."""

import logging
import sys

import structlog


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
        rest = [
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback)
        ]
    structlog.configure(
        processors=[*shared, *rest],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )


def adopt() -> None:
    """Write what libraries log by `logging`, from warnings up, in the same form. For processes of our own alone."""
    logging.basicConfig(handlers=[_Adopted()], level=logging.WARNING, force=True)
    logging.captureWarnings(True)


class _Adopted(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        told = {"logger": record.name} | ({"exc_info": record.exc_info} if record.exc_info else {})
        structlog.get_logger().log(record.levelno, record.getMessage(), **told)
