"""Where on earth a cloud's region is, for rules of residency. What is not known here lies nowhere, so that a rule
which asks for a place refuses it.
"""

from __future__ import annotations

HERE = "here"
"""The region of a model that runs in this very process: nothing leaves it."""

AREAS = ("eu", "uk", "ch", "us", "ca", "jp", "au", "in")
"""The places that a route may ask for, beside the exact name of a region."""


def lies_in(region: str, allowed: frozenset[str]) -> bool:
    """Whether everything that runs in `region` stays within `allowed`: its own name, or a place it lies in."""
    return region in {HERE, *allowed} or area_of(region) in allowed


def area_of(region: str) -> str:
    """The place a region lies in; empty if it is none of ours, or not one place (`global`)."""
    if region in AREAS:
        return region
    return next((area for area, regions in _REGIONS.items() if region in regions), "")


_REGIONS = {
    "eu": frozenset(
        (
            # AWS
            "eu-west-1", "eu-west-3", "eu-central-1", "eu-north-1", "eu-south-1", "eu-south-2",
            # Google
            "europe-west1", "europe-west3", "europe-west4", "europe-west8", "europe-west9", "europe-west10",
            "europe-west12", "europe-central2", "europe-north1", "europe-north2", "europe-southwest1",
            # Azure
            "westeurope", "northeurope", "francecentral", "francesouth", "germanywestcentral", "germanynorth",
            "swedencentral", "swedensouth", "italynorth", "spaincentral", "polandcentral", "austriaeast",
        )
    ),
    "uk": frozenset(("eu-west-2", "europe-west2", "uksouth", "ukwest")),
    "ch": frozenset(("eu-central-2", "europe-west6", "switzerlandnorth", "switzerlandwest")),
    "us": frozenset(
        (
            "us-east-1", "us-east-2", "us-west-1", "us-west-2", "us-gov-east-1", "us-gov-west-1",
            "us-central1", "us-east1", "us-east4", "us-east5", "us-south1", "us-west1", "us-west2", "us-west3",
            "us-west4", "eastus", "eastus2", "centralus", "northcentralus", "southcentralus", "westcentralus",
            "westus", "westus2", "westus3",
        )
    ),
    "ca": frozenset(
        ("ca-central-1", "ca-west-1", "northamerica-northeast1", "northamerica-northeast2", "canadacentral",
         "canadaeast")
    ),
    "jp": frozenset(
        ("ap-northeast-1", "ap-northeast-3", "asia-northeast1", "asia-northeast2", "japaneast", "japanwest")
    ),
    "au": frozenset(
        ("ap-southeast-2", "ap-southeast-4", "australia-southeast1", "australia-southeast2", "australiaeast",
         "australiasoutheast", "australiacentral")
    ),
    "in": frozenset(
        ("ap-south-1", "ap-south-2", "asia-south1", "asia-south2", "centralindia", "southindia", "westindia")
    ),
}  # fmt: skip
