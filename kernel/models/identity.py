"""What a person states of itself so that it can be recognised where it must step aside: kept encrypted, compared by blind index, shown to nobody."""

from django.db import models

from kernel import clock
from kernel.encryption import BlindIndexField, EncryptedField, EncryptedSubjectRow


class PersonIdentity(EncryptedSubjectRow):
    """One per login. Equal cards and telephones find each other; the person removes them at any time, which destroys the key."""

    user = models.OneToOneField("kernel.User", models.CASCADE, related_name="identity")
    id_number = EncryptedField(max_length=18, subject="subject_key", blank=True)
    id_index = BlindIndexField(of="id_number", domain="id")
    phone = EncryptedField(max_length=20, subject="subject_key", blank=True)
    phone_index = BlindIndexField(of="phone", domain="phone")
    stated_at = models.DateTimeField(default=clock.now)

    def __str__(self):
        return str(self.user)
