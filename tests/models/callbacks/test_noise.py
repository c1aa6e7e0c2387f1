from __future__ import annotations

import io
import logging

from slowpaths.models.callbacks.noise import quiet_libraries


def test_what_lightning_logs_is_written_once_and_its_tips_not_at_all() -> None:
    names = ("lightning", "lightning.pytorch", "lightning.fabric")
    stream = io.StringIO()
    own = [logging.StreamHandler(stream) for _ in names]
    for name, handler in zip(names, own, strict=True):  # as each of them does when it is imported
        logging.getLogger(name).addHandler(handler)
    root = logging.StreamHandler(stream)
    logging.getLogger().addHandler(root)
    try:
        quiet_libraries()
        logging.getLogger("lightning.pytorch.trainer").warning("a line")
        logging.getLogger("lightning.pytorch.utilities.rank_zero").info("a tip")
    finally:
        logging.getLogger().removeHandler(root)
    assert stream.getvalue() == "a line\n"
