"""Load the catalogues kept in procurement/seeds/. A second run changes nothing."""

import datetime
from pathlib import Path

from django.core.files.base import ContentFile
from django.core.management.base import BaseCommand

from procurement.lifecycle.catalogue import add_edition, take_over
from procurement.models import Catalogue
from procurement.resources import dataset_of

SEEDS = Path(__file__).resolve().parent.parent.parent / "seeds"
EDITIONS = [
    ("guidance_wuhou_2015.csv", "guidance", "社区服务指导性目录（武侯区2015年项目）", "成都市武侯区2015年政府购买社会组织服务项目目录", datetime.date(2015, 1, 1)),
    ("procurement_items_2022.csv", "items", "政府采购品目分类目录（2022年印发）服务类", "财政部《政府采购品目分类目录》（财库〔2022〕31号）服务类", datetime.date(2022, 9, 2)),
]


def load(actor=None):
    """Both editions with their items. Returns {name: (new, changed)}."""
    done = {}
    for file, kind, name, source, valid_from in EDITIONS:
        catalogue = Catalogue.objects.filter(name=name).first() or add_edition(actor, kind=kind, name=name, source=source, valid_from=valid_from)
        done[name] = take_over(catalogue, dataset_of(ContentFile((SEEDS / file).read_bytes(), name=file)), actor)
    return done


class Command(BaseCommand):
    help = __doc__

    def handle(self, *args, **options):
        for name, (new, changed) in load().items():
            self.stdout.write(f"{name}: {new} new, {changed} changed")
