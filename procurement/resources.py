"""The guidance catalogue and the procurement items from a spreadsheet, through django-import-export, with a preview of our own."""

from collections import defaultdict

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from import_export import fields, resources
from import_export.instance_loaders import CachedInstanceLoader
from tablib import Dataset

from kernel import spreadsheet
from kernel.pinyin import sort_key
from procurement.models import CatalogueItem

COLUMNS = {
    "code": ("code", "编码", "品目编码"), "name": ("name", "名称", "品目名称"), "level": ("level", "级次", "层级"), "parent": ("parent", "上级", "上级编码"),
    "category": ("category", "class", "类别"), "place_scope": ("place_scope", "place", "适用范围"), "content": ("content", "scope_note", "服务内容"),
    "requirement": ("requirement", "服务要求"), "standard": ("standard", "服务标准"), "nature": ("nature", "性质"),
}  # fmt: skip
NATURES = {"服务": "service", "货物": "goods", "工程": "works", "": "service"}


class ItemResource(resources.ModelResource):
    """Items of one catalogue, found by code. Rows are written in bulk; parents are tied in a second pass because they may stand below."""

    code = fields.Field(attribute="code", column_name="code")
    level = fields.Field(attribute="level", column_name="level")

    class Meta:
        model = CatalogueItem
        fields = ("code", "name", "level", "category", "place_scope", "content", "requirement", "standard", "nature")
        import_id_fields = ("code",)
        instance_loader_class = CachedInstanceLoader
        use_bulk = True
        batch_size = 500
        skip_diff = True
        report_skipped = True
        clean_model_instances = True

    def __init__(self, catalogue):
        super().__init__()
        self.catalogue, self.seen, self.codes = catalogue, set(), set()

    def get_queryset(self):
        return CatalogueItem.objects.filter(catalogue=self.catalogue)

    def before_import(self, dataset, **kwargs):
        self.seen = set()
        self.codes = set(dataset["code"]) | set(self.get_queryset().values_list("code", flat=True))

    def before_import_row(self, row, **kwargs):
        code = row["code"]
        if not code:
            raise ValidationError(_("The code is missing."))
        if code in self.seen:
            raise ValidationError(_("The code {code} stands there twice.").format(code=code))
        if row.get("parent") and row["parent"] not in self.codes:
            raise ValidationError(_("The item above, {parent}, is not in the catalogue.").format(parent=row["parent"]))
        self.seen.add(code)
        row["nature"] = NATURES.get(row.get("nature", ""), row.get("nature"))
        row["level"] = row.get("level") or "1"

    def init_instance(self, row=None):
        return CatalogueItem(catalogue=self.catalogue)

    def after_init_instance(self, instance, new, row, **kwargs):
        instance.before = None if new else {name: str(getattr(instance, name)) for name in self._meta.fields}
        instance.sort_key = sort_key(row["name"], 240)

    def skip_row(self, instance, original, row, import_validation_errors=None):
        """Rows that say what is there already are left alone (compared as text; the library's own comparison makes an HTML diff of every row)."""
        return not import_validation_errors and instance.before == {name: str(getattr(instance, name)) for name in self._meta.fields}

    def validate_instance(self, instance, import_validation_errors=None, validate_unique=True):
        """Each field on its own; uniqueness of the code is kept by the loader and `seen`, not by a query per row."""
        errors = dict(import_validation_errors or {})
        try:
            instance.clean_fields(exclude=[*errors, "catalogue", "parent"])
        except ValidationError as error:
            errors = error.update_error_dict(errors)
        if errors:
            raise ValidationError(errors)

    def tie_parents(self, dataset):
        """Second pass: one query to read, one update for each item that has others under it."""
        items = {code: (pk, above) for code, pk, above in self.get_queryset().values_list("code", "pk", "parent_id")}
        under = defaultdict(list)
        code_at, parent_at = dataset.headers.index("code"), dataset.headers.index("parent")
        for row in dataset:
            pk, above = items[row[code_at]]
            parent = items[row[parent_at]][0] if row[parent_at] else None
            if above != parent:
                under[parent].append(pk)
        for parent, children in under.items():
            for start in range(0, len(children), 500):
                CatalogueItem.objects.filter(pk__in=children[start : start + 500]).update(parent=parent)


def dataset_of(upload):
    """The sheet as a Dataset with our column names; several headings mean the same. Raises spreadsheet.TableError."""
    table = spreadsheet.read_table(upload)
    place = {}
    for name, headings in COLUMNS.items():
        found = next((heading for heading in headings if heading in table.header), None)
        if found:
            place[name] = table.header.index(found)
    if missing := [COLUMNS[name][1] for name in ("code", "name") if name not in place]:
        raise spreadsheet.TableError(_("These headings are missing: %(names)s."), params={"names": "、".join(missing)})
    dataset = Dataset(headers=list(COLUMNS))
    for row in table.rows:
        if any(cell != "" for cell in row):
            dataset.append([spreadsheet.text(row[place[name]]) if name in place else "" for name in COLUMNS])
    return dataset


def faults(result):
    """All faulty rows of an import result: [(row number in the file, sentence)]."""
    found = [(row.number + 1, "；".join(row.error.messages if hasattr(row.error, "messages") else [str(row.error)])) for row in result.invalid_rows]
    for error_row in result.error_rows:
        found += [(error_row.number + 1, _sentence(error.error)) for error in error_row.errors]
    found += [(0, _sentence(error.error)) for error in result.base_errors]
    return sorted(found, key=lambda row: row[0])


def _sentence(error):
    return "；".join(str(message) for message in error.messages) if isinstance(error, ValidationError) else str(error)
