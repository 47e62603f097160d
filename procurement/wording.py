"""Wording of purchase documents that the law looks at: A10 bias (条例 第20条), A12 qualification as a score item (87号令 第55条).

A finding of A10 is a warning, not a refusal: whoever publishes in spite of it records why.
"""

import re
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

BIAS = (
    (r"注册资(本|金)|资产总(额|值)|净资产", _("names capital or assets of the supplier")),
    (r"营业收入|年营业额|年利润|利润(额|率)|纳税(额|总额)", _("names turnover, profit or tax of the supplier")),
    (r"(从业|在职|员工)人(员|数)(不少于|不低于|≥|达到)", _("names the number of staff of the supplier")),
    (r"(本市|本区|本地|本省|当地)(注册|登记|企业|业绩|奖项|供应商)", _("prefers suppliers or awards of one area")),
    (r"(特定行业|本行业|系统内)(业绩|奖项)", _("asks for merits or awards of one trade")),
    (r"(仅限|只限|限于)(企业|社会组织|国有|民营|事业单位)", _("limits the form of organization")),
    (r"(备选库|名录库|入围名单|资格库)", _("relies on a list of suppliers")),
    (r"[3-5]A(级|以上)?|评估等级", _("uses the grade of social organizations: keep the legal basis on file")),
)


@dataclass(frozen=True)
class Finding:
    """What was found, where, and the sentence about it."""

    rule: str
    where: object
    words: str
    sentence: object

    def __str__(self):
        return f"{self.where}：“{self.words}” {self.sentence}"


def biased(tender, items):
    """Findings of A10 in the qualification, requirements and scoring items of a tender."""
    texts = [(_("qualification of suppliers"), tender.qualification), (_("service requirements"), tender.requirements)]
    texts += [(item.name, f"{item.name} {item.standard}") for item in items if not item.legal_basis]
    return [
        Finding("A10", where, found.group(), sentence) for where, text in texts for pattern, sentence in BIAS if (found := re.search(pattern, text or ""))
    ]


def scored_qualification(tender, items):
    """Scoring items whose name stands in the qualification (A12): they may not be scored as well."""
    plain = re.sub(r"\s+", "", tender.qualification or "")
    return [item for item in items if item.kind != "price" and len(name := re.sub(r"\s+", "", item.name)) >= 2 and name in plain]
