"use strict";
/* The budget editor: next activity number, shares by kind of cost, paste of rows from Excel. The page works without it. */
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const plan = document.querySelector('[data-formset="plan"]'), lines = document.querySelector('[data-formset="lines"]');
  if (!plan || !lines) return;
  const cell = (row, name) => row.querySelector(`[name$="-${name}"]`);
  const live = (box) => all("tr[data-row]", box).filter((row) => !cell(row, "DELETE")?.checked);
  const shown = (amount) => amount.toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 });

  function number() {
    let last = 0;
    live(plan).forEach((row) => {
      const field = cell(row, "order");
      if (!field.value) { field.value = last + 1; field.dispatchEvent(new Event("input", { bubbles: true })); }
      last = Math.max(last, Number(field.value) || 0);
    });
  }

  function share() {
    const sums = { activity: 0, people: 0, running: 0 };
    live(lines).forEach((row) => {
      const fen = Math.round(Number(cell(row, "quantity").value || 0) * Number(cell(row, "price").value || 0) * 100);
      if (Number.isFinite(fen)) sums[cell(row, "kind").value] += fen;
    });
    const total = sums.activity + sums.people + sums.running;
    Object.entries(sums).forEach(([kind, fen]) => {
      const place = document.querySelector(`[data-share="${kind}"]`);
      if (place) place.textContent = `${shown(fen / 100)}（${total ? (fen * 100 / total).toFixed(1) : "0.0"}%）`;
    });
  }

  /* Rows and columns of the clipboard go into the cells from the one that has the focus. */
  function paste(event) {
    const text = event.clipboardData?.getData("text/plain") || "";
    const field = event.target, box = field.closest?.("[data-formset]");
    if (!box || !/[\t\n]/.test(text.trim())) return;
    event.preventDefault();
    const rows = text.replace(/\r/g, "").replace(/\n+$/, "").split("\n").map((row) => row.split("\t"));
    const fields = (row) => all("input:not([type=hidden]):not([type=checkbox]), select", row);
    const first = field.closest("tr"), column = fields(first).indexOf(field);
    let row = first;
    rows.forEach((values, index) => {
      if (index && !row?.nextElementSibling) box.querySelector("[data-add-row]")?.click();
      if (index) row = row.nextElementSibling;
      if (!row) return;
      values.forEach((value, offset) => {
        const target = fields(row)[column + offset];
        if (!target) return;
        const plain = value.trim();
        if (target.tagName === "SELECT") {
          const option = [...target.options].find((o) => o.value === plain || o.text.trim() === plain);
          if (option) target.value = option.value;
        } else if (target.type === "date") target.value = plain.replace(/[/.年月]/g, "-").replace(/日/, "").replace(/-(\d)(?=-|$)/g, "-0$1");
        else target.value = target.type === "number" ? plain.replace(/,/g, "") : plain;
        target.dispatchEvent(new Event("input", { bubbles: true }));
      });
    });
    number(); share();
  }

  [plan, lines].forEach((box) => {
    box.addEventListener("paste", paste);
    box.addEventListener("input", share);
    box.addEventListener("change", share);
    box.querySelector("[data-add-row]")?.addEventListener("click", () => window.setTimeout(number, 0));
  });
  share();
})();
