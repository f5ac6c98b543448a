"""Third-party prompts and samples that are not part of the product: FERRY_SHARED names the folder that holds data/."""

import os
from pathlib import Path

import pytest

DATA = Path(os.environ.get("FERRY_SHARED", Path(__file__).parents[4] / "shared")) / "data"
ADVPO = DATA / "advpo"
BFCL = DATA / "bfcl"
FACILITY_SUPPORT = DATA / "facility_support"

needs_advpo = pytest.mark.skipif(not ADVPO.is_dir(), reason=f"no published AdvPO runs in {ADVPO}: set FERRY_SHARED")
needs_facility_support = pytest.mark.skipif(
    not FACILITY_SUPPORT.is_dir(), reason=f"no samples in {FACILITY_SUPPORT}: set FERRY_SHARED"
)
needs_bfcl = pytest.mark.skipif(not BFCL.is_dir(), reason=f"no tool cases in {BFCL}: set FERRY_SHARED")
