"""Registry files of a few lines."""

from __future__ import annotations

from pathlib import Path

RI = "0,,national,KPU Republik Indonesia,Indonesia,ri,,www.kpu.go.id,seen,,,Asia/Jakarta"
BALI = (
    "51,0,province,KPU Provinsi Bali,Bali,provinsi,Bali,bali.kpu.go.id,seen,-8.36983,115.13086,Asia/Makassar"
)
BADUNG = (
    "5103,51,regency,KPU Kabupaten Badung,Kabupaten Badung,kabupaten,Bali,"
    "kab-badung.kpu.go.id,pattern,-8.56,115.17,Asia/Makassar"
)
HEADER = (
    "code,parent_code,level,name,region_name,kind,province,hostname,hostname_evidence,"
    "latitude,longitude,timezone"
)


def file(tmp_path: Path, *lines: str, header: str = HEADER) -> Path:
    path = tmp_path / "satker.csv"
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return path
