"""Rule sets as data: one TOML file per region and version, read by `loading.py` into `model.py`."""
