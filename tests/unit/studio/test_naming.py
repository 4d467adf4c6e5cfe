"""Names and SKUs come from file names, the way merchants name their files."""

from __future__ import annotations

import pytest

from apps.studio.naming import name_and_sku


@pytest.mark.parametrize(
    ("file_name", "name", "sku"),
    [
        ("AB-1234_red-mug.jpg", "Red mug", "AB-1234"),
        ("AB-1234 red mug.jpg", "Red mug", "AB-1234"),
        ("SKU-1018 fancy_boot.jpg", "Fancy boot", "SKU-1018"),
        ("SKU-1018_fancy boot.jpg", "Fancy boot", "SKU-1018"),
        ("spring/shoes/SKU9.png", "SKU9", "SKU9"),
        ("red-mug.jpg", "Red mug", ""),
        ("red_mug_front.JPG", "Red mug front", ""),
        ("IMG_2031.jpg", "IMG_2031", ""),
        ("DSC01234.jpeg", "DSC01234", ""),
        ("PXL_20240101_120000.jpg", "PXL_20240101_120000", ""),
        ("微信图片_20240101.jpg", "微信图片_20240101", ""),
        ("白色马克杯.png", "白色马克杯", ""),
        ("4006381333931.jpg", "4006381333931", "4006381333931"),
        ("mug (2).jpg", "Mug", ""),
        ("C:\\photos\\mug.jpg", "Mug", ""),
    ],
)
def test_it_reads_name_and_sku_from_the_file_name(file_name: str, name: str, sku: str) -> None:
    assert name_and_sku(file_name) == (name, sku)


def test_a_file_without_a_name_still_makes_a_named_product() -> None:
    assert name_and_sku("") == ("New product", "")


def test_names_never_pass_the_columns_they_go_to() -> None:
    name, sku = name_and_sku("A1" * 100 + "_" + "long " * 100 + ".jpg")
    assert len(name) <= 120
    assert len(sku) <= 64
