"""What each kind of provider must show, as data (practice 4). USCC prefixes: GB 32100-2015 registering authority and kind of body."""

PREFIXES = {
    "social_group": ("51",),
    "service_agency": ("52",),
    "foundation": ("53",),
    "company": ("91",),
    "individual_business": ("92",),
    "public_institution": ("12",),
    "village_collective": ("N1", "N2", "N3", "93"),
    "residents_committee": ("54", "55", "59"),
}
SOCIAL = ("social_group", "service_agency", "foundation")
WITHOUT_CODE = ("person", "community_group")


def is_social(kind):
    """社会组织: association, service agency or foundation."""
    return kind in SOCIAL
