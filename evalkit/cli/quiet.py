"""Keeps the libraries' own bars and warnings out of the terminal; must run before they are imported."""

from __future__ import annotations

import logging
import os
import warnings


def quiet_libraries() -> None:
    """Turn off progress bars, advice and deprecation notes of the libraries evalkit drives."""
    os.environ.setdefault("TQDM_DISABLE", "1")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    os.environ.setdefault("HF_DATASETS_DISABLE_PROGRESS_BARS", "1")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    warnings.filterwarnings("ignore")
    for name in ("lm_eval", "transformers", "datasets", "huggingface_hub", "httpx", "torch"):
        logging.getLogger(name).setLevel(logging.ERROR)
